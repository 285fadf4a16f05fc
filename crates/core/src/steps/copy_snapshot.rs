//! `copy-snapshot`: brings the snapshot to the target account and Region, under a key that may be used there.
//!
//! Idempotent because every copy has a fixed name and bears our tag from the call that makes it: each run looks for the
//! copies in order and goes on at the first one that is not there or not available.

use crate::{
    catalogue::ErrorCode,
    engine::pace,
    operation::{CopyMade, Failure, Progress, SnapshotCopied, StepFacts, StepKind},
    plan::{CopyHop, Share},
    ports::{Change, RdsErrorKind, RestoreSource, Side, Snapshot, SnapshotAddress, SnapshotCopy, SnapshotStatus},
    steps::{
        StepContext, StepError, StepOutcome, Undo, UndoOutcome,
        ownership::{self, Role},
        teardown,
    },
};

pub(super) const UNDO: Undo = Undo::By("deleting the copies and taking back what was shared");
const STEP: StepKind = StepKind::CopySnapshot;

pub(super) async fn run(context: &StepContext<'_>) -> Result<StepOutcome, StepError> {
    let plan = context.plan()?;
    if plan.hops.is_empty() {
        let reason = match &plan.restore_source {
            RestoreSource::Snapshot(_) => "the snapshot can be restored from as it is",
            RestoreSource::LatestOf { .. } | RestoreSource::PointInTime { .. } => {
                "the cluster is restored from a running one"
            }
        };
        return Ok(StepOutcome::Skipped { reason: reason.to_owned() });
    }
    context.require_planned_source().await?;
    let mut copies = Vec::with_capacity(plan.hops.len());
    for hop in &plan.hops {
        match make_copy(context, hop).await? {
            Copy::Available(made) => copies.push(made),
            Copy::NotYet { progress } => {
                let after = pace::for_long_phases(context.limits());
                return Ok(StepOutcome::Wait { after, progress: Some(progress) });
            }
        }
    }
    let restore_from = match plan.hops.last() {
        Some(hop) => SnapshotAddress::Name(hop.to.clone()),
        None => return Err(Failure::terminal(ErrorCode::Internal, "the plan has no copies").into()),
    };
    Ok(StepOutcome::Done(StepFacts::CopySnapshot(SnapshotCopied { restore_from, copies })))
}

enum Copy {
    Available(CopyMade),
    NotYet { progress: Progress },
}

fn not_yet(text: String, percent: Option<u8>) -> Copy {
    Copy::NotYet { progress: Progress { step: STEP, text, percent } }
}

async fn make_copy(context: &StepContext<'_>, hop: &CopyHop) -> Result<Copy, StepError> {
    let address = SnapshotAddress::Name(hop.to.clone());
    match context.rds(&hop.location).snapshot(&address).await {
        Ok(found) => look_at_copy(context, hop, &found),
        Err(error) if error.is_not_found() => {
            if let Some(share) = &hop.share_first {
                share_snapshot(context, share).await?;
            }
            start_copy(context, hop).await
        }
        Err(error) => Err(error.into()),
    }
}

fn look_at_copy(context: &StepContext<'_>, hop: &CopyHop, found: &Snapshot) -> Result<Copy, StepError> {
    ownership::require_ours_as(context.operation(), &found.tags, Role::Copy, &format!("snapshot {}", hop.to))?;
    match &found.status {
        SnapshotStatus::Available => Ok(Copy::Available(CopyMade {
            location: hop.location.clone(),
            snapshot: found.id.clone(),
            arn: found.arn.clone(),
        })),
        SnapshotStatus::Creating | SnapshotStatus::Copying => Ok(not_yet(
            // 0 % is not a stall: a copy is queued behind others of the same source and shows no progress then.
            format!("copy {} is `{}`", hop.to, found.status.word()),
            Some(found.percent),
        )),
        SnapshotStatus::Failed(word) => {
            Err(Failure::terminal(ErrorCode::CopyFailed, format!("copy {} in {} is `{word}`", hop.to, hop.location))
                .hint(ErrorCode::CopyFailed.action())
                .into())
        }
        SnapshotStatus::Deleting => {
            Err(Failure::terminal(ErrorCode::CopyFailed, format!("copy {} is being deleted by someone", hop.to)).into())
        }
        SnapshotStatus::Other(word) => {
            tracing::warn!(snapshot = %hop.to, status = %word, "unknown status, waiting");
            Ok(not_yet(format!("copy {} is `{word}`", hop.to), None))
        }
    }
}

async fn start_copy(context: &StepContext<'_>, hop: &CopyHop) -> Result<Copy, StepError> {
    let copy = SnapshotCopy {
        from: hop.from.clone(),
        to: hop.to.clone(),
        kms_key: hop.kms_key.clone(),
        tags: ownership::tags(context.operation(), Role::Copy, None),
    };
    match context.change(&hop.location, Change::CopySnapshot(copy)).await? {
        Ok(()) => Ok(not_yet(format!("RDS has accepted copy {}", hop.to), None)),
        Err(error) if error.kind == RdsErrorKind::AlreadyExists => {
            Ok(not_yet(format!("copy {} is there and not shown yet", hop.to), None))
        }
        // Five copies are in progress: a place becomes free when one of them is done, which may take hours.
        Err(error) if error.kind == RdsErrorKind::TransientQuota => {
            Ok(not_yet(format!("copy {} waits for a free place: {}", hop.to, error.message), None))
        }
        Err(error) => Err(error.into()),
    }
}

async fn share_snapshot(context: &StepContext<'_>, share: &Share) -> Result<(), StepError> {
    let address = SnapshotAddress::Name(share.snapshot.clone());
    let shared = context.rds(&share.location).snapshot_shared_with(&address).await?;
    if shared.iter().any(|account| account == share.with.as_str()) {
        return Ok(());
    }
    let change = Change::ShareSnapshot { snapshot: share.snapshot.clone(), with: share.with.clone() };
    context.change(&share.location, change).await??;
    Ok(())
}

pub(super) async fn undo(context: &StepContext<'_>) -> Result<UndoOutcome, StepError> {
    // Without a plan nothing was made: `copy-snapshot` comes after `snapshot-check`.
    let plan = context.plan()?;
    let was_seen = context.operation().facts.copy.is_some();
    let may_appear = || !teardown::not_found_is_final(context, STEP, was_seen);
    let after = pace::for_steps(context.limits());
    let not_yet = || context.wait_undo(STEP, after, "a copy that was asked for may still appear");
    let mut unshown = false;
    // What is in the target account goes first, all of it: a source account that is lost keeps nothing but what is there.
    for hop in plan.hops.iter().rev() {
        if unshown && hop.location.side == Side::Source && may_appear() {
            return Ok(not_yet());
        }
        match delete_copy(context, hop).await? {
            Deleted::Yes => {}
            Deleted::NotFound => unshown = true,
            Deleted::NotYet => {
                return Ok(context.wait_undo(STEP, after, format!("copy {} is being deleted", hop.to)));
            }
        }
    }
    if unshown && may_appear() {
        return Ok(not_yet());
    }
    unshare(context).await?;
    Ok(UndoOutcome::Done { note: Some(format!("{} copies are gone", plan.hops.len())) })
}

/// What became of a copy that shall go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deleted {
    /// RDS has deleted it.
    Yes,
    /// There is none under the name.
    NotFound,
    /// It is being deleted.
    NotYet,
}

/// Deletes a copy of this operation; one that is not ours is an error.
pub(super) async fn delete_copy(context: &StepContext<'_>, hop: &CopyHop) -> Result<Deleted, StepError> {
    let address = SnapshotAddress::Name(hop.to.clone());
    context.require_planned(&hop.location).await?;
    match context.rds(&hop.location).snapshot(&address).await {
        Ok(found) => {
            ownership::require_ours_as(context.operation(), &found.tags, Role::Copy, &format!("snapshot {}", hop.to))?;
            if found.status == SnapshotStatus::Deleting {
                return Ok(Deleted::NotYet);
            }
            let delete = Change::DeleteSnapshot { snapshot: hop.to.clone() };
            match context.change(&hop.location, delete).await? {
                Ok(()) => Ok(Deleted::NotYet),
                Err(error) if error.is_not_found() => Ok(Deleted::Yes),
                Err(error) => Err(error.into()),
            }
        }
        Err(error) if error.is_not_found() => Ok(Deleted::NotFound),
        Err(error) => Err(error.into()),
    }
}

/// Takes back what this operation shared. What was shared before it is not in the plan and stays.
pub(super) async fn unshare(context: &StepContext<'_>) -> Result<(), StepError> {
    let plan = context.plan()?;
    for share in plan.hops.iter().filter_map(|hop| hop.share_first.as_ref()) {
        let address = SnapshotAddress::Name(share.snapshot.clone());
        context.require_planned(&share.location).await?;
        let rds = context.rds(&share.location);
        let shared = match rds.snapshot_shared_with(&address).await {
            Ok(shared) => shared,
            // An intermediate copy is shared only while it exists.
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error.into()),
        };
        if shared.iter().any(|account| account == share.with.as_str()) {
            let change = Change::UnshareSnapshot { snapshot: share.snapshot.clone(), with: share.with.clone() };
            context.change(&share.location, change).await??;
        }
    }
    Ok(())
}
