//! What finished steps found and made: typed fields, not a map of strings.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{Arn, ClusterId, InstanceId, ResourceId, SnapshotId},
    operation::StepKind,
    plan::Plan,
    ports::{DatabaseFingerprint, Endpoint, Location, SnapshotAddress, UserSetupOutcome},
    settings::SettingComparison,
    verification::CheckResult,
};

/// A copy that the operation made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyMade {
    /// Where.
    pub location: Location,
    /// Its name.
    pub snapshot: SnapshotId,
    /// Its ARN.
    pub arn: Arn,
}

/// What `copy-snapshot` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotCopied {
    /// What to restore from.
    pub restore_from: SnapshotAddress,
    /// The copies in the order in which they were made; the last one is restored from.
    pub copies: Vec<CopyMade>,
}

/// What `restore-snapshot` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoredCluster {
    /// The name under which it was made.
    pub cluster: ClusterId,
    /// Which cluster it is, whatever it is called later.
    pub resource_id: ResourceId,
}

/// An instance that the operation made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceMade {
    /// The name under which it was made.
    pub instance: InstanceId,
    /// Which instance it is, whatever it is called later.
    pub resource_id: ResourceId,
}

/// What `create-instances` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstancesReady {
    /// The instances, the writer first.
    pub instances: Vec<InstanceMade>,
    /// Where the cluster is written to while it bears the name under which it was made.
    pub endpoint: Endpoint,
}

/// What `apply-settings` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsApplied {
    /// Every wished field with what RDS shows.
    pub comparison: Vec<SettingComparison>,
}

/// What `setup-db-users` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsersReady {
    /// What was done to the users, with the proofs.
    pub outcome: UserSetupOutcome,
}

/// What `verify-restore` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Every check.
    pub checks: Vec<CheckResult>,
    /// What the content looks like.
    pub fingerprint: DatabaseFingerprint,
    /// When it was proven: the recovery time ends here for a side-by-side restore.
    pub verified_at: Timestamp,
}

/// The cluster that bore the target's name before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredCluster {
    /// Its name now. For `replace` the name that it had: it exists as the final snapshot only.
    pub cluster: ClusterId,
    /// Which cluster it is.
    pub resource_id: ResourceId,
    /// Its instances' names now.
    pub instances: Vec<InstanceId>,
    /// Its last snapshot, where one was taken.
    pub final_snapshot: Option<SnapshotId>,
}

/// What `switch-over` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchedOver {
    /// Where clients connect. Missing for `replace`, where the name is only free yet.
    pub endpoint: Option<Endpoint>,
    /// When the name served the new cluster, proven by a login (for `replace`: when the name was free).
    pub switched_at: Timestamp,
    /// The longest that the name may not have answered: from the mark before the first rename to a login once all
    /// instances have their names. An upper bound: in between it answers, except while an instance restarts.
    pub name_unanswered_max: Option<SignedDuration>,
    /// The cluster that bore the name before, if there was one.
    pub retired: Option<RetiredCluster>,
}

/// What `archive-snapshot` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveOutcome {
    /// Copies that stay.
    pub kept: Vec<SnapshotId>,
    /// Copies that were deleted.
    pub deleted: Vec<SnapshotId>,
}

/// What `notify` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeSent {
    /// The subject.
    pub subject: String,
}

/// What one step gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepFacts {
    /// The plan.
    SnapshotCheck(Box<Plan>),
    /// The copies.
    CopySnapshot(SnapshotCopied),
    /// The staged cluster.
    RestoreSnapshot(RestoredCluster),
    /// Its instances.
    CreateInstances(InstancesReady),
    /// The comparison of settings.
    ApplySettings(SettingsApplied),
    /// The users.
    SetupDbUsers(UsersReady),
    /// The checks.
    VerifyRestore(Verified),
    /// The switch.
    SwitchOver(SwitchedOver),
    /// What became of the copies.
    ArchiveSnapshot(ArchiveOutcome),
    /// The notice.
    Notify(NoticeSent),
}

impl StepFacts {
    /// The step that gives them.
    pub fn step(&self) -> StepKind {
        match self {
            Self::SnapshotCheck(_) => StepKind::SnapshotCheck,
            Self::CopySnapshot(_) => StepKind::CopySnapshot,
            Self::RestoreSnapshot(_) => StepKind::RestoreSnapshot,
            Self::CreateInstances(_) => StepKind::CreateInstances,
            Self::ApplySettings(_) => StepKind::ApplySettings,
            Self::SetupDbUsers(_) => StepKind::SetupDbUsers,
            Self::VerifyRestore(_) => StepKind::VerifyRestore,
            Self::SwitchOver(_) => StepKind::SwitchOver,
            Self::ArchiveSnapshot(_) => StepKind::ArchiveSnapshot,
            Self::Notify(_) => StepKind::Notify,
        }
    }
}

/// What all finished steps gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// From `snapshot-check`. Shared, because an operation is copied for every entry and its plan never changes.
    pub plan: Option<Arc<Plan>>,
    /// From `copy-snapshot`; missing where it was skipped.
    pub copy: Option<SnapshotCopied>,
    /// From `restore-snapshot`.
    pub restored: Option<RestoredCluster>,
    /// From `create-instances`.
    pub instances: Option<InstancesReady>,
    /// From `apply-settings`.
    pub settings: Option<SettingsApplied>,
    /// From `setup-db-users`.
    pub users: Option<UsersReady>,
    /// From `verify-restore`.
    pub verified: Option<Verified>,
    /// Every check of the newest verification that refused the data. A verification that then passes leaves it: the
    /// checks of [`Verified`] come before it.
    pub refused: Vec<CheckResult>,
    /// From `switch-over`.
    pub switch_over: Option<SwitchedOver>,
    /// From `archive-snapshot`.
    pub archive: Option<ArchiveOutcome>,
    /// From `notify`.
    pub notice: Option<NoticeSent>,
}

impl Facts {
    pub(super) fn take(&mut self, facts: StepFacts) {
        match facts {
            StepFacts::SnapshotCheck(plan) => self.plan = Some(Arc::from(plan)),
            StepFacts::CopySnapshot(copied) => self.copy = Some(copied),
            StepFacts::RestoreSnapshot(restored) => self.restored = Some(restored),
            StepFacts::CreateInstances(ready) => self.instances = Some(ready),
            StepFacts::ApplySettings(applied) => self.settings = Some(applied),
            StepFacts::SetupDbUsers(users) => self.users = Some(users),
            StepFacts::VerifyRestore(verified) => self.verified = Some(verified),
            StepFacts::SwitchOver(switched) => self.switch_over = Some(switched),
            StepFacts::ArchiveSnapshot(archived) => self.archive = Some(archived),
            StepFacts::Notify(notice) => self.notice = Some(notice),
        }
    }
}
