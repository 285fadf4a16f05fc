//! What a world is like: how long things take, what is allowed, what is offered.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::resources::{EngineVersion, KmsKey};
use super::{AccountId, RegionName};

/// The settings of a [`World`](super::World).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldConfig {
    /// How long each transition takes at least.
    pub durations: Durations,
    /// How long names stay behind.
    pub lag: ConsistencyLag,
    /// Limits per account and Region.
    pub quotas: Quotas,
    /// Versions on offer.
    pub engine_versions: Vec<EngineVersion>,
    /// Classes that can be ordered for every version.
    pub instance_classes: Vec<String>,
    /// Customer keys; the default key exists in each place.
    pub kms_keys: Vec<PlacedKey>,
    /// Who does the work on real data.
    pub data_plane: DataPlaneMode,
    /// Port of a new cluster for which none is named.
    pub default_port: u16,
}

/// Whether there is real data, and whether statuses wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataPlaneMode {
    /// No work is handed out; endpoints are host names like those of RDS.
    None,
    /// Work is handed out for information; nothing waits for it, and endpoints are as with `None`.
    Observed,
    /// Work is handed out and waited for; endpoints are where the data plane says.
    Attached,
}

/// A customer key and where it lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlacedKey {
    /// Account that owns it.
    pub account: AccountId,
    /// Region where it lives.
    pub region: RegionName,
    /// The key.
    pub key: KmsKey,
}

/// How long each transition takes at least.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Durations {
    /// Until an empty cluster is available.
    pub create_cluster: SignedDuration,
    /// Until a restored cluster is available.
    pub restore_cluster: SignedDuration,
    /// Until a copy-on-write clone is available.
    pub clone_cluster: SignedDuration,
    /// From available until restorable times are known.
    pub first_backup: SignedDuration,
    /// `modifying`.
    pub modify_cluster: SignedDuration,
    /// `resetting-master-credentials`.
    pub reset_password: SignedDuration,
    /// `renaming`.
    pub rename_cluster: SignedDuration,
    /// `upgrading`.
    pub upgrade_cluster: SignedDuration,
    /// `stopping`.
    pub stop_cluster: SignedDuration,
    /// `starting`.
    pub start_cluster: SignedDuration,
    /// `deleting`.
    pub delete_cluster: SignedDuration,
    /// Until an instance is available.
    pub create_instance: SignedDuration,
    /// `modifying`.
    pub modify_instance: SignedDuration,
    /// `renaming`, with a reboot.
    pub rename_instance: SignedDuration,
    /// `rebooting`.
    pub reboot_instance: SignedDuration,
    /// `deleting`.
    pub delete_instance: SignedDuration,
    /// `creating`.
    pub take_snapshot: SignedDuration,
    /// A copy waits at 0 % first.
    pub queue_copy: SignedDuration,
    /// Then it copies.
    pub copy_snapshot: SignedDuration,
    /// From a changed parameter group to `pending-reboot`.
    pub apply_parameters: SignedDuration,
}

impl Durations {
    /// As in a busy Region with a large database: hours in all.
    pub const fn realistic() -> Self {
        Self {
            create_cluster: SignedDuration::from_mins(4),
            restore_cluster: SignedDuration::from_mins(35),
            clone_cluster: SignedDuration::from_mins(6),
            first_backup: SignedDuration::from_mins(5),
            modify_cluster: SignedDuration::from_mins(2),
            reset_password: SignedDuration::from_secs(90),
            rename_cluster: SignedDuration::from_mins(2),
            upgrade_cluster: SignedDuration::from_mins(20),
            stop_cluster: SignedDuration::from_mins(10),
            start_cluster: SignedDuration::from_mins(10),
            delete_cluster: SignedDuration::from_mins(3),
            create_instance: SignedDuration::from_mins(12),
            modify_instance: SignedDuration::from_mins(6),
            rename_instance: SignedDuration::from_mins(3),
            reboot_instance: SignedDuration::from_mins(2),
            delete_instance: SignedDuration::from_mins(6),
            take_snapshot: SignedDuration::from_mins(8),
            queue_copy: SignedDuration::from_mins(30),
            copy_snapshot: SignedDuration::from_mins(70),
            apply_parameters: SignedDuration::from_secs(60),
        }
    }

    /// Long enough to see each status, short enough to wait for: for demonstrations and tests.
    pub const fn quick() -> Self {
        let blink = SignedDuration::from_millis(200);
        let moment = SignedDuration::from_millis(600);
        let while_ = SignedDuration::from_millis(1_200);
        Self {
            create_cluster: moment,
            restore_cluster: while_,
            clone_cluster: moment,
            first_backup: blink,
            modify_cluster: blink,
            reset_password: blink,
            rename_cluster: blink,
            upgrade_cluster: moment,
            stop_cluster: moment,
            start_cluster: moment,
            delete_cluster: moment,
            create_instance: while_,
            modify_instance: moment,
            rename_instance: blink,
            reboot_instance: moment,
            delete_instance: moment,
            take_snapshot: while_,
            queue_copy: blink,
            copy_snapshot: while_,
            apply_parameters: blink,
        }
    }

    /// No waiting: a transition ends at the next tick after it began.
    pub const fn zero() -> Self {
        let none = SignedDuration::ZERO;
        Self {
            create_cluster: none,
            restore_cluster: none,
            clone_cluster: none,
            first_backup: none,
            modify_cluster: none,
            reset_password: none,
            rename_cluster: none,
            upgrade_cluster: none,
            stop_cluster: none,
            start_cluster: none,
            delete_cluster: none,
            create_instance: none,
            modify_instance: none,
            rename_instance: none,
            reboot_instance: none,
            delete_instance: none,
            take_snapshot: none,
            queue_copy: none,
            copy_snapshot: none,
            apply_parameters: none,
        }
    }
}

/// How long names stay behind the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyLag {
    /// A new thing is not found for this long.
    pub after_create: SignedDuration,
    /// The old name answers and the new one does not, for this long.
    pub after_rename: SignedDuration,
}

impl ConsistencyLag {
    /// Names are right at once.
    pub const NONE: Self = Self { after_create: SignedDuration::ZERO, after_rename: SignedDuration::ZERO };
}

/// Limits per account and Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotas {
    /// Clusters.
    pub clusters: usize,
    /// Instances.
    pub instances: usize,
    /// Manual cluster snapshots.
    pub manual_snapshots: usize,
    /// Copies in progress into one Region.
    pub copies_in_progress: usize,
    /// Parameter groups for clusters, and as many for instances.
    pub cluster_parameter_groups: usize,
    /// IAM roles of one cluster.
    pub roles_per_cluster: usize,
    /// Accounts with which one snapshot is shared.
    pub accounts_per_shared_snapshot: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            clusters: 40,
            instances: 40,
            manual_snapshots: 100,
            copies_in_progress: 5,
            cluster_parameter_groups: 50,
            roles_per_cluster: 5,
            accounts_per_shared_snapshot: 20,
        }
    }
}

impl WorldConfig {
    /// A world that offers Aurora PostgreSQL and Multi-AZ DB clusters of this major version, with default quotas, names
    /// that are right at once, and no data plane.
    pub fn postgresql(major: u32, durations: Durations) -> Self {
        Self {
            durations,
            lag: ConsistencyLag::NONE,
            quotas: Quotas::default(),
            engine_versions: aurora_postgresql(major).into_iter().chain([postgres(major)]).collect(),
            instance_classes: CLASSES.iter().map(|class| (*class).to_owned()).collect(),
            kms_keys: Vec::new(),
            data_plane: DataPlaneMode::None,
            default_port: 5432,
        }
    }
}

/// Classes on offer unless the configuration says otherwise.
const CLASSES: &[&str] = &[
    "db.r6g.large",
    "db.r6g.xlarge",
    "db.r6g.2xlarge",
    "db.r7g.large",
    "db.serverless",
    "db.t3.medium",
    "db.t4g.medium",
    "db.t4g.large",
];

/// Minor versions on offer. The default is in the middle: a newer snapshot refuses it, as in real life.
const MINORS: &[u32] = &[3, 4, 5, 6, 7, 8];
const DEFAULT_MINOR: u32 = 6;

/// The versions of Aurora PostgreSQL of one major version.
pub fn aurora_postgresql(major: u32) -> Vec<EngineVersion> {
    MINORS
        .iter()
        .map(|minor| EngineVersion {
            engine: "aurora-postgresql".to_owned(),
            engine_version: format!("{major}.{minor}"),
            major_engine_version: major.to_string(),
            db_parameter_group_family: format!("aurora-postgresql{major}"),
            is_default: *minor == DEFAULT_MINOR,
            valid_upgrade_targets: MINORS
                .iter()
                .filter(|target| *target > minor)
                .map(|target| format!("{major}.{target}"))
                .collect(),
        })
        .collect()
}

/// The one version of Multi-AZ DB clusters on offer.
fn postgres(major: u32) -> EngineVersion {
    EngineVersion {
        engine: "postgres".to_owned(),
        engine_version: format!("{major}.{DEFAULT_MINOR}"),
        major_engine_version: major.to_string(),
        db_parameter_group_family: format!("postgres{major}"),
        is_default: true,
        valid_upgrade_targets: Vec::new(),
    }
}
