//! The steps: what each does, how it is undone, and why it may be run again.
//!
//! One file per step. A step reads the plan, looks at the world, makes at most a few changes through the fence, and
//! returns: done, wait, or skipped. It never sleeps. It is run again after every wait and after every crash, so each
//! says at its head why that is safe ("Idempotent because …").

mod apply_settings;
mod archive_snapshot;
mod arrange;
mod build;
mod context;
mod copy_snapshot;
mod create_instances;
mod failure;
mod notify;
mod ownership;
mod restore_snapshot;
pub mod retire;
mod setup_db_users;
mod snapshot_check;
mod switch_over;
mod teardown;
mod verify_restore;

pub(crate) use context::LOOKS_AGE_MAX;
pub use context::{StepContext, StepError};
pub use failure::failure_of_rds;
pub(crate) use failure::{failure_of_cloud, failure_of_secrets};
pub(crate) use notify::tell_about_end;
pub use ownership::{OPERATION_TAG, RETIRED_BY_TAG, ROLE_TAG, Role, TARGET_TAG};
pub(crate) use switch_over::old_cluster_can_serve;

use jiff::SignedDuration;

use crate::operation::{Operation, Progress, StepFacts, StepKind};

/// What a step returns.
#[derive(Debug, Clone, PartialEq)]
pub enum StepOutcome {
    /// Done, with what it found and made.
    Done(StepFacts),
    /// Not done yet: run it again after a while.
    Wait {
        /// After how long.
        after: SignedDuration,
        /// Where it stands.
        progress: Option<Progress>,
    },
    /// Not needed.
    Skipped {
        /// Why.
        reason: String,
    },
}

/// What an undo returns.
#[derive(Debug, Clone, PartialEq)]
pub enum UndoOutcome {
    /// Undone.
    Done {
        /// What was done, or why there was nothing to do.
        note: Option<String>,
    },
    /// Not done yet: run it again after a while.
    Wait {
        /// After how long.
        after: SignedDuration,
        /// Where it stands.
        progress: Option<Progress>,
    },
}

/// How a step is undone: declared for each, so that a plan can print it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// Undone by this.
    By(&'static str),
    /// There is nothing to undo, because of this.
    Nothing(&'static str),
    /// Cannot be undone, because of this; such a step comes after the point of no return.
    Irreversible(&'static str),
}

/// How a step is undone.
pub fn undo_of(step: StepKind) -> Undo {
    match step {
        StepKind::SnapshotCheck => snapshot_check::UNDO,
        StepKind::CopySnapshot => copy_snapshot::UNDO,
        StepKind::RestoreSnapshot => restore_snapshot::UNDO,
        StepKind::CreateInstances => create_instances::UNDO,
        StepKind::ApplySettings => apply_settings::UNDO,
        StepKind::SetupDbUsers => setup_db_users::UNDO,
        StepKind::VerifyRestore => verify_restore::UNDO,
        StepKind::SwitchOver => switch_over::UNDO,
        StepKind::ArchiveSnapshot => archive_snapshot::UNDO,
        StepKind::Notify => notify::UNDO,
    }
}

/// Runs a step.
///
/// # Errors
/// [`StepError`]; what follows from it is the engine's decision.
pub async fn run(step: StepKind, context: &StepContext<'_>) -> Result<StepOutcome, StepError> {
    match step {
        StepKind::SnapshotCheck => snapshot_check::run(context).await,
        StepKind::CopySnapshot => copy_snapshot::run(context).await,
        StepKind::RestoreSnapshot => restore_snapshot::run(context).await,
        StepKind::CreateInstances => create_instances::run(context).await,
        StepKind::ApplySettings => apply_settings::run(context).await,
        StepKind::SetupDbUsers => setup_db_users::run(context).await,
        StepKind::VerifyRestore => verify_restore::run(context).await,
        StepKind::SwitchOver => switch_over::run(context).await,
        StepKind::ArchiveSnapshot => archive_snapshot::run(context).await,
        StepKind::Notify => notify::run(context).await,
    }
}

/// Undoes a step that was begun, whether it was finished or not.
///
/// # Errors
/// [`StepError`]; what follows from it is the engine's decision.
pub async fn undo(step: StepKind, context: &StepContext<'_>) -> Result<UndoOutcome, StepError> {
    match undo_of(step) {
        Undo::Nothing(reason) | Undo::Irreversible(reason) => {
            return Ok(UndoOutcome::Done { note: Some(reason.to_owned()) });
        }
        Undo::By(_) => {}
    }
    match step {
        StepKind::CopySnapshot => copy_snapshot::undo(context).await,
        StepKind::RestoreSnapshot => restore_snapshot::undo(context).await,
        StepKind::CreateInstances => create_instances::undo(context).await,
        StepKind::SwitchOver => switch_over::undo(context).await,
        StepKind::SnapshotCheck
        | StepKind::ApplySettings
        | StepKind::SetupDbUsers
        | StepKind::VerifyRestore
        | StepKind::ArchiveSnapshot
        | StepKind::Notify => Ok(UndoOutcome::Done { note: None }),
    }
}

/// What the operation has made and not yet taken away, as far as its journal knows: for a person who has to act.
pub fn what_is_left(operation: &Operation) -> Vec<String> {
    operation
        .steps
        .iter()
        .filter(|step| step.status.needs_undo())
        .flat_map(|step| left_by(step.kind, operation))
        .collect()
}

/// What one step of the operation may have made.
pub fn left_by(step: StepKind, operation: &Operation) -> Vec<String> {
    let Some(plan) = &operation.facts.plan else { return Vec::new() };
    let place = &plan.target_location;
    match step {
        StepKind::CopySnapshot | StepKind::ArchiveSnapshot => {
            let copies = plan.hops.iter().map(|hop| format!("snapshot copy {} in {}", hop.to, hop.location));
            let shares = plan.hops.iter().filter_map(|hop| hop.share_first.as_ref()).map(|share| {
                format!("snapshot {} in {}, shared with account {}", share.snapshot, share.location, share.with)
            });
            copies.chain(shares).collect()
        }
        StepKind::RestoreSnapshot => vec![format!("cluster {} in {place}", plan.names.staged)],
        StepKind::CreateInstances => {
            plan.names.staged_instances.iter().map(|name| format!("instance {name} in {place}")).collect()
        }
        StepKind::SwitchOver => switch_over::left(plan),
        StepKind::SnapshotCheck
        | StepKind::ApplySettings
        | StepKind::SetupDbUsers
        | StepKind::VerifyRestore
        | StepKind::Notify => Vec::new(),
    }
}
