//! What `resume`, `undo` and `retire` do with a stack: they ask, and an execution of the state machine does it. Whatever the
//! journal alone can refuse is refused here, before anything is started.

mod left;

use std::time::Duration;

use aurora_restore_app::{DriveEnd, Follower, History, StackServices, Stop};
use aurora_restore_core::{
    engine::{look_at, undo_can_be_waived, undo_is_possible},
    ids::OperationId,
    operation::{Operation, Phase},
    ports::{Journal, JournalError},
};
use aurora_restore_ops::ports::{Execution, ExecutionName, Executions, Resumed, start_resumption};
use serde_json::{Value, json};

pub(super) use left::{Unseen, left_behind};
use left::{executed_by, is_open, left_by};

use super::{
    confirm::ConfirmArgs,
    drive,
    operation_services::{Patience, looked_up},
    plan as planning, undo as undoing,
};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    interrupts::Asked,
    render::words,
};

/// How often resumptions from one entry of a journal are counted on. Each one before has ended without writing any.
const TURNS_MAX: u32 = 100;
/// The time between two looks at what an execution does.
const LOOK: Duration = Duration::from_secs(1);
/// The same once it is under way, beside the looks at the journal.
const GLANCE: Duration = Duration::from_secs(5);

/// The longest that is waited for the first entry of an operation: a function that comes at all comes within seconds.
const BEGUN_WITHIN: Duration = Duration::from_secs(10 * 60);
/// What to do where an execution has ended before it had written anything.
pub(super) const ANEW: &str = "An id is used once: start it anew under another one.";

/// What is asked of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Resume,
    Undo,
    Retire,
    Waive,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Resume => "resume",
            Self::Undo => "undo",
            Self::Retire => "retire",
            Self::Waive => "waive",
        }
    }
}

/// The executions of a state machine that the stack gives as an output.
pub(super) async fn executions(context: &Context, output: &str) -> Result<Box<dyn Executions>, CommandError> {
    let stack = context.stack()?;
    let machine = stack.outputs.get(output).ok_or_else(|| {
        CommandError::configuration(format!("stack {} gives no output `{output}`", stack.name))
            .hint("Is it a stack of aurora-restore? Otherwise bring it up to date with `aurora-restore stack deploy`.")
    })?;
    let services: StackServices = context.stack_services(&context.stack_region(None)?).await?;
    Ok(services.executions(machine)?)
}

/// `resume` with a stack.
pub(super) fn resume(context: &Context, text: &str, dealt_with: Option<&str>) -> CommandResult {
    context.block_on(async {
        let (journal, operation, mut follower) = looked_up(context, text).await?;
        if dealt_with.is_some() {
            undo_can_be_waived(&operation)?;
        }
        if matches!(operation.phase, Phase::Ended(_)) {
            context.ui().say(format_args!("operation {} has ended; there is nothing to go on with.", operation.id));
            return drive::tell_end(context, &operation, DriveEnd::Ended(operation.status()));
        }
        let kind = if dealt_with.is_some() { Kind::Waive } else { Kind::Resume };
        let (operation, end) = ask(context, journal.as_ref(), &operation, &mut follower, kind, dealt_with).await?;
        tell_end(context, &operation, end)
    })
}

/// `undo` with a stack. Who bears the name now is asked by the function.
pub(super) fn undo(context: &Context, text: &str, confirm: ConfirmArgs) -> CommandResult {
    context.block_on(async {
        let (journal, operation, mut follower) = looked_up(context, text).await?;
        undo_is_possible(&operation)?;
        undoing::ask(context, confirm, &operation)?;
        // Reading and typing takes a while, so the journal is asked once more.
        let operation = look_at(journal.as_ref(), &operation.id).await?;
        undo_is_possible(&operation)?;
        let (operation, end) = ask(context, journal.as_ref(), &operation, &mut follower, Kind::Undo, None).await?;
        match end {
            DriveEnd::Detached => tell_end(context, &operation, end),
            DriveEnd::Ended(_) | DriveEnd::RetirementEnded => undoing::tell_undone(context, &operation, end),
        }
    })
}

/// `retire` of one operation with a stack. That it may be ended was asked before.
pub(super) async fn retire(context: &Context, id: &str) -> CommandResult {
    let (journal, operation, mut follower) = looked_up(context, id).await?;
    let (operation, end) = ask(context, journal.as_ref(), &operation, &mut follower, Kind::Retire, None).await?;
    tell_end(context, &operation, end)
}

/// Tells the end. Whoever stops watching stops nothing: the stack goes on.
pub(super) fn tell_end(context: &Context, operation: &Operation, end: DriveEnd) -> CommandResult {
    if end == DriveEnd::Detached {
        context.ui().say(format_args!("stopped watching operation {}; the stack goes on with it.", operation.id));
        return Ok(ExitCode::StillRunning);
    }
    drive::tell_end(context, operation, end)
}

/// Starts an execution that does it, and stays with the operation until it has ended.
pub(super) async fn ask(
    context: &Context,
    journal: &dyn Journal,
    operation: &Operation,
    follower: &mut Follower,
    kind: Kind,
    note: Option<&str>,
) -> Result<(Operation, DriveEnd), CommandError> {
    let executions = executions(context, "StateMachineArn").await?;
    let by = aurora_restore_app::caller();
    let mut asked = json!({ "kind": kind.word(), "by": by });
    if let (Some(note), Some(fields)) = (note, asked.as_object_mut()) {
        fields.insert("note".to_owned(), note.into());
    }
    let input = json!({ "operation_id": operation.id, "ask": asked });
    let name = start_anew(executions.as_ref(), operation, &input).await?;
    context.ui().say(format_args!("execution {name} of stack {} does it.", context.stack()?.name));
    let mut stop = context.stop(Asked::StopNow)?;
    let obeyed = obeyed(journal, &operation.id, operation.sequence, executions.as_ref(), &name, &mut stop).await?;
    if !obeyed {
        return Ok((operation.clone(), DriveEnd::Detached));
    }
    let history = planning::history(journal, &operation.request).await;
    let by = (executions.as_ref(), &name);
    let end = watch_over(context, journal, &operation.id, (follower, &history), by).await?;
    let operation = look_at(journal, &operation.id).await?;
    // The onlooker may come too late to see a retirement begin.
    let end = match (kind, end) {
        (Kind::Retire, DriveEnd::Ended(_)) => DriveEnd::RetirementEnded,
        (_, end) => end,
    };
    Ok((operation, end))
}

/// How the watching of an execution has ended.
pub(super) enum Watched {
    /// The operation has ended or is stuck, or the person has seen enough.
    End(DriveEnd),
    /// Its execution has ended without any of that: timed out, stopped by somebody, or blocked. Which one, and why.
    Left(String),
}

/// Shows an operation until nobody goes on with it: otherwise the watching would have no end.
pub(super) async fn watched(
    context: &Context,
    journal: &dyn Journal,
    id: &OperationId,
    (follower, history): (&mut Follower, &History),
    (executions, name): (&dyn Executions, &ExecutionName),
) -> Result<Watched, CommandError> {
    tokio::select! {
        end = drive::watch_over(context, journal, follower, history) => Ok(Watched::End(end?)),
        left = left_by(journal, id, executions, name) => Ok(Watched::Left(left)),
    }
}

/// The same, where an operation that was left is an error.
pub(super) async fn watch_over(
    context: &Context,
    journal: &dyn Journal,
    id: &OperationId,
    shown: (&mut Follower, &History),
    by: (&dyn Executions, &ExecutionName),
) -> Result<DriveEnd, CommandError> {
    match watched(context, journal, id, shown, by).await? {
        Watched::End(end) => Ok(end),
        Watched::Left(told) => Err(CommandError::still_running(told)
            .hint(format!("Nobody goes on with it, and it holds its target. Go on: `aurora-restore resume {id}`"))),
    }
}

/// `watch` with a stack: like that of any operation, but it ends when nobody goes on with it.
pub(super) async fn watch(
    context: &Context,
    journal: &dyn Journal,
    operation: &Operation,
    shown: (&mut Follower, &History),
) -> Result<DriveEnd, CommandError> {
    let executions = executions(context, "StateMachineArn").await?;
    let name = executed_by(operation).unwrap_or_else(|| ExecutionName::of_operation(&operation.id));
    watch_over(context, journal, &operation.id, shown, (executions.as_ref(), &name)).await
}

/// The operation that the text means. One that the stack was asked for is not in its journal at once, and never where it was
/// refused: its execution tells.
pub(super) async fn find(
    context: &Context,
    journal: &dyn Journal,
    text: &str,
    patience: Patience,
) -> Result<OperationId, CommandError> {
    if context.stack_name().is_some()
        && let Ok(id) = OperationId::new(text)
        && matches!(journal.head(&id).await, Err(JournalError::UnknownOperation { .. }))
    {
        match asked_for(context, &id).await {
            Ok(None) => {}
            Ok(Some((executions, execution))) => {
                first_entry(context, journal, &id, (executions.as_ref(), &execution), patience).await?;
                return Ok(id);
            }
            // Whoever may read the journal alone finds what is in it.
            Err(error) => return context.find(journal, text).await.map_err(|_| error),
        }
    }
    context.find(journal, text).await
}

/// The execution that was to begin an operation. `latest`, the beginning of an id and the name of a resumption are no operations.
async fn asked_for(
    context: &Context,
    id: &OperationId,
) -> Result<Option<(Box<dyn Executions>, Execution)>, CommandError> {
    let executions = executions(context, "StateMachineArn").await?;
    let found = executions.describe(&ExecutionName::of_operation(id)).await?;
    let is_meant = |found: &Execution| found.input.as_ref().is_none_or(|input| input["operation_id"] == id.as_str());
    Ok(found.filter(is_meant).map(|execution| (executions, execution)))
}

/// Waits until the first entry is there, as long as that may take.
async fn first_entry(
    context: &Context,
    journal: &dyn Journal,
    id: &OperationId,
    (executions, execution): (&dyn Executions, &Execution),
    patience: Patience,
) -> Result<(), CommandError> {
    let name = &execution.name;
    if execution.status.has_ended() {
        return nothing_of(journal, id, execution).await;
    }
    if patience == Patience::Some {
        context.ui().say(format_args!("execution {name} runs; waiting for the first entry of operation {id}."));
        let mut stop = context.stop(Asked::StopNow)?;
        let begun = begun(journal, id, executions, name, &mut stop, ANEW);
        if let Ok(begun) = tokio::time::timeout(BEGUN_WITHIN, begun).await
            && begun?
        {
            return Ok(());
        }
    }
    let since = words::time(execution.started_at);
    let told = format!("execution {name} runs since {since}, and operation {id} is not in the journal yet");
    Err(CommandError::still_running(told).hint(format!("Look again: `aurora-restore watch {id}`.")))
}

/// Why the journal has nothing of an operation whose execution has ended. What was written and is gone is not told as never written.
async fn nothing_of(journal: &dyn Journal, id: &OperationId, execution: &Execution) -> Result<(), CommandError> {
    match journal.head(id).await {
        // It was written between the two looks.
        Ok(_) => return Ok(()),
        Err(JournalError::UnknownOperation { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    match journal.entries(id, 0).await {
        Ok(entries) if !entries.is_empty() => Err(CommandError::failed(format!(
            "the state of operation {id} is gone from the journal; its entries are there"
        ))
        .hint(
            "It was purged or has expired, or the state table was lost: `aurora-restore state rebuild` writes it anew.",
        )),
        Ok(_) | Err(JournalError::UnknownOperation { .. }) => {
            let (name, told) = (&execution.name, execution.told());
            Err(CommandError::failed(format!(
                "execution {name} has ended {told}, and the journal has nothing of operation {id}"
            ))
            .hint("Where it was refused, nothing was touched: start it anew under another id, for an id is used once.")
            .hint("Where it was executed, its records were purged or lost: an export may have them."))
        }
        Err(error) => Err(error.into()),
    }
}

/// Starts an execution for the newest entry of the journal, and nothing beside one that goes on from it.
async fn start_anew(
    executions: &dyn Executions,
    operation: &Operation,
    input: &Value,
) -> Result<ExecutionName, CommandError> {
    let id = &operation.id;
    match start_resumption(executions, id, operation.sequence, input, TURNS_MAX).await? {
        Resumed::Started(name) => Ok(name),
        Resumed::RunsAlready(name) => {
            Err(CommandError::still_running(format!("execution {name} was asked for something else already"))
                .hint(format!("Watch it with `aurora-restore watch {id}`.")))
        }
        Resumed::InVain => {
            Err(CommandError::failed(format!("{TURNS_MAX} executions for operation {id} ended without a word"))
                .hint("Look at the executions of the state machine in the console, and at the functions' logs."))
        }
    }
}

/// Waits until the execution has taken the operation up. False if the person has seen enough.
async fn obeyed(
    journal: &dyn Journal,
    id: &OperationId,
    from: u64,
    executions: &dyn Executions,
    name: &ExecutionName,
    stop: &mut Stop,
) -> Result<bool, CommandError> {
    let mut unseen = Unseen::default();
    // Bounded by the execution, which ends by itself, or by the person.
    loop {
        if *stop.borrow() {
            return Ok(false);
        }
        // Asked first: what it wrote before its end is seen then.
        let found = executions.describe(name).await?;
        let is_seen = unseen.look(found.as_ref(), name);
        let ended = found.filter(|found| found.status.has_ended());
        let operation = look_at(journal, id).await?;
        let has_moved = operation.sequence > from;
        match ended {
            _ if has_moved && is_open(&operation) => return Ok(true),
            Some(_) if has_moved => return Ok(true),
            Some(execution) => {
                return Err(not_obeyed(id, &execution).hint("Mend the cause and run the same command again."));
            }
            None => is_seen?,
        }
        pause(stop).await;
    }
}

/// Waits until an execution has written the first entry of an operation. False if the person has seen enough. `instead` says what
/// to do where it has ended without any.
pub(super) async fn begun(
    journal: &dyn Journal,
    id: &OperationId,
    executions: &dyn Executions,
    name: &ExecutionName,
    stop: &mut Stop,
    instead: &str,
) -> Result<bool, CommandError> {
    let mut unseen = Unseen::default();
    // Bounded by the execution, which ends by itself, or by the person.
    loop {
        if *stop.borrow() {
            return Ok(false);
        }
        let found = executions.describe(name).await?;
        let is_seen = unseen.look(found.as_ref(), name);
        let ended = found.filter(|found| found.status.has_ended());
        match (journal.head(id).await, ended) {
            (Ok(_), _) => return Ok(true),
            (Err(JournalError::UnknownOperation { .. }), Some(execution)) => {
                return Err(not_obeyed(id, &execution).hint(instead));
            }
            (Err(JournalError::UnknownOperation { .. }), None) => is_seen?,
            (Err(error), _) => return Err(error.into()),
        }
        pause(stop).await;
    }
}

async fn pause(stop: &mut Stop) {
    tokio::select! {
        () = tokio::time::sleep(LOOK) => {}
        _ = stop.wait_for(|asked| *asked) => {}
    }
}

/// Why an execution ended before it had written anything.
fn not_obeyed(id: &OperationId, execution: &Execution) -> CommandError {
    let why = execution.why().unwrap_or_else(|| "no error is named".to_owned());
    let told = format!("execution {} ended without touching operation {id}: {why}", execution.name);
    CommandError::failed(told).hint("The operation is as it was.")
}
