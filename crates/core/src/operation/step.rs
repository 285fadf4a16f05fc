//! The steps and what is known of each.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    operation::{Event, Failure},
    request::Strategy,
};

/// A named unit of the plan. The names are part of the contract: functions, states and reports use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Finds the snapshot, looks whether everything can work, and fixes the plan.
    SnapshotCheck,
    /// Brings the snapshot to the target account and Region.
    CopySnapshot,
    /// Makes the staged cluster.
    RestoreSnapshot,
    /// Makes its instances.
    CreateInstances,
    /// Sets what a restore cannot set, and the master password.
    ApplySettings,
    /// Makes the users what the request says.
    SetupDbUsers,
    /// Proves that the data are there.
    VerifyRestore,
    /// Gives the target's name to the new cluster.
    SwitchOver,
    /// Keeps, thins out or deletes the copy.
    ArchiveSnapshot,
    /// Tells people.
    Notify,
}

impl StepKind {
    /// Every step, in the order of the swap strategy.
    pub const ALL: [Self; 10] = [
        Self::SnapshotCheck,
        Self::CopySnapshot,
        Self::RestoreSnapshot,
        Self::CreateInstances,
        Self::ApplySettings,
        Self::SetupDbUsers,
        Self::VerifyRestore,
        Self::SwitchOver,
        Self::ArchiveSnapshot,
        Self::Notify,
    ];

    /// The steps of a strategy in order. `replace` frees the name before it restores, so its switch-over comes first.
    pub fn order(strategy: Strategy) -> &'static [Self] {
        const REPLACE: [StepKind; 10] = [
            StepKind::SnapshotCheck,
            StepKind::CopySnapshot,
            StepKind::SwitchOver,
            StepKind::RestoreSnapshot,
            StepKind::CreateInstances,
            StepKind::ApplySettings,
            StepKind::SetupDbUsers,
            StepKind::VerifyRestore,
            StepKind::ArchiveSnapshot,
            StepKind::Notify,
        ];
        match strategy {
            Strategy::Swap | Strategy::SideBySide => &Self::ALL,
            Strategy::Replace => &REPLACE,
        }
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SnapshotCheck => "snapshot-check",
            Self::CopySnapshot => "copy-snapshot",
            Self::RestoreSnapshot => "restore-snapshot",
            Self::CreateInstances => "create-instances",
            Self::ApplySettings => "apply-settings",
            Self::SetupDbUsers => "setup-db-users",
            Self::VerifyRestore => "verify-restore",
            Self::SwitchOver => "switch-over",
            Self::ArchiveSnapshot => "archive-snapshot",
            Self::Notify => "notify",
        }
    }

    /// Whether the step works in the source account where that is another one: it looks there, copies, shares or cleans up.
    pub fn enters_source(self) -> bool {
        match self {
            Self::SnapshotCheck | Self::CopySnapshot | Self::ArchiveSnapshot => true,
            Self::RestoreSnapshot
            | Self::CreateInstances
            | Self::ApplySettings
            | Self::SetupDbUsers
            | Self::VerifyRestore
            | Self::SwitchOver
            | Self::Notify => false,
        }
    }

    /// Whether the step comes after the point of no return: the name already serves the verified new cluster, so a
    /// failure here is reported and does not take the cluster away again.
    pub fn is_after_point_of_no_return(self) -> bool {
        match self {
            Self::ArchiveSnapshot | Self::Notify => true,
            Self::SnapshotCheck
            | Self::CopySnapshot
            | Self::RestoreSnapshot
            | Self::CreateInstances
            | Self::ApplySettings
            | Self::SetupDbUsers
            | Self::VerifyRestore
            | Self::SwitchOver => false,
        }
    }
}

impl std::fmt::Display for StepKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepStatus {
    /// Not begun.
    Pending,
    /// Begun: its calls may have been made.
    Started,
    /// An attempt failed and another follows.
    Retrying,
    /// Done.
    Finished,
    /// Not needed.
    Skipped,
    /// Failed for good; its calls may have been made.
    Failed,
    /// Failed after the point of no return; the operation went on without it.
    Abandoned,
    /// Being undone.
    UndoStarted,
    /// An attempt to undo it failed and another follows.
    UndoRetrying,
    /// Undone.
    Undone,
    /// Could not be undone.
    UndoFailed,
    /// Could not be undone, and a person has dealt with what it made.
    Waived,
}

impl StepStatus {
    /// Every status, for tests that enumerate them.
    pub const ALL: [Self; 12] = [
        Self::Pending,
        Self::Started,
        Self::Retrying,
        Self::Finished,
        Self::Skipped,
        Self::Failed,
        Self::Abandoned,
        Self::UndoStarted,
        Self::UndoRetrying,
        Self::Undone,
        Self::UndoFailed,
        Self::Waived,
    ];

    /// Whether the way forward is past this step.
    pub fn is_settled(self) -> bool {
        match self {
            Self::Finished | Self::Skipped | Self::Abandoned => true,
            Self::Pending
            | Self::Started
            | Self::Retrying
            | Self::Failed
            | Self::UndoStarted
            | Self::UndoRetrying
            | Self::Undone
            | Self::UndoFailed
            | Self::Waived => false,
        }
    }

    /// Whether the way back still has to pass this step.
    pub fn needs_undo(self) -> bool {
        match self {
            Self::Started
            | Self::Retrying
            | Self::Finished
            | Self::Failed
            | Self::Abandoned
            | Self::UndoStarted
            | Self::UndoRetrying
            | Self::UndoFailed => true,
            Self::Pending | Self::Skipped | Self::Undone | Self::Waived => false,
        }
    }
}

/// Failures that lie further apart than this do not count together.
const FAILURES_COUNT_TOGETHER: SignedDuration = SignedDuration::from_mins(15);

/// What the journal tells of one step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// Which step.
    pub kind: StepKind,
    /// Where it stands.
    pub status: StepStatus,
    /// When its first attempt began.
    pub started_at: Option<Timestamp>,
    /// When it was finished, skipped, abandoned or failed.
    pub ended_at: Option<Timestamp>,
    /// How many attempts were begun on the way forward.
    pub attempts: u32,
    /// How many attempts were begun on the way back.
    pub undo_attempts: u32,
    /// When undoing began, since the last person's word.
    pub undo_started_at: Option<Timestamp>,
    /// From when the bounds in time count: from the first attempt, and anew whenever another executor or a person goes
    /// on with the step, so that a pause of an executor is not a step's fault.
    pub budget_since: Option<Timestamp>,
    /// How many attempts failed in a row, each soon after the one before; see [`StepRecord::failures_in_a_row`]. Counted
    /// anew on the way back.
    pub failures: u32,
    /// When the newest attempt failed.
    pub failed_at: Option<Timestamp>,
    /// Not before this time the next attempt is made.
    pub not_before: Option<Timestamp>,
    /// The newest failure.
    pub failure: Option<Failure>,
    /// Why it was skipped, or why there was nothing to undo.
    pub note: Option<String>,
}

impl StepRecord {
    /// A step that is not begun.
    pub fn pending(kind: StepKind) -> Self {
        Self {
            kind,
            status: StepStatus::Pending,
            started_at: None,
            ended_at: None,
            attempts: 0,
            undo_attempts: 0,
            undo_started_at: None,
            budget_since: None,
            failures: 0,
            failed_at: None,
            not_before: None,
            failure: None,
            note: None,
        }
    }

    /// How many failures in a row one more failure now would make. A step that waits for hours may see a throttled call
    /// now and then: failures count together only if they come soon after one another.
    pub fn failures_in_a_row(&self, now: Timestamp) -> u32 {
        let recent = self.failed_at.is_some_and(|at| now.duration_since(at) < FAILURES_COUNT_TOGETHER);
        if recent { self.failures + 1 } else { 1 }
    }

    /// Lets the bounds count anew.
    pub(super) fn restart_budget(&mut self, at: Timestamp) {
        self.budget_since = self.budget_since.map(|_| at);
        self.failures = 0;
    }

    pub(super) fn note(&mut self, status: StepStatus, event: &Event, at: Timestamp) {
        self.status = status;
        match event {
            Event::StepStarted { .. } => {
                self.started_at.get_or_insert(at);
                self.budget_since.get_or_insert(at);
                self.attempts += 1;
                self.not_before = None;
            }
            Event::StepFinished { .. } => self.ended_at = Some(at),
            Event::StepSkipped { reason, .. } => {
                self.ended_at = Some(at);
                self.note = Some(reason.clone());
            }
            Event::StepFailed { failure, retry_after, .. } => {
                self.failures = self.failures_in_a_row(at);
                self.failed_at = Some(at);
                self.failure = Some(failure.clone());
                self.not_before = retry_after.and_then(|pause| at.checked_add(pause).ok());
                if retry_after.is_none() {
                    self.ended_at = Some(at);
                }
            }
            Event::StepAbandoned { failure, .. } => {
                self.failure = Some(failure.clone());
                self.ended_at = Some(at);
            }
            Event::StepUndoStarted { .. } => {
                if self.undo_started_at.is_none() {
                    self.undo_started_at = Some(at);
                    self.budget_since = Some(at);
                    self.failures = 0;
                }
                self.undo_attempts += 1;
                self.not_before = None;
            }
            Event::StepUndone { note, .. } => self.note.clone_from(note),
            Event::StepUndoWaived { by, note, .. } => self.note = Some(format!("dealt with by {by}: {note}")),
            Event::StepUndoFailed { failure, retry_after, .. } => {
                self.failures = self.failures_in_a_row(at);
                self.failed_at = Some(at);
                self.failure = Some(failure.clone());
                self.not_before = retry_after.and_then(|pause| at.checked_add(pause).ok());
                if retry_after.is_none() {
                    // A person speaks before the next attempt; the budget begins anew then.
                    self.undo_started_at = None;
                }
            }
            Event::Requested { .. }
            | Event::TakenOver { .. }
            | Event::CancelRequested { .. }
            | Event::UndoStarted { .. }
            | Event::BecameStuck { .. }
            | Event::Unstuck { .. }
            | Event::Ended { .. }
            | Event::RetireStarted { .. }
            | Event::RetireFinished { .. }
            | Event::RetireFailed { .. } => {}
        }
    }
}
