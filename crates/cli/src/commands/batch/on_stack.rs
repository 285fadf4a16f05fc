//! A batch on the stack: one execution of its batch machine, which starts an execution for each item.

use std::time::Duration;

use aurora_restore_core::ids::OperationId;
use aurora_restore_ops::ports::{ExecutionName, Executions, Started};
use serde_json::{Value, json};

use super::{
    items::Item,
    rows::{self, Row},
    run::RunArgs,
};
use crate::{
    commands::on_stack::executions,
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    interrupts::Asked,
    render::words,
};

/// The most bytes that Step Functions takes as the input of an execution.
const INPUT_BYTES_MAX: usize = 262_144;
/// The time between two looks.
const LOOK: Duration = Duration::from_secs(5);

pub(super) fn run(context: &Context, args: &RunArgs, batch: &OperationId, items: &[Item]) -> CommandResult {
    let input = input(batch, args, items);
    let bytes = input.to_string().len();
    if bytes > INPUT_BYTES_MAX {
        return Err(CommandError::usage(format!(
            "the batch has {bytes} bytes, and Step Functions takes {INPUT_BYTES_MAX}"
        ))
        .hint("Put what items have in common into the stack's configuration, or make two batches of it."));
    }
    context.block_on(async {
        let executions = executions(context, "BatchStateMachineArn").await?;
        let name = ExecutionName::of_operation(batch);
        let ui = context.ui();
        let taken = match executions.start(&name, &input).await? {
            Started::Started => {
                ui.done(format_args!("the stack was asked for batch {batch}."));
                false
            }
            Started::NameTaken => {
                ui.warning(format_args!("batch {batch} was started before: nothing is started twice"));
                true
            }
        };
        ui.hint(format_args!("Look at it with `aurora-restore batch status {batch}`."));
        let is_over = match (args.watch, taken) {
            (true, _) => until_its_end(context, executions.as_ref(), &name).await?,
            (false, true) => executions.describe(&name).await?.is_none_or(|found| found.status.has_ended()),
            (false, false) => false,
        };
        let journal = context.journal().await?;
        let ids: Vec<OperationId> = items.iter().map(|item| item.id.clone()).collect();
        let mut rows = rows::rows(journal.as_ref(), &ids, context.now()).await?;
        if is_over {
            explain(context, &mut rows).await?;
        }
        let exit = match rows::exit(&rows) {
            // What an execution has not begun by its end was refused.
            ExitCode::StillRunning if is_over => ExitCode::Failed,
            ExitCode::StillRunning if !args.watch && !taken => ExitCode::Done,
            other => other,
        };
        rows::tell(context, batch, &rows, exit)?;
        Ok(exit)
    })
}

/// How a batch of the stack stands: its own execution knows which items it has, and whether more are begun.
pub(super) async fn status(context: &Context, batch: &OperationId) -> CommandResult {
    let executions = executions(context, "BatchStateMachineArn").await?;
    let found = executions.describe(&ExecutionName::of_operation(batch)).await?.ok_or_else(|| {
        CommandError::usage(format!("the stack knows no batch {batch}"))
            .hint("An execution is forgotten ninety days after its end; `aurora-restore list` shows the operations.")
    })?;
    let items = found.input.as_ref().and_then(|input| input["items"].as_array().cloned()).unwrap_or_default();
    let ids = items.iter().filter_map(|item| OperationId::new(item["operation_id"].as_str()?).ok());
    let ids: Vec<OperationId> = ids.collect();
    let journal = context.journal().await?;
    let mut rows = rows::rows(journal.as_ref(), &ids, context.now()).await?;
    let is_over = found.status.has_ended();
    if is_over {
        explain(context, &mut rows).await?;
    }
    let exit = match rows::exit(&rows) {
        ExitCode::StillRunning if is_over => ExitCode::Failed,
        ExitCode::Done if !is_over => ExitCode::StillRunning,
        other => other,
    };
    rows::tell(context, batch, &rows, exit)?;
    Ok(exit)
}

/// Why items were not begun, where their executions say so.
async fn explain(context: &Context, rows: &mut [Row]) -> Result<(), CommandError> {
    let of_items = executions(context, "StateMachineArn").await?;
    for row in rows {
        let Some(id) = row.not_begun() else { continue };
        // A reason more or less: it is not worth failing for.
        let Ok(found) = of_items.describe(&ExecutionName::of_operation(id)).await else { return Ok(()) };
        if let Some(why) = found.and_then(|found| found.why()) {
            row.explain(why);
        }
    }
    Ok(())
}

/// The input of the batch machine.
fn input(batch: &OperationId, args: &RunArgs, items: &[Item]) -> Value {
    let (concurrency, stagger) = (usize::from(args.concurrency), u64::from(args.stagger_seconds()));
    let entries = items.iter().enumerate().map(|(index, item)| {
        let wait = wait_seconds(index, concurrency, stagger);
        json!({ "operation_id": item.id, "request": item.event, "wait_seconds": wait })
    });
    json!({ "batch_id": batch, "max_concurrency": concurrency, "items": entries.collect::<Vec<_>>() })
}

/// How long the machine waits before an item: those that find a place at once begin one after the other. Those that follow
/// them begin as places become free, which the first ones have spread; if they waited, too, the time between two beginnings
/// would grow from round to round, and so would the time that places stand empty.
fn wait_seconds(index: usize, concurrency: usize, stagger: u64) -> u64 {
    if index < concurrency { u64::try_from(index).unwrap_or_default() * stagger } else { 0 }
}

/// Waits for the end of the execution. False if the person has seen enough.
async fn until_its_end(
    context: &Context,
    executions: &dyn Executions,
    name: &ExecutionName,
) -> Result<bool, CommandError> {
    let mut stop = context.stop(Asked::StopNow)?;
    let begun = std::time::Instant::now();
    // Bounded by the execution, which ends by itself, or by the person.
    while !*stop.borrow() {
        let ended = executions.describe(name).await?.is_some_and(|found| found.status.has_ended());
        if ended {
            let took = jiff::SignedDuration::try_from(begun.elapsed()).unwrap_or_default();
            context.ui().say(format_args!("execution {name} has ended after {}.", words::duration(took)));
            return Ok(true);
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|asked| *asked) => {}
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::ports::Clock;
    use aurora_restore_testing::{
        ManualClock,
        asl::{Call, End, Execution, Machine, Resource, Resources, Stopped, play},
    };
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    const MACHINE: &str = include_str!("../../../../../cloudformation/batch.asl.json");

    /// Restores that take an hour each, with the minutes at which they were begun.
    struct AnHourEach(Vec<i64>);

    impl Resources for AnHourEach {
        fn call(&mut self, call: Call<'_>) -> Result<Value, Stopped> {
            assert_eq!(call.resource, Resource::Execution);
            self.0.push(call.clock.now().as_second() / 60);
            call.clock.turn(SignedDuration::from_hours(1));
            Ok(json!({ "Status": "SUCCEEDED" }))
        }
    }

    fn beginnings(count: usize, concurrency: usize, stagger: u64) -> Vec<i64> {
        let item = |index| {
            let wait = wait_seconds(index, concurrency, stagger);
            json!({ "operation_id": format!("night-{index}"), "request": {}, "wait_seconds": wait })
        };
        let items: Vec<Value> = (0..count).map(item).collect();
        let input = json!({ "batch_id": "night", "max_concurrency": concurrency, "items": items });
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let mut restores = AnHourEach(Vec::new());
        let ended = play(&Machine::read(MACHINE), &Execution { name: "night", input }, &clock, &mut restores);
        assert!(matches!(ended.end, End::Succeeded(_)), "{:?}", ended.end);
        restores.0
    }

    #[test]
    fn items_of_the_stack_begin_one_after_the_other_and_stay_apart() {
        assert_eq!(beginnings(8, 3, 120), [0, 2, 4, 60, 62, 64, 120, 122]);
        assert_eq!(beginnings(4, 2, 0), [0, 0, 60, 60]);
        let many = beginnings(45, 10, 300);
        assert_eq!((many[9], many[10], many[44]), (45, 60, 4 * 60 + 4 * 5));
    }
}
