//! What a person or a schedule asks for. Plain values; how they are written in a file is the `app` room's business.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{ClusterId, KmsKey, Region, SecretId},
    ports::{SchemaChoice, SnapshotAddress, SnapshotKind},
    settings::{ClusterSettings, InstanceSettings},
    verification::{CustomCheck, IntegrityDepth},
};

/// One restore, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Where the data come from.
    pub source: Source,
    /// Where they shall go.
    pub target: Target,
    /// How the target's name comes to the new cluster.
    pub strategy: Strategy,
    /// How a snapshot is copied, where it has to be.
    pub copy: CopyOptions,
    /// Settings of the cluster that override what the target has today.
    pub settings: ClusterSettings,
    /// The instances.
    pub instances: InstanceOptions,
    /// The engine's version; the snapshot's own without it.
    pub engine_version: Option<String>,
    /// Where passwords are kept.
    pub secrets: SecretRefs,
    /// What becomes of the logins.
    pub users: UserOptions,
    /// What is proven before the switch.
    pub verification: VerificationOptions,
    /// What becomes of the copy afterwards.
    pub archive: ArchivePolicy,
    /// What becomes of the retired cluster.
    pub retirement: Retirement,
    /// Tags for everything that is made.
    pub tags: BTreeMap<String, String>,
    /// Bounds in time and number.
    pub limits: Limits,
}

/// Where the data come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The Region of the snapshot or of the cluster.
    pub region: Region,
    /// What exactly.
    pub selector: SourceSelector,
}

/// Which data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceSelector {
    /// One snapshot.
    Snapshot(SnapshotAddress),
    /// The snapshot named `<prefix>-YYYY-MM-DD`, or the automated one of a cluster `prefix` on that day (UTC).
    ByDate {
        /// What stands before the date.
        prefix: String,
        /// The day, UTC.
        date: Date,
    },
    /// The newest available snapshot of a cluster.
    LatestOf {
        /// The cluster, which need not exist any more.
        cluster: ClusterId,
        /// Which kinds count; empty means all.
        kinds: Vec<SnapshotKind>,
    },
    /// A cluster as it was at a time within its backup retention; in the same account and Region only.
    PointInTime {
        /// The cluster.
        cluster: ClusterId,
        /// The time; the latest restorable one without it.
        at: Option<Timestamp>,
    },
    /// A copy-on-write clone of a running cluster; in the same account and Region only.
    Clone {
        /// The cluster.
        cluster: ClusterId,
    },
}

/// Where the data shall go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The Region.
    pub region: Region,
    /// The name that clients use.
    pub cluster: ClusterId,
    /// Tags that an existing target must bear, so that nobody else's cluster is switched away.
    pub require_tags: BTreeMap<String, String>,
}

/// How the target's name comes to the new cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Restore beside, prove, rename: the name always answers with the old or with a proven new cluster.
    #[default]
    Swap,
    /// The new cluster keeps a name of its own; nothing is renamed or deleted.
    SideBySide,
    /// Final snapshot, delete, restore under the same name: for those who cannot afford two clusters.
    Replace,
}

/// How a snapshot is copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct CopyOptions {
    /// The key for the copy in the target account and Region.
    pub kms_key: Option<KmsKey>,
    /// The key for the intermediate copy in the source account, which the target account must be allowed to use. Needed
    /// where a snapshot cannot be shared as it is: an automated one, or one under the account's default key.
    pub source_kms_key: Option<KmsKey>,
    /// How a snapshot crosses both account and Region.
    pub route: CopyRoute,
}

/// How a snapshot crosses both account and Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum CopyRoute {
    /// One call. RDS can do it since September 2025, not yet in every partition.
    #[default]
    Direct,
    /// First into the target account within the source Region, then across.
    TwoHops,
}

/// The instances of the new cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct InstanceOptions {
    /// How many; as many as the target has today without it, or one.
    pub count: Option<u8>,
    /// Settings for each of them that override what the target's instances have today.
    pub settings: InstanceSettings,
}

/// Where passwords are kept. Only names of secrets, never their content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretRefs {
    /// The master login that the new cluster shall have: `{username, password, database?}`. The user name must be the
    /// snapshot's: RDS cannot change it.
    pub master: SecretId,
    /// The application and read-only logins: `{app_username, app_password, readonly_username, readonly_password}`.
    pub users: Option<SecretId>,
    /// The master login of the source, given so that it can be proven not to work any more.
    pub source_master: Option<SecretId>,
}

/// What becomes of the logins that the data bring along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct UserOptions {
    /// Where the application and the reader may work.
    pub schemas: SchemaChoice,
    /// Login roles of the source that are not locked.
    pub keep_logins: Vec<String>,
}

/// What is proven before the switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationOptions {
    /// The least number of tables.
    pub tables_min: u64,
    /// Databases to look into; empty means all.
    pub databases: Vec<String>,
    /// How deep the structure is checked.
    pub integrity: IntegrityDepth,
    /// Checks of the request's own.
    pub checks: Vec<CustomCheck>,
}

impl Default for VerificationOptions {
    fn default() -> Self {
        Self { tables_min: 1, databases: Vec::new(), integrity: IntegrityDepth::Indexes, checks: Vec::new() }
    }
}

/// What becomes of the copy that the operation made. The source is never deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum ArchivePolicy {
    /// It stays.
    Keep,
    /// It stays, and of the copies that this product made for the target only so many newest ones.
    KeepLast(u16),
    /// It is deleted once the name serves the new cluster.
    #[default]
    Delete,
}

/// What becomes of the retired cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retirement {
    /// How long it is kept after the switch.
    pub retain_old: SignedDuration,
    /// Whether a last snapshot is taken when it ends.
    pub final_snapshot: FinalSnapshot,
}

impl Default for Retirement {
    fn default() -> Self {
        Self { retain_old: SignedDuration::from_hours(24), final_snapshot: FinalSnapshot::Take }
    }
}

/// Whether a last snapshot is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum FinalSnapshot {
    /// Yes.
    #[default]
    Take,
    /// No: what the cluster held is gone.
    Skip,
}

/// Bounds. Each ends a wait that would otherwise have no end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The longest that a copy may take. Large ones take a day; RDS shows no progress while it is queued.
    pub copy: SignedDuration,
    /// The longest that a restore may take.
    pub restore: SignedDuration,
    /// The longest that making the instances may take; crash recovery of the snapshot happens here.
    pub instances: SignedDuration,
    /// The longest that any other step may take.
    pub step: SignedDuration,
    /// How often a step is tried again after a failure that may pass.
    pub attempts_max: u32,
    /// The time between two looks at RDS; see [`crate::engine::pace`] for how it follows the phase.
    pub poll: SignedDuration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            copy: SignedDuration::from_hours(24),
            restore: SignedDuration::from_hours(24),
            instances: SignedDuration::from_hours(6),
            step: SignedDuration::from_hours(2),
            attempts_max: 8,
            poll: SignedDuration::from_secs(30),
        }
    }
}
