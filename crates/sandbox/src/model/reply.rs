//! What the model answers: domain objects, which the HTTP API turns into XML.

use std::sync::Arc;

use super::resources::{
    AccountQuota, DbCluster, DbClusterSnapshot, DbInstance, EngineVersion, Event, OrderableOption, ParameterGroup,
    SnapshotAttributes, SubnetGroup, Tag,
};

/// One page of a list. Things are shared with the world, so a page costs no copies.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The things.
    pub items: Vec<T>,
    /// Where the next page starts, if there is one.
    pub marker: Option<String>,
}

/// The reply to a call, by what it contains.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Every action on one cluster, except the roles.
    Cluster(Arc<DbCluster>),
    /// DescribeDBClusters.
    Clusters(Page<Arc<DbCluster>>),
    /// Create, copy and delete of a snapshot.
    Snapshot(Arc<DbClusterSnapshot>),
    /// DescribeDBClusterSnapshots.
    Snapshots(Page<Arc<DbClusterSnapshot>>),
    /// Both actions on attributes.
    SnapshotAttributes(SnapshotAttributes),
    /// Every action on one instance.
    Instance(Arc<DbInstance>),
    /// DescribeDBInstances.
    Instances(Page<Arc<DbInstance>>),
    /// CreateDBClusterParameterGroup.
    ClusterParameterGroup(Arc<ParameterGroup>),
    /// DescribeDBClusterParameterGroups.
    ClusterParameterGroups(Page<Arc<ParameterGroup>>),
    /// CreateDBParameterGroup.
    ParameterGroup(Arc<ParameterGroup>),
    /// DescribeDBParameterGroups.
    ParameterGroups(Page<Arc<ParameterGroup>>),
    /// CreateDBSubnetGroup.
    SubnetGroup(Arc<SubnetGroup>),
    /// DescribeDBSubnetGroups.
    SubnetGroups(Page<Arc<SubnetGroup>>),
    /// DescribeOrderableDBInstanceOptions.
    OrderableOptions(Page<OrderableOption>),
    /// DescribeDBEngineVersions.
    EngineVersions(Page<EngineVersion>),
    /// DescribeEvents.
    Events(Page<Event>),
    /// DescribeAccountAttributes.
    AccountQuotas(Vec<AccountQuota>),
    /// ListTagsForResource.
    Tags(Vec<Tag>),
    /// Actions without a result: roles, adding and removing tags.
    Done,
}
