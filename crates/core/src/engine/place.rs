//! Where an operation stands, and so who serves it: a pure function of its journal.
//!
//! A driver that serves every place needs none of this. Where each step is served by a function of its own, the place says
//! which one.

use crate::operation::{Operation, Phase, Status, StepKind};

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At a step, on the way forward. The last step is also where its end is recorded.
    Step(StepKind),
    /// On the way back.
    Undo,
    /// Its retired cluster is being ended.
    Retire,
    /// Nowhere: it has ended, or is stuck.
    Ended(Status),
}

/// Where the operation stands. A step that has failed for good, and a cancel that is not obeyed yet, are still at the step:
/// the next move turns back.
pub fn place(operation: &Operation) -> Place {
    match operation.phase {
        Phase::Forward => {
            let current = operation.current_step().or(operation.steps.last());
            current.map_or(Place::Ended(operation.status()), |step| Place::Step(step.kind))
        }
        Phase::Back => Place::Undo,
        Phase::Retiring => Place::Retire,
        Phase::Stuck(_) | Phase::Ended(_) => Place::Ended(operation.status()),
    }
}
