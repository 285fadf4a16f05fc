//! RDS as an executor reaches it.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{AccountId, ClusterId, InstanceId},
    ports::{
        AccountQuota, Change, Cloud, CloudError, Cluster, EngineVersion, Instance, Location, OrderableClass,
        ParameterGroup, Rds, RdsError, RdsErrorKind, RdsReads, RdsResult, Side, Snapshot, SnapshotAddress,
        SnapshotQuery, SubnetGroup,
    },
    steps::{ROLE_TAG, Role},
};
use aurora_restore_sandbox::model::{Caller, VolumeId, call::Action, faults::FaultRule, holdings::Holdings};

use super::{
    changes::{self, Judged},
    mutants::Mutant,
    names::Tables,
    tampering,
    ways::{After, Called, Leg, Way},
    weather::{Strike, Target, action_of},
};
use crate::SimCloud;

/// Both accounts of an operation.
pub(super) struct CloudWay {
    way: Way,
    cloud: Arc<SimCloud>,
    places: BTreeMap<Location, RdsWay>,
}

/// RDS of one account in one Region.
pub(super) struct RdsWay {
    pub(super) way: Way,
    pub(super) cloud: Arc<SimCloud>,
    pub(super) location: Location,
    callers: Callers,
}

/// Who calls on each side.
#[derive(Clone)]
struct Callers {
    source: AccountId,
    target: AccountId,
}

impl Callers {
    fn at(&self, location: &Location) -> Caller {
        let account = match location.side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        };
        Caller::new(account.as_str(), location.region.as_str())
    }
}

impl CloudWay {
    pub(super) fn new(way: &Way, source: &AccountId, target: &AccountId) -> Self {
        let regions = crate::scenario::regions();
        let cloud = Arc::new(SimCloud::new(&way.hub.sim, source, target, &regions));
        let callers = Callers { source: source.clone(), target: target.clone() };
        let places = [Side::Source, Side::Target]
            .into_iter()
            .flat_map(|side| regions.iter().map(move |region| Location { side, region: region.clone() }))
            .map(|location| {
                let rds = RdsWay {
                    way: way.clone(),
                    cloud: Arc::clone(&cloud),
                    location: location.clone(),
                    callers: callers.clone(),
                };
                (location, rds)
            })
            .collect();
        Self { way: way.clone(), cloud, places }
    }
}

#[async_trait]
impl Cloud for CloudWay {
    fn rds(&self, location: &Location) -> &dyn Rds {
        self.places.get(location).expect("every Region of the simulation has a way")
    }

    async fn account(&self, side: Side) -> Result<AccountId, CloudError> {
        self.way.travel(Leg::Out).await;
        let result = match self.way.strike(&Target::Account) {
            None => self.cloud.account(side).await,
            Some(_) => Err(CloudError { side: "either", reason: "injected".to_owned(), retryable: true }),
        };
        self.way.note(Called { action: "account", object: "" }, &result, After::Read);
        self.way.travel(Leg::Back).await;
        result
    }
}

impl RdsWay {
    fn inner(&self) -> &dyn Rds {
        self.cloud.rds(&self.location)
    }

    /// Puts the fault of a strike in force for the next call, if the model carries it out.
    fn arm(&self, strike: Option<Strike>, action: Option<Action>) {
        let Some(strike) = strike else { return };
        let fault = self.way.hub.lock().weather.fault(strike);
        if let Some(fault) = fault {
            let rule = FaultRule { action, ..FaultRule::once(fault) };
            self.way.hub.sim.with_world(|world, _| world.inject(rule));
        }
    }

    fn disarm(&self, strike: Option<Strike>) {
        if strike.is_some() {
            self.way.hub.sim.with_world(|world, _| world.clear_faults());
        }
    }

    async fn read<T: Send>(&self, called: Called<'_>, call: impl Future<Output = RdsResult<T>> + Send) -> RdsResult<T> {
        self.way.travel(Leg::Out).await;
        let strike = self.way.strike(&Target::Read);
        self.arm(strike, None);
        let result = call.await;
        self.disarm(strike);
        self.way.note(called, &result, After::Read);
        self.way.travel(Leg::Back).await;
        result
    }

    fn holdings(&self, location: &Location) -> Holdings {
        let place = self.callers.at(location).place();
        self.way.hub.sim.with_world(|world, _| world.holdings(&place))
    }

    /// What the clusters of a place hold.
    fn contents(&self, holdings: &Holdings) -> BTreeMap<VolumeId, Tables> {
        let state = self.way.hub.sim.lock();
        let volumes = holdings.clusters.values().map(|(_, volume)| *volume);
        volumes.filter_map(|volume| Some((volume, state.data.content(volume)?.tables.clone()))).collect()
    }

    /// Makes a change at a place, watched.
    pub(super) async fn make(&self, location: &Location, change: &Change) -> RdsResult<()> {
        let hub = &self.way.hub;
        let strike = self.way.strike(&Target::Change(change));
        let now = hub.now();
        let before = self.holdings(location);
        let contents = match change {
            Change::DeleteCluster { .. } | Change::DeleteInstance { .. } => self.contents(&before),
            _ => BTreeMap::new(),
        };
        changes::sent(&mut hub.lock(), self.way.me, change, now);
        self.arm(strike, action_of(change));
        let result = self.cloud.rds(location).change(change).await;
        self.disarm(strike);
        let after = self.holdings(location);
        let judged = Judged { executor: self.way.me, change, before: &before, after: &after, contents: &contents };
        changes::done(hub, &mut hub.lock(), &judged);
        if let Change::RestoreCluster(restore) = change {
            // What an undo brings back is not verified, so it is left whole.
            let is_staged = restore.tags.get(ROLE_TAG).is_none_or(|role| role == Role::Staged.as_str());
            self.note_content(&before, &after, is_staged && strike == Some(Strike::DamagedData));
        }
        result
    }

    /// Keeps what a restored cluster holds, where no snapshot says it; and damages the data if the weather is so.
    fn note_content(&self, before: &Holdings, after: &Holdings, damaged: bool) {
        let hub = &self.way.hub;
        let mut inner = hub.lock();
        let operation = inner.executors[self.way.me].operation;
        for (_, volume) in
            after.clusters.iter().filter(|(key, _)| !before.clusters.contains_key(key)).map(|(_, held)| held)
        {
            let mut state = hub.sim.lock();
            let Some(content) = state.data.content_mut(*volume) else { continue };
            let watched = &mut inner.operations[operation];
            watched.expected.get_or_insert_with(|| content.tables.clone());
            if damaged {
                // Half of the tables are lost.
                let kept = content.tables.len() / 2;
                content.tables = std::mem::take(&mut content.tables).into_iter().take(kept).collect();
            }
        }
    }
}

macro_rules! reads {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty, $object:expr, $tamper:path;)*) => {
        #[async_trait]
        impl RdsReads for RdsWay {
            $(async fn $name(&self, $($argument: $type),*) -> RdsResult<$answer> {
                let called = Called { action: stringify!($name), object: $object };
                let result = self.read(called, self.inner().$name($($argument),*)).await;
                $tamper(self, result, $object)
            })*
        }
    };
}

reads! {
    cluster(id: &ClusterId) -> Cluster, id.as_str(), tampering::cluster;
    clusters() -> Vec<Cluster>, "*", tampering::clusters;
    instance(id: &InstanceId) -> Instance, id.as_str(), tampering::nothing;
    instances(cluster: Option<&ClusterId>) -> Vec<Instance>, cluster.map_or("*", ClusterId::as_str), tampering::nothing;
    snapshot(address: &SnapshotAddress) -> Snapshot, address.as_str(), tampering::snapshot;
    snapshots(query: &SnapshotQuery) -> Vec<Snapshot>, "*", tampering::nothing;
    snapshot_shared_with(address: &SnapshotAddress) -> Vec<String>, address.as_str(), tampering::nothing;
    cluster_parameter_group(name: &str) -> ParameterGroup, name, tampering::nothing;
    instance_parameter_group(name: &str) -> ParameterGroup, name, tampering::nothing;
    subnet_group(name: &str) -> SubnetGroup, name, tampering::nothing;
    engine_versions(engine: &str) -> Vec<EngineVersion>, engine, tampering::nothing;
    orderable_classes(engine: &str, version: &str) -> Vec<OrderableClass>, version, tampering::nothing;
    quotas() -> Vec<AccountQuota>, "*", tampering::nothing;
    recent_events(source: &str) -> Vec<String>, source, tampering::nothing;
}

#[async_trait]
impl Rds for RdsWay {
    async fn change(&self, change: &Change) -> RdsResult<()> {
        self.way.travel(Leg::Out).await;
        let result = match tampering::change(self, change) {
            tampering::Tampered::Not => self.make(&self.location, change).await,
            tampering::Tampered::Dropped => Ok(()),
            tampering::Tampered::Into { first, location, change } => {
                if let Some(first) = first {
                    let _ = self.make(&location, &first).await;
                }
                self.make(&location, &change).await
            }
        };
        let result = match result {
            Err(error) if self.way.hub.is(Mutant::SwallowsFailedDeletes) && error.action.starts_with("Delete") => {
                Err(RdsError { kind: RdsErrorKind::NotFound, ..error })
            }
            other => other,
        };
        let story = format!("{} {change:?}", change.object());
        self.way.note(Called { action: change.action(), object: short(&story) }, &result, After::Change);
        self.way.travel(Leg::Back).await;
        result
    }
}

/// The beginning of a text, for the story.
fn short(text: &str) -> &str {
    text.char_indices().nth(160).map_or(text, |(end, _)| &text[..end])
}
