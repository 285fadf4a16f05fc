//! One entry of a journal as one line. Shared by the bars, the plain lines and the JSON stream, so that all say the same.

use aurora_restore_core::{
    journal::Entry,
    operation::{Direction, End, Event, Operation, Phase, StepKind, StepStatus, UndoReason},
};

use crate::render::words;

/// What kind of news it is; renderers choose the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something begins.
    Plain,
    /// Something is done.
    Done,
    /// Something is not as hoped, and is dealt with.
    Warning,
    /// Something failed for good.
    Error,
}

/// One entry as one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its tone.
    pub(crate) tone: Tone,
    /// Its text.
    pub(crate) text: String,
}

fn line(tone: Tone, text: impl Into<String>) -> Line {
    Line { tone, text: text.into() }
}

/// Tells an entry. `operation` is as of the newest entry.
pub(crate) fn tell(operation: &Operation, entry: &Entry) -> Line {
    use Tone::{Done, Error, Plain, Warning};

    let took = |step: StepKind| took(operation, step);
    match &entry.event {
        Event::Requested { request, .. } => {
            line(Plain, format!("{} asked for: restore {}", operation.id, request.target.cluster))
        }
        Event::TakenOver { executor } => line(Plain, format!("taken over by {executor}")),
        Event::StepStarted { step, attempt: 1 } => line(Plain, format!("{step} started")),
        Event::StepStarted { step, attempt } => line(Plain, format!("{step} started again, attempt {attempt}")),
        Event::StepFinished { step, .. } => line(Done, format!("{step} done{}", took(*step))),
        Event::StepSkipped { step, reason } => line(Done, format!("{step} skipped: {reason}")),
        Event::StepFailed { step, failure, retry_after: Some(pause), .. } => line(
            Warning,
            format!("{step} failed, tried again in {}: {failure} [{}]", words::duration(*pause), failure.code),
        ),
        Event::StepFailed { step, failure, retry_after: None, .. } => {
            line(Error, format!("{step} failed: {failure} [{}]", failure.code))
        }
        Event::StepAbandoned { step, failure, .. } => {
            line(Warning, format!("{step} given up: {failure} [{}]", failure.code))
        }
        Event::CancelRequested { request } => line(Warning, format!("{} asked to cancel", request.by)),
        Event::UndoStarted { reason } => line(Warning, undo(reason)),
        Event::StepUndoStarted { step, attempt: 1 } => line(Plain, format!("undo of {step} started")),
        Event::StepUndoStarted { step, attempt } => {
            line(Plain, format!("undo of {step} started again, attempt {attempt}"))
        }
        Event::StepUndone { step, note: Some(note) } => line(Done, format!("undo of {step} done: {note}")),
        Event::StepUndone { step, note: None } => line(Done, format!("undo of {step} done")),
        Event::StepUndoFailed { step, failure, retry_after: Some(pause) } => line(
            Warning,
            format!("undo of {step} failed, tried again in {}: {failure} [{}]", words::duration(*pause), failure.code),
        ),
        Event::StepUndoFailed { step, failure, retry_after: None } => {
            line(Error, format!("undo of {step} failed: {failure} [{}]", failure.code))
        }
        Event::StepUndoWaived { step, by, note } => {
            line(Warning, format!("{by} dealt with the undo of {step}: {note}"))
        }
        Event::BecameStuck { step, direction, failure, .. } => {
            let way = match direction {
                Direction::Forward => "in",
                Direction::Back => "in the undo of",
            };
            line(Error, format!("stuck {way} {step}: {failure} [{}]", failure.code))
        }
        Event::Unstuck { by, .. } => line(Plain, format!("{by} said to go on")),
        Event::Ended { end: End::Completed } => line(Done, "completed"),
        Event::Ended { end: End::Failed } => line(Error, "failed and undone"),
        Event::Ended { end: End::Cancelled } => line(Done, "cancelled and undone"),
        Event::RetireStarted { by } => line(Plain, format!("{by} began to end the retired cluster")),
        Event::RetireFinished { retired } => line(Done, format!("retired cluster {} is gone", retired.cluster)),
        Event::RetireFailed { failure } => {
            line(Error, format!("the retired cluster could not be ended: {failure} [{}]", failure.code))
        }
    }
}

fn took(operation: &Operation, step: StepKind) -> String {
    operation
        .step(step)
        .and_then(|record| Some(record.ended_at?.duration_since(record.started_at?)))
        .map_or_else(String::new, |took| format!(" in {}", words::duration(took)))
}

fn undo(reason: &UndoReason) -> String {
    match reason {
        UndoReason::Failed { step } => format!("undoing because {step} failed"),
        UndoReason::Cancelled(request) => format!("undoing because {} cancelled", request.by),
        UndoReason::Asked { by } => format!("undoing because {by} asked for it"),
    }
}

/// Where an operation stands, in a few words: `restore-snapshot (3 of 10)`.
pub(crate) fn place(operation: &Operation) -> String {
    match operation.phase {
        Phase::Forward => match operation.current_step() {
            Some(step) => {
                let settled = operation.steps.iter().filter(|step| step.status.is_settled()).count();
                format!("{} ({} of {})", step.kind, settled + 1, operation.steps.len())
            }
            None => "ending".to_owned(),
        },
        Phase::Back => match operation.step_to_undo() {
            Some(step) => format!("undo of {}", step.kind),
            None => "ending".to_owned(),
        },
        Phase::Retiring => "ending the retired cluster".to_owned(),
        Phase::Stuck(Direction::Forward) => {
            operation.current_step().map_or_else(String::new, |step| format!("in {}", step.kind))
        }
        Phase::Stuck(Direction::Back) => {
            operation.step_to_undo().map_or_else(String::new, |step| format!("in the undo of {}", step.kind))
        }
        Phase::Ended(_) => "ended".to_owned(),
    }
}

/// The word for where a step stands.
pub(crate) fn step_status(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Pending => "to do",
        StepStatus::Started => "running",
        StepStatus::Retrying => "waiting to be tried again",
        StepStatus::Finished => "done",
        StepStatus::Skipped => "skipped",
        StepStatus::Failed => "failed",
        StepStatus::Abandoned => "given up",
        StepStatus::UndoStarted => "being undone",
        StepStatus::UndoRetrying => "undo waiting to be tried again",
        StepStatus::Undone => "undone",
        StepStatus::UndoFailed => "not undone",
        StepStatus::Waived => "dealt with",
    }
}
