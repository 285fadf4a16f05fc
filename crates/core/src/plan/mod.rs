//! The plan: request + observed facts -> what will be made, changed and deleted, under which names, in which order.
//!
//! A plan is a value. Making it changes nothing; the steps read it and decide nothing that stands in it.

mod checks;
mod crossing;
mod make;
mod names;
mod observe;
mod outline;
mod route;
pub mod secrets;

pub use make::{PlanError, is_digest, make};
pub use names::{NameInputs, Names};
pub use outline::{Outline, OutlineLine, Verb};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    catalogue::ErrorCode,
    ids::{AccountId, ClusterId, InstanceId, KmsKey, OperationId, ResourceId, SnapshotId},
    ports::{Location, RestoreSource, Side, Snapshot, SnapshotAddress, TargetKey},
    request::Strategy,
    settings::{ClusterSettings, InstanceSettings},
};

/// The plan of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Whose plan it is; all names follow from it.
    pub operation_id: OperationId,
    /// A digest of the request and of what was found. Two plans with the same digest do the same.
    pub digest: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// How the name comes to the new cluster.
    pub strategy: Strategy,
    /// What is locked.
    pub target_key: TargetKey,
    /// Where the target is.
    pub target_location: Location,
    /// Where the source is.
    pub source_location: Location,
    /// The snapshot, where one is restored from.
    pub snapshot: Option<Snapshot>,
    /// How the snapshot comes to the target; empty where it can be used as it is.
    pub hops: Vec<CopyHop>,
    /// What the new cluster is restored from, if no hop comes before it.
    pub restore_source: RestoreSource,
    /// The key for the restore, where the snapshot is not encrypted and the cluster shall be.
    pub restore_kms_key: Option<KmsKey>,
    /// The engine.
    pub engine: String,
    /// The version of the new cluster.
    pub engine_version: String,
    /// The master user, which the snapshot brings along.
    pub master_username: Option<String>,
    /// The cluster that bears the target's name now.
    pub existing: Option<ExistingTarget>,
    /// The names.
    pub names: Names,
    /// The settings of the new cluster.
    pub settings: ClusterSettings,
    /// The settings of its instances, the writer's first.
    pub instances: Vec<InstanceSettings>,
    /// What a person should know and what does not stand in the way.
    pub warnings: Vec<Finding>,
}

impl Plan {
    /// The source account, where something is copied or shared there: the snapshot's owner. None where all is done in the target account.
    pub(crate) fn source_worked_in(&self) -> Option<AccountId> {
        let is_there = |location: &Location| location.side == Side::Source;
        let works_there = |hop: &CopyHop| {
            is_there(&hop.location) || hop.share_first.as_ref().is_some_and(|share| is_there(&share.location))
        };
        if !self.hops.iter().any(works_there) {
            return None;
        }
        self.snapshot.as_ref().and_then(Snapshot::owner)
    }
}

/// One copy on the way of a snapshot to the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyHop {
    /// Where the copy is made.
    pub location: Location,
    /// Of what.
    pub from: SnapshotAddress,
    /// Under which name.
    pub to: SnapshotId,
    /// With which key.
    pub kms_key: Option<KmsKey>,
    /// Where what is copied has first to be shared, and with whom.
    pub share_first: Option<Share>,
}

/// Sharing a snapshot of the source account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Where the snapshot is.
    pub location: Location,
    /// The snapshot.
    pub snapshot: SnapshotId,
    /// With whom.
    pub with: AccountId,
}

/// The cluster that bears the target's name while the plan is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExistingTarget {
    /// Which cluster it is.
    pub resource_id: ResourceId,
    /// Its name: the target's.
    pub cluster: ClusterId,
    /// Its engine.
    pub engine: String,
    /// Its engine's version.
    pub engine_version: String,
    /// Its settings, restored if the strategy has to bring it back.
    pub settings: ClusterSettings,
    /// Its instances, the writer first.
    pub instances: Vec<ExistingInstance>,
    /// Whether an earlier operation of this product made it.
    pub made_by_us: bool,
}

/// An instance of the existing target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExistingInstance {
    /// Its name.
    pub instance: InstanceId,
    /// Which instance it is.
    pub resource_id: ResourceId,
    /// Its settings.
    pub settings: InstanceSettings,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Warning,
    /// The operation would be refused: there is no plan.
    Refusal,
}

/// Something that the preflight found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its code in the catalogue.
    pub code: ErrorCode,
    /// Its weight.
    pub severity: Severity,
    /// What was found, on which object: a lower-case fragment.
    pub message: String,
    /// What to do, if more is known than the catalogue says.
    pub hint: Option<String>,
}
