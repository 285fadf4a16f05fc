//! What comes next for an operation: a pure function of its journal and the time.

use jiff::Timestamp;

use crate::operation::{End, Operation, Phase, Status, StepKind, StepRecord, StepStatus, UndoReason};

/// The next move.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Record that a step begins.
    StartStep {
        /// The step.
        step: StepKind,
        /// Which attempt.
        attempt: u32,
    },
    /// Run a step that has begun.
    RunStep {
        /// The step.
        step: StepKind,
    },
    /// Record that a step's undo begins.
    StartUndo {
        /// The step.
        step: StepKind,
        /// Which attempt.
        attempt: u32,
    },
    /// Run an undo that has begun.
    RunUndo {
        /// The step.
        step: StepKind,
    },
    /// Record that from here on steps are undone.
    TurnBack {
        /// Why.
        reason: UndoReason,
    },
    /// Record the end.
    End {
        /// Which.
        end: End,
    },
    /// Go on ending the retired cluster.
    RunRetire,
    /// Nothing before this time.
    Sleep {
        /// The time.
        until: Timestamp,
    },
    /// Nothing at all.
    Nothing {
        /// Where it stands.
        status: Status,
    },
}

/// Decides. Cancelling is obeyed here, that is between steps and between two looks of a step that waits; a step that
/// works is never interrupted. Past the point of no return there is nothing left to cancel.
pub fn decide(operation: &Operation, now: Timestamp) -> Decision {
    match operation.phase {
        Phase::Forward => forward(operation, now),
        Phase::Back => back(operation, now),
        Phase::Retiring => Decision::RunRetire,
        Phase::Stuck(_) | Phase::Ended(_) => Decision::Nothing { status: operation.status() },
    }
}

fn forward(operation: &Operation, now: Timestamp) -> Decision {
    let Some(step) = operation.current_step() else {
        return Decision::End { end: End::Completed };
    };
    if let Some(request) = &operation.cancel
        && !super::is_past_point_of_no_return(operation)
    {
        return Decision::TurnBack { reason: UndoReason::Cancelled(request.clone()) };
    }
    match step.status {
        StepStatus::Started => Decision::RunStep { step: step.kind },
        StepStatus::Failed => Decision::TurnBack { reason: UndoReason::Failed { step: step.kind } },
        StepStatus::Pending | StepStatus::Retrying => {
            sleep_or(step, now, Decision::StartStep { step: step.kind, attempt: step.attempts + 1 })
        }
        // Not reached on the way forward: settled steps are not current, and undo belongs to the way back.
        StepStatus::Finished
        | StepStatus::Skipped
        | StepStatus::Abandoned
        | StepStatus::UndoStarted
        | StepStatus::UndoRetrying
        | StepStatus::Undone
        | StepStatus::UndoFailed
        | StepStatus::Waived => Decision::TurnBack { reason: UndoReason::Failed { step: step.kind } },
    }
}

fn back(operation: &Operation, now: Timestamp) -> Decision {
    let Some(step) = operation.step_to_undo() else {
        let end = match &operation.undo_reason {
            Some(UndoReason::Cancelled(_) | UndoReason::Asked { .. }) => End::Cancelled,
            Some(UndoReason::Failed { .. }) | None => End::Failed,
        };
        return Decision::End { end };
    };
    if step.status == StepStatus::UndoStarted {
        return Decision::RunUndo { step: step.kind };
    }
    sleep_or(step, now, Decision::StartUndo { step: step.kind, attempt: step.undo_attempts + 1 })
}

fn sleep_or(step: &StepRecord, now: Timestamp, otherwise: Decision) -> Decision {
    match step.not_before {
        Some(until) if until > now => Decision::Sleep { until },
        Some(_) | None => otherwise,
    }
}
