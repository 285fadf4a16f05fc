//! A cluster snapshot as a describe shows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{SnapshotStatus, Tag};

/// A snapshot of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DbClusterSnapshot {
    /// Name; those of automated snapshots begin with `rds:`.
    pub db_cluster_snapshot_identifier: String,
    /// ARN.
    pub db_cluster_snapshot_arn: String,
    /// Name of the cluster when the snapshot was taken.
    pub db_cluster_identifier: String,
    /// Immutable id of that cluster.
    pub db_cluster_resource_id: String,
    /// Who made it.
    pub snapshot_type: SnapshotKind,
    /// Status.
    pub status: SnapshotStatus,
    /// 0 to 100; a copy that is still queued stays at 0.
    pub percent_progress: u8,
    /// Absent at first while creating.
    pub snapshot_create_time: Option<Timestamp>,
    /// When the cluster was created.
    pub cluster_create_time: Timestamp,
    /// Engine of the cluster.
    pub engine: String,
    /// Its mode.
    pub engine_mode: String,
    /// Its version when the snapshot was taken.
    pub engine_version: String,
    /// Licence.
    pub license_model: String,
    /// Its master user.
    pub master_username: String,
    /// Its port.
    pub port: u16,
    /// Its VPC; empty for a copy from elsewhere.
    pub vpc_id: String,
    /// Its zones.
    pub availability_zones: Vec<String>,
    /// Size in GiB.
    pub allocated_storage: u32,
    /// Its storage type.
    pub storage_type: Option<String>,
    /// Whether the data is encrypted.
    pub storage_encrypted: bool,
    /// ARN of the key, when encrypted.
    pub kms_key_id: Option<String>,
    /// Setting of the cluster; a restore does not keep it.
    pub iam_database_authentication_enabled: bool,
    /// Setting of the cluster.
    pub backup_retention_period: u32,
    /// Setting of the cluster.
    pub preferred_backup_window: String,
    /// Snapshot that this one is a copy of.
    pub source_db_cluster_snapshot_arn: Option<String>,
    /// Tags, by key; not shown to other accounts.
    pub tag_list: Vec<Tag>,
}

/// Who made a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SnapshotKind {
    /// The daily backup; it goes with its cluster.
    Automated,
    /// A user, or a copy.
    Manual,
    /// Another account, which shares it: shown to others only.
    Shared,
    /// Another account, which has made it public: shown to others only.
    Public,
}

impl SnapshotKind {
    /// The text that RDS shows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automated => "automated",
            Self::Manual => "manual",
            Self::Shared => "shared",
            Self::Public => "public",
        }
    }
}

/// Attributes of a manual snapshot: with whom it is shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotAttributes {
    /// Name of the snapshot.
    pub db_cluster_snapshot_identifier: String,
    /// The attributes; `restore` is the only one.
    pub attributes: Vec<SnapshotAttribute>,
}

/// One attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotAttribute {
    /// `restore`.
    pub attribute_name: String,
    /// Account ids, or `all` when public.
    pub attribute_values: Vec<String>,
}
