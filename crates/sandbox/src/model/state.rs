//! What the world keeps of one account in one Region.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::arn::{ArnKind, arn};
use super::config::PlacedKey;
use super::resources::{
    DbCluster, DbClusterSnapshot, DbInstance, Event, InstanceStatus, KmsKey, ParameterGroup, SnapshotKind, Subnet,
    SubnetGroup,
};
use super::{AccountId, ImageId, RegionName, Secret, VolumeId};

/// Immutable key of a cluster, instance or snapshot. Never used twice.
pub(crate) type Key = u64;

/// Alias of the key that RDS makes for itself in each place.
pub(crate) const DEFAULT_KEY_ALIAS: &str = "aws/rds";

/// Events kept per place; older ones are dropped.
const MAX_EVENTS: usize = 2_000;

/// Index of a place in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct PlaceIx(pub(crate) usize);

/// One account in one Region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlaceState {
    pub(crate) account: AccountId,
    pub(crate) region: RegionName,
    pub(crate) clusters: BTreeMap<Key, ClusterRecord>,
    pub(crate) instances: BTreeMap<Key, InstanceRecord>,
    pub(crate) snapshots: BTreeMap<Key, SnapshotRecord>,
    pub(crate) cluster_parameter_groups: BTreeMap<String, Arc<ParameterGroup>>,
    pub(crate) parameter_groups: BTreeMap<String, Arc<ParameterGroup>>,
    pub(crate) subnet_groups: BTreeMap<String, Arc<SubnetGroup>>,
    pub(crate) keys: Vec<KmsKey>,
    pub(crate) events: VecDeque<Event>,
}

/// A name that still answers after a rename.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FormerName {
    pub(crate) name: String,
    pub(crate) until: Timestamp,
}

/// How the outside sees the name of a thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Naming {
    /// The name does not answer before.
    pub(crate) visible_from: Timestamp,
    pub(crate) former: Option<FormerName>,
    /// The name that a rename under way has reserved.
    pub(crate) reserved: Option<String>,
}

impl Naming {
    pub(crate) const fn new(visible_from: Timestamp) -> Self {
        Self { visible_from, former: None, reserved: None }
    }

    /// Whether the thing answers to `wanted` at this moment.
    pub(crate) fn answers(&self, name: &str, wanted: &str, now: Timestamp) -> bool {
        (name.eq_ignore_ascii_case(wanted) && self.visible_from <= now)
            || self.former.as_ref().is_some_and(|former| former.until > now && former.name.eq_ignore_ascii_case(wanted))
    }

    /// Whether a new thing must not have this name.
    pub(crate) fn takes(&self, name: &str, wanted: &str) -> bool {
        name == wanted || self.reserved.as_deref() == Some(wanted)
    }

    /// Whether lists show the thing.
    pub(crate) fn is_listed(&self, now: Timestamp) -> bool {
        self.visible_from <= now || self.former.as_ref().is_some_and(|former| former.until > now)
    }
}

/// How a cluster came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    Created,
    Restored,
    Cloned,
}

/// A cluster with what only the model knows of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ClusterRecord {
    pub(crate) shown: Arc<DbCluster>,
    pub(crate) naming: Naming,
    pub(crate) volume: VolumeId,
    pub(crate) origin: Origin,
    /// When the status began and when it should end, for the progress of a restore.
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    /// The steps of a modification that are still to come, the current one first.
    pub(crate) phases: VecDeque<ClusterPhase>,
    /// What waits for the maintenance window.
    pub(crate) deferred: Vec<ClusterPhase>,
    /// Whether the data plane was told to start the server.
    pub(crate) serving: bool,
    /// The snapshot that must exist before the cluster may go.
    pub(crate) final_snapshot: Option<Key>,
    /// Whether automated snapshots outlive the cluster.
    pub(crate) keeps_automated: bool,
}

impl ClusterRecord {
    /// Adds steps of a modification. A new name is reserved now, though other steps come first.
    pub(crate) fn plan(&mut self, phases: Vec<ClusterPhase>) {
        for phase in &phases {
            if let ClusterPhase::Rename(name) = phase {
                self.naming.reserved = Some(name.clone());
            }
        }
        self.phases.extend(phases);
    }
}

/// One step of modifying a cluster, and what is true once it is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum ClusterPhase {
    Settle,
    SetPassword(Secret),
    SetIamAuthentication(bool),
    SetStorageType(String),
    Upgrade(String),
    Rename(String),
}

/// An instance with what only the model knows of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct InstanceRecord {
    pub(crate) shown: Arc<DbInstance>,
    pub(crate) naming: Naming,
    pub(crate) cluster: Key,
    pub(crate) phases: VecDeque<InstancePhase>,
    pub(crate) deferred: Vec<InstancePhase>,
    /// The status in which it ends instead of `available`.
    pub(crate) ends_as: Option<InstanceStatus>,
}

impl InstanceRecord {
    /// Adds steps of a modification. A new name is reserved now, though other steps come first.
    pub(crate) fn plan(&mut self, phases: Vec<InstancePhase>) {
        for phase in &phases {
            if let InstancePhase::Rename(name) = phase {
                self.naming.reserved = Some(name.clone());
            }
        }
        self.phases.extend(phases);
    }
}

/// One step of modifying an instance, and what is true once it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum InstancePhase {
    Settle,
    SetClass(String),
    SetCertificate(String),
    Rename(String),
    Reboot,
}

/// A snapshot with what only the model knows of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SnapshotRecord {
    pub(crate) shown: Arc<DbClusterSnapshot>,
    pub(crate) visible_from: Timestamp,
    pub(crate) image: ImageId,
    /// Accounts, or `all`.
    pub(crate) shared_with: BTreeSet<String>,
    /// The snapshot that is being copied into this one.
    pub(crate) copying_from: Option<(PlaceIx, Key)>,
    /// Whether it never ends.
    pub(crate) stuck: bool,
    /// When work on it begins and should end, for its progress.
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

impl SnapshotRecord {
    pub(crate) fn is_manual(&self) -> bool {
        self.shown.snapshot_type == SnapshotKind::Manual
    }

    /// Whether this account may copy and restore it.
    pub(crate) fn is_shared_with(&self, account: &AccountId) -> bool {
        self.shared_with.contains(account.as_str()) || self.is_public()
    }

    pub(crate) fn is_public(&self) -> bool {
        self.shared_with.contains("all")
    }
}

impl PlaceState {
    pub(crate) fn new(account: AccountId, region: RegionName, configured: &[PlacedKey]) -> Self {
        let mut keys = vec![default_key(&account, &region)];
        keys.extend(
            configured
                .iter()
                .filter(|placed| placed.account == account && placed.region == region)
                .map(|placed| placed.key.clone()),
        );
        let default = default_subnet_group(&account, &region);
        Self {
            clusters: BTreeMap::new(),
            instances: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            cluster_parameter_groups: BTreeMap::new(),
            parameter_groups: BTreeMap::new(),
            subnet_groups: BTreeMap::from([(default.name.clone(), Arc::new(default))]),
            keys,
            events: VecDeque::new(),
            account,
            region,
        }
    }

    pub(crate) fn arn(&self, kind: ArnKind, name: &str) -> String {
        arn(self.region.as_str(), self.account.as_str(), kind, name)
    }

    /// The text that tells the endpoints of this place from those of others.
    pub(crate) fn endpoint_hash(&self) -> String {
        token(mix(self.account.as_str(), self.region.as_str(), 0), 12, b"abcdefghijklmnopqrstuvwxyz0123456789")
    }

    /// An id that RDS draws, from the key of the thing.
    pub(crate) fn drawn_id(&self, prefix: &str, key: Key) -> String {
        let seed = mix(self.account.as_str(), self.region.as_str(), key + 1);
        format!("{prefix}{}", token(seed, 26, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
    }

    pub(crate) fn vpc_id(&self) -> String {
        drawn_hex("vpc-", &self.account, &self.region, 1)
    }

    pub(crate) fn default_security_group(&self) -> String {
        drawn_hex("sg-", &self.account, &self.region, 2)
    }

    pub(crate) fn zones(&self) -> Vec<String> {
        ["a", "b", "c"].iter().map(|zone| format!("{}{zone}", self.region)).collect()
    }

    pub(crate) fn record(&mut self, event: Event) {
        if self.events.len() == MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}

fn default_key(account: &AccountId, region: &RegionName) -> KmsKey {
    let hex = drawn_hex("", account, region, 3);
    let key_id = format!("{}-0000-4000-8000-{}", &hex[..8], &hex[5..17]);
    KmsKey { key_id, alias: Some(DEFAULT_KEY_ALIAS.to_owned()), allowed_accounts: BTreeSet::new(), disabled: false }
}

fn default_subnet_group(account: &AccountId, region: &RegionName) -> SubnetGroup {
    SubnetGroup {
        name: "default".to_owned(),
        description: "default".to_owned(),
        arn: arn(region.as_str(), account.as_str(), ArnKind::SubnetGroup, "default"),
        vpc_id: drawn_hex("vpc-", account, region, 1),
        status: "Complete".to_owned(),
        subnets: ["a", "b", "c"]
            .iter()
            .zip(10_u64..)
            .map(|(zone, draw)| Subnet {
                subnet_identifier: drawn_hex("subnet-", account, region, draw),
                availability_zone: format!("{region}{zone}"),
                status: "Active".to_owned(),
            })
            .collect(),
        tag_list: Vec::new(),
    }
}

/// Seventeen hexadecimal digits after a prefix, as in the ids of EC2.
fn drawn_hex(prefix: &str, account: &AccountId, region: &RegionName, draw: u64) -> String {
    let seed = mix(account.as_str(), region.as_str(), draw << 32);
    format!("{prefix}{}", token(seed, 17, b"0123456789abcdef"))
}

/// A seed that differs from place to place and from draw to draw.
fn mix(account: &str, region: &str, draw: u64) -> u64 {
    let text = account.bytes().chain(region.bytes());
    let hash =
        text.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    hash ^ draw.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Letters drawn from a seed: the same seed gives the same letters.
fn token(seed: u64, length: usize, alphabet: &[u8]) -> String {
    let mut state = seed;
    (0..length)
        .map(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = state;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            char::from(alphabet[(word % alphabet.len() as u64) as usize])
        })
        .collect()
}
