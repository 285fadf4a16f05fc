//! What RDS shows of the things it keeps: the shapes that describes return.
//!
//! Fields bear the names of the RDS API in snake case. What only the model needs to know about a thing
//! (its data, its unfinished work) is kept beside these shapes, in the world.

mod catalogue;
mod cluster;
mod group;
mod instance;
mod snapshot;
mod status;

pub use catalogue::{AccountQuota, EngineVersion, Event, EventSource, OrderableOption};
pub use cluster::{
    AssociatedRole, ClusterMember, ClusterPendingValues, DbCluster, Endpoint, ParameterStatus, PendingLogExports,
    ServerlessV2Scaling, VpcSecurityGroup,
};
pub use group::{KmsKey, ParameterGroup, Subnet, SubnetGroup, Tag};
pub use instance::{DbInstance, InstancePendingValues};
pub use snapshot::{DbClusterSnapshot, SnapshotAttribute, SnapshotAttributes, SnapshotKind};
pub use status::{ClusterStatus, InstanceStatus, SnapshotStatus};
