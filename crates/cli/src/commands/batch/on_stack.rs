//! A batch on the stack: one execution of its batch machine, which starts an execution for each item.

use std::time::Duration;

use aurora_restore_core::{engine::look_at, ids::OperationId, ports::Journal};
use aurora_restore_ops::ports::{Execution, ExecutionName, ExecutionStatus, Executions, Started};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    items::Item,
    rows::{self, BatchEnd, Beginner, Rest, Row},
    run::RunArgs,
};
use crate::{
    commands::on_stack::{Unseen, executions, left_behind},
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

/// How long an execution of the batch machine may last: thirty days, as its definition says.
const LASTS_SECONDS_MAX: u64 = 30 * 24 * 60 * 60;

pub(super) fn run(context: &Context, args: &RunArgs, batch: &OperationId, items: &[Item]) -> CommandResult {
    require_in_time(items.len(), usize::from(args.concurrency), u64::from(args.stagger_seconds()))?;
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
        let found = match (args.watch, taken) {
            (true, _) => until_its_end(context, executions.as_ref(), &name, taken).await?,
            (false, true) => executions.describe(&name).await?,
            // Started just now: the screen is the same whether it fails at once or a moment later, and whether it can be looked at.
            (false, false) => executions
                .describe(&name)
                .await
                .unwrap_or_default()
                .map(|found| Execution { status: ExecutionStatus::Running, ..found }),
        };
        let seen = Seen::of(found, taken);
        let ids: Vec<OperationId> = items.iter().map(|item| item.id.clone()).collect();
        let rows = seen.rows(context, &ids).await?;
        let exit = match seen.exit(&rows) {
            ExitCode::StillRunning if !args.watch && !taken => ExitCode::Done,
            other => other,
        };
        seen.tell(context, batch, &rows, exit)?;
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
    let (ids, illegal) = items_of(found.input.as_ref());
    let seen = Seen::of(Some(found), true);
    let rows = seen.rows(context, &ids).await?;
    let exit = match seen.exit(&rows) {
        ExitCode::Done if seen.rest() == Rest::MayBegin => ExitCode::StillRunning,
        ExitCode::Done if illegal > 0 => ExitCode::Failed,
        other => other,
    };
    if illegal > 0 {
        let items = words::plural(illegal, "item");
        context.ui().warning(format_args!("{items} of batch {batch} without the id of an operation: not begun"));
    }
    seen.tell(context, batch, &rows, exit)?;
    Ok(exit)
}

/// The operations that the input of a batch's execution names, and how many of its items name none.
fn items_of(input: Option<&Value>) -> (Vec<OperationId>, usize) {
    let items = input.and_then(|input| input["items"].as_array()).map(Vec::as_slice).unwrap_or_default();
    let ids = items.iter().filter_map(|item| OperationId::new(item["operation_id"].as_str()?).ok());
    let ids: Vec<OperationId> = ids.collect();
    let illegal = items.len() - ids.len();
    (ids, illegal)
}

/// A batch as its execution shows it.
struct Seen {
    /// Nothing where Step Functions does not know it: not yet, or no more.
    execution: Option<Execution>,
    /// Whether it is known to have been started before this command.
    is_old: bool,
}

impl Seen {
    fn of(execution: Option<Execution>, is_old: bool) -> Self {
        Self { execution, is_old }
    }

    /// Whether what is not begun may be begun yet. An execution is forgotten long after its end.
    fn rest(&self) -> Rest {
        let is_over = self.execution.as_ref().map_or(self.is_old, |execution| execution.status.has_ended());
        if is_over { Rest::IsLost } else { Rest::MayBegin }
    }

    /// The end of the execution, if it is not the one that was meant.
    fn bad_end(&self) -> Option<&Execution> {
        let bad = |status: ExecutionStatus| status.has_ended() && status != ExecutionStatus::Succeeded;
        self.execution.as_ref().filter(|execution| bad(execution.status))
    }

    /// The rows of the items, with the reason of each that was not begun.
    async fn rows(&self, context: &Context, ids: &[OperationId]) -> Result<Vec<Row>, CommandError> {
        let started_at = self.execution.as_ref().map(|execution| execution.started_at);
        let journal = context.journal().await?;
        let mut rows = rows::rows(journal.as_ref(), ids, Beginner::Execution(started_at), context.now()).await?;
        if self.rest() == Rest::IsLost {
            let of_items = executions(context, "StateMachineArn").await?;
            explain(of_items.as_ref(), started_at, &mut rows).await;
            if let Err(error) = tell_left(of_items.as_ref(), journal.as_ref(), &mut rows).await {
                let told = error.message();
                context
                    .ui()
                    .warning(format_args!("whether anybody goes on with what has not ended is not known: {told}"));
            }
        }
        Ok(rows)
    }

    /// A batch that did not come to its end is no success, whatever became of its items.
    fn exit(&self, rows: &[Row]) -> ExitCode {
        match rows::exit(rows, self.rest()) {
            ExitCode::Done if self.bad_end().is_some() => ExitCode::Failed,
            other => other,
        }
    }

    fn tell(&self, context: &Context, batch: &OperationId, rows: &[Row], exit: ExitCode) -> Result<(), CommandError> {
        let ended = self.bad_end();
        let end = ended.map(|ended| BatchEnd { status: ended.status.as_str(), why: ended.why() });
        rows::tell(context, batch, end.as_ref(), rows, exit)?;
        if let Some(ended) = ended {
            let ui = context.ui();
            ui.warning(format_args!("the execution of batch {batch} has ended {}", ended.told()));
            ui.hint("It begins no more items: give those not begun to another batch.");
        }
        if rows.iter().any(Row::was_left) {
            context.ui().hint("Nobody goes on with some of its operations: their rows name the command that does.");
        }
        Ok(())
    }
}

/// Why items were not begun, where their executions say so.
async fn explain(of_items: &dyn Executions, started_at: Option<Timestamp>, rows: &mut [Row]) {
    for row in rows {
        let Some(id) = row.not_begun() else { continue };
        // A reason more or less: it is not worth failing for.
        let Ok(found) = of_items.describe(&ExecutionName::of_operation(id)).await else { return };
        let Some(found) = found else { continue };
        if started_at.is_some_and(|started_at| found.started_at < started_at) {
            let at = words::time(found.started_at);
            row.take(format!("its id was taken before: execution {} was started on {at}", found.name));
        } else if let Some(why) = found.why() {
            row.explain(why);
        }
    }
}

/// Which items nobody goes on with: somebody has stopped their execution, or the batch, which stops those that it waits for.
/// Source: docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
async fn tell_left(of_items: &dyn Executions, journal: &dyn Journal, rows: &mut [Row]) -> Result<(), CommandError> {
    for row in rows {
        let Some(id) = row.goes_on() else { continue };
        if let Some(left) = left_behind(of_items, journal, &look_at(journal, id).await?).await? {
            row.leave(format!("execution {} is {}: `aurora-restore resume {id}`", left.name(), left.told()));
        }
    }
    Ok(())
}

/// What begins after the end of its batch never begins.
fn require_in_time(items: usize, concurrency: usize, stagger: u64) -> Result<(), CommandError> {
    let last = items.min(concurrency).saturating_sub(1);
    let wait = wait_seconds(last, concurrency, stagger);
    if wait < LASTS_SECONDS_MAX {
        return Ok(());
    }
    let days = |seconds: u64| seconds / (24 * 60 * 60);
    let (begins, ends) = (days(wait), days(LASTS_SECONDS_MAX));
    Err(CommandError::usage(format!(
        "with this --stagger item {} begins after {begins} days, and the stack ends a batch after {ends}",
        last + 1
    ))
    .hint("Give a shorter --stagger, a smaller --concurrency, or make two batches of it. Nothing was started.")
    .hint("If this batch was started before, by a version that let it: `aurora-restore batch status` shows it."))
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

/// Waits for the end of the execution, or until the person has seen enough. Gives the execution as it was seen last; nothing of one
/// that was started long ago and is forgotten.
async fn until_its_end(
    context: &Context,
    executions: &dyn Executions,
    name: &ExecutionName,
    is_old: bool,
) -> Result<Option<Execution>, CommandError> {
    let mut stop = context.stop(Asked::StopNow)?;
    let begun = std::time::Instant::now();
    let mut unseen = Unseen::default();
    // Bounded by the execution, which ends by itself, or by the person.
    loop {
        let found = executions.describe(name).await?;
        if !is_old {
            unseen.look(found.as_ref(), name)?;
        }
        let has_ended = found.as_ref().map_or(is_old, |found| found.status.has_ended());
        if has_ended {
            let took = jiff::SignedDuration::try_from(begun.elapsed()).unwrap_or_default();
            context.ui().say(format_args!("execution {name} has ended after {}.", words::duration(took)));
        }
        if has_ended || *stop.borrow() {
            return Ok(found);
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|asked| *asked) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::ports::Clock;
    use aurora_restore_ops::ports;
    use aurora_restore_testing::{
        ManualClock,
        asl::{Call, End, Execution, Machine, Resource, Resources, Stopped, play},
    };
    use jiff::SignedDuration;

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

    fn ended(status: ExecutionStatus) -> Seen {
        let name = ExecutionName::new("night").unwrap();
        let (started_at, cause) = (Timestamp::UNIX_EPOCH, Some("not today".to_owned()));
        let execution = ports::Execution { name, status, started_at, ended_at: None, input: None, error: None, cause };
        Seen::of(Some(execution), true)
    }

    #[test]
    fn a_batch_that_did_not_come_to_its_end_is_no_success_even_without_items() {
        for status in [ExecutionStatus::Failed, ExecutionStatus::TimedOut, ExecutionStatus::Aborted] {
            assert_eq!(ended(status).exit(&[]), ExitCode::Failed, "{status:?}");
        }
        assert_eq!(ended(ExecutionStatus::Succeeded).exit(&[]), ExitCode::Done);
    }

    #[test]
    fn items_are_read_from_the_input_and_those_without_an_id_are_counted() {
        let input = json!({ "items": [{ "operation_id": "night-a" }, { "operation_id": "Night B" }, {}] });
        assert_eq!(items_of(Some(&input)), (vec![OperationId::new("night-a").unwrap()], 2));
        assert_eq!(items_of(Some(&json!({ "items": "none" }))), (Vec::new(), 0));
        assert_eq!(items_of(None), (Vec::new(), 0));
    }

    #[test]
    fn what_would_begin_after_the_end_of_its_batch_is_refused() {
        let machine: Value = serde_json::from_str(MACHINE).unwrap();
        assert_eq!(machine["TimeoutSeconds"], LASTS_SECONDS_MAX);
        let half_a_day = 12 * 60 * 60;
        assert!(require_in_time(100, 60, half_a_day).is_ok() && require_in_time(60, 100, half_a_day).is_ok());
        let refused = format!("{:?}", require_in_time(100, 100, half_a_day).unwrap_err());
        assert!(refused.contains("item 100 begins after 49 days, and the stack ends a batch after 30"), "{refused}");
    }

    #[test]
    fn items_of_the_stack_begin_one_after_the_other_and_stay_apart() {
        assert_eq!(beginnings(8, 3, 120), [0, 2, 4, 60, 62, 64, 120, 122]);
        assert_eq!(beginnings(4, 2, 0), [0, 0, 60, 60]);
        let many = beginnings(45, 10, 300);
        assert_eq!((many[9], many[10], many[44]), (45, 60, 4 * 60 + 4 * 5));
    }
}
