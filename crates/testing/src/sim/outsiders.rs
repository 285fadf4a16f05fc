//! People and tools who touch things from outside, seldom: a cluster appears under a name, somebody deletes what is ours,
//! protection is switched on, production is written to.

use aurora_restore_core::request::Strategy;
use aurora_restore_sandbox::model::{
    Caller, Secret,
    call::{Call, CreateDbCluster, CreateDbClusterSnapshot, DeleteDbInstance, ModifyDbCluster, NameDbClusterSnapshot},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    dice::Dice,
    mutants::Mutant,
    stage::{self, PRODUCTION, WAREHOUSE},
    world::{Hub, Inner},
};
use crate::scenario::{FRANKFURT, IRELAND, PROD, STAGING};

/// Somebody from outside.
pub(super) struct Outsider {
    pub(super) wakes: Timestamp,
    dice: Dice,
    /// How many more acts there will be that disturb an operation.
    acts: usize,
    until: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    SquatStaged,
    SquatRetired,
    SquatTarget,
    SquatFinalSnapshot,
    DeleteCopy,
    DeleteStagedInstance,
    DeleteOldReader,
    ProtectOld,
    ProtectStaged,
}

impl Act {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::SquatStaged, "a cluster under the staged name"),
        (Self::SquatRetired, "a cluster under the retired name"),
        (Self::SquatTarget, "a cluster under the free target's name"),
        (Self::SquatFinalSnapshot, "a snapshot under the final one's name"),
        (Self::DeleteCopy, "our copy is deleted"),
        (Self::DeleteStagedInstance, "a staged instance is deleted"),
        (Self::DeleteOldReader, "a reader of the old cluster is deleted"),
        (Self::ProtectOld, "the old cluster is protected"),
        (Self::ProtectStaged, "the staged cluster is protected"),
    ];
}

/// The names of everything that outsiders do.
pub(super) fn acts() -> impl Iterator<Item = &'static str> {
    Act::ALL.iter().map(|(_, name)| *name)
}

impl Outsider {
    pub(super) fn of(seed: u64, from: Timestamp, until: Timestamp) -> Self {
        let mut dice = Dice::of(seed, "outsiders");
        let acts = if dice.chance(0.45) { 1 + dice.below(4) } else { 0 };
        let wakes = from + dice.between(SignedDuration::ZERO, SignedDuration::from_hours(6));
        Self { wakes, dice, acts, until }
    }

    /// Does something, perhaps.
    pub(super) fn look(&mut self, hub: &Hub) {
        let now = hub.now();
        if now >= self.until {
            self.wakes = Timestamp::MAX;
            return;
        }
        self.wakes = now + self.dice.between(SignedDuration::from_mins(5), SignedDuration::from_hours(4));
        self.production_goes_on(hub, now);
        let squats = hub.mutant.is_some_and(Mutant::needs_squatters);
        if !squats && (self.acts == 0 || self.dice.chance(0.5)) {
            return;
        }
        let mut inner = hub.lock();
        let begun: Vec<usize> = (0..inner.operations.len())
            .filter(|index| {
                inner.operations[*index].operation().is_some_and(|operation| operation.facts.plan.is_some())
            })
            .collect();
        if begun.is_empty() {
            return;
        }
        let operation = self.dice.pick(&begun);
        let (act, name) = match hub.mutant {
            Some(mutant) if mutant.needs_squatters() => Act::ALL[0],
            Some(_) | None => self.dice.pick(Act::ALL),
        };
        if perform(hub, &mut inner, operation, act) {
            self.acts = self.acts.saturating_sub(1);
            *inner.tally.outside.entry(name).or_default() += 1;
            let id = inner.operations[operation].id.clone();
            inner.tell(now, "outsider", || format!("{name} ({id})"));
        }
        super::names::look(hub, &mut inner);
    }

    /// Production is written to, and backed up every now and then.
    fn production_goes_on(&mut self, hub: &Hub, now: Timestamp) {
        for (place, cluster) in [(Caller::new(PROD, IRELAND), PRODUCTION), (Caller::new(STAGING, FRANKFURT), WAREHOUSE)]
        {
            let mut state = hub.sim.lock();
            let volume = state.world.holdings(&place.place()).clusters.into_values();
            let volume =
                volume.into_iter().find(|(shown, _)| shown.db_cluster_identifier == cluster).map(|(_, volume)| volume);
            if let Some(content) = volume.and_then(|volume| state.data.content_mut(volume)) {
                *content.tables.entry("shop.beats".to_owned()).or_default() += 1;
            }
            drop(state);
            if self.dice.chance(0.15) {
                stage::nightly(&hub.sim, &place, cluster, now - SignedDuration::from_mins(1));
            }
        }
    }
}

/// Does it; says whether there was anything to do it to.
fn perform(hub: &Hub, inner: &mut Inner, index: usize, act: Act) -> bool {
    let watched = &inner.operations[index];
    let (Some(operation), site) = (watched.operation(), watched.site) else { return false };
    let Some(plan) = operation.facts.plan.clone() else { return false };
    let over = watched.is_settled();
    let caller = inner.sites[site].site.caller();
    let name = inner.sites[site].site.name;
    let names = &plan.names;
    let call = match act {
        Act::SquatStaged if !over => squatter(names.staged.as_str()),
        Act::SquatRetired if !over => squatter(names.retired.as_str()),
        Act::SquatTarget if !over => squatter(name),
        Act::SquatFinalSnapshot => Call::CreateDbClusterSnapshot(CreateDbClusterSnapshot {
            db_cluster_snapshot_identifier: names.final_snapshot.to_string(),
            db_cluster_identifier: name.to_owned(),
            tags: Vec::new(),
        }),
        Act::DeleteCopy => match names.copies.last() {
            Some(copy) => Call::DeleteDbClusterSnapshot(NameDbClusterSnapshot {
                db_cluster_snapshot_identifier: copy.to_string(),
            }),
            None => return false,
        },
        Act::DeleteStagedInstance if !over => match names.staged_instances.last() {
            Some(instance) => delete_instance(instance.as_str()),
            None => return false,
        },
        Act::DeleteOldReader if !over => match plan.existing.as_ref().and_then(|old| old.instances.get(1)) {
            Some(instance) => delete_instance(instance.instance.as_str()),
            None => return false,
        },
        Act::ProtectOld if !over => protect(name),
        Act::ProtectStaged if !over => protect(names.staged.as_str()),
        Act::SquatStaged
        | Act::SquatRetired
        | Act::SquatTarget
        | Act::DeleteStagedInstance
        | Act::DeleteOldReader
        | Act::ProtectOld
        | Act::ProtectStaged => return false,
    };
    let hits_writer =
        matches!(&call, Call::DeleteDbInstance(delete) if is_writer(hub, &caller, &delete.db_instance_identifier));
    let done = hub.sim.with_world(|world, now| world.apply(&caller, call, now).is_ok());
    if !done {
        return false;
    }
    // Whoever loses a writer does not answer until another instance is promoted, if there is one.
    inner.sites[site].disturbed |= hits_writer;
    match act {
        Act::ProtectOld | Act::ProtectStaged => {}
        Act::SquatTarget => {
            inner.sites[site].disturbed = true;
            disturb(inner, site);
        }
        // A reader that is gone is missed by every operation on the target, and whoever answers was down for a moment.
        Act::DeleteOldReader => disturb(inner, site),
        // A replacement is staged under the target's own names.
        Act::SquatStaged | Act::DeleteStagedInstance if plan.strategy == Strategy::Replace => {
            inner.sites[site].disturbed = true;
            disturb(inner, site);
        }
        Act::SquatStaged
        | Act::SquatRetired
        | Act::SquatFinalSnapshot
        | Act::DeleteCopy
        | Act::DeleteStagedInstance => {
            inner.operations[index].disturbed = true;
        }
    }
    true
}

fn is_writer(hub: &Hub, caller: &Caller, name: &str) -> bool {
    let holdings = hub.sim.lock().world.holdings(&caller.place());
    holdings
        .clusters
        .values()
        .flat_map(|(shown, _)| &shown.db_cluster_members)
        .any(|member| member.is_cluster_writer && member.db_instance_identifier == name)
}

fn disturb(inner: &mut Inner, site: usize) {
    for watched in inner.operations.iter_mut().filter(|watched| watched.site == site) {
        watched.disturbed = true;
    }
}

fn squatter(name: &str) -> Call {
    Call::CreateDbCluster(CreateDbCluster {
        db_cluster_identifier: name.to_owned(),
        engine: "aurora-postgresql".to_owned(),
        master_username: Some("squatter".to_owned()),
        master_user_password: Some(Secret::new("somebody-Else-1")),
        ..CreateDbCluster::default()
    })
}

fn delete_instance(name: &str) -> Call {
    Call::DeleteDbInstance(DeleteDbInstance {
        db_instance_identifier: name.to_owned(),
        skip_final_snapshot: Some(true),
        ..DeleteDbInstance::default()
    })
}

fn protect(name: &str) -> Call {
    Call::ModifyDbCluster(ModifyDbCluster {
        db_cluster_identifier: name.to_owned(),
        deletion_protection: Some(true),
        apply_immediately: Some(true),
        ..ModifyDbCluster::default()
    })
}
