//! `switch-over`: gives the target's name to the new cluster, or for `replace` frees it.
//!
//! * `swap` renames the old cluster away and the new one to the name ([`swap`]);
//! * `replace` takes and proves a final snapshot, then deletes the old cluster ([`replace`]);
//! * `side-by-side` has nothing to switch.

mod replace;
mod swap;

pub(crate) use swap::can_serve as old_cluster_can_serve;

pub(super) use replace::{clear_failed_final_snapshot, final_snapshot, final_snapshot_exists, require_way_back};

use crate::{
    operation::StepKind,
    plan::Plan,
    request::Strategy,
    steps::{StepContext, StepError, StepOutcome, Undo, UndoOutcome},
};

pub(super) const UNDO: Undo = Undo::By(
    "giving the name back to the cluster that bore it before; after `replace`, restored from its final snapshot",
);
const STEP: StepKind = StepKind::SwitchOver;

pub(super) async fn run(context: &StepContext<'_>) -> Result<StepOutcome, StepError> {
    match context.plan()?.strategy {
        Strategy::Swap => swap::run(context).await,
        Strategy::Replace => replace::run(context).await,
        Strategy::SideBySide => {
            Ok(StepOutcome::Skipped { reason: "the new cluster keeps a name of its own".to_owned() })
        }
    }
}

pub(super) async fn undo(context: &StepContext<'_>) -> Result<UndoOutcome, StepError> {
    match context.plan()?.strategy {
        Strategy::Swap => swap::undo(context).await,
        Strategy::Replace => replace::undo(context).await,
        Strategy::SideBySide => Ok(UndoOutcome::Done { note: Some("nothing was switched".to_owned()) }),
    }
}

/// What the step may have left, for a person who has to act.
pub(super) fn left(plan: &Plan) -> Vec<String> {
    let place = &plan.target_location;
    let Some(existing) = &plan.existing else { return Vec::new() };
    match plan.strategy {
        Strategy::Swap => vec![format!(
            "the cluster that bore the name before ({}), as {} or {} in {place}",
            existing.resource_id, plan.names.retired, existing.cluster
        )],
        Strategy::Replace => vec![format!("final snapshot {} in {place}", plan.names.final_snapshot)],
        Strategy::SideBySide => Vec::new(),
    }
}
