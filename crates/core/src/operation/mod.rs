//! An operation: one restore from request to end, as the replay of its journal.
//!
//! [`Operation`] is only ever changed by [`Operation::apply`], which asks the one transition table
//! ([`transition::next`]). Running and recovering go through the same door.

mod event;
mod facts;
mod failure;
mod step;
pub mod transition;

pub use event::{CancelRequest, Direction, End, Event, EventKind, UndoReason};
pub use facts::{
    ArchiveOutcome, CopyMade, Facts, InstanceMade, InstancesReady, NoticeSent, RestoredCluster, RetiredCluster,
    SettingsApplied, SnapshotCopied, StepFacts, SwitchedOver, UsersReady, Verified,
};
pub use failure::{Failure, FailureClass};
pub use step::{StepKind, StepRecord, StepStatus};
pub use transition::{IllegalEvent, Phase};

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{ExecutorId, OperationId},
    request::{Request, Strategy},
};

/// The status that people and queries see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Being done or being undone.
    InProgress,
    /// The name serves the verified new cluster.
    Completed,
    /// Failed, and undone.
    Failed,
    /// Cancelled, and undone.
    Cancelled,
    /// Neither finished nor undone: a person must act.
    Stuck,
}

impl Status {
    /// The word as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::Stuck => "STUCK",
        }
    }

    /// Whether it has come to an end by itself: one that is stuck has not.
    pub fn has_ended(self) -> bool {
        match self {
            Self::Completed | Self::Failed | Self::Cancelled => true,
            Self::InProgress | Self::Stuck => false,
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::InProgress, Self::Completed, Self::Failed, Self::Cancelled, Self::Stuck]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// Where a step stands at the moment. Not journalled: the last value wins, and losing one is harmless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The step.
    pub step: StepKind,
    /// One line, such as "copying, 40 % done".
    pub text: String,
    /// 0 to 100 where RDS says so; never invented.
    pub percent: Option<u8>,
}

/// An operation as its journal tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// What was asked for. Shared, because an operation is copied for every entry and its request never changes.
    pub request: Arc<Request>,
    /// The digest of the plan that a person has seen, if one was shown.
    pub approved_plan: Option<String>,
    /// Who executes it, as of the newest entry that says so.
    pub executor: ExecutorId,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When the newest entry was made.
    pub updated_at: Timestamp,
    /// Where it stands.
    pub phase: Phase,
    /// Its steps in the order of its strategy.
    pub steps: Vec<StepRecord>,
    /// What the finished steps found and made.
    pub facts: Facts,
    /// A request to cancel that has not been obeyed yet.
    pub cancel: Option<CancelRequest>,
    /// Why it is being or was undone.
    pub undo_reason: Option<UndoReason>,
    /// The failure that counts: the one that led to the undo, or that it is stuck on.
    pub failure: Option<Failure>,
    /// How often it became stuck.
    pub times_stuck: u32,
    /// When somebody asked last for the end of the retired cluster. It may have failed, and have taken its final snapshot.
    pub retirement_begun_at: Option<Timestamp>,
    /// When the retired cluster was ended, if it was.
    pub retired_at: Option<Timestamp>,
    /// When it came to its present end.
    pub ended_at: Option<Timestamp>,
    /// The sequence number of the newest entry.
    pub sequence: u64,
}

impl Operation {
    /// Begins an operation with its first event.
    ///
    /// # Errors
    /// [`IllegalEvent`] if the event is not [`Event::Requested`].
    pub fn begin(id: OperationId, event: &Event, at: Timestamp) -> Result<Self, IllegalEvent> {
        let Event::Requested { request, executor, approved_plan } = event else {
            return Err(IllegalEvent::not_first(event.kind()));
        };
        let steps = StepKind::order(request.strategy).iter().map(|kind| StepRecord::pending(*kind)).collect();
        Ok(Self {
            id,
            request: Arc::new((**request).clone()),
            approved_plan: approved_plan.clone(),
            executor: executor.clone(),
            requested_at: at,
            updated_at: at,
            phase: Phase::Forward,
            steps,
            facts: Facts::default(),
            cancel: None,
            undo_reason: None,
            failure: None,
            times_stuck: 0,
            retirement_begun_at: None,
            retired_at: None,
            ended_at: None,
            sequence: 1,
        })
    }

    /// Applies the next event.
    ///
    /// # Errors
    /// [`IllegalEvent`] where the transition table does not have it; the operation is unchanged then.
    pub fn apply(&mut self, event: &Event, at: Timestamp) -> Result<(), IllegalEvent> {
        let index = match event.step() {
            Some(kind) => Some(self.position(kind, event.kind())?),
            None => None,
        };
        let step = index.map(|index| self.steps[index].status);
        let (phase, next_step) = transition::next(self.phase, step, event)?;
        self.check_order(index, event.kind())?;
        self.phase = phase;
        if let (Some(index), Some(status)) = (index, next_step) {
            self.steps[index].note(status, event, at);
        }
        self.take_up(event, at);
        self.updated_at = at;
        self.sequence += 1;
        Ok(())
    }

    /// The public status.
    pub fn status(&self) -> Status {
        self.phase.status()
    }

    /// The record of a step, if the strategy has it.
    pub fn step(&self, kind: StepKind) -> Option<&StepRecord> {
        self.steps.iter().find(|step| step.kind == kind)
    }

    /// The step that is to be done next, or is being done.
    pub fn current_step(&self) -> Option<&StepRecord> {
        self.steps.iter().find(|step| !step.status.is_settled())
    }

    /// The step that is to be undone next: the last one that was begun and is not undone.
    pub fn step_to_undo(&self) -> Option<&StepRecord> {
        self.steps.iter().rev().find(|step| step.status.needs_undo())
    }

    /// Whether the retired cluster of a completed operation still exists as far as the journal knows.
    pub fn keeps_retired_cluster(&self) -> bool {
        // After `replace` the old cluster exists as its final snapshot only.
        self.request.strategy == Strategy::Swap
            && self.retired_at.is_none()
            && matches!(self.phase, Phase::Ended(End::Completed) | Phase::Retiring)
            && self.facts.switch_over.as_ref().is_some_and(|switch| switch.retired.is_some())
    }

    /// When the retired cluster may be ended.
    pub fn retire_after(&self) -> Option<Timestamp> {
        let switched = self.facts.switch_over.as_ref()?;
        switched.retired.as_ref()?;
        switched.switched_at.checked_add(self.request.retirement.retain_old).ok()
    }

    /// Whether it keeps a retired cluster whose time is over.
    pub fn retirement_is_due(&self, now: Timestamp) -> bool {
        self.keeps_retired_cluster() && self.retire_after().is_some_and(|at| at <= now)
    }

    fn position(&self, kind: StepKind, event: EventKind) -> Result<usize, IllegalEvent> {
        self.steps.iter().position(|step| step.kind == kind).ok_or(IllegalEvent::unknown_step(self.phase, kind, event))
    }

    /// Steps go in order: a step begins when all before it are settled, and is undone when all after it are.
    fn check_order(&self, index: Option<usize>, event: EventKind) -> Result<(), IllegalEvent> {
        let Some(index) = index else { return Ok(()) };
        let in_order = match event {
            EventKind::StepStarted => self.steps[..index].iter().all(|step| step.status.is_settled()),
            EventKind::StepUndoStarted => self.steps[index + 1..].iter().all(|step| !step.status.needs_undo()),
            _ => true,
        };
        if in_order { Ok(()) } else { Err(IllegalEvent::out_of_order(self.phase, self.steps[index].kind, event)) }
    }

    fn restart_budgets(&mut self, at: Timestamp) {
        for step in &mut self.steps {
            step.restart_budget(at);
        }
    }

    fn take_up(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::StepFinished { facts, .. } => self.facts.take((**facts).clone()),
            Event::StepFailed { failure, retry_after, checks, .. } => {
                if retry_after.is_none() {
                    self.failure = Some(failure.clone());
                }
                if let Some(checks) = checks {
                    self.facts.refused.clone_from(checks);
                }
            }
            Event::CancelRequested { request } => self.cancel = Some(request.clone()),
            Event::UndoStarted { reason } => {
                self.undo_reason = Some(reason.clone());
                self.cancel = None;
                self.ended_at = None;
            }
            Event::BecameStuck { failure, .. } => {
                self.failure = Some(failure.clone());
                self.times_stuck += 1;
                self.ended_at = Some(at);
            }
            Event::Unstuck { .. } | Event::StepUndoWaived { .. } => {
                self.ended_at = None;
                self.restart_budgets(at);
            }
            // An executor that comes back under its own name has not been away.
            Event::TakenOver { executor } if *executor != self.executor => {
                self.executor = executor.clone();
                self.restart_budgets(at);
            }
            Event::RetireFailed { failure } => self.failure = Some(failure.clone()),
            Event::RetireStarted { .. } => {
                self.failure = None;
                self.retirement_begun_at = Some(at);
            }
            Event::Ended { .. } => self.ended_at = Some(at),
            Event::RetireFinished { .. } => self.retired_at = Some(at),
            Event::Requested { .. }
            | Event::TakenOver { .. }
            | Event::StepStarted { .. }
            | Event::StepSkipped { .. }
            | Event::StepAbandoned { .. }
            | Event::StepUndoStarted { .. }
            | Event::StepUndone { .. }
            | Event::StepUndoFailed { .. } => {}
        }
    }
}
