//! Everything that this product ever changes in RDS, as one closed enum.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, Arn, ClusterId, InstanceId, KmsKey, SnapshotId},
    ports::{SnapshotAddress, Tags},
    secret::Secret,
    settings::{ClusterSettings, InstanceSettings, ServerlessScaling},
};

/// One change, as it is sent. RDS has no client tokens on these calls: a change is safe to send twice because its name
/// is fixed beforehand and its tags travel in the same call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// `CopyDBClusterSnapshot`, sent in the Region that shall hold the copy.
    CopySnapshot(SnapshotCopy),
    /// `ModifyDBClusterSnapshotAttribute`: lets an account restore and copy a manual snapshot.
    ShareSnapshot {
        /// The snapshot, which is ours.
        snapshot: SnapshotId,
        /// Who may use it.
        with: AccountId,
    },
    /// `ModifyDBClusterSnapshotAttribute`: takes that back.
    UnshareSnapshot {
        /// The snapshot.
        snapshot: SnapshotId,
        /// Who may use it no longer.
        with: AccountId,
    },
    /// `CreateDBClusterSnapshot`.
    CreateSnapshot {
        /// Of which cluster.
        cluster: ClusterId,
        /// Under which name.
        snapshot: SnapshotId,
        /// Its tags.
        tags: Tags,
    },
    /// `DeleteDBClusterSnapshot`.
    DeleteSnapshot {
        /// The snapshot.
        snapshot: SnapshotId,
    },
    /// `RestoreDBClusterFromSnapshot` or `RestoreDBClusterToPointInTime`.
    RestoreCluster(Box<ClusterRestore>),
    /// `ModifyDBCluster`, applied at once.
    ModifyCluster(Box<ClusterModify>),
    /// `ModifyDBCluster` with a new name, applied at once.
    RenameCluster {
        /// The present name.
        from: ClusterId,
        /// The new name.
        to: ClusterId,
    },
    /// `DeleteDBCluster`.
    DeleteCluster {
        /// The cluster.
        cluster: ClusterId,
        /// The name of a final snapshot; none is taken without it.
        final_snapshot: Option<SnapshotId>,
    },
    /// `CreateDBInstance` in a cluster.
    CreateInstance(Box<InstanceCreate>),
    /// `ModifyDBInstance`, applied at once.
    ModifyInstance(Box<InstanceModify>),
    /// `ModifyDBInstance` with a new name, applied at once.
    RenameInstance {
        /// The present name.
        from: InstanceId,
        /// The new name.
        to: InstanceId,
    },
    /// `RebootDBInstance`, to take up static parameters.
    RebootInstance {
        /// The instance.
        instance: InstanceId,
    },
    /// `DeleteDBInstance`. An instance of a cluster never has a final snapshot of its own.
    DeleteInstance {
        /// The instance.
        instance: InstanceId,
    },
    /// `AddRoleToDBCluster`.
    AddRole {
        /// The cluster.
        cluster: ClusterId,
        /// The role.
        role: Arn,
        /// For which feature, such as `s3Import`.
        feature: Option<String>,
    },
    /// `AddTagsToResource`.
    AddTags {
        /// The resource.
        resource: Arn,
        /// The tags to set.
        tags: Tags,
    },
    /// `RemoveTagsFromResource`.
    RemoveTags {
        /// The resource.
        resource: Arn,
        /// The keys to remove.
        keys: Vec<String>,
    },
}

impl Change {
    /// The name of the API action, for records.
    pub fn action(&self) -> &'static str {
        match self {
            Self::CopySnapshot(_) => "CopyDBClusterSnapshot",
            Self::ShareSnapshot { .. } | Self::UnshareSnapshot { .. } => "ModifyDBClusterSnapshotAttribute",
            Self::CreateSnapshot { .. } => "CreateDBClusterSnapshot",
            Self::DeleteSnapshot { .. } => "DeleteDBClusterSnapshot",
            Self::RestoreCluster(restore) => match restore.source {
                RestoreSource::Snapshot(_) => "RestoreDBClusterFromSnapshot",
                RestoreSource::LatestOf { .. } | RestoreSource::PointInTime { .. } => "RestoreDBClusterToPointInTime",
            },
            Self::ModifyCluster(_) | Self::RenameCluster { .. } => "ModifyDBCluster",
            Self::DeleteCluster { .. } => "DeleteDBCluster",
            Self::CreateInstance(_) => "CreateDBInstance",
            Self::ModifyInstance(_) | Self::RenameInstance { .. } => "ModifyDBInstance",
            Self::RebootInstance { .. } => "RebootDBInstance",
            Self::DeleteInstance { .. } => "DeleteDBInstance",
            Self::AddRole { .. } => "AddRoleToDBCluster",
            Self::AddTags { .. } => "AddTagsToResource",
            Self::RemoveTags { .. } => "RemoveTagsFromResource",
        }
    }

    /// The name of the thing that is changed or made, for records.
    pub fn object(&self) -> &str {
        match self {
            Self::CopySnapshot(copy) => copy.to.as_str(),
            Self::ShareSnapshot { snapshot, .. }
            | Self::UnshareSnapshot { snapshot, .. }
            | Self::CreateSnapshot { snapshot, .. }
            | Self::DeleteSnapshot { snapshot } => snapshot.as_str(),
            Self::RestoreCluster(restore) => restore.cluster.as_str(),
            Self::ModifyCluster(modify) => modify.cluster.as_str(),
            Self::RenameCluster { from, .. } => from.as_str(),
            Self::DeleteCluster { cluster, .. } | Self::AddRole { cluster, .. } => cluster.as_str(),
            Self::CreateInstance(create) => create.instance.as_str(),
            Self::ModifyInstance(modify) => modify.instance.as_str(),
            Self::RenameInstance { from, .. } => from.as_str(),
            Self::RebootInstance { instance } | Self::DeleteInstance { instance } => instance.as_str(),
            Self::AddTags { resource, .. } | Self::RemoveTags { resource, .. } => resource.as_str(),
        }
    }
}

/// A copy of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotCopy {
    /// What is copied; by ARN where it is in another Region or account.
    pub from: SnapshotAddress,
    /// The name of the copy.
    pub to: SnapshotId,
    /// The key that encrypts the copy. Must be absent for an unencrypted snapshot: RDS refuses the pair.
    pub kms_key: Option<KmsKey>,
    /// The copy's tags. The source's tags are not copied by RDS, because those that begin with `aws:` would be refused.
    pub tags: Tags,
}

/// Where a restored cluster's data come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestoreSource {
    /// A snapshot.
    Snapshot(SnapshotAddress),
    /// A running cluster as it is now.
    LatestOf {
        /// The cluster.
        cluster: ClusterId,
        /// Whether the pages are shared with it and copied on write (a clone) or copied in full.
        method: PointInTimeMethod,
    },
    /// A running cluster as it was at a time within its backup retention.
    PointInTime {
        /// The cluster.
        cluster: ClusterId,
        /// The time.
        at: jiff::Timestamp,
    },
}

/// How `RestoreDBClusterToPointInTime` makes the new volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PointInTimeMethod {
    /// Copy-on-write: minutes, hardly any storage, the same Region.
    Clone,
    /// A full copy.
    FullCopy,
}

/// A cluster to be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterRestore {
    /// Its name.
    pub cluster: ClusterId,
    /// From what.
    pub source: RestoreSource,
    /// The engine. RDS wants it.
    pub engine: String,
    /// The version. Always sent: the Region's default could be older than the snapshot, which RDS refuses.
    pub engine_version: String,
    /// The key for the data; only needed where the snapshot is not encrypted and the cluster shall be.
    pub kms_key: Option<KmsKey>,
    /// What a restore can set at once; the rest follows with [`Change::ModifyCluster`].
    pub settings: ClusterSettings,
    /// Its tags, ours among them.
    pub tags: Tags,
}

/// Changes of a cluster. What is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterModify {
    /// The cluster.
    pub cluster: ClusterId,
    /// A new master password.
    pub master_password: Option<Secret>,
    /// The cluster parameter group.
    pub parameter_group: Option<String>,
    /// The security groups.
    pub security_groups: Option<Vec<String>>,
    /// Days that automated backups are kept.
    pub backup_retention_days: Option<u16>,
    /// The daily window of automated backups, UTC.
    pub backup_window: Option<String>,
    /// The weekly window of maintenance, UTC.
    pub maintenance_window: Option<String>,
    /// Whether the cluster can be deleted.
    pub deletion_protection: Option<bool>,
    /// Whether IAM may be used to log in.
    pub iam_authentication: Option<bool>,
    /// Whether snapshots carry the cluster's tags.
    pub copy_tags_to_snapshot: Option<bool>,
    /// Log types to export from now on.
    pub enable_log_exports: Vec<String>,
    /// Log types to export no longer.
    pub disable_log_exports: Vec<String>,
    /// Capacity of Serverless v2.
    pub serverless_scaling: Option<ServerlessScaling>,
    /// `aurora` or `aurora-iopt1`.
    pub storage_type: Option<String>,
    /// The port.
    pub port: Option<u16>,
}

impl ClusterModify {
    /// A change of nothing, to be filled.
    pub fn of(cluster: ClusterId) -> Self {
        Self {
            cluster,
            master_password: None,
            parameter_group: None,
            security_groups: None,
            backup_retention_days: None,
            backup_window: None,
            maintenance_window: None,
            deletion_protection: None,
            iam_authentication: None,
            copy_tags_to_snapshot: None,
            enable_log_exports: Vec::new(),
            disable_log_exports: Vec::new(),
            serverless_scaling: None,
            storage_type: None,
            port: None,
        }
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        *self == Self::of(self.cluster.clone())
    }
}

/// An instance to be made in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceCreate {
    /// Its name.
    pub instance: InstanceId,
    /// Its cluster.
    pub cluster: ClusterId,
    /// The engine, the same as the cluster's.
    pub engine: String,
    /// Its class and the rest.
    pub settings: InstanceSettings,
    /// Its tags, ours among them.
    pub tags: Tags,
}

/// Changes of an instance. What is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceModify {
    /// The instance.
    pub instance: InstanceId,
    /// The instance parameter group.
    pub parameter_group: Option<String>,
    /// Its place in the order of failover, 0 first.
    pub promotion_tier: Option<u8>,
    /// The weekly window of maintenance, UTC.
    pub maintenance_window: Option<String>,
    /// Whether minor versions are taken automatically.
    pub auto_minor_version_upgrade: Option<bool>,
    /// The certificate authority.
    pub ca_certificate: Option<String>,
}
