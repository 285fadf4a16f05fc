//! The RDS port: what the engine asks of Aurora, in the words of the domain.
//!
//! Reads are methods of their own; everything that changes something is one method over a closed enum, [`Change`], so
//! that a wrapper (the fence, a recorder, a fault injector) cannot forget one.

mod change;
mod error;
mod resources;

pub use change::{
    Change, ClusterModify, ClusterRestore, InstanceCreate, InstanceModify, PointInTimeMethod, RestoreSource,
    SnapshotCopy,
};
pub use error::{CloudError, RdsError, RdsErrorKind, RdsResult};
pub use resources::{
    AccountQuota, Cluster, ClusterMember, ClusterStatus, Endpoint, EngineVersion, Instance, InstanceStatus,
    OrderableClass, ParameterGroup, ParameterGroupStatus, Snapshot, SnapshotAddress, SnapshotKind, SnapshotStatus,
    SubnetGroup, Tags,
};

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, ClusterId, InstanceId, Region};

/// On whose side of a restore a call is made. In one account both are the same account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Where the snapshot is; reached through a role where it is another account.
    Source,
    /// Where the target is.
    Target,
}

/// Whose RDS, and in which Region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Location {
    /// Whose account.
    pub side: Side,
    /// The Region.
    pub region: Region,
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Source => "source",
            Side::Target => "target",
        };
        write!(formatter, "the {side} account in {}", self.region)
    }
}

/// RDS everywhere that a restore needs it.
#[async_trait]
pub trait Cloud: Send + Sync {
    /// RDS at a place. Cheap to call again; adapters keep their clients.
    fn rds(&self, location: &Location) -> &dyn Rds;

    /// The account that answers on a side.
    ///
    /// # Errors
    /// Where the identity cannot be found out: no credentials, or the role cannot be assumed.
    async fn account(&self, side: Side) -> Result<AccountId, CloudError>;
}

/// Which snapshots to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SnapshotQuery {
    /// Only those of this cluster. Works for clusters that no longer exist and for shared snapshots, too.
    pub cluster: Option<ClusterId>,
    /// Only these kinds; empty means manual and automated.
    pub kinds: Vec<SnapshotKind>,
}

/// What can be read from RDS.
///
/// Reads see what RDS shows, which may lag behind a change: a thing just made may be not found for a while, and after a
/// rename the old name may still answer.
#[async_trait]
pub trait RdsReads: Send + Sync {
    /// One cluster by its current name.
    async fn cluster(&self, id: &ClusterId) -> RdsResult<Cluster>;

    /// All clusters of the account in the Region, of every engine.
    async fn clusters(&self) -> RdsResult<Vec<Cluster>>;

    /// One instance by its current name.
    async fn instance(&self, id: &InstanceId) -> RdsResult<Instance>;

    /// The instances of a cluster, or all instances of the account in the Region.
    async fn instances(&self, cluster: Option<&ClusterId>) -> RdsResult<Vec<Instance>>;

    /// One cluster snapshot.
    async fn snapshot(&self, address: &SnapshotAddress) -> RdsResult<Snapshot>;

    /// The cluster snapshots that match.
    async fn snapshots(&self, query: &SnapshotQuery) -> RdsResult<Vec<Snapshot>>;

    /// The accounts that may restore a manual snapshot of ours.
    async fn snapshot_shared_with(&self, address: &SnapshotAddress) -> RdsResult<Vec<String>>;

    /// A cluster parameter group.
    async fn cluster_parameter_group(&self, name: &str) -> RdsResult<ParameterGroup>;

    /// An instance parameter group.
    async fn instance_parameter_group(&self, name: &str) -> RdsResult<ParameterGroup>;

    /// A subnet group.
    async fn subnet_group(&self, name: &str) -> RdsResult<SubnetGroup>;

    /// The versions of an engine that can be created in the Region.
    async fn engine_versions(&self, engine: &str) -> RdsResult<Vec<EngineVersion>>;

    /// The instance classes that can be ordered for an engine's version.
    async fn orderable_classes(&self, engine: &str, version: &str) -> RdsResult<Vec<OrderableClass>>;

    /// The account's quotas in the Region.
    async fn quotas(&self) -> RdsResult<Vec<AccountQuota>>;

    /// What RDS said lately about a cluster or an instance, newest last. For the text of a failure.
    async fn recent_events(&self, source: &str) -> RdsResult<Vec<String>>;
}

/// The RDS port: reads, and the one method that changes something.
///
/// Steps get [`RdsReads`] only; their changes go through the engine's fence.
#[async_trait]
pub trait Rds: RdsReads {
    /// Makes one change. After it returns RDS has accepted it; whether it has *happened* is seen by reading.
    async fn change(&self, change: &Change) -> RdsResult<()>;
}
