//! What can be asked of the model: one variant per RDS action, each with a typed input.
//!
//! Inputs carry the parameters that matter for Aurora, under the names of the RDS API in snake case.

mod catalogue;
mod cluster;
mod group;
mod instance;
mod snapshot;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use catalogue::{DescribeEngineVersions, DescribeEvents, DescribeOrderableOptions};
pub use cluster::{
    CreateDbCluster, DbClusterRole, DeleteDbCluster, DescribeDbClusters, ModifyDbCluster, NameDbCluster,
    NewClusterSettings, RestoreDbClusterFromSnapshot, RestoreDbClusterToPointInTime,
};
pub use group::{
    AddTagsToResource, CreateDbSubnetGroup, CreateParameterGroup, DescribeGroups, ListTagsForResource,
    RemoveTagsFromResource,
};
pub use instance::{CreateDbInstance, DeleteDbInstance, DescribeDbInstances, ModifyDbInstance, RebootDbInstance};
pub use snapshot::{
    CopyDbClusterSnapshot, CreateDbClusterSnapshot, DescribeDbClusterSnapshots, ModifyDbClusterSnapshotAttribute,
    NameDbClusterSnapshot,
};

/// A named filter of a describe: a thing passes when it matches any of the values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Name, such as `db-cluster-id`.
    pub name: String,
    /// Accepted values.
    pub values: Vec<String>,
}

/// Which page of a list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Marker of the page before.
    pub marker: Option<String>,
    /// 20 to 100; default 100.
    pub max_records: Option<u32>,
}

macro_rules! calls {
    ($($action:ident = $wire:literal, $input:ident, $doc:literal;)*) => {
        /// One call with its input.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Call {
            $(#[doc = $doc] $action($input),)*
            /// Asks for quotas and their use.
            DescribeAccountAttributes,
        }

        /// The name of an action, without input.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Action {
            $(#[doc = $doc] #[serde(rename = $wire)] $action,)*
            /// Asks for quotas and their use.
            DescribeAccountAttributes,
        }

        impl Call {
            /// The action that this call is of.
            pub const fn action(&self) -> Action {
                match self {
                    $(Self::$action(_) => Action::$action,)*
                    Self::DescribeAccountAttributes => Action::DescribeAccountAttributes,
                }
            }
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$action,)* Self::DescribeAccountAttributes];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$action => $wire,)*
                    Self::DescribeAccountAttributes => "DescribeAccountAttributes",
                }
            }
        }
    };
}

calls! {
    CreateDbCluster = "CreateDBCluster", CreateDbCluster, "Creates an empty cluster.";
    DescribeDbClusters = "DescribeDBClusters", DescribeDbClusters, "Lists clusters.";
    ModifyDbCluster = "ModifyDBCluster", ModifyDbCluster, "Changes or renames a cluster.";
    DeleteDbCluster = "DeleteDBCluster", DeleteDbCluster, "Deletes a cluster without instances.";
    StopDbCluster = "StopDBCluster", NameDbCluster, "Stops a cluster.";
    StartDbCluster = "StartDBCluster", NameDbCluster, "Starts a stopped cluster.";
    RestoreDbClusterFromSnapshot = "RestoreDBClusterFromSnapshot", RestoreDbClusterFromSnapshot, "Makes a cluster from a snapshot.";
    RestoreDbClusterToPointInTime = "RestoreDBClusterToPointInTime", RestoreDbClusterToPointInTime, "Makes a cluster from another one.";
    AddRoleToDbCluster = "AddRoleToDBCluster", DbClusterRole, "Associates an IAM role.";
    RemoveRoleFromDbCluster = "RemoveRoleFromDBCluster", DbClusterRole, "Dissociates an IAM role.";
    CreateDbClusterSnapshot = "CreateDBClusterSnapshot", CreateDbClusterSnapshot, "Takes a snapshot.";
    CopyDbClusterSnapshot = "CopyDBClusterSnapshot", CopyDbClusterSnapshot, "Copies a snapshot.";
    DescribeDbClusterSnapshots = "DescribeDBClusterSnapshots", DescribeDbClusterSnapshots, "Lists snapshots.";
    DeleteDbClusterSnapshot = "DeleteDBClusterSnapshot", NameDbClusterSnapshot, "Deletes a manual snapshot.";
    DescribeDbClusterSnapshotAttributes = "DescribeDBClusterSnapshotAttributes", NameDbClusterSnapshot, "Shows with whom a snapshot is shared.";
    ModifyDbClusterSnapshotAttribute = "ModifyDBClusterSnapshotAttribute", ModifyDbClusterSnapshotAttribute, "Shares a snapshot, or stops sharing it.";
    CreateDbInstance = "CreateDBInstance", CreateDbInstance, "Adds an instance to a cluster.";
    DescribeDbInstances = "DescribeDBInstances", DescribeDbInstances, "Lists instances.";
    ModifyDbInstance = "ModifyDBInstance", ModifyDbInstance, "Changes or renames an instance.";
    DeleteDbInstance = "DeleteDBInstance", DeleteDbInstance, "Deletes an instance.";
    RebootDbInstance = "RebootDBInstance", RebootDbInstance, "Reboots an instance.";
    AddTagsToResource = "AddTagsToResource", AddTagsToResource, "Sets tags.";
    RemoveTagsFromResource = "RemoveTagsFromResource", RemoveTagsFromResource, "Removes tags.";
    ListTagsForResource = "ListTagsForResource", ListTagsForResource, "Lists tags.";
    CreateDbClusterParameterGroup = "CreateDBClusterParameterGroup", CreateParameterGroup, "Creates a parameter group for clusters.";
    DescribeDbClusterParameterGroups = "DescribeDBClusterParameterGroups", DescribeGroups, "Lists parameter groups for clusters.";
    CreateDbParameterGroup = "CreateDBParameterGroup", CreateParameterGroup, "Creates a parameter group for instances.";
    DescribeDbParameterGroups = "DescribeDBParameterGroups", DescribeGroups, "Lists parameter groups for instances.";
    CreateDbSubnetGroup = "CreateDBSubnetGroup", CreateDbSubnetGroup, "Creates a subnet group.";
    DescribeDbSubnetGroups = "DescribeDBSubnetGroups", DescribeGroups, "Lists subnet groups.";
    DescribeOrderableDbInstanceOptions = "DescribeOrderableDBInstanceOptions", DescribeOrderableOptions, "Lists classes that can be ordered.";
    DescribeDbEngineVersions = "DescribeDBEngineVersions", DescribeEngineVersions, "Lists engine versions that are offered.";
    DescribeEvents = "DescribeEvents", DescribeEvents, "Lists what happened.";
}

impl Action {
    /// The action of this name on the wire, if the model has it.
    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == name)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Call {
    /// The identifiers that the call names, for fault rules.
    pub(crate) fn identifiers(&self) -> [&str; 2] {
        match self {
            Self::CreateDbCluster(input) => [&input.db_cluster_identifier, ""],
            Self::DescribeDbClusters(input) => [named(&input.db_cluster_identifier), ""],
            Self::ModifyDbCluster(input) => [&input.db_cluster_identifier, named(&input.new_db_cluster_identifier)],
            Self::DeleteDbCluster(input) => [&input.db_cluster_identifier, ""],
            Self::StopDbCluster(input) | Self::StartDbCluster(input) => [&input.db_cluster_identifier, ""],
            Self::RestoreDbClusterFromSnapshot(input) => [&input.db_cluster_identifier, &input.snapshot_identifier],
            Self::RestoreDbClusterToPointInTime(input) => {
                [&input.db_cluster_identifier, named(&input.source_db_cluster_identifier)]
            }
            Self::AddRoleToDbCluster(input) | Self::RemoveRoleFromDbCluster(input) => {
                [&input.db_cluster_identifier, ""]
            }
            Self::CreateDbClusterSnapshot(input) => {
                [&input.db_cluster_identifier, &input.db_cluster_snapshot_identifier]
            }
            Self::CopyDbClusterSnapshot(input) => {
                [&input.source_db_cluster_snapshot_identifier, &input.target_db_cluster_snapshot_identifier]
            }
            Self::DescribeDbClusterSnapshots(input) => {
                [named(&input.db_cluster_snapshot_identifier), named(&input.db_cluster_identifier)]
            }
            Self::DeleteDbClusterSnapshot(input) | Self::DescribeDbClusterSnapshotAttributes(input) => {
                [&input.db_cluster_snapshot_identifier, ""]
            }
            Self::ModifyDbClusterSnapshotAttribute(input) => [&input.db_cluster_snapshot_identifier, ""],
            Self::CreateDbInstance(input) => [&input.db_instance_identifier, named(&input.db_cluster_identifier)],
            Self::DescribeDbInstances(input) => [named(&input.db_instance_identifier), ""],
            Self::ModifyDbInstance(input) => [&input.db_instance_identifier, named(&input.new_db_instance_identifier)],
            Self::DeleteDbInstance(input) => [&input.db_instance_identifier, ""],
            Self::RebootDbInstance(input) => [&input.db_instance_identifier, ""],
            Self::AddTagsToResource(input) => [&input.resource_name, ""],
            Self::RemoveTagsFromResource(input) => [&input.resource_name, ""],
            Self::ListTagsForResource(input) => [&input.resource_name, ""],
            Self::CreateDbClusterParameterGroup(input) | Self::CreateDbParameterGroup(input) => [&input.name, ""],
            Self::DescribeDbClusterParameterGroups(input)
            | Self::DescribeDbParameterGroups(input)
            | Self::DescribeDbSubnetGroups(input) => [named(&input.name), ""],
            Self::CreateDbSubnetGroup(input) => [&input.name, ""],
            Self::DescribeEvents(input) => [named(&input.source_identifier), ""],
            Self::DescribeOrderableDbInstanceOptions(_)
            | Self::DescribeDbEngineVersions(_)
            | Self::DescribeAccountAttributes => ["", ""],
        }
    }
}

fn named(name: &Option<String>) -> &str {
    name.as_deref().unwrap_or("")
}
