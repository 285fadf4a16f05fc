//! What RDS shows: clusters, instances, snapshots and what they refer to.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, Arn, ClusterId, InstanceId, KmsKey, ResourceId, SnapshotId},
    settings::{ClusterSettings, InstanceSettings},
};

/// Tags of a resource.
pub type Tags = BTreeMap<String, String>;

/// Host and port where a cluster or an instance listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// A DNS name, or an address on a local setup.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

/// What RDS says about a cluster's condition (Aurora User Guide, "Viewing DB cluster status").
///
/// RDS documents the names and adds new ones; [`ClusterStatus::Other`] keeps an unknown one so that it can be logged
/// and waited out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterStatus {
    /// Can be used and changed.
    Available,
    /// Being deleted.
    Deleting,
    /// Stopped by someone.
    Stopped,
    /// An automated backup is running; some changes are refused meanwhile.
    BackingUp,
    /// Will not become available: nothing but deletion helps. Holds RDS's own word.
    Failed(String),
    /// On its way somewhere. Holds RDS's own word, such as `creating` or `renaming`.
    Changing(String),
    /// A word that this version does not know.
    Other(String),
}

impl ClusterStatus {
    /// Reads RDS's word.
    pub fn from_word(word: &str) -> Self {
        match word {
            "available" => Self::Available,
            "deleting" => Self::Deleting,
            "stopped" => Self::Stopped,
            "backing-up" => Self::BackingUp,
            "cloning-failed"
            | "inaccessible-encryption-credentials"
            | "migration-failed"
            | "failed"
            | "incompatible-restore"
            | "incompatible-parameters"
            | "inaccessible-encryption-credentials-recoverable" => Self::Failed(word.to_owned()),
            "backtracking"
            | "creating"
            | "failing-over"
            | "maintenance"
            | "migrating"
            | "modifying"
            | "promoting"
            | "renaming"
            | "rebooting"
            | "resetting-master-credentials"
            | "starting"
            | "stopping"
            | "update-iam-db-auth"
            | "upgrading" => Self::Changing(word.to_owned()),
            _ => Self::Other(word.to_owned()),
        }
    }

    /// RDS's word.
    pub fn word(&self) -> &str {
        match self {
            Self::Available => "available",
            Self::Deleting => "deleting",
            Self::Stopped => "stopped",
            Self::BackingUp => "backing-up",
            Self::Failed(word) | Self::Changing(word) | Self::Other(word) => word,
        }
    }
}

/// What RDS says about an instance's condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceStatus {
    /// Can be used and changed.
    Available,
    /// Being deleted.
    Deleting,
    /// Will not become available. Holds RDS's own word.
    Failed(String),
    /// On its way somewhere, or a word that this version does not know.
    Changing(String),
}

impl InstanceStatus {
    /// Reads RDS's word.
    pub fn from_word(word: &str) -> Self {
        match word {
            "available" => Self::Available,
            "deleting" => Self::Deleting,
            "failed"
            | "incompatible-network"
            | "incompatible-option-group"
            | "incompatible-parameters"
            | "incompatible-restore"
            | "insufficient-capacity"
            | "restore-error"
            | "storage-full"
            | "inaccessible-encryption-credentials" => Self::Failed(word.to_owned()),
            _ => Self::Changing(word.to_owned()),
        }
    }

    /// RDS's word.
    pub fn word(&self) -> &str {
        match self {
            Self::Available => "available",
            Self::Deleting => "deleting",
            Self::Failed(word) | Self::Changing(word) => word,
        }
    }
}

/// Whether an instance runs with the cluster parameter group's present values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterGroupStatus {
    /// It does.
    InSync,
    /// After a reboot it will.
    PendingReboot,
    /// RDS's own word for anything else, such as `applying`.
    Other(String),
}

/// A member of a cluster as the cluster shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterMember {
    /// The instance.
    pub instance: InstanceId,
    /// Whether it is the writer.
    pub writer: bool,
    /// The state of its cluster parameters.
    pub parameter_group_status: ParameterGroupStatus,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its present name.
    pub id: ClusterId,
    /// Its ARN, which changes with the name.
    pub arn: Arn,
    /// Its immutable id.
    pub resource_id: ResourceId,
    /// Its condition.
    pub status: ClusterStatus,
    /// `aurora-postgresql` or `aurora-mysql` for Aurora.
    pub engine: String,
    /// For example `16.4`.
    pub engine_version: String,
    /// The writer's endpoint, once there is one.
    pub endpoint: Option<Endpoint>,
    /// The readers' endpoint, once there is one.
    pub reader_endpoint: Option<Endpoint>,
    /// Its instances.
    pub members: Vec<ClusterMember>,
    /// The name of the master user.
    pub master_username: Option<String>,
    /// The database made with the cluster.
    pub database_name: Option<String>,
    /// Whether the data are encrypted.
    pub encrypted: bool,
    /// With which key.
    pub kms_key: Option<KmsKey>,
    /// Null until a restore is complete.
    pub earliest_restorable: Option<Timestamp>,
    /// Null until a restore is complete.
    pub latest_restorable: Option<Timestamp>,
    /// Whether it belongs to a global database; such a cluster is never touched.
    pub in_global_database: bool,
    /// Settings that a restore does not bring back.
    pub settings: ClusterSettings,
    /// Its tags.
    pub tags: Tags,
}

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its present name.
    pub id: InstanceId,
    /// Its ARN, which changes with the name.
    pub arn: Arn,
    /// The cluster that it belongs to, if any.
    pub cluster: Option<ClusterId>,
    /// Its immutable id (`db-…`).
    pub resource_id: ResourceId,
    /// Its condition.
    pub status: InstanceStatus,
    /// Its own endpoint, once there is one.
    pub endpoint: Option<Endpoint>,
    /// Settings that have to be given again.
    pub settings: InstanceSettings,
    /// Its tags.
    pub tags: Tags,
}

/// How a snapshot came to be, or how we come to see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SnapshotKind {
    /// Made by a person or a tool; AWS Backup's count as manual in Aurora.
    Manual,
    /// Made by RDS every day, named `rds:…`, gone with the cluster.
    Automated,
    /// Shared with us by another account; addressed by ARN only.
    Shared,
}

/// A snapshot's condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SnapshotStatus {
    /// Can be restored and copied.
    Available,
    /// Being made.
    Creating,
    /// Being copied.
    Copying,
    /// Will not become available. Holds RDS's own word.
    Failed(String),
    /// Being deleted.
    Deleting,
    /// A word that this version does not know.
    Other(String),
}

impl SnapshotStatus {
    /// Reads RDS's word.
    pub fn from_word(word: &str) -> Self {
        match word {
            "available" => Self::Available,
            "creating" => Self::Creating,
            "copying" => Self::Copying,
            "deleting" => Self::Deleting,
            "failed" | "incompatible-restore" | "incompatible-parameters" => Self::Failed(word.to_owned()),
            _ => Self::Other(word.to_owned()),
        }
    }

    /// RDS's word.
    pub fn word(&self) -> &str {
        match self {
            Self::Available => "available",
            Self::Creating => "creating",
            Self::Copying => "copying",
            Self::Deleting => "deleting",
            Self::Failed(word) | Self::Other(word) => word,
        }
    }
}

/// How a snapshot is addressed: by name in its own account and Region, else by ARN.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SnapshotAddress {
    /// By name.
    Name(SnapshotId),
    /// By ARN; needed for a shared one and for one in another Region.
    Arn(Arn),
}

impl SnapshotAddress {
    /// The name or the ARN, as RDS takes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Name(name) => name.as_str(),
            Self::Arn(arn) => arn.as_str(),
        }
    }
}

impl fmt::Display for SnapshotAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A cluster snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its name; for a shared one the last part of its ARN.
    pub id: SnapshotId,
    /// Its ARN.
    pub arn: Arn,
    /// Of which cluster.
    pub cluster: ClusterId,
    /// How it came to be.
    pub kind: SnapshotKind,
    /// Its condition.
    pub status: SnapshotStatus,
    /// 0 to 100; 0 while it is queued, which may be long.
    pub percent: u8,
    /// When it was made. Missing while it is being made.
    pub created_at: Option<Timestamp>,
    /// The engine.
    pub engine: String,
    /// The engine's version when the snapshot was made.
    pub engine_version: String,
    /// Allocated storage in GiB; 0 where RDS does not say.
    pub size_gib: u32,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// With which key.
    pub kms_key: Option<KmsKey>,
    /// The master user at that time.
    pub master_username: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Snapshot {
    /// The account that owns it, as its ARN says.
    pub fn owner(&self) -> Option<AccountId> {
        self.arn.account()
    }
}

/// A parameter group, of clusters or of instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterGroup {
    /// Its name.
    pub name: String,
    /// Its family, such as `aurora-postgresql16`.
    pub family: String,
}

/// A subnet group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetGroup {
    /// Its name.
    pub name: String,
    /// Its VPC.
    pub vpc: String,
    /// The Availability Zones that it covers.
    pub zones: Vec<String>,
}

/// A version of an engine that can be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineVersion {
    /// For example `16.4`.
    pub version: String,
    /// The family that its parameter groups must have.
    pub parameter_group_family: String,
}

/// An instance class that can be ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderableClass {
    /// For example `db.r6g.large` or `db.serverless`.
    pub class: String,
    /// The Availability Zones that have it.
    pub zones: Vec<String>,
}

/// One quota of the account in a Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountQuota {
    /// RDS's name for it, such as `DBClusters` or `ManualClusterSnapshots`.
    pub name: String,
    /// How much is used.
    pub used: u64,
    /// How much may be used.
    pub max: u64,
}
