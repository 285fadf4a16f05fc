//! Drills: a real restore under a name of its own, proven, timed, and taken back again.
//!
//! A drill is an ordinary operation. Nothing but its id says that it is one, so nothing can be recorded of a drill that its
//! journal does not prove: its verdict, its figures and its history are read from the journal each time, and the hash chain
//! shows that nobody has edited them.
//!
//! ```text
//!   restore under <target>-drill ─► verify ─► switch (a free name) ─► undo: everything is deleted again
//! ```
//! The loss of the journal itself, and that of a version of the functions, are rehearsed without a restore: see [`LostJournal`] and
//! [`LostVersions`].
//!
//! It never touches the target, nor its lock: who needs a real restore meanwhile is not kept waiting.

mod answer;
mod history;
mod last;
mod likeness;
mod lost_journal;
mod lost_version;
mod record;
mod recorded;
mod scenario;

pub use answer::{Answer, AnswerError, Course, Refusal, give, look};
pub use history::{Figures, History, Period, Quarter};
pub use last::HeldDrills;
pub use likeness::{SourceIsLost, isolated, target_of, without_source_region};
pub use lost_journal::{LostJournal, Origin, Rebuilt};
pub use lost_version::{EarlierVersions, LostVersions};
pub use record::{Record, RestoredSnapshot, StepTime, Verdict};
pub use scenario::{Scenario, UnknownScenario};

use aurora_restore_core::ids::{InvalidId, OperationId};

/// The id of a drill: that of an ordinary operation, marked as a drill, with its scenario last. Ids sort by their time.
///
/// # Errors
/// [`InvalidId`] never in practice: the longest scenario leaves room.
pub fn operation_id(ordinary: &OperationId, scenario: Scenario) -> Result<OperationId, InvalidId> {
    let rest = ordinary.as_str().strip_prefix("op-").unwrap_or(ordinary.as_str());
    OperationId::new(format!("{}{rest}-{scenario}", OperationId::DRILL_PREFIX))
}

/// The scenario of a drill, as its id says it; `None` if the operation is not a drill.
pub fn scenario_of(id: &OperationId) -> Option<Scenario> {
    let rest = id.as_str().strip_prefix(OperationId::DRILL_PREFIX)?;
    let ending = Scenario::ALL.into_iter().filter(|scenario| rest.ends_with(&format!("-{scenario}")));
    // One name is the end of another: `given-up-in-verify-restore` is not `restore`.
    ending.max_by_key(|scenario| scenario.to_string().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_drill_says_its_scenario_and_sorts_by_time() {
        for scenario in Scenario::ALL {
            let ids = ["op-20261121-080000-7f3a", "op-20261122-080000-0001"]
                .map(|id| operation_id(&OperationId::new(id).unwrap(), scenario).unwrap());
            assert!(ids.iter().all(|id| scenario_of(id) == Some(scenario)), "{ids:?}");
            assert!(ids.is_sorted(), "{ids:?}");
        }
    }

    #[test]
    fn an_ordinary_operation_is_no_drill() {
        for id in ["op-20261121-080000-7f3a", "nightly-restore", "drill-20261121-080000-7f3a-unheard-of"] {
            assert_eq!(scenario_of(&OperationId::new(id).unwrap()), None, "{id}");
        }
    }
}
