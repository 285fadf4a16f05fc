//! The one transition table: which event is legal where, and what follows. Pure and total.
//!
//! ```text
//! phase       event                        step before                        step after     phase after
//! ---------   --------------------------   --------------------------------   ------------   -----------
//! Forward     StepStarted                  Pending, Retrying                  Started        Forward
//! Forward     StepFinished                 Started                            Finished       Forward
//! Forward     StepSkipped                  Started                            Skipped        Forward
//! Forward     StepFailed, retry            Started                            Retrying       Forward
//! Forward     StepFailed, for good         Started                            Failed         Forward
//! Forward     StepAbandoned                Started (after point of no return) Abandoned      Forward
//! Forward     BecameStuck(Forward)         Started                            Retrying       Stuck(Forward)
//! Forward     CancelRequested              -                                  -              Forward
//! Forward     UndoStarted                  -                                  -              Back
//! Forward     Ended(Completed)             -                                  -              Ended(Completed)
//! Back        StepUndoStarted              any that needs undo, not begun     UndoStarted    Back
//! Back        StepUndone                   UndoStarted                        Undone         Back
//! Back        StepUndoFailed, retry        UndoStarted                        UndoRetrying   Back
//! Back        StepUndoFailed, for good     UndoStarted                        UndoFailed     Back
//! Back        BecameStuck(Back)            UndoFailed                         UndoFailed     Stuck(Back)
//! Back        Ended(Failed | Cancelled)    -                                  -              Ended(same)
//! Stuck(d)    Unstuck(d)                   -                                  -              d
//! Stuck(Fwd)  UndoStarted                  -                                  -              Back
//! Stuck(Back) StepUndoWaived               UndoFailed                         Waived         Back
//! Completed   UndoStarted (asked)          -                                  -              Back
//! Completed   RetireStarted                -                                  -              Retiring
//! Retiring    RetireFinished, RetireFailed -                                  -              Ended(Completed)
//! ```
//! `TakenOver` is legal wherever there is still something to execute, and changes nothing.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::operation::{Direction, End, Event, EventKind, Status, StepKind, StepStatus, UndoReason};

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Steps are done.
    Forward,
    /// Steps are undone.
    Back,
    /// A person must act.
    Stuck(Direction),
    /// It has ended.
    Ended(End),
    /// It is completed, and its retired cluster is being ended.
    Retiring,
}

impl Phase {
    /// The public status.
    pub fn status(self) -> Status {
        match self {
            Self::Forward | Self::Back => Status::InProgress,
            Self::Stuck(_) => Status::Stuck,
            Self::Ended(End::Completed) | Self::Retiring => Status::Completed,
            Self::Ended(End::Failed) => Status::Failed,
            Self::Ended(End::Cancelled) => Status::Cancelled,
        }
    }

    /// Whether the target stays locked: a stuck operation keeps it, so that nobody builds on the mess.
    pub fn holds_target(self) -> bool {
        match self {
            Self::Forward | Self::Back | Self::Stuck(_) => true,
            Self::Ended(_) | Self::Retiring => false,
        }
    }
}

/// An event that the table does not have. Either two executors disagree or the journal was altered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("event {event:?} is not allowed {place}")]
pub struct IllegalEvent {
    /// The event.
    pub event: EventKind,
    /// Where it was to happen.
    pub place: String,
}

impl IllegalEvent {
    pub(super) fn not_first(event: EventKind) -> Self {
        Self { event, place: "as the first entry".to_owned() }
    }

    pub(super) fn unknown_step(phase: Phase, step: StepKind, event: EventKind) -> Self {
        Self { event, place: format!("in phase {phase:?}: the strategy has no step {step}") }
    }

    pub(super) fn out_of_order(phase: Phase, step: StepKind, event: EventKind) -> Self {
        Self { event, place: format!("in phase {phase:?} for step {step}: a neighbour is not settled") }
    }
}

/// What follows when `event` happens in `phase`; `step` is where the event's step stands, for an event that has one.
///
/// # Errors
/// [`IllegalEvent`] for everything that the table does not list.
pub fn next(
    phase: Phase,
    step: Option<StepStatus>,
    event: &Event,
) -> Result<(Phase, Option<StepStatus>), IllegalEvent> {
    let follows = match phase {
        Phase::Forward => forward(step, event),
        Phase::Back => back(step, event),
        Phase::Stuck(direction) => stuck(direction, step, event),
        Phase::Ended(End::Completed) => completed(event),
        Phase::Ended(End::Failed | End::Cancelled) => None,
        Phase::Retiring => retiring(event),
    };
    follows.ok_or_else(|| IllegalEvent {
        event: event.kind(),
        place: match step {
            Some(status) => format!("in phase {phase:?} while the step is {status:?}"),
            None => format!("in phase {phase:?}"),
        },
    })
}

type Follows = Option<(Phase, Option<StepStatus>)>;

fn forward(step: Option<StepStatus>, event: &Event) -> Follows {
    use StepStatus as S;
    let step_after = match (event, step) {
        (Event::StepStarted { .. }, Some(S::Pending | S::Retrying)) => S::Started,
        (Event::StepFinished { step: kind, facts }, Some(S::Started)) if facts.step() == *kind => S::Finished,
        (Event::StepSkipped { .. }, Some(S::Started)) => S::Skipped,
        (Event::StepFailed { retry_after: Some(_), .. }, Some(S::Started)) => S::Retrying,
        (Event::StepFailed { retry_after: None, .. }, Some(S::Started)) => S::Failed,
        (Event::StepAbandoned { step: kind, .. }, Some(S::Started)) if kind.is_after_point_of_no_return() => {
            S::Abandoned
        }
        (Event::BecameStuck { direction: Direction::Forward, .. }, Some(S::Started)) => {
            return Some((Phase::Stuck(Direction::Forward), Some(S::Retrying)));
        }
        (Event::TakenOver { .. } | Event::CancelRequested { .. }, None) => {
            return Some((Phase::Forward, None));
        }
        (Event::UndoStarted { .. }, None) => return Some((Phase::Back, None)),
        (Event::Ended { end: End::Completed }, None) => return Some((Phase::Ended(End::Completed), None)),
        _ => return None,
    };
    Some((Phase::Forward, Some(step_after)))
}

fn back(step: Option<StepStatus>, event: &Event) -> Follows {
    use StepStatus as S;
    let step_after = match (event, step) {
        (Event::StepUndoStarted { .. }, Some(status)) if status.needs_undo() && status != S::UndoStarted => {
            S::UndoStarted
        }
        (Event::StepUndone { .. }, Some(S::UndoStarted)) => S::Undone,
        (Event::StepUndoFailed { retry_after: Some(_), .. }, Some(S::UndoStarted)) => S::UndoRetrying,
        (Event::StepUndoFailed { retry_after: None, .. }, Some(S::UndoStarted)) => S::UndoFailed,
        (Event::BecameStuck { direction: Direction::Back, .. }, Some(S::UndoFailed)) => {
            return Some((Phase::Stuck(Direction::Back), Some(S::UndoFailed)));
        }
        (Event::TakenOver { .. }, None) => return Some((Phase::Back, None)),
        (Event::Ended { end: end @ (End::Failed | End::Cancelled) }, None) => return Some((Phase::Ended(*end), None)),
        _ => return None,
    };
    Some((Phase::Back, Some(step_after)))
}

fn stuck(direction: Direction, step: Option<StepStatus>, event: &Event) -> Follows {
    match event {
        Event::TakenOver { .. } => Some((Phase::Stuck(direction), None)),
        Event::Unstuck { direction: wished, .. } if *wished == direction => {
            let phase = match direction {
                Direction::Forward => Phase::Forward,
                Direction::Back => Phase::Back,
            };
            Some((phase, None))
        }
        Event::UndoStarted { .. } if direction == Direction::Forward => Some((Phase::Back, None)),
        Event::StepUndoWaived { .. } if direction == Direction::Back && step == Some(StepStatus::UndoFailed) => {
            Some((Phase::Back, Some(StepStatus::Waived)))
        }
        _ => None,
    }
}

fn completed(event: &Event) -> Follows {
    match event {
        Event::TakenOver { .. } => Some((Phase::Ended(End::Completed), None)),
        Event::UndoStarted { reason: UndoReason::Asked { .. } } => Some((Phase::Back, None)),
        Event::RetireStarted { .. } => Some((Phase::Retiring, None)),
        _ => None,
    }
}

fn retiring(event: &Event) -> Follows {
    match event {
        Event::TakenOver { .. } => Some((Phase::Retiring, None)),
        Event::RetireFinished { .. } | Event::RetireFailed { .. } => Some((Phase::Ended(End::Completed), None)),
        _ => None,
    }
}
