//! What can happen to an operation. Every event is one entry of the journal.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::{
    ids::ExecutorId,
    operation::{Failure, RetiredCluster, StepFacts, StepKind},
    request::Request,
    verification::CheckResult,
};

/// An event. Intents ("started") are appended before anything is done, outcomes after it.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The operation was asked for.
    Requested {
        /// What was asked for.
        request: Box<Request>,
        /// Who executes it first.
        executor: ExecutorId,
        /// The digest of the plan that a person has approved.
        approved_plan: Option<String>,
    },
    /// Another executor goes on with it.
    TakenOver {
        /// Who.
        executor: ExecutorId,
    },
    /// A step is about to be tried.
    StepStarted {
        /// The step.
        step: StepKind,
        /// 1 for the first attempt.
        attempt: u32,
    },
    /// A step is done.
    StepFinished {
        /// The step.
        step: StepKind,
        /// What it found and made.
        facts: Box<StepFacts>,
    },
    /// A step is not needed.
    StepSkipped {
        /// The step.
        step: StepKind,
        /// Why.
        reason: String,
    },
    /// An attempt failed.
    StepFailed {
        /// The step.
        step: StepKind,
        /// How.
        failure: Failure,
        /// When the next attempt follows; none follows without it.
        retry_after: Option<SignedDuration>,
        /// Every check with its figure, where the step refused the restored data.
        checks: Option<Vec<CheckResult>>,
    },
    /// A step after the point of no return failed for good; the operation goes on without it.
    StepAbandoned {
        /// The step.
        step: StepKind,
        /// How it failed.
        failure: Failure,
        /// What it leaves behind.
        left: Vec<String>,
    },
    /// Somebody asked to cancel. Obeyed between steps.
    CancelRequested {
        /// Who, and why.
        request: CancelRequest,
    },
    /// From here on steps are undone.
    UndoStarted {
        /// Why.
        reason: UndoReason,
    },
    /// A step is about to be undone.
    StepUndoStarted {
        /// The step.
        step: StepKind,
        /// 1 for the first attempt.
        attempt: u32,
    },
    /// A step is undone.
    StepUndone {
        /// The step.
        step: StepKind,
        /// What was done, or why there was nothing to do.
        note: Option<String>,
    },
    /// An attempt to undo failed.
    StepUndoFailed {
        /// The step.
        step: StepKind,
        /// How.
        failure: Failure,
        /// When the next attempt follows; none follows without it.
        retry_after: Option<SignedDuration>,
    },
    /// A person has dealt with what the step made, so that it is not undone by the engine any more.
    StepUndoWaived {
        /// The step.
        step: StepKind,
        /// Who.
        by: String,
        /// What they did, or left, in their own words.
        note: String,
    },
    /// Neither finished nor undone: a person must act.
    BecameStuck {
        /// On which step.
        step: StepKind,
        /// On the way forward or back.
        direction: Direction,
        /// On what.
        failure: Failure,
        /// What is left, and where.
        left: Vec<String>,
    },
    /// A person said to go on.
    Unstuck {
        /// Who.
        by: String,
        /// In which direction.
        direction: Direction,
    },
    /// The end.
    Ended {
        /// Which.
        end: End,
    },
    /// The retired cluster is about to be ended.
    RetireStarted {
        /// Who asked for it.
        by: String,
    },
    /// The retired cluster is gone.
    RetireFinished {
        /// What it was, with the name of its final snapshot.
        retired: RetiredCluster,
    },
    /// The retired cluster could not be ended; it can be tried again.
    RetireFailed {
        /// How.
        failure: Failure,
    },
}

/// A request to cancel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRequest {
    /// Who asked.
    pub by: String,
    /// Why, if they said.
    pub reason: Option<String>,
}

/// The way that an operation was on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Towards the end that was asked for.
    Forward,
    /// Back to how it was.
    Back,
}

/// Why an operation is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UndoReason {
    /// A step failed for good.
    Failed {
        /// Which.
        step: StepKind,
    },
    /// Somebody cancelled.
    Cancelled(CancelRequest),
    /// A person asked for it after the end.
    Asked {
        /// Who.
        by: String,
    },
}

/// How an operation can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The name serves the verified new cluster.
    Completed,
    /// Failed and undone.
    Failed,
    /// Cancelled and undone.
    Cancelled,
}

/// The kind of an event, without what it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is documented at the variant of `Event` with the same name")]
pub enum EventKind {
    Requested,
    TakenOver,
    StepStarted,
    StepFinished,
    StepSkipped,
    StepFailed,
    StepAbandoned,
    CancelRequested,
    UndoStarted,
    StepUndoStarted,
    StepUndone,
    StepUndoFailed,
    StepUndoWaived,
    BecameStuck,
    Unstuck,
    Ended,
    RetireStarted,
    RetireFinished,
    RetireFailed,
}

impl Event {
    /// Its kind.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Requested { .. } => EventKind::Requested,
            Self::TakenOver { .. } => EventKind::TakenOver,
            Self::StepStarted { .. } => EventKind::StepStarted,
            Self::StepFinished { .. } => EventKind::StepFinished,
            Self::StepSkipped { .. } => EventKind::StepSkipped,
            Self::StepFailed { .. } => EventKind::StepFailed,
            Self::StepAbandoned { .. } => EventKind::StepAbandoned,
            Self::CancelRequested { .. } => EventKind::CancelRequested,
            Self::UndoStarted { .. } => EventKind::UndoStarted,
            Self::StepUndoStarted { .. } => EventKind::StepUndoStarted,
            Self::StepUndone { .. } => EventKind::StepUndone,
            Self::StepUndoFailed { .. } => EventKind::StepUndoFailed,
            Self::StepUndoWaived { .. } => EventKind::StepUndoWaived,
            Self::BecameStuck { .. } => EventKind::BecameStuck,
            Self::Unstuck { .. } => EventKind::Unstuck,
            Self::Ended { .. } => EventKind::Ended,
            Self::RetireStarted { .. } => EventKind::RetireStarted,
            Self::RetireFinished { .. } => EventKind::RetireFinished,
            Self::RetireFailed { .. } => EventKind::RetireFailed,
        }
    }

    /// The step that it is about. For [`Event::BecameStuck`] the step that it is stuck on.
    pub fn step(&self) -> Option<StepKind> {
        match self {
            Self::StepStarted { step, .. }
            | Self::StepFinished { step, .. }
            | Self::StepSkipped { step, .. }
            | Self::StepFailed { step, .. }
            | Self::StepAbandoned { step, .. }
            | Self::StepUndoStarted { step, .. }
            | Self::StepUndone { step, .. }
            | Self::StepUndoFailed { step, .. }
            | Self::StepUndoWaived { step, .. }
            | Self::BecameStuck { step, .. } => Some(*step),
            Self::Requested { .. }
            | Self::TakenOver { .. }
            | Self::CancelRequested { .. }
            | Self::UndoStarted { .. }
            | Self::Unstuck { .. }
            | Self::Ended { .. }
            | Self::RetireStarted { .. }
            | Self::RetireFinished { .. }
            | Self::RetireFailed { .. } => None,
        }
    }
}
