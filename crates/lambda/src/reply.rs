//! What a function answers: small, and nothing secret.

use aurora_restore_core::{
    engine::{Place, place},
    ids::OperationId,
    operation::{Operation, Status},
};
use jiff::SignedDuration;
use serde::Serialize;

use crate::place::Served;

/// What the state machine does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Waits, then calls the same function again.
    Wait,
    /// Goes on to the step in `step`.
    Next,
    /// Goes on to the way back.
    Undo,
    /// Goes on to the end of the retired cluster.
    Retire,
    /// Succeeds: the operation is completed, or taken back where that was asked for.
    Completed,
    /// Fails: the operation failed and was undone, or its retired cluster could not be ended.
    Failed,
    /// Fails: the operation was cancelled and undone.
    Cancelled,
    /// Fails: a person must act.
    Stuck,
}

/// What a function answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// The operation.
    pub operation_id: OperationId,
    /// Where it stands now: a step, `undo`, `retire`, or `end`.
    pub step: &'static str,
    /// What follows.
    pub outcome: Outcome,
    /// How long to wait, in whole seconds; 0 where nothing is waited for.
    pub wait_seconds: u64,
}

/// What the word for "nowhere any more" is.
const END: &str = "end";

impl Reply {
    /// The function is called again after a while.
    pub fn wait(operation: &Operation, served: Served, after: SignedDuration) -> Self {
        // Rounded up: who comes too early waits once more, which costs as much again.
        let seconds = u64::try_from(after.as_millis()).unwrap_or(0).div_ceil(1_000).max(1);
        Self {
            operation_id: operation.id.clone(),
            step: served.as_str(),
            outcome: Outcome::Wait,
            wait_seconds: seconds,
        }
    }

    /// The operation stands elsewhere, or has ended. An execution ends as what it was asked for: an operation whose retired
    /// cluster could not be ended is as completed as before, and one that was taken back is cancelled, as somebody wanted.
    pub fn elsewhere(operation: &Operation, asked: Asked) -> Self {
        let (step, outcome) = match place(operation) {
            Place::Step(step) => (step.as_str(), Outcome::Next),
            Place::Undo => (Served::Undo.as_str(), Outcome::Undo),
            Place::Retire => (Served::Retire.as_str(), Outcome::Retire),
            Place::Ended(Status::Completed) => match asked {
                Asked::Retirement if operation.retired_at.is_none() => (END, Outcome::Failed),
                Asked::Retirement | Asked::WayBack | Asked::Nothing => (END, Outcome::Completed),
            },
            Place::Ended(Status::Cancelled) => match asked {
                Asked::WayBack => (END, Outcome::Completed),
                Asked::Retirement | Asked::Nothing => (END, Outcome::Cancelled),
            },
            Place::Ended(Status::Stuck) => (END, Outcome::Stuck),
            // In progress is no end; the pure function above never says so.
            Place::Ended(Status::Failed | Status::InProgress) => (END, Outcome::Failed),
        };
        Self { operation_id: operation.id.clone(), step, outcome, wait_seconds: 0 }
    }
}

/// What an execution was asked for, beside going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The end of the retired cluster.
    Retirement,
    /// That all be taken back.
    WayBack,
    /// Nothing else.
    Nothing,
}
