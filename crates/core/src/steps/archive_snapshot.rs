//! `archive-snapshot`: what becomes of the copies once the name serves the new cluster. The source is never deleted.
//!
//! Idempotent because it looks before it deletes and waits until RDS no longer shows what it deleted.

use crate::{
    catalogue::ErrorCode,
    engine::pace,
    ids::OperationId,
    operation::{ArchiveOutcome, Failure, StepFacts, StepKind},
    plan::{CopyHop, Plan},
    ports::{Change, Snapshot, SnapshotKind, SnapshotQuery, SnapshotStatus},
    request::ArchivePolicy,
    steps::{
        StepContext, StepError, StepOutcome, Undo,
        copy_snapshot::{self, Deleted},
        ownership::{OPERATION_TAG, ROLE_TAG, Role, TARGET_TAG},
    },
};

pub(super) const UNDO: Undo =
    Undo::Irreversible("a copy that was deleted is not made again; the source is still there");
const STEP: StepKind = StepKind::ArchiveSnapshot;

pub(super) async fn run(context: &StepContext<'_>) -> Result<StepOutcome, StepError> {
    let plan = context.plan()?;
    let Some((last, intermediate)) = plan.hops.split_last() else {
        return Ok(StepOutcome::Skipped { reason: "no copy was made".to_owned() });
    };
    let policy = context.operation().request.archive;
    let mut outcome = ArchiveOutcome { kept: Vec::new(), deleted: Vec::new() };
    // What is in the target account goes first.
    let mut going: Vec<&CopyHop> = Vec::with_capacity(plan.hops.len());
    match policy {
        ArchivePolicy::Keep | ArchivePolicy::KeepLast(_) => outcome.kept.push(last.to.clone()),
        ArchivePolicy::Delete => going.push(last),
    }
    going.extend(intermediate.iter().rev());
    let after = pace::for_steps(context.limits());
    // A source account that is lost by now keeps nobody from thinning out in the target's.
    let lost = match clear_up(context, &going, &mut outcome).await {
        Ok(None) => None,
        Ok(Some(text)) => return Ok(context.wait(STEP, after, text)),
        Err(StepError::Failed(failure)) if failure.code == ErrorCode::OtherAccount => Some(left_there(failure)),
        Err(error) => return Err(error),
    };
    if let ArchivePolicy::KeepLast(count) = policy
        && let Some(text) = thin_out(context, plan, usize::from(count).saturating_sub(outcome.kept.len())).await?
    {
        return Ok(context.wait(STEP, after, text));
    }
    lost.map_or_else(|| Ok(StepOutcome::Done(StepFacts::ArchiveSnapshot(outcome))), |failure| Err(failure.into()))
}

/// Deletes copies of this operation, and takes back what it shared. What is being waited for, if anything is.
async fn clear_up(
    context: &StepContext<'_>,
    going: &[&CopyHop],
    outcome: &mut ArchiveOutcome,
) -> Result<Option<String>, StepError> {
    for hop in going {
        match copy_snapshot::delete_copy(context, hop).await? {
            Deleted::Yes | Deleted::NotFound => outcome.deleted.push(hop.to.clone()),
            Deleted::NotYet => return Ok(Some(format!("copy {} is being deleted", hop.to))),
        }
    }
    copy_snapshot::unshare(context).await?;
    Ok(None)
}

/// The name serves already: what is left in a source account that is not there any more is told, and nobody is kept waiting for it.
fn left_there(failure: Failure) -> Failure {
    let hint = "Delete the copies there by hand, and take back what was shared: the report lists both.";
    Failure::terminal(failure.code, failure.message).hint(hint)
}

/// Deletes what exceeds the newest `count` copies that other operations of this product made for the target. Their tags prove that, and
/// the policy was asked for.
async fn thin_out(context: &StepContext<'_>, plan: &Plan, count: usize) -> Result<Option<String>, StepError> {
    let query = SnapshotQuery { cluster: None, kinds: vec![SnapshotKind::Manual] };
    let place = &plan.target_location;
    let target = context.operation().request.target.cluster.as_str();
    let mut copies: Vec<Snapshot> = context
        .rds(place)
        .snapshots(&query)
        .await?
        .into_iter()
        .filter(|snapshot| {
            snapshot.tags.get(TARGET_TAG).is_some_and(|tag| tag == target)
                && snapshot.tags.get(ROLE_TAG).is_some_and(|tag| tag == Role::Copy.as_str())
                && bears_a_name_of_ours(snapshot)
                // Those of this operation are kept, or go by themselves.
                && plan.hops.iter().all(|hop| hop.to != snapshot.id)
        })
        .collect();
    copies.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| b.id.cmp(&a.id)));
    let mut waiting = None;
    for copy in copies.iter().skip(count) {
        if copy.status != SnapshotStatus::Deleting {
            let delete = Change::DeleteSnapshot { snapshot: copy.id.clone() };
            match context.change(place, delete).await? {
                Ok(()) => {}
                Err(error) if error.is_not_found() => continue,
                Err(error) => return Err(error.into()),
            }
        }
        waiting = Some(format!("copy {} of an earlier operation is being deleted", copy.id));
    }
    Ok(waiting)
}

/// Whether the name is one that the tagged operation makes. Somebody's own copy of our copy may carry our tags along.
fn bears_a_name_of_ours(snapshot: &Snapshot) -> bool {
    let operation = snapshot.tags.get(OPERATION_TAG).and_then(|id| OperationId::new(id).ok());
    operation.is_some_and(|id| {
        let numbered = snapshot.id.as_str().rsplit_once('-');
        numbered
            .is_some_and(|(stem, number)| stem.ends_with(&format!("copy-{}", id.tag())) && number.parse::<u8>().is_ok())
    })
}
