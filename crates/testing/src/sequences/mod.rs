//! Random sequences of calls to the RDS port, so that two implementations can be compared answer by answer.
//!
//! A conformance suite asks for what somebody thought of; a sequence asks for what nobody did. It follows from its seed
//! alone, and [`shrink`] makes a short one of a long one that found something.

mod generate;
mod shrink;
mod stage;

pub use generate::{Accounts, generate};
pub use shrink::shrink;
pub use stage::{REALISTIC, SETTLED, Staging, staged_world};

use std::fmt;

use aurora_restore_core::{
    ids::{ClusterId, InstanceId},
    ports::{
        AccountQuota, Change, Cloud, Cluster, EngineVersion, Instance, Location, OrderableClass, ParameterGroup,
        RdsError, RdsResult, Side, Snapshot, SnapshotAddress, SnapshotQuery, SubnetGroup,
    },
};
use jiff::SignedDuration;

use crate::scenario::{FRANKFURT, IRELAND, region};

/// One step of a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Time goes by.
    Pass(SignedDuration),
    /// Somebody changes something.
    Change(Side, Change),
    /// Somebody looks.
    Read(Side, Read),
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// At a cluster.
    Cluster(ClusterId),
    /// At all clusters.
    Clusters,
    /// At an instance.
    Instance(InstanceId),
    /// At the instances of a cluster, or at all.
    Instances(Option<ClusterId>),
    /// At a snapshot.
    Snapshot(SnapshotAddress),
    /// At many.
    Snapshots(SnapshotQuery),
    /// At whom a snapshot is shared with.
    SharedWith(SnapshotAddress),
    /// At a parameter group of clusters.
    ClusterGroup(String),
    /// At a parameter group of instances.
    InstanceGroup(String),
    /// At a subnet group.
    SubnetGroup(String),
    /// At the versions of an engine.
    Versions(String),
    /// At the classes for a version.
    Classes(String),
    /// At the quotas.
    Quotas,
    /// At what happened to something.
    Events(String),
}

/// What a step gave.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the answer to the look of the same name")]
pub enum Answer {
    /// Nothing to say.
    Done,
    /// A refusal, without the id of its request.
    Refused(Box<RdsError>),
    Cluster(Box<Cluster>),
    Clusters(Vec<Cluster>),
    Instance(Box<Instance>),
    Instances(Vec<Instance>),
    Snapshot(Box<Snapshot>),
    Snapshots(Vec<Snapshot>),
    SharedWith(Vec<String>),
    Group(ParameterGroup),
    SubnetGroup(SubnetGroup),
    Versions(Vec<EngineVersion>),
    Classes(Vec<OrderableClass>),
    Quotas(Vec<AccountQuota>),
    Events(Vec<String>),
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass(time) => write!(formatter, "{time:#} pass"),
            Self::Change(side, change) => write!(formatter, "{side:?} side: {change:?}"),
            Self::Read(side, read) => write!(formatter, "{side:?} side, look: {read:?}"),
        }
    }
}

/// Where a side's calls go in a sequence: the source is in Ireland, the target in Frankfurt.
pub fn location(side: Side) -> Location {
    let name = match side {
        Side::Source => IRELAND,
        Side::Target => FRANKFURT,
    };
    Location { side, region: region(name) }
}

/// Carries out a step. Passing time is its caller's business.
pub async fn answer(cloud: &dyn Cloud, step: &Step) -> Answer {
    let answered = match step {
        Step::Pass(_) => Ok(Answer::Done),
        Step::Change(side, change) => cloud.rds(&location(*side)).change(change).await.map(|()| Answer::Done),
        Step::Read(side, read) => look(cloud, *side, read).await,
    };
    answered.unwrap_or_else(|error| Answer::Refused(Box::new(RdsError { request_id: None, ..error })))
}

async fn look(cloud: &dyn Cloud, side: Side, read: &Read) -> RdsResult<Answer> {
    let rds = cloud.rds(&location(side));
    Ok(match read {
        Read::Cluster(id) => Answer::Cluster(Box::new(rds.cluster(id).await?)),
        Read::Clusters => Answer::Clusters(rds.clusters().await?),
        Read::Instance(id) => Answer::Instance(Box::new(rds.instance(id).await?)),
        Read::Instances(cluster) => Answer::Instances(rds.instances(cluster.as_ref()).await?),
        Read::Snapshot(address) => Answer::Snapshot(Box::new(rds.snapshot(address).await?)),
        Read::Snapshots(query) => Answer::Snapshots(rds.snapshots(query).await?),
        Read::SharedWith(address) => Answer::SharedWith(rds.snapshot_shared_with(address).await?),
        Read::ClusterGroup(name) => Answer::Group(rds.cluster_parameter_group(name).await?),
        Read::InstanceGroup(name) => Answer::Group(rds.instance_parameter_group(name).await?),
        Read::SubnetGroup(name) => Answer::SubnetGroup(rds.subnet_group(name).await?),
        Read::Versions(engine) => Answer::Versions(rds.engine_versions(engine).await?),
        Read::Classes(version) => Answer::Classes(rds.orderable_classes(crate::suites::rds::ENGINE, version).await?),
        Read::Quotas => Answer::Quotas(rds.quotas().await?),
        Read::Events(of) => Answer::Events(rds.recent_events(of).await?),
    })
}

/// Looks at everything on both sides: what a sequence ends with, so that no change stays unseen.
pub fn survey() -> Vec<Step> {
    let looks = [
        Read::Clusters,
        Read::Instances(None),
        Read::Snapshots(SnapshotQuery::default()),
        Read::Snapshots(SnapshotQuery { cluster: None, kinds: vec![aurora_restore_core::ports::SnapshotKind::Shared] }),
        Read::Quotas,
    ];
    let sides = [Side::Source, Side::Target];
    sides.into_iter().flat_map(|side| looks.iter().map(move |read| Step::Read(side, read.clone()))).collect()
}
