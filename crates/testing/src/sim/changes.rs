//! Judging what a change of an executor truly did: the place before the call and after it, compared thing by thing.

use std::collections::BTreeMap;

use aurora_restore_core::{
    engine::PROOF_AGE_MAX,
    ids::ClusterId,
    operation::{Operation, Phase, StepKind, StepStatus},
    plan::Plan,
    ports::Change,
    request::{ArchivePolicy, FinalSnapshot, Strategy},
    steps::OPERATION_TAG,
};
use aurora_restore_sandbox::model::{
    VolumeId,
    holdings::Holdings,
    resources::{ClusterStatus, DbCluster, DbInstance, InstanceStatus, SnapshotKind, SnapshotStatus, Tag},
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::{
    Invariant,
    names::{Tables, is_whole},
    world::{Hub, Inner, LATE_LANDING_MAX},
};

/// What is needed to judge one change.
pub(super) struct Judged<'a> {
    pub(super) executor: usize,
    pub(super) change: &'a Change,
    pub(super) before: &'a Holdings,
    pub(super) after: &'a Holdings,
    /// What every volume held before, where the change may delete one.
    pub(super) contents: &'a BTreeMap<VolumeId, Tables>,
}

/// What must hold when a change is sent, whatever RDS makes of it.
pub(super) fn sent(inner: &mut Inner, executor: usize, change: &Change, now: Timestamp) {
    let (token, proven) = (inner.executors[executor].token, inner.executors[executor].proven);
    let who = inner.who(executor);
    let age_max = PROOF_AGE_MAX + LATE_LANDING_MAX + SignedDuration::from_secs(1);
    let is_proven = proven.is_some_and(|at| now.duration_since(at) <= age_max);
    inner.require(Invariant::OvertakenChangeNothing, now, is_proven, || {
        format!("{who} sends {} of {}, and its token was proven {proven:?}", change.action(), change.object())
    });
    let watched = inner.operation_of(executor);
    if token != Some(watched.token) {
        // It was overtaken while the call was on its way.
        inner.tally.happened("late landing");
        return;
    }
    let intends = watched.operation().is_some_and(|operation| {
        operation.phase == Phase::Retiring
            || operation.steps.iter().any(|step| match step.status {
                StepStatus::Started => operation.phase == Phase::Forward,
                StepStatus::UndoStarted => operation.phase == Phase::Back,
                StepStatus::Pending
                | StepStatus::Retrying
                | StepStatus::Finished
                | StepStatus::Skipped
                | StepStatus::Failed
                | StepStatus::Abandoned
                | StepStatus::UndoRetrying
                | StepStatus::Undone
                | StepStatus::UndoFailed
                | StepStatus::Waived => false,
            })
    });
    inner.require(Invariant::IntentBeforeAct, now, intends, || {
        format!("{who} sends {} of {} and no step is begun", change.action(), change.object())
    });
}

/// Judges everything that a change did.
pub(super) fn done(hub: &Hub, inner: &mut Inner, judged: &Judged<'_>) {
    let now = hub.now();
    let effects = effects(judged);
    if effects.is_empty() {
        return;
    }
    let index = inner.executors[judged.executor].operation;
    let Some(operation) = inner.operations[index].operation().cloned() else {
        inner.violate(Invariant::IntentBeforeAct, now, format!("{effects:?} before the operation is journalled"));
        return;
    };
    let settled = matches!(operation.phase, Phase::Ended(_));
    inner.require(Invariant::SettledChangeNothing, now, !settled, || {
        format!("{} has ended and did {} of {}", operation.id, judged.change.action(), judged.change.object())
    });
    let Some(plan) = operation.facts.plan.clone() else {
        inner.violate(
            Invariant::MadeThingsAreNamedAndTagged,
            now,
            format!("{effects:?} before the plan is journalled"),
        );
        return;
    };
    let case = Case { index, operation: &operation, plan: &plan, now };
    for effect in effects {
        match effect {
            Effect::Made { key, name, tags } => made(inner, &case, key, &name, &tags),
            Effect::Cluster { key, before, after } => {
                cluster(hub, inner, &case, judged, (key, &before, after.as_deref()));
            }
            Effect::Instance { key, of, before, after } => {
                instance(hub, inner, &case, judged, (key, of, &before, after.as_deref()));
            }
            Effect::Snapshot { key, name, deleted } => snapshot(inner, &case, judged, key, &name, deleted),
        }
    }
}

struct Case<'a> {
    index: usize,
    operation: &'a Operation,
    plan: &'a Plan,
    now: Timestamp,
}

#[derive(Debug)]
enum Effect {
    Made { key: u64, name: String, tags: Vec<Tag> },
    Cluster { key: u64, before: Box<DbCluster>, after: Option<Box<DbCluster>> },
    Instance { key: u64, of: u64, before: Box<DbInstance>, after: Option<Box<DbInstance>> },
    Snapshot { key: u64, name: String, deleted: bool },
}

fn effects(judged: &Judged<'_>) -> Vec<Effect> {
    let (before, after) = (judged.before, judged.after);
    let mut effects = Vec::new();
    for (key, (shown, _)) in &after.clusters {
        if !before.clusters.contains_key(key) {
            let name = shown.db_cluster_identifier.clone();
            effects.push(Effect::Made { key: *key, name, tags: shown.tag_list.clone() });
        }
    }
    for (key, (shown, _)) in &after.instances {
        if !before.instances.contains_key(key) {
            let name = shown.db_instance_identifier.clone();
            effects.push(Effect::Made { key: *key, name, tags: shown.tag_list.clone() });
        }
    }
    for (key, held) in &after.snapshots {
        if !before.snapshots.contains_key(key) {
            let name = held.shown.db_cluster_snapshot_identifier.clone();
            effects.push(Effect::Made { key: *key, name, tags: held.shown.tag_list.clone() });
        }
    }
    for (key, (shown, _)) in &before.clusters {
        let found = after.clusters.get(key).map(|(shown, _)| shown);
        if found.is_none_or(|found| found != shown && timeless(found) != timeless(shown)) {
            let after = found.map(|found| Box::new((**found).clone()));
            effects.push(Effect::Cluster { key: *key, before: Box::new((**shown).clone()), after });
        }
    }
    for (key, (shown, of)) in &before.instances {
        let found = after.instances.get(key).map(|(shown, _)| shown);
        if found.is_none_or(|found| found != shown) {
            let after = found.map(|found| Box::new((**found).clone()));
            effects.push(Effect::Instance { key: *key, of: *of, before: Box::new((**shown).clone()), after });
        }
    }
    for (key, held) in &before.snapshots {
        let found = after.snapshots.get(key);
        let gone = found.is_none_or(|found| {
            found.shown.status == SnapshotStatus::Deleting && held.shown.status != SnapshotStatus::Deleting
        });
        let changed = found.is_none_or(|found| {
            found.shown.status != held.shown.status
                || found.shown.tag_list != held.shown.tag_list
                || found.shared_with != held.shared_with
        });
        if changed {
            let name = held.shown.db_cluster_snapshot_identifier.clone();
            effects.push(Effect::Snapshot { key: *key, name, deleted: gone });
        }
    }
    effects
}

/// A cluster without what changes by itself, and without the group that a clone joins its source in.
pub(super) fn timeless(shown: &DbCluster) -> DbCluster {
    DbCluster {
        latest_restorable_time: None,
        earliest_restorable_time: None,
        clone_group_id: None,
        percent_progress: None,
        ..shown.clone()
    }
}

fn made(inner: &mut Inner, case: &Case<'_>, key: u64, name: &str, tags: &[Tag]) {
    inner.makers.insert(key, case.index);
    let id = case.operation.id.as_str();
    let tagged = tags.iter().any(|tag| tag.key == OPERATION_TAG && tag.value == id);
    let names = &case.plan.names;
    let of_plan = names.staged.as_str() == name
        || names.final_snapshot.as_str() == name
        || names.staged_instances.iter().any(|one| one.as_str() == name)
        || names.copies.iter().any(|one| one.as_str() == name)
        || case.plan.existing.as_ref().is_some_and(|old| {
            old.cluster.as_str() == name || old.instances.iter().any(|one| one.instance.as_str() == name)
        });
    inner.require(Invariant::MadeThingsAreNamedAndTagged, case.now, tagged && of_plan, || {
        format!("{id} made {name}: tagged {tagged}, named in the plan {of_plan}")
    });
}

fn is_planned(case: &Case<'_>, resource: &str) -> bool {
    case.plan.strategy != Strategy::SideBySide
        && case.plan.existing.as_ref().is_some_and(|old| old.resource_id.as_str() == resource)
}

type OfCluster<'a> = (u64, &'a DbCluster, Option<&'a DbCluster>);

fn cluster(hub: &Hub, inner: &mut Inner, case: &Case<'_>, judged: &Judged<'_>, of: OfCluster<'_>) {
    let (key, before, after) = of;
    let id = &case.operation.id;
    let ours = inner.makers.get(&key) == Some(&case.index);
    let planned = is_planned(case, &before.db_cluster_resource_id);
    let allowed = ours || planned;
    inner.require(Invariant::OnlyOursIsTouched, case.now, allowed, || {
        let fields = after.map_or_else(|| "gone".to_owned(), |after| differences(before, after));
        let name = &before.db_cluster_identifier;
        format!("{id} did {} to cluster {name}, which is not its own: {fields}", judged.change.action())
    });
    if !ours && before.deletion_protection && after.is_none_or(|after| !after.deletion_protection) {
        let retiring = case.operation.phase == Phase::Retiring;
        inner.require(Invariant::ProtectionIsRespected, case.now, retiring, || {
            format!("{id} lifts the protection of {}", before.db_cluster_identifier)
        });
    }
    let goes =
        before.status != ClusterStatus::Deleting && after.is_none_or(|after| after.status == ClusterStatus::Deleting);
    if planned && !ours && goes {
        old_cluster_goes(hub, inner, case, judged, key);
    }
    // A rename takes effect later; the call itself names where to.
    let target = case.operation.request.target.cluster.as_str();
    if ours
        && let Change::RenameCluster { to, .. } = judged.change
        && *to == ClusterId::new(target).unwrap_or_else(|_| to.clone())
    {
        let verified = case.operation.facts.verified.is_some();
        inner.require(Invariant::VerifiedBeforeSwitch, case.now, verified, || {
            format!("{id} gives {target} to its new cluster, and no verification is journalled")
        });
    }
    let is_serving = |shown: &DbCluster| shown.tag_list.iter().any(|tag| tag.key == "aurora-restore:serving-since");
    if ours && !is_serving(before) && after.is_some_and(is_serving) {
        let serves = serving(hub, inner, case.index).is_some_and(|found| found == before.db_cluster_resource_id);
        let disturbed = inner.sites[inner.operations[case.index].site].disturbed;
        inner.require(Invariant::RecordTellsTheTruth, case.now, serves || disturbed, || {
            format!("{id} marks {} as serving, and it does not answer under {target}", before.db_cluster_identifier)
        });
    }
}

/// The fields in which two things differ.
fn differences(before: &impl Serialize, after: &impl Serialize) -> String {
    let (Ok(Value::Object(before)), Ok(Value::Object(after))) =
        (serde_json::to_value(before), serde_json::to_value(after))
    else {
        return String::new();
    };
    let differing = before.iter().filter(|(key, value)| after.get(*key) != Some(value));
    let told =
        differing.map(|(key, value)| format!("{key} was {value} and is {}", after.get(key).unwrap_or(&Value::Null)));
    told.collect::<Vec<_>>().join(", ")
}

fn serving(hub: &Hub, inner: &Inner, index: usize) -> Option<String> {
    let endpoint = &inner.sites[inner.operations[index].site].site.endpoint;
    let state = hub.sim.lock();
    let found = state.world.who_answers(&endpoint.host, endpoint.port)?;
    Some(found.db_cluster_resource_id.to_owned())
}

type OfInstance<'a> = (u64, u64, &'a DbInstance, Option<&'a DbInstance>);

fn instance(hub: &Hub, inner: &mut Inner, case: &Case<'_>, judged: &Judged<'_>, of: OfInstance<'_>) {
    let (key, cluster_key, before, after) = of;
    let id = &case.operation.id;
    let ours = inner.makers.get(&key) == Some(&case.index) || inner.makers.get(&cluster_key) == Some(&case.index);
    let resource = judged.before.clusters.get(&cluster_key).map(|(shown, _)| shown.db_cluster_resource_id.clone());
    let planned = resource.is_some_and(|resource| is_planned(case, &resource));
    inner.require(Invariant::OnlyOursIsTouched, case.now, ours || planned, || {
        format!(
            "{id} did {} to instance {}, which is not its own",
            judged.change.action(),
            before.db_instance_identifier
        )
    });
    let goes = before.db_instance_status != InstanceStatus::Deleting
        && after.is_none_or(|after| after.db_instance_status == InstanceStatus::Deleting);
    if planned && !ours && goes {
        old_cluster_goes(hub, inner, case, judged, cluster_key);
    }
}

/// The old cluster, or an instance of it, is being deleted.
fn old_cluster_goes(hub: &Hub, inner: &mut Inner, case: &Case<'_>, judged: &Judged<'_>, key: u64) {
    let id = &case.operation.id;
    let retiring = case.operation.phase == Phase::Retiring;
    // A call that was on its way may land after another executor's attempt has failed and before its next one.
    let begun = |status: StepStatus| matches!(status, StepStatus::Started | StepStatus::Retrying);
    let replacing = case.plan.strategy == Strategy::Replace
        && case.operation.phase == Phase::Forward
        && case.operation.step(StepKind::SwitchOver).is_some_and(|step| begun(step.status));
    let wanted = replacing || case.operation.request.retirement.final_snapshot == FinalSnapshot::Take;
    let proven = || {
        let (_, volume) = judged.before.clusters.get(&key)?;
        let name = case.plan.names.final_snapshot.as_str();
        let (_, held) = judged.before.snapshots.iter().find(|(snapshot, held)| {
            held.shown.db_cluster_snapshot_identifier == name && inner.makers.get(snapshot) == Some(&case.index)
        })?;
        let state = hub.sim.lock();
        let (old, kept) = (judged.contents.get(volume)?, state.data.image(held.image)?);
        Some(held.shown.status == SnapshotStatus::Available && is_whole(&kept.tables, old))
    };
    let holds = (retiring || replacing) && (!wanted || proven() == Some(true));
    inner.require(Invariant::DeletedOnlyWithFinalSnapshot, case.now, holds, || {
        format!(
            "{id} did {} of {}, and no final snapshot of it is proven",
            judged.change.action(),
            judged.change.object()
        )
    });
}

fn snapshot(inner: &mut Inner, case: &Case<'_>, judged: &Judged<'_>, key: u64, name: &str, deleted: bool) {
    let id = &case.operation.id;
    let maker = inner.makers.get(&key).copied();
    if deleted {
        let manual =
            judged.before.snapshots.get(&key).is_some_and(|held| held.shown.snapshot_type == SnapshotKind::Manual);
        inner.require(Invariant::ForeignSnapshotsStay, case.now, maker.is_some() || !manual, || {
            format!("{id} deleted snapshot {name}, which no operation made")
        });
    }
    let of_target = |maker: usize| inner.operations[maker].site == inner.operations[case.index].site;
    let thinned =
        deleted && matches!(case.operation.request.archive, ArchivePolicy::KeepLast(_)) && maker.is_some_and(of_target);
    let shared =
        case.plan.hops.iter().filter_map(|hop| hop.share_first.as_ref()).any(|share| share.snapshot.as_str() == name);
    let allowed = maker == Some(case.index) || thinned || (shared && !deleted);
    inner.require(Invariant::OnlyOursIsTouched, case.now, allowed, || {
        format!("{id} did {} to snapshot {name}, which is not its own", judged.change.action())
    });
}
