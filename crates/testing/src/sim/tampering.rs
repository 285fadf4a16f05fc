//! What the known-bad engines are told instead of the truth, and what becomes of their changes.

#![expect(clippy::result_large_err, reason = "the port's own error, as the ports give it")]

use aurora_restore_core::{
    ids::{ClusterId, ResourceId, SnapshotId},
    operation::{Operation, Phase, StepKind, StepStatus},
    plan::Plan,
    ports::{
        Change, Cluster, ClusterModify, ClusterStatus, Location, RdsErrorKind, RdsResult, Snapshot, SnapshotStatus,
        Tags,
    },
    request::Strategy,
    steps::{OPERATION_TAG, ROLE_TAG, Role},
};

use super::{mutants::Mutant, rds_way::RdsWay};

/// What becomes of a change.
pub(super) enum Tampered {
    /// Nothing special.
    Not,
    /// It is acknowledged and not made.
    Dropped,
    /// It becomes another one, perhaps after a further one.
    Into { first: Option<Box<Change>>, location: Location, change: Box<Change> },
}

/// Looks at the operation of an executor as it is truly journalled.
fn with_plan<T>(rds: &RdsWay, look: impl FnOnce(&Operation, &Plan) -> Option<T>) -> Option<T> {
    let inner = rds.way.hub.lock();
    let operation = inner.operation_of(rds.way.me).operation()?;
    look(operation, operation.facts.plan.as_ref()?)
}

fn claim(rds: &RdsWay, tags: &mut Tags, role: Role) {
    let id = rds.way.hub.lock().operation_of(rds.way.me).id.to_string();
    tags.insert(OPERATION_TAG.to_owned(), id);
    tags.insert(ROLE_TAG.to_owned(), role.as_str().to_owned());
}

/// Leaves an answer as it is.
pub(super) fn nothing<T>(_: &RdsWay, result: RdsResult<T>, _: &str) -> RdsResult<T> {
    result
}

pub(super) fn cluster(rds: &RdsWay, result: RdsResult<Cluster>, name: &str) -> RdsResult<Cluster> {
    let hub = &rds.way.hub;
    let is_staged = |_: &Operation, plan: &Plan| (plan.names.staged.as_str() == name).then_some(());
    if hub.is(Mutant::AdoptsWithoutTag) && with_plan(rds, is_staged).is_some() {
        return result.map(|mut found| {
            claim(rds, &mut found.tags, Role::Staged);
            found
        });
    }
    if hub.is(Mutant::ForgetsToUndo) && is_going_back(rds) && with_plan(rds, is_staged).is_some() {
        return result.and_then(|_| Err(not_found(name)));
    }
    result
}

fn is_going_back(rds: &RdsWay) -> bool {
    with_plan(rds, |operation, _| (operation.phase == Phase::Back).then_some(())).is_some()
}

fn not_found(name: &str) -> aurora_restore_core::ports::RdsError {
    aurora_restore_core::ports::RdsError {
        kind: RdsErrorKind::NotFound,
        action: "DescribeDBClusters".to_owned(),
        object: name.to_owned(),
        code: "DBClusterNotFoundFault".to_owned(),
        message: "a lie".to_owned(),
        request_id: None,
    }
}

pub(super) fn clusters(rds: &RdsWay, result: RdsResult<Vec<Cluster>>, _: &str) -> RdsResult<Vec<Cluster>> {
    let hub = &rds.way.hub;
    let mut found = result?;
    if hub.is(Mutant::ProvesNoLogin)
        && let Some((new, target)) = with_plan(rds, switching)
    {
        let renaming = ClusterStatus::from_word("renaming");
        for cluster in found.iter_mut().filter(|one| one.resource_id == new && one.status == renaming) {
            cluster.id = target.clone();
            cluster.status = ClusterStatus::Available;
        }
    }
    if hub.is(Mutant::ForgetsToUndo) && is_going_back(rds) {
        let new = with_plan(rds, |operation, _| operation.facts.restored.as_ref().map(|new| new.resource_id.clone()));
        found.retain(|cluster| Some(&cluster.resource_id) != new.as_ref());
    }
    if hub.is(Mutant::ForgetsTheOldCluster) && is_going_back(rds) {
        let old = with_plan(rds, |operation, plan| {
            let is_new = |cluster: &&Cluster| {
                operation.facts.restored.as_ref().is_some_and(|new| new.resource_id == cluster.resource_id)
            };
            let new_has_gone = found.iter().find(is_new).is_none_or(|cluster| cluster.id == plan.names.staged);
            plan.existing.clone().filter(|_| new_has_gone)
        });
        for cluster in &mut found {
            if let Some(old) = old.as_ref().filter(|old| old.resource_id == cluster.resource_id) {
                cluster.id = old.cluster.clone();
            }
        }
    }
    Ok(found)
}

/// The new cluster and the name that it takes, while a swap is being made.
fn switching(operation: &Operation, plan: &Plan) -> Option<(ResourceId, ClusterId)> {
    let step = operation.step(StepKind::SwitchOver)?;
    let switches = step.status == StepStatus::Started && plan.strategy == Strategy::Swap;
    let new = operation.facts.restored.as_ref().filter(|_| switches)?;
    Some((new.resource_id.clone(), operation.request.target.cluster.clone()))
}

pub(super) fn snapshot(rds: &RdsWay, result: RdsResult<Snapshot>, name: &str) -> RdsResult<Snapshot> {
    let hub = &rds.way.hub;
    if hub.is(Mutant::AdoptsWithoutTag) {
        let is_copy =
            |_: &Operation, plan: &Plan| plan.names.copies.iter().any(|copy| copy.as_str() == name).then_some(());
        if with_plan(rds, is_copy).is_some() {
            return result.map(|mut found| {
                claim(rds, &mut found.tags, Role::Copy);
                found
            });
        }
    }
    let missing = matches!(&result, Err(error) if error.is_not_found());
    if missing && hub.is(Mutant::SkipsTheFinalSnapshot) {
        let invented = with_plan(rds, |_, plan| invented(rds, plan, name));
        if let Some(mut invented) = invented {
            claim(rds, &mut invented.tags, Role::FinalSnapshot);
            return Ok(invented);
        }
    }
    result
}

/// A final snapshot that was never taken.
fn invented(rds: &RdsWay, plan: &Plan, name: &str) -> Option<Snapshot> {
    let pattern = plan.snapshot.as_ref().filter(|_| plan.names.final_snapshot.as_str() == name)?;
    Some(Snapshot {
        id: SnapshotId::new(name).ok()?,
        status: SnapshotStatus::Available,
        created_at: Some(rds.way.hub.now()),
        ..pattern.clone()
    })
}

pub(super) fn change(rds: &RdsWay, change: &Change) -> Tampered {
    let Some(mutant) = rds.way.hub.mutant else { return Tampered::Not };
    match (mutant, change) {
        (Mutant::LeavesTheShare, Change::UnshareSnapshot { .. })
        | (Mutant::LeavesItsMark, Change::RemoveTags { .. }) => Tampered::Dropped,
        (Mutant::MakesWithoutTags, _) => without_tags(rds, change),
        (Mutant::FreesTheNameEarly, Change::RestoreCluster(_)) => {
            let renamed = with_plan(rds, |_, plan| {
                let old = plan.existing.as_ref().filter(|_| plan.strategy == Strategy::Swap)?;
                Some(Change::RenameCluster { from: old.cluster.clone(), to: plan.names.retired.clone() })
            });
            after(renamed, rds, change)
        }
        (Mutant::TakesAFreeNameEarly, Change::CreateInstance(_)) => {
            let renamed = with_plan(rds, |operation, plan| {
                let to = operation.request.target.cluster.clone();
                plan.existing.is_none().then(|| Change::RenameCluster { from: plan.names.staged.clone(), to })
            });
            after(renamed, rds, change)
        }
        (Mutant::LiftsProtection, Change::RenameCluster { from, .. }) => {
            let lifted = with_plan(rds, |_, plan| {
                let old = plan.existing.as_ref().filter(|old| old.cluster == *from)?;
                let modify =
                    ClusterModify { deletion_protection: Some(false), ..ClusterModify::of(old.cluster.clone()) };
                Some(Change::ModifyCluster(Box::new(modify)))
            });
            after(lifted, rds, change)
        }
        (Mutant::DeletesTheSource, Change::DeleteSnapshot { .. }) => {
            let source = with_plan(rds, |_, plan| {
                let snapshot = plan.snapshot.as_ref().map(|snapshot| snapshot.id.clone())?;
                Some((plan.source_location.clone(), Change::DeleteSnapshot { snapshot }))
            });
            match source {
                Some((location, change)) => Tampered::Into { first: None, location, change: Box::new(change) },
                None => Tampered::Not,
            }
        }
        _ => Tampered::Not,
    }
}

/// The change, after another one where there is one to make.
fn after(first: Option<Change>, rds: &RdsWay, change: &Change) -> Tampered {
    Tampered::Into { first: first.map(Box::new), location: rds.location.clone(), change: Box::new(change.clone()) }
}

fn without_tags(rds: &RdsWay, change: &Change) -> Tampered {
    let mut change = change.clone();
    match &mut change {
        Change::CopySnapshot(copy) => copy.tags.clear(),
        Change::RestoreCluster(restore) => restore.tags.clear(),
        Change::CreateInstance(create) => create.tags.clear(),
        Change::CreateSnapshot { tags, .. } => tags.clear(),
        _ => return Tampered::Not,
    }
    Tampered::Into { first: None, location: rds.location.clone(), change: Box::new(change) }
}
