//! The people around the operations: they begin them, start executors where none is at work, cancel, undo, retire,
//! resume, and clear away what stands in the way.

use aurora_restore_core::{
    catalogue::ErrorCode,
    operation::{Direction, End, Phase},
    request::Strategy,
};
use aurora_restore_sandbox::model::{
    call::{Call, DeleteDbCluster, DeleteDbInstance, ModifyDbCluster, NameDbClusterSnapshot},
    config::Quotas,
    holdings::Holdings,
    resources::{ClusterStatus, InstanceStatus},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    dice::Dice,
    executors::Errand,
    requests,
    world::{Hub, Inner},
};

/// A person who looks after one operation.
pub(super) struct Person {
    pub(super) operation: usize,
    pub(super) wakes: Timestamp,
    dice: Dice,
    wish: Wish,
    /// How often the beginning was tried.
    begun: u32,
    /// How often it was resumed in calm weather.
    resumed_in_calm: u32,
    executors: u32,
}

/// What the person wants besides a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Nothing,
    /// To cancel after a while.
    CancelAfter(SignedDuration),
    /// To undo it once it is completed.
    Undo,
    /// To have the retired cluster ended.
    Retire,
}

/// How often a beginning is tried again on a busy target.
const BEGINNINGS_MAX: u32 = 8;
/// How often a stuck operation is resumed in calm weather before it counts as one that never ends.
const RESUMED_IN_CALM_MAX: u32 = 12;

impl Person {
    pub(super) fn of(seed: u64, operation: usize, begins: Timestamp) -> Self {
        let mut dice = Dice::of(seed, &format!("person {operation}"));
        let hours = SignedDuration::from_hours;
        let wish = match dice.below(10) {
            0..=2 => Wish::Nothing,
            3..=4 => Wish::CancelAfter(dice.between(SignedDuration::ZERO, hours(5))),
            5..=6 => Wish::Undo,
            _ => Wish::Retire,
        };
        Self { operation, wakes: begins, dice, wish, begun: 0, resumed_in_calm: 0, executors: 0 }
    }

    /// A name for the next executor: mostly a new one, sometimes one that was there before.
    pub(super) fn next_name(&mut self) -> String {
        if self.executors == 0 || self.dice.chance(0.8) {
            self.executors += 1;
        }
        format!("ex{}", self.executors)
    }

    /// Looks, and says what is to be done.
    pub(super) fn look(&mut self, hub: &Hub, is_alone: bool) -> Option<Errand> {
        let now = hub.now();
        let calm = hub.lock().weather.is_calm(now);
        let pause = if calm { SignedDuration::from_mins(30) } else { SignedDuration::from_hours(3) };
        self.wakes = now + self.dice.between(SignedDuration::from_mins(3), pause);
        let (phase, begun_at, strategy) = {
            let inner = hub.lock();
            let watched = &inner.operations[self.operation];
            (watched.phase(), watched.begun_at, watched.request.strategy)
        };
        let Some(phase) = phase else { return self.begins(hub, is_alone, calm) };
        match phase {
            Phase::Forward | Phase::Back | Phase::Retiring => {
                if is_alone {
                    return Some(Errand::GoOn);
                }
                let wished = match self.wish {
                    Wish::CancelAfter(after) => begun_at.is_some_and(|at| now.duration_since(at) >= after),
                    Wish::Nothing | Wish::Undo | Wish::Retire => false,
                };
                if wished {
                    self.wish = Wish::Nothing;
                    return Some(Errand::Cancel);
                }
                (!calm && self.dice.chance(0.06)).then_some(Errand::GoOn)
            }
            Phase::Stuck(direction) if is_alone => self.unstick(hub, direction, calm),
            Phase::Ended(End::Completed) if is_alone => self.after_completion(strategy),
            Phase::Stuck(_) | Phase::Ended(_) => None,
        }
    }

    fn begins(&mut self, hub: &Hub, is_alone: bool, calm: bool) -> Option<Errand> {
        if !is_alone || calm || self.begun >= BEGINNINGS_MAX {
            return None;
        }
        self.begun += 1;
        let inner = hub.lock();
        Some(Errand::Begin(Box::new(requests::begin(&inner, self.operation))))
    }

    fn unstick(&mut self, hub: &Hub, direction: Direction, calm: bool) -> Option<Errand> {
        if !calm && self.dice.chance(0.5) {
            return None;
        }
        clear_the_way(hub, &mut hub.lock(), self.operation);
        have_quotas_raised(hub, &mut hub.lock(), self.operation);
        if calm {
            self.resumed_in_calm += 1;
            if self.resumed_in_calm > RESUMED_IN_CALM_MAX {
                return None;
            }
        }
        if direction == Direction::Forward && self.dice.chance(0.4) {
            return Some(Errand::Undo);
        }
        Some(Errand::Unstick)
    }

    fn after_completion(&mut self, strategy: Strategy) -> Option<Errand> {
        match self.wish {
            Wish::Undo => {
                self.wish = Wish::Nothing;
                Some(Errand::Undo)
            }
            Wish::Retire if strategy == Strategy::Swap => {
                // One that fails is perhaps asked for once more, or the person wants the old cluster back after all.
                if self.dice.chance(0.6) {
                    self.wish = Wish::Nothing;
                } else if self.dice.chance(0.5) {
                    self.wish = Wish::Undo;
                }
                Some(Errand::Retire)
            }
            Wish::Nothing | Wish::CancelAfter(_) | Wish::Retire => None,
        }
    }

    /// Whether nothing more is to be expected of this person in calm weather.
    pub(super) fn has_given_up(&self) -> bool {
        self.resumed_in_calm > RESUMED_IN_CALM_MAX
    }
}

/// A person asks AWS for more where an operation is stuck on a quota: nobody else may go soon.
fn have_quotas_raised(hub: &Hub, inner: &mut Inner, index: usize) {
    let failure = inner.operations[index].operation().and_then(|operation| operation.failure.as_ref());
    if failure.is_some_and(|failure| failure.code == ErrorCode::Quota) {
        inner.tell(hub.now(), "person", || "has the quotas raised".to_owned());
        hub.sim.with_world(|world, _| world.grant(Quotas::default()));
    }
}

/// A person removes what others have put under names that the operation needs: the runbook's first step.
fn clear_the_way(hub: &Hub, inner: &mut Inner, index: usize) {
    let watched = &inner.operations[index];
    let Some(plan) = watched.operation().and_then(|operation| operation.facts.plan.clone()) else { return };
    let caller = inner.sites[watched.site].site.caller();
    let known: Vec<u64> = inner.makers.keys().copied().collect();
    let old = plan.existing.as_ref().map(|old| old.resource_id.to_string());
    let holdings = hub.sim.lock().world.holdings(&caller.place());
    let mut calls = Vec::new();
    let names = [plan.names.staged.as_str(), plan.names.retired.as_str(), inner.sites[watched.site].site.name];
    for (key, (shown, _)) in &holdings.clusters {
        let is_squatter = names.contains(&shown.db_cluster_identifier.as_str())
            && !known.contains(key)
            && old.as_deref() != Some(shown.db_cluster_resource_id.as_str())
            && shown.master_username == "squatter";
        if !is_squatter {
            continue;
        }
        for (instance, of) in holdings.instances.values() {
            if of == key {
                calls.push(Call::DeleteDbInstance(DeleteDbInstance {
                    db_instance_identifier: instance.db_instance_identifier.clone(),
                    skip_final_snapshot: Some(true),
                    ..DeleteDbInstance::default()
                }));
            }
        }
        calls.push(Call::ModifyDbCluster(ModifyDbCluster {
            db_cluster_identifier: shown.db_cluster_identifier.clone(),
            deletion_protection: Some(false),
            apply_immediately: Some(true),
            ..ModifyDbCluster::default()
        }));
        calls.push(Call::DeleteDbCluster(DeleteDbCluster {
            db_cluster_identifier: shown.db_cluster_identifier.clone(),
            skip_final_snapshot: Some(true),
            ..DeleteDbCluster::default()
        }));
    }
    calls.extend(failed_by_undo(inner, index, &holdings));
    for (key, held) in &holdings.snapshots {
        let name = held.shown.db_cluster_snapshot_identifier.as_str();
        let wanted =
            plan.names.final_snapshot.as_str() == name || plan.names.copies.iter().any(|copy| copy.as_str() == name);
        if wanted && !known.contains(key) {
            calls.push(Call::DeleteDbClusterSnapshot(NameDbClusterSnapshot {
                db_cluster_snapshot_identifier: name.to_owned(),
            }));
        }
    }
    let now = hub.now();
    for call in calls {
        inner.tell(now, "person", || format!("clears away: {call:?}"));
        // What cannot be deleted yet is tried again when the operation is resumed the next time.
        let _ = hub.sim.with_world(|world, now| world.apply(&caller, call, now).map(|_| ()));
    }
}

/// What an undo brought back and RDS could not: it can only be deleted, and the undo makes it again.
fn failed_by_undo(inner: &Inner, index: usize, holdings: &Holdings) -> Vec<Call> {
    let watched = &inner.operations[index];
    let replacing =
        watched.request.strategy == Strategy::Replace && watched.phase() == Some(Phase::Stuck(Direction::Back));
    if !replacing {
        return Vec::new();
    }
    let ours = |key: &u64| inner.makers.get(key) == Some(&index);
    let broken =
        |status: InstanceStatus| matches!(status, InstanceStatus::Failed | InstanceStatus::IncompatibleRestore);
    let instances = holdings.instances.iter().filter(|(key, (shown, _))| ours(key) && broken(shown.db_instance_status));
    let mut calls: Vec<Call> = instances
        .map(|(_, (shown, _))| {
            Call::DeleteDbInstance(DeleteDbInstance {
                db_instance_identifier: shown.db_instance_identifier.clone(),
                skip_final_snapshot: Some(true),
                ..DeleteDbInstance::default()
            })
        })
        .collect();
    let failed = [ClusterStatus::MigrationFailed, ClusterStatus::CloningFailed, ClusterStatus::Failed];
    let clusters = holdings.clusters.iter().filter(|(key, (shown, _))| ours(key) && failed.contains(&shown.status));
    calls.extend(clusters.map(|(_, (shown, _))| {
        Call::DeleteDbCluster(DeleteDbCluster {
            db_cluster_identifier: shown.db_cluster_identifier.clone(),
            skip_final_snapshot: Some(true),
            ..DeleteDbCluster::default()
        })
    }));
    calls
}
