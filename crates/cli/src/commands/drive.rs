//! What `run`, `resume`, `undo`, `retire` and `watch` share: staying with an operation until it ends, and telling the end.

use crate::{
    context::Context,
    error::{CommandError, CommandResult, Point},
    exit_code::ExitCode,
    interrupts::Asked,
    render::{bars::Bars, json_lines, json_lines::JsonLines, lines::Lines},
    ui::{Format, ProgressStyle, Ui},
};
use aurora_restore_app::{DriveEnd, Follower, History, Services, Sink};
use aurora_restore_core::{
    engine::{Engine, EngineError, Session},
    operation::{Direction, Operation, Phase, Status},
    ports::{Journal, JournalError},
    request::Strategy,
};

/// Nothing is shown.
struct Silent;

impl Sink for Silent {
    fn fact(&mut self, _: &Operation, _: &aurora_restore_core::journal::Entry) {}
    fn progress(&mut self, _: &Operation, _: &aurora_restore_core::operation::Progress) {}
    fn tick(&mut self, _: &Operation) {}
    fn trouble(&mut self, _: &str) {}
}

/// Advances an operation until it ends, is stuck, or the person detaches. What `follower` has seen is not shown again.
pub(super) async fn drive(
    context: &Context,
    services: &Services,
    session: &mut Session,
    mut follower: Follower,
    history: &History,
) -> Result<DriveEnd, CommandError> {
    let ports = services.ports();
    let mut stop = context.stop(Asked::StopAfterMove)?;
    let end = {
        let mut sink = sink(context.ui(), history);
        aurora_restore_app::drive(&Engine::new(ports), ports.journal, session, &mut follower, sink.as_mut(), &mut stop)
            .await
    };
    let id = session.operation().id.clone();
    end.map_err(|error| match error {
        EngineError::Journal(error @ JournalError::Unavailable { .. }) => {
            CommandError::still_running(format!("operation {id} was left where it stands: {error}"))
                .hint(format!("Nothing is lost: go on with `aurora-restore resume {id}` once the journal answers."))
        }
        other => other.into(),
    })
}

/// Shows an operation until it ends, is stuck, or the person has seen enough.
pub(super) async fn watch_over(
    context: &Context,
    journal: &dyn Journal,
    follower: &mut Follower,
    history: &History,
) -> Result<DriveEnd, CommandError> {
    let mut stop = context.stop(Asked::StopNow)?;
    let mut sink = sink(context.ui(), history);
    Ok(aurora_restore_app::watch_over(follower, journal, sink.as_mut(), &mut stop).await?)
}

pub(super) fn sink<'a>(ui: &'a Ui, history: &'a History) -> Box<dyn Sink + 'a> {
    match (ui.format(), ui.progress()) {
        (Format::Json, _) => Box::new(JsonLines::begin(ui)),
        (Format::Text, ProgressStyle::Bars) => Box::new(Bars::new(history)),
        (Format::Text, ProgressStyle::Lines) => Box::new(Lines::new(ui, history)),
        (Format::Text, ProgressStyle::Hidden) => Box::new(Silent),
    }
}

/// Tells that nobody works on the operation any more, and what can be done.
pub(super) fn tell_detached(ui: &Ui, operation: &Operation) {
    let id = &operation.id;
    ui.say(format_args!("detached: operation {id} stands where it stands until it is resumed."));
    ui.hint(format_args!("Go on:    aurora-restore resume {id}"));
    ui.hint(format_args!("Look:     aurora-restore status {id}"));
    ui.hint(format_args!("Give up:  aurora-restore cancel {id}, then resume: it is undone"));
}

/// Tells how a restore, or the end of a retired cluster, ended.
pub(super) fn tell_end(context: &Context, operation: &Operation, end: DriveEnd) -> CommandResult {
    let ui = context.ui();
    let (id, status) = (&operation.id, operation.status());
    let exit = match end {
        DriveEnd::Detached => ExitCode::StillRunning,
        DriveEnd::RetirementEnded if operation.retired_at.is_some() => ExitCode::Done,
        DriveEnd::RetirementEnded => ExitCode::Failed,
        DriveEnd::Ended(_) => ExitCode::of_status(status),
    };
    if ui.format() == Format::Json {
        json_lines::end(ui, id, status, exit);
    }
    match (end, status) {
        (DriveEnd::Detached, _) => tell_detached(ui, operation),
        (DriveEnd::RetirementEnded, _) if exit == ExitCode::Done => {
            ui.done(format_args!("the retired cluster of operation {id} is gone."));
        }
        (DriveEnd::RetirementEnded, _) => {
            let error = failure_of(operation, exit, "has not ended its retired cluster");
            return Err(with_report(
                error.hint("The restore itself is not affected, and ending can be tried again."),
                operation,
            ));
        }
        (DriveEnd::Ended(_), Status::Completed) => tell_completed(ui, operation),
        (DriveEnd::Ended(_), Status::InProgress) => {}
        (DriveEnd::Ended(_), Status::Failed) => {
            return Err(with_report(failure_of(operation, exit, "failed and was undone"), operation));
        }
        (DriveEnd::Ended(_), Status::Cancelled) => {
            let error = CommandError::failed(format!("operation {id} was cancelled and undone"));
            return Err(with_report(error, operation));
        }
        (DriveEnd::Ended(_), Status::Stuck) => return Err(with_report(stuck(operation), operation)),
    }
    Ok(exit)
}

fn tell_completed(ui: &Ui, operation: &Operation) {
    let (id, target) = (&operation.id, &operation.request.target.cluster);
    let switched = operation.facts.switch_over.as_ref().and_then(|switch| switch.endpoint.clone());
    let endpoint = switched.or_else(|| operation.facts.instances.as_ref().map(|ready| ready.endpoint.clone()));
    let place = endpoint.map_or_else(String::new, |endpoint| format!(" at {endpoint}"));
    match (operation.request.strategy, &operation.facts.restored) {
        // The target is where and what it was; the new cluster has a name of its own.
        (Strategy::SideBySide, Some(beside)) => {
            ui.done(format_args!("{} is restored and verified{place}; {target} is untouched.", beside.cluster));
        }
        _ => ui.done(format_args!("{target} is restored and verified{place}.")),
    }
    if let Some(at) = operation.retire_after().filter(|_| operation.keeps_retired_cluster()) {
        let until = crate::render::words::time(at);
        ui.hint(format_args!("The old cluster is kept until {until}; `aurora-restore undo {id}` brings it back."));
    }
    ui.hint(format_args!("See `aurora-restore report {id}`."));
}

fn failure_of(operation: &Operation, exit: ExitCode, how: &str) -> CommandError {
    let id = &operation.id;
    match &operation.failure {
        Some(failure) => {
            let mut point = Point::of_failure(failure);
            point.message = format!("operation {id} {how}: {}", point.message);
            CommandError::several(exit, vec![point])
        }
        None => CommandError::failed(format!("operation {id} {how}")),
    }
}

fn stuck(operation: &Operation) -> CommandError {
    let id = &operation.id;
    let error = failure_of(operation, ExitCode::Stuck, "is stuck");
    let error = error.hint(format!("Once the cause is gone, go on with `aurora-restore resume {id}`."));
    match operation.phase {
        Phase::Stuck(Direction::Forward) => {
            error.hint(format!("Or take back what was done with `aurora-restore undo {id}`."))
        }
        Phase::Stuck(Direction::Back) => error.hint(format!(
            "Or deal with what that step made yourself, and go on with `aurora-restore resume {id} --dealt-with \"WHAT YOU DID\"`."
        )),
        _ => error,
    }
}

fn with_report(error: CommandError, operation: &Operation) -> CommandError {
    error.hint(format!("See `aurora-restore report {}`.", operation.id))
}
