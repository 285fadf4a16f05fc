//! The engine: advances an operation by one move at a time, recording each move before it is made.
//!
//! ```text
//!   head of the journal -> catch up -> decide (pure) -> append intent -> act -> append outcome
//! ```
//! Crash windows:
//! * before the intent: nothing has happened;
//! * after the intent, before or during the act: the step is `Started`, and every step may be run again;
//! * after the act, before the outcome: the same; the step finds its own work by name and tags and goes on.
//!
//! The engine never sleeps. It says how long to wait, and whoever drives it (the command, a state machine, a test)
//! does the waiting.

mod budget;
mod decide;
mod fence;
pub mod pace;
mod people;
mod place;
mod session;

use budget::RetireTime;
pub use budget::longest;
pub use decide::{Decision, decide};
pub use fence::{Fence, PROOF_AGE_MAX};
pub use people::{claim, request_cancel, undo_can_be_waived, undo_is_possible};
pub use place::{Place, place};
pub use session::{EngineError, Session, cancel_is_possible};

use jiff::{SignedDuration, Timestamp};
use tracing::{Instrument as _, Span};

use crate::{
    ids::{ExecutorId, OperationId},
    operation::{Direction, End, Event, Failure, FailureClass, Operation, Progress, Status, StepKind, StepStatus},
    ports::{Journal, JournalError, Ports, TargetKey},
    request::Request,
    steps::{self, StepContext, StepError, StepOutcome, retire::RetireOutcome},
    verification::CheckResult,
};

/// What one call of [`Engine::advance`] did.
#[derive(Debug, Clone, PartialEq)]
pub enum Advance {
    /// Something was recorded; call again at once.
    Moved,
    /// Nothing to do for a while.
    Wait {
        /// How long.
        after: SignedDuration,
        /// Where the step stands, if it said so.
        progress: Option<Progress>,
    },
    /// Nothing more to do: the operation has ended or is stuck.
    Ended(Status),
}

/// The engine. It has no state of its own: everything is in the journal and in the [`Session`].
#[derive(Clone, Copy)]
pub struct Engine<'a> {
    ports: Ports<'a>,
}

impl<'a> Engine<'a> {
    /// An engine over these ports.
    pub fn new(ports: Ports<'a>) -> Self {
        Self { ports }
    }

    /// Begins an operation: from here on it is in the journal and its target is locked.
    ///
    /// # Errors
    /// [`EngineError::Journal`]: the target is busy, or the id is taken, or the journal does not answer.
    pub async fn begin(&self, new: BeginOperation) -> Result<Session, EngineError> {
        Session::create(self.ports.journal, new, self.ports.clock.now()).await
    }

    /// Takes an operation over from whoever executed it before.
    ///
    /// # Errors
    /// [`EngineError::Journal`] or [`EngineError::Refused`] where its journal cannot be read.
    pub async fn attach(&self, id: &OperationId, executor: &ExecutorId) -> Result<Session, EngineError> {
        Session::attach(self.ports.journal, id, executor, self.ports.clock.now()).await
    }

    /// Makes the next move.
    ///
    /// # Errors
    /// [`EngineError::Journal`] with `Unavailable`: call again later, nothing is lost. With `Fenced`: another executor
    /// goes on; stop.
    pub async fn advance(&self, session: &mut Session) -> Result<Advance, EngineError> {
        match self.next_move(session).await {
            // Somebody else appended first, for example a request to cancel. Nothing was recorded, and every move may be
            // made again, so the next call catches up and decides anew.
            Err(EngineError::Journal(JournalError::Conflict { .. })) => Ok(Advance::Moved),
            other => other,
        }
    }

    async fn next_move(&self, session: &mut Session) -> Result<Advance, EngineError> {
        session.catch_up(self.ports.journal).await?;
        let now = self.ports.clock.now();
        match decide(session.operation(), now) {
            Decision::StartStep { step, attempt } => {
                self.record(session, Event::StepStarted { step, attempt }, now).await
            }
            Decision::RunStep { step } => self.run_step(session, step).await,
            Decision::StartUndo { step, attempt } => {
                self.record(session, Event::StepUndoStarted { step, attempt }, now).await
            }
            Decision::RunUndo { step } => self.run_undo(session, step).await,
            Decision::TurnBack { reason } => self.record(session, Event::UndoStarted { reason }, now).await,
            Decision::End { end } => self.end(session, end, now).await,
            Decision::RunRetire => self.run_retire(session).await,
            Decision::Sleep { until } => Ok(Advance::Wait { after: until.duration_since(now), progress: None }),
            Decision::Nothing { status } => Ok(Advance::Ended(status)),
        }
    }

    /// Records that the step at which the operation stands could not be run at all, for instance because its function does
    /// not start: as if the step itself had failed for good. On the way back, or with nothing begun, there is nothing to
    /// record.
    ///
    /// # Errors
    /// [`EngineError::Journal`].
    pub async fn give_up_step(&self, session: &mut Session, failure: Failure) -> Result<(), EngineError> {
        session.catch_up(self.ports.journal).await?;
        let operation = session.operation();
        let Place::Step(step) = place(operation) else { return Ok(()) };
        let now = self.ports.clock.now();
        match operation.step(step).map(|record| record.status) {
            Some(StepStatus::Started) => {}
            Some(StepStatus::Pending | StepStatus::Retrying) => {
                let attempt = operation.step(step).map_or(1, |record| record.attempts + 1);
                session.append(self.ports.journal, Event::StepStarted { step, attempt }, now).await?;
            }
            // Settled: the way forward is at its end. Failed: the next move turns back by itself.
            Some(
                StepStatus::Finished
                | StepStatus::Skipped
                | StepStatus::Failed
                | StepStatus::Abandoned
                | StepStatus::UndoStarted
                | StepStatus::UndoRetrying
                | StepStatus::Undone
                | StepStatus::UndoFailed
                | StepStatus::Waived,
            )
            | None => return Ok(()),
        }
        let failure = failure.with_class(FailureClass::Terminal);
        let _moved = self.step_failed(session, step, Trouble::of(failure), now).await?;
        Ok(())
    }

    async fn record(&self, session: &mut Session, event: Event, now: Timestamp) -> Result<Advance, EngineError> {
        session.append(self.ports.journal, event, now).await?;
        Ok(Advance::Moved)
    }

    /// Runs a step once. Whether it is overdue is asked of the moment before: what an executor hangs in the middle of a
    /// look is not the step's fault, and the next look may find it done.
    async fn run_step(&self, session: &mut Session, step: StepKind) -> Result<Advance, EngineError> {
        let fence = session.fence(self.ports.journal);
        let context = StepContext::new(session.operation(), self.ports, fence);
        let looked = context.begun();
        let outcome = steps::run(step, &context).instrument(traced(step)).await;
        let now = self.ports.clock.now();
        match outcome {
            Err(StepError::Outdated) => match budget::overdue(session.operation(), step, None, looked) {
                Some(failure) => self.step_failed(session, step, Trouble::of(failure), now).await,
                None => self.wait(session, pace::before_looking_again(context.limits()), None).await,
            },
            Ok(StepOutcome::Done(facts)) => {
                self.record(session, Event::StepFinished { step, facts: Box::new(facts) }, now).await
            }
            Ok(StepOutcome::Skipped { reason }) => self.record(session, Event::StepSkipped { step, reason }, now).await,
            Ok(StepOutcome::Wait { after, progress }) => {
                match budget::overdue(session.operation(), step, progress.as_ref(), looked) {
                    Some(failure) => self.step_failed(session, step, Trouble::of(failure), now).await,
                    None => self.wait(session, after, progress).await,
                }
            }
            Err(StepError::Failed(failure)) => self.step_failed(session, step, Trouble::of(failure), now).await,
            Err(StepError::Refused { failure, checks }) => {
                self.step_failed(session, step, Trouble { failure, checks: Some(checks) }, now).await
            }
            Err(StepError::Journal(source)) => Err(EngineError::Journal(source)),
        }
    }

    async fn step_failed(
        &self,
        session: &mut Session,
        step: StepKind,
        trouble: Trouble,
        now: Timestamp,
    ) -> Result<Advance, EngineError> {
        let Trouble { failure, checks } = trouble;
        if failure.class == FailureClass::NeedsOperator {
            let left = steps::what_is_left(session.operation());
            debug_assert!(failure.code.can_be_stuck_on(), "{} has no runbook", failure.code);
            let stuck = Event::BecameStuck { step, direction: Direction::Forward, failure, left };
            return self.tell_and_record(session, stuck, now).await;
        }
        if let Some(pause) = budget::pause_before_retry(session.operation(), step, &failure, now) {
            let event = Event::StepFailed { step, failure, retry_after: Some(pause), checks };
            return self.record(session, event, now).await;
        }
        let failure = failure.with_class(FailureClass::Terminal);
        if step.is_after_point_of_no_return() {
            let left = steps::left_by(step, session.operation());
            return self.record(session, Event::StepAbandoned { step, failure, left }, now).await;
        }
        self.record(session, Event::StepFailed { step, failure, retry_after: None, checks }, now).await
    }

    async fn run_undo(&self, session: &mut Session, step: StepKind) -> Result<Advance, EngineError> {
        let fence = session.fence(self.ports.journal);
        let context = StepContext::new(session.operation(), self.ports, fence);
        let looked = context.begun();
        let outcome = steps::undo(step, &context).instrument(traced(step)).await;
        let now = self.ports.clock.now();
        match outcome {
            Err(StepError::Outdated) => match budget::undo_overdue(session.operation(), step, None, looked) {
                Some(failure) => self.undo_failed(session, step, failure, now).await,
                None => self.wait(session, pace::before_looking_again(context.limits()), None).await,
            },
            Ok(steps::UndoOutcome::Done { note }) => self.record(session, Event::StepUndone { step, note }, now).await,
            Ok(steps::UndoOutcome::Wait { after, progress }) => {
                match budget::undo_overdue(session.operation(), step, progress.as_ref(), looked) {
                    Some(failure) => self.undo_failed(session, step, failure, now).await,
                    None => self.wait(session, after, progress).await,
                }
            }
            Err(StepError::Failed(failure) | StepError::Refused { failure, .. }) => {
                self.undo_failed(session, step, failure, now).await
            }
            Err(StepError::Journal(source)) => Err(EngineError::Journal(source)),
        }
    }

    async fn undo_failed(
        &self,
        session: &mut Session,
        step: StepKind,
        failure: Failure,
        now: Timestamp,
    ) -> Result<Advance, EngineError> {
        if let Some(pause) = budget::pause_before_undo_retry(session.operation(), step, &failure, now) {
            let event = Event::StepUndoFailed { step, failure, retry_after: Some(pause) };
            return self.record(session, event, now).await;
        }
        // If we die between the two entries, the next executor finds the step `UndoFailed` and tries it anew.
        let failed = Event::StepUndoFailed { step, failure: failure.clone(), retry_after: None };
        session.append(self.ports.journal, failed, now).await?;
        let left = steps::what_is_left(session.operation());
        debug_assert!(failure.code.can_be_stuck_on(), "{} has no runbook", failure.code);
        let stuck = Event::BecameStuck { step, direction: Direction::Back, failure, left };
        self.tell_and_record(session, stuck, now).await
    }

    async fn run_retire(&self, session: &mut Session) -> Result<Advance, EngineError> {
        let fence = session.fence(self.ports.journal);
        let context = StepContext::new(session.operation(), self.ports, fence);
        let time = budget::retire_time(session.operation(), context.begun());
        let outcome = match time {
            RetireTime::Running => steps::retire::run(&context).await,
            RetireTime::Closing | RetireTime::Over(_) => steps::retire::run(&context.only_looking()).await,
        };
        let now = self.ports.clock.now();
        let limits = &session.operation().request.limits;
        let (after, progress) = match outcome {
            Ok(RetireOutcome::Done(retired)) => {
                return self.record(session, Event::RetireFinished { retired }, now).await;
            }
            Ok(RetireOutcome::Wait { after, progress }) => (after, Some(progress)),
            Err(StepError::Outdated) => (pace::before_looking_again(limits), None),
            Err(StepError::Failed(failure) | StepError::Refused { failure, .. }) => match (failure.class, &time) {
                (FailureClass::Retryable, RetireTime::Running) | (_, RetireTime::Closing) => {
                    (pace::for_steps(limits), None)
                }
                (FailureClass::Terminal | FailureClass::NeedsOperator, RetireTime::Running) => {
                    return self.record(session, Event::RetireFailed { failure }, now).await;
                }
                (_, RetireTime::Over(over)) => {
                    let failure = budget::with_last_look(over.clone(), &failure);
                    return self.record(session, Event::RetireFailed { failure }, now).await;
                }
            },
            Err(StepError::Journal(source)) => return Err(EngineError::Journal(source)),
        };
        match time {
            RetireTime::Over(failure) => self.record(session, Event::RetireFailed { failure }, now).await,
            RetireTime::Running | RetireTime::Closing => self.wait(session, after, progress).await,
        }
    }

    async fn end(&self, session: &mut Session, end: End, now: Timestamp) -> Result<Advance, EngineError> {
        match end {
            // It has a step of its own for this.
            End::Completed => self.record(session, Event::Ended { end }, now).await,
            End::Failed | End::Cancelled => self.tell_and_record(session, Event::Ended { end }, now).await,
        }
    }

    /// Records an end, or that a person must act, once people were told. Whoever dies in between leaves it to the next
    /// executor to come to an end and tell that: mostly the same, and receivers know repeats by operation, outcome and how
    /// often it was stuck. What it was stuck on may have passed by then, so people may have been told too much. The other way
    /// round nobody would ever hear of it, because an operation that has ended has no next executor.
    async fn tell_and_record(
        &self,
        session: &mut Session,
        event: Event,
        now: Timestamp,
    ) -> Result<Advance, EngineError> {
        let after = session.after(&event, now)?;
        session.fence(self.ports.journal).check(self.ports.clock).await?;
        steps::tell_about_end(&self.ports, &after).await;
        self.record(session, event, now).await
    }

    async fn wait(
        &self,
        session: &mut Session,
        after: SignedDuration,
        progress: Option<Progress>,
    ) -> Result<Advance, EngineError> {
        if let Some(progress) = &progress {
            session.note_progress(self.ports.journal, progress).await?;
        }
        Ok(Advance::Wait { after, progress })
    }
}

/// How a step failed.
struct Trouble {
    failure: Failure,
    /// Every check with its figure, where the step refused the restored data.
    checks: Option<Vec<CheckResult>>,
}

impl Trouble {
    fn of(failure: Failure) -> Self {
        Self { failure, checks: None }
    }
}

/// What [`Engine::begin`] needs.
#[derive(Debug, Clone, PartialEq)]
pub struct BeginOperation {
    /// The id, unique for ever.
    pub id: OperationId,
    /// What is asked for.
    pub request: Request,
    /// What is locked.
    pub target: TargetKey,
    /// Who executes it.
    pub executor: ExecutorId,
    /// The digest of the plan that a person has approved, if one was shown.
    pub approved_plan: Option<String>,
}

/// The span in which a step is looked at or taken back: what it calls is within it.
fn traced(step: StepKind) -> Span {
    tracing::info_span!("step", step = step.as_str())
}

/// Reads an operation without taking it over.
///
/// # Errors
/// [`EngineError::Journal`] or [`EngineError::Refused`].
pub async fn look_at(journal: &dyn Journal, id: &OperationId) -> Result<Operation, EngineError> {
    session::load(journal, id).await.map(|(operation, _)| operation)
}

/// Whether the way forward of an operation is past the point of no return: every step up to it is settled.
pub fn is_past_point_of_no_return(operation: &Operation) -> bool {
    operation
        .steps
        .iter()
        .filter(|step| !step.kind.is_after_point_of_no_return())
        .all(|step| matches!(step.status, StepStatus::Finished | StepStatus::Skipped))
}
