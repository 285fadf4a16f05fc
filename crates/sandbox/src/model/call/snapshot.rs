//! Inputs of the actions on cluster snapshots.

use super::{Filter, PageRequest};
use crate::model::resources::Tag;

/// Input of CreateDBClusterSnapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateDbClusterSnapshot {
    /// Name of the snapshot.
    pub db_cluster_snapshot_identifier: String,
    /// The cluster.
    pub db_cluster_identifier: String,
    /// Tags of the snapshot.
    pub tags: Vec<Tag>,
}

/// Input of CopyDBClusterSnapshot. The call goes to the destination Region.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CopyDbClusterSnapshot {
    /// Name, or ARN when in another Region or account.
    pub source_db_cluster_snapshot_identifier: String,
    /// Name of the copy.
    pub target_db_cluster_snapshot_identifier: String,
    /// Key of the copy; refused when the source is not encrypted.
    pub kms_key_id: Option<String>,
    /// Whether the source's tags are copied; default off.
    pub copy_tags: Option<bool>,
    /// Tags of the copy.
    pub tags: Vec<Tag>,
}

/// Input of DescribeDBClusterSnapshots.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeDbClusterSnapshots {
    /// Those of an existing cluster; excludes a snapshot identifier.
    pub db_cluster_identifier: Option<String>,
    /// One snapshot by name or ARN.
    pub db_cluster_snapshot_identifier: Option<String>,
    /// Those of one incarnation of a cluster.
    pub db_cluster_resource_id: Option<String>,
    /// `automated`, `manual`, `shared` or `public`; default: the first two.
    pub snapshot_type: Option<String>,
    /// Also those that others share with the caller.
    pub include_shared: Option<bool>,
    /// Also public ones of others.
    pub include_public: Option<bool>,
    /// `db-cluster-id`, `db-cluster-snapshot-id`, `snapshot-type`, `engine`.
    pub filters: Vec<Filter>,
    /// Which page.
    pub page: PageRequest,
}

/// Input of DeleteDBClusterSnapshot and DescribeDBClusterSnapshotAttributes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NameDbClusterSnapshot {
    /// The snapshot.
    pub db_cluster_snapshot_identifier: String,
}

/// Input of ModifyDBClusterSnapshotAttribute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModifyDbClusterSnapshotAttribute {
    /// The snapshot.
    pub db_cluster_snapshot_identifier: String,
    /// `restore`.
    pub attribute_name: String,
    /// Accounts, or `all`.
    pub values_to_add: Vec<String>,
    /// Accounts, or `all`.
    pub values_to_remove: Vec<String>,
}
