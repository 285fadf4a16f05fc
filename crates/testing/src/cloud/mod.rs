//! The ports `Cloud` and `Rds` over the sandbox's model of RDS, with a clock that is turned by hand.

#![expect(clippy::result_large_err, reason = "the port's own error, which its users want with all its fields")]

mod calls;
mod reading;
mod refusal;
mod sim;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{AccountId, Arn, ClusterId, InstanceId, Region},
    ports::{
        AccountQuota, Change, Clock, Cloud, CloudError, Cluster, EngineVersion, Instance, Location, OrderableClass,
        ParameterGroup, Rds, RdsError, RdsReads, RdsResult, Side, Snapshot, SnapshotAddress, SnapshotKind,
        SnapshotQuery, SubnetGroup,
    },
};
use aurora_restore_sandbox::model::{
    Caller,
    call::{
        Action, Call, DescribeDbClusterSnapshots, DescribeDbClusters, DescribeDbInstances, DescribeEngineVersions,
        DescribeEvents, DescribeGroups, DescribeOrderableOptions, Filter, NameDbClusterSnapshot, PageRequest,
    },
    error::RdsErrorCode,
    reply::{Page, Reply},
    resources::{DbClusterSnapshot, Event},
};

pub use sim::Sim;
pub(crate) use sim::State;

/// The newest so many events are told.
const EVENTS_MAX: usize = 20;
/// How far back events are looked at, in minutes.
const EVENTS_MINUTES: u32 = 24 * 60;

/// Two accounts, one on each side, which may be the same.
#[derive(Debug)]
pub struct SimCloud {
    source: AccountId,
    target: AccountId,
    places: BTreeMap<Location, SimRds>,
}

impl SimCloud {
    /// The cloud as it is reached from these accounts, in these Regions.
    pub fn new(sim: &Arc<Sim>, source: &AccountId, target: &AccountId, regions: &[Region]) -> Self {
        let sides = [(Side::Source, source), (Side::Target, target)];
        let places = sides
            .into_iter()
            .flat_map(|(side, account)| regions.iter().map(move |region| (side, account, region)))
            .map(|(side, account, region)| {
                let rds = SimRds {
                    sim: Arc::clone(sim),
                    caller: Caller::new(account.as_str(), region.as_str()),
                    account: account.clone(),
                };
                (Location { side, region: region.clone() }, rds)
            })
            .collect();
        Self { source: source.clone(), target: target.clone(), places }
    }
}

#[async_trait]
impl Cloud for SimCloud {
    fn rds(&self, location: &Location) -> &dyn Rds {
        self.places.get(location).expect("the simulation was made with every Region that its tests name")
    }

    async fn account(&self, side: Side) -> Result<AccountId, CloudError> {
        Ok(match side {
            Side::Source => self.source.clone(),
            Side::Target => self.target.clone(),
        })
    }
}

/// RDS of one account in one Region.
#[derive(Debug)]
struct SimRds {
    sim: Arc<Sim>,
    caller: Caller,
    account: AccountId,
}

impl SimRds {
    fn call(&self, call: Call, object: &str) -> RdsResult<Reply> {
        let action = call.action();
        let now = self.sim.clock().now();
        let mut state = self.sim.lock();
        let served = state.world.serve(&self.caller, call, now);
        state.settle_data();
        drop(state);
        if served.reply_lost {
            return Err(refusal::no_reply(action, object));
        }
        served.result.map_err(|error| refusal::refused(action, object, &error))
    }

    /// Follows the markers of a list to its end.
    fn pages<T>(
        &self,
        object: &str,
        call: impl Fn(PageRequest) -> Call,
        page: impl Fn(Reply) -> Option<Page<T>>,
    ) -> RdsResult<Vec<T>> {
        let mut items = Vec::new();
        let mut marker = None;
        loop {
            let next = call(PageRequest { marker, max_records: None });
            let action = next.action();
            let given = page(self.call(next, object)?).ok_or_else(|| unexpected(action, object))?;
            items.extend(given.items);
            marker = given.marker;
            if marker.is_none() {
                return Ok(items);
            }
        }
    }

    fn with_membership(&self, cluster: Cluster) -> Cluster {
        let in_global_database = self.sim.lock().global_members.contains(&cluster.id);
        Cluster { in_global_database, ..cluster }
    }

    fn snapshots_of_kind(&self, object: &str, kind: Option<&str>) -> RdsResult<Vec<Arc<DbClusterSnapshot>>> {
        let call = |page| {
            Call::DescribeDbClusterSnapshots(DescribeDbClusterSnapshots {
                snapshot_type: kind.map(str::to_owned),
                page,
                ..DescribeDbClusterSnapshots::default()
            })
        };
        self.pages(object, call, snapshots_of)
    }

    fn own_snapshot(&self, name: &str, object: &str) -> RdsResult<Option<Arc<DbClusterSnapshot>>> {
        let call = |page| {
            Call::DescribeDbClusterSnapshots(DescribeDbClusterSnapshots {
                db_cluster_snapshot_identifier: Some(name.to_owned()),
                snapshot_type: name.starts_with("rds:").then(|| "automated".to_owned()),
                page,
                ..DescribeDbClusterSnapshots::default()
            })
        };
        Ok(self.pages(object, call, snapshots_of)?.into_iter().next())
    }

    fn found_snapshot(&self, address: &SnapshotAddress) -> RdsResult<Option<Arc<DbClusterSnapshot>>> {
        let is_it = |arn: &Arn, found: &DbClusterSnapshot| found.db_cluster_snapshot_arn == arn.as_str();
        match address {
            SnapshotAddress::Name(name) => self.own_snapshot(name.as_str(), address.as_str()),
            SnapshotAddress::Arn(arn) if arn.account().as_ref() == Some(&self.account) => {
                Ok(self.own_snapshot(arn.resource_name(), address.as_str())?.filter(|found| is_it(arn, found)))
            }
            SnapshotAddress::Arn(arn) => {
                let shared = self.snapshots_of_kind(address.as_str(), Some("shared"))?;
                Ok(shared.into_iter().find(|found| is_it(arn, found)))
            }
        }
    }

    fn events(&self, source: &str, kind: &str) -> RdsResult<Vec<Event>> {
        let call = |page| {
            Call::DescribeEvents(DescribeEvents {
                source_identifier: Some(source.to_owned()),
                source_type: Some(kind.to_owned()),
                duration: Some(EVENTS_MINUTES),
                page,
                ..DescribeEvents::default()
            })
        };
        self.pages(source, call, |reply| match reply {
            Reply::Events(page) => Some(page),
            _ => None,
        })
    }
}

fn snapshots_of(reply: Reply) -> Option<Page<Arc<DbClusterSnapshot>>> {
    match reply {
        Reply::Snapshots(page) => Some(page),
        _ => None,
    }
}

fn unexpected(action: Action, object: &str) -> RdsError {
    refusal::malformed(action, object, &"the answer is one to another call")
}

/// Reads the one thing that a describe was to find.
fn one<S, T, E: ToString>(
    found: &[S],
    (action, object, code): (Action, &str, RdsErrorCode),
    read: impl Fn(&S) -> Result<T, E>,
) -> RdsResult<T> {
    let found = found.first().ok_or_else(|| refusal::not_found(action, object, code))?;
    read(found).map_err(|reason| refusal::malformed(action, object, &reason))
}

fn all<S, T, E: ToString>(found: &[S], action: Action, read: impl Fn(&S) -> Result<T, E>) -> RdsResult<Vec<T>> {
    found.iter().map(|one| read(one).map_err(|reason| refusal::malformed(action, "*", &reason))).collect()
}

#[async_trait]
impl RdsReads for SimRds {
    async fn cluster(&self, id: &ClusterId) -> RdsResult<Cluster> {
        let call = |page| {
            Call::DescribeDbClusters(DescribeDbClusters {
                db_cluster_identifier: Some(id.to_string()),
                page,
                ..DescribeDbClusters::default()
            })
        };
        let found = self.pages(id.as_str(), call, clusters_of)?;
        let about = (Action::DescribeDbClusters, id.as_str(), RdsErrorCode::DbClusterNotFound);
        one(&found, about, |found| reading::cluster(found)).map(|cluster| self.with_membership(cluster))
    }

    async fn clusters(&self) -> RdsResult<Vec<Cluster>> {
        let call = |page| Call::DescribeDbClusters(DescribeDbClusters { page, ..DescribeDbClusters::default() });
        let found = self.pages("*", call, clusters_of)?;
        let clusters = all(&found, Action::DescribeDbClusters, |found| reading::cluster(found))?;
        Ok(clusters.into_iter().map(|cluster| self.with_membership(cluster)).collect())
    }

    async fn instance(&self, id: &InstanceId) -> RdsResult<Instance> {
        let call = |page| {
            Call::DescribeDbInstances(DescribeDbInstances {
                db_instance_identifier: Some(id.to_string()),
                page,
                ..DescribeDbInstances::default()
            })
        };
        let found = self.pages(id.as_str(), call, instances_of)?;
        let about = (Action::DescribeDbInstances, id.as_str(), RdsErrorCode::DbInstanceNotFound);
        one(&found, about, |found| reading::instance(found))
    }

    async fn instances(&self, cluster: Option<&ClusterId>) -> RdsResult<Vec<Instance>> {
        let filters = cluster.map(|id| Filter { name: "db-cluster-id".to_owned(), values: vec![id.to_string()] });
        let filters: Vec<Filter> = filters.into_iter().collect();
        let call = |page| {
            Call::DescribeDbInstances(DescribeDbInstances {
                filters: filters.clone(),
                page,
                ..DescribeDbInstances::default()
            })
        };
        let found = match self.pages(cluster.map_or("*", ClusterId::as_str), call, instances_of) {
            // A filter over a cluster that is gone: it has no instances.
            Err(error) if error.code == RdsErrorCode::DbClusterNotFound.as_str() => return Ok(Vec::new()),
            other => other?,
        };
        let instances = all(&found, Action::DescribeDbInstances, |found| reading::instance(found))?;
        let belongs = |instance: &Instance| cluster.is_none() || instance.cluster.as_ref() == cluster;
        Ok(instances.into_iter().filter(belongs).collect())
    }

    async fn snapshot(&self, address: &SnapshotAddress) -> RdsResult<Snapshot> {
        let found: Vec<_> = self.found_snapshot(address)?.into_iter().collect();
        let code = RdsErrorCode::DbClusterSnapshotNotFound;
        let about = (Action::DescribeDbClusterSnapshots, address.as_str(), code);
        one(&found, about, |found| reading::snapshot(found, &self.account))
    }

    async fn snapshots(&self, query: &SnapshotQuery) -> RdsResult<Vec<Snapshot>> {
        let wants = |kind| query.kinds.contains(&kind) || (query.kinds.is_empty() && kind != SnapshotKind::Shared);
        let mut kinds = Vec::new();
        if wants(SnapshotKind::Manual) || wants(SnapshotKind::Automated) {
            kinds.push(None);
        }
        if wants(SnapshotKind::Shared) {
            kinds.push(Some("shared"));
        }
        let mut snapshots = Vec::new();
        for kind in kinds {
            let found = self.snapshots_of_kind("*", kind)?;
            snapshots.extend(all(&found, Action::DescribeDbClusterSnapshots, |found| {
                reading::snapshot(found, &self.account)
            })?);
        }
        snapshots.retain(|snapshot| {
            wants(snapshot.kind) && query.cluster.as_ref().is_none_or(|cluster| *cluster == snapshot.cluster)
        });
        Ok(snapshots)
    }

    async fn snapshot_shared_with(&self, address: &SnapshotAddress) -> RdsResult<Vec<String>> {
        let name = match address {
            SnapshotAddress::Name(name) => name.as_str(),
            SnapshotAddress::Arn(arn) => arn.resource_name(),
        };
        let call = Call::DescribeDbClusterSnapshotAttributes(NameDbClusterSnapshot {
            db_cluster_snapshot_identifier: name.to_owned(),
        });
        match self.call(call, address.as_str())? {
            Reply::SnapshotAttributes(shown) => {
                let restore = shown.attributes.into_iter().filter(|one| one.attribute_name == "restore");
                Ok(restore.flat_map(|attribute| attribute.attribute_values).collect())
            }
            _ => Err(unexpected(Action::DescribeDbClusterSnapshotAttributes, address.as_str())),
        }
    }

    async fn cluster_parameter_group(&self, name: &str) -> RdsResult<ParameterGroup> {
        let call = Call::DescribeDbClusterParameterGroups(named_group(name));
        match self.call(call, name)? {
            Reply::ClusterParameterGroups(page) => group(&page, Action::DescribeDbClusterParameterGroups, name),
            _ => Err(unexpected(Action::DescribeDbClusterParameterGroups, name)),
        }
    }

    async fn instance_parameter_group(&self, name: &str) -> RdsResult<ParameterGroup> {
        let call = Call::DescribeDbParameterGroups(named_group(name));
        match self.call(call, name)? {
            Reply::ParameterGroups(page) => group(&page, Action::DescribeDbParameterGroups, name),
            _ => Err(unexpected(Action::DescribeDbParameterGroups, name)),
        }
    }

    async fn subnet_group(&self, name: &str) -> RdsResult<SubnetGroup> {
        let Reply::SubnetGroups(page) = self.call(Call::DescribeDbSubnetGroups(named_group(name)), name)? else {
            return Err(unexpected(Action::DescribeDbSubnetGroups, name));
        };
        let about = (Action::DescribeDbSubnetGroups, name, RdsErrorCode::DbSubnetGroupNotFound);
        one(&page.items, about, |found| {
            let mut zones: Vec<String> = found.subnets.iter().map(|subnet| subnet.availability_zone.clone()).collect();
            zones.sort();
            zones.dedup();
            Ok::<_, String>(SubnetGroup { name: found.name.clone(), vpc: found.vpc_id.clone(), zones })
        })
    }

    async fn engine_versions(&self, engine: &str) -> RdsResult<Vec<EngineVersion>> {
        let call = |page| {
            Call::DescribeDbEngineVersions(DescribeEngineVersions {
                engine: Some(engine.to_owned()),
                page,
                ..DescribeEngineVersions::default()
            })
        };
        let found = self.pages(engine, call, |reply| match reply {
            Reply::EngineVersions(page) => Some(page),
            _ => None,
        })?;
        let read = |found: aurora_restore_sandbox::model::resources::EngineVersion| EngineVersion {
            version: found.engine_version,
            parameter_group_family: found.db_parameter_group_family,
        };
        Ok(found.into_iter().map(read).collect())
    }

    async fn orderable_classes(&self, engine: &str, version: &str) -> RdsResult<Vec<OrderableClass>> {
        let call = |page| {
            Call::DescribeOrderableDbInstanceOptions(DescribeOrderableOptions {
                engine: engine.to_owned(),
                engine_version: Some(version.to_owned()),
                page,
                ..DescribeOrderableOptions::default()
            })
        };
        let found = self.pages(engine, call, |reply| match reply {
            Reply::OrderableOptions(page) => Some(page),
            _ => None,
        })?;
        let mut classes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for option in found {
            let zones = classes.entry(option.db_instance_class).or_default();
            zones.extend(option.availability_zones);
            zones.sort();
            zones.dedup();
        }
        Ok(classes.into_iter().map(|(class, zones)| OrderableClass { class, zones }).collect())
    }

    async fn quotas(&self) -> RdsResult<Vec<AccountQuota>> {
        match self.call(Call::DescribeAccountAttributes, "*")? {
            Reply::AccountQuotas(quotas) => Ok(quotas
                .into_iter()
                .map(|quota| AccountQuota { name: quota.account_quota_name, used: quota.used, max: quota.max })
                .collect()),
            _ => Err(unexpected(Action::DescribeAccountAttributes, "*")),
        }
    }

    async fn recent_events(&self, source: &str) -> RdsResult<Vec<String>> {
        let mut events = self.events(source, "db-cluster")?;
        events.extend(self.events(source, "db-instance")?);
        events.sort_by_key(|event| event.date);
        let surplus = events.len().saturating_sub(EVENTS_MAX);
        Ok(events.into_iter().skip(surplus).map(|event| format!("{} {}", event.date, event.message)).collect())
    }
}

fn clusters_of(reply: Reply) -> Option<Page<Arc<aurora_restore_sandbox::model::resources::DbCluster>>> {
    match reply {
        Reply::Clusters(page) => Some(page),
        _ => None,
    }
}

fn instances_of(reply: Reply) -> Option<Page<Arc<aurora_restore_sandbox::model::resources::DbInstance>>> {
    match reply {
        Reply::Instances(page) => Some(page),
        _ => None,
    }
}

fn named_group(name: &str) -> DescribeGroups {
    DescribeGroups { name: Some(name.to_owned()), ..DescribeGroups::default() }
}

fn group(
    page: &Page<Arc<aurora_restore_sandbox::model::resources::ParameterGroup>>,
    action: Action,
    name: &str,
) -> RdsResult<ParameterGroup> {
    one(&page.items, (action, name, RdsErrorCode::DbParameterGroupNotFound), |found| {
        Ok::<_, String>(ParameterGroup { name: found.name.clone(), family: found.family.clone() })
    })
}

#[async_trait]
impl Rds for SimRds {
    async fn change(&self, change: &Change) -> RdsResult<()> {
        self.call(calls::call_of(change), change.object()).map(|_| ())
    }
}
