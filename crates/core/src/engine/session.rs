//! An executor's hold on one operation: the replayed journal, its newest hash and the fencing token.

use jiff::Timestamp;
use thiserror::Error;

use crate::{
    engine::{BeginOperation, Fence},
    ids::{ExecutorId, OperationId},
    journal::{Entry, JournalRefusal, SealedEntry, StateItem, WireError, replay, replay_more},
    operation::{CancelRequest, Event, IllegalEvent, Operation, Phase, Progress},
    ports::{FencingToken, Journal, JournalError, NewOperation, TargetKey},
};

/// How often an append is tried again when somebody else appends at the same moment.
const RACES_MAX: u32 = 20;

/// Why the engine could not go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EngineError {
    /// The journal said no.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal cannot be replayed.
    #[error("the journal of operation {operation} is refused: {source}")]
    Refused {
        /// The operation.
        operation: OperationId,
        /// What is wrong with it.
        source: JournalRefusal,
    },
    /// What was asked for is not possible now.
    #[error("operation {operation} cannot do that: {reason}")]
    NotPossible {
        /// The operation.
        operation: OperationId,
        /// Why.
        reason: String,
    },
    /// The engine wanted to record what the transition table forbids.
    #[error("operation {operation}: {source}")]
    Illegal {
        /// The operation.
        operation: OperationId,
        /// What.
        source: IllegalEvent,
    },
    /// An entry could not be written down.
    #[error("operation {operation}: {source}")]
    Wire {
        /// The operation.
        operation: OperationId,
        /// Why.
        source: WireError,
    },
}

impl EngineError {
    pub(super) fn not_possible(operation: &Operation, reason: &str) -> Self {
        Self::NotPossible { operation: operation.id.clone(), reason: reason.to_owned() }
    }
}

/// An executor's hold on an operation.
#[derive(Debug, Clone)]
pub struct Session {
    operation: Operation,
    last_hash: String,
    token: FencingToken,
    target: TargetKey,
}

impl Session {
    pub(super) async fn create(
        journal: &dyn Journal,
        new: BeginOperation,
        now: Timestamp,
    ) -> Result<Self, EngineError> {
        let BeginOperation { id, request, target, executor, approved_plan } = new;
        let event = Event::Requested { request: Box::new(request), executor: executor.clone(), approved_plan };
        let operation = Operation::begin(id.clone(), &event, now)
            .map_err(|source| EngineError::Illegal { operation: id.clone(), source })?;
        let entry = Entry { operation: id.clone(), sequence: 1, at: now, event };
        let first =
            SealedEntry::seal(&entry, "").map_err(|source| EngineError::Wire { operation: id.clone(), source })?;
        let last_hash = first.hash.clone();
        let state = StateItem::of(&operation, &target);
        let token = journal.create(&NewOperation { target: target.clone(), executor, first, state }).await?;
        Ok(Self { operation, last_hash, token, target })
    }

    pub(super) async fn attach(
        journal: &dyn Journal,
        id: &OperationId,
        executor: &ExecutorId,
        now: Timestamp,
    ) -> Result<Self, EngineError> {
        let token = journal.acquire(id, executor).await?;
        let (operation, last_hash) = load(journal, id).await?;
        let target = journal.state(id).await?.target_key;
        let mut session = Self { operation, last_hash, token, target };
        let mut races = 0;
        // An executor that comes back under its own name has not been away: it is fenced off from its own past by the token.
        while !matches!(session.operation.phase, Phase::Ended(_)) && session.operation.executor != *executor {
            match session.append(journal, Event::TakenOver { executor: executor.clone() }, now).await {
                // Somebody asked to cancel at the same moment.
                Err(EngineError::Journal(JournalError::Conflict { .. })) if races < RACES_MAX => {
                    races += 1;
                    session.catch_up(journal).await?;
                }
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        Ok(session)
    }

    /// The operation as of the last entry that was read or written.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    pub(super) fn fence<'a>(&'a self, journal: &'a dyn Journal) -> Fence<'a> {
        Fence { journal, operation: &self.operation.id, token: self.token }
    }

    /// Reads what others have appended meanwhile (a request to cancel), and notices being overtaken.
    pub(super) async fn catch_up(&mut self, journal: &dyn Journal) -> Result<(), EngineError> {
        let head = journal.head(&self.operation.id).await?;
        if head.token != self.token {
            return Err(JournalError::Fenced { operation: self.operation.id.clone() }.into());
        }
        if head.sequence > self.operation.sequence {
            let entries = journal.entries(&self.operation.id, self.operation.sequence).await?;
            let id = self.operation.id.clone();
            self.last_hash = replay_more(&mut self.operation, &self.last_hash, &entries)
                .and_then(|hash| reaches(&self.operation, head.sequence).map(|()| hash))
                .map_err(|source| EngineError::Refused { operation: id, source })?;
        }
        Ok(())
    }

    /// Appends an event and takes it up. If somebody else appended first, nothing is recorded and the error says so.
    pub(super) async fn append(
        &mut self,
        journal: &dyn Journal,
        event: Event,
        now: Timestamp,
    ) -> Result<(), EngineError> {
        let (next, sealed) = prepare(&self.operation, &self.last_hash, event, now)?;
        let state = StateItem::of(&next, &self.target);
        journal.append(self.token, &sealed, &state).await?;
        self.operation = next;
        self.last_hash = sealed.hash;
        Ok(())
    }

    /// The operation as it will be once this is recorded.
    pub(super) fn after(&self, event: &Event, now: Timestamp) -> Result<Operation, EngineError> {
        applied(&self.operation, event, now)
    }

    pub(super) async fn note_progress(&self, journal: &dyn Journal, progress: &Progress) -> Result<(), EngineError> {
        Ok(journal.note_progress(&self.operation.id, self.token, progress).await?)
    }
}

/// A chain that was cut at its end is a valid one. Going on from there would lose every append to an entry that is gone,
/// for ever.
fn reaches(operation: &Operation, newest: u64) -> Result<(), JournalRefusal> {
    if operation.sequence < newest {
        return Err(JournalRefusal::Cut { newest, found: operation.sequence });
    }
    Ok(())
}

/// The operation after an event; the operation itself stays as it is.
fn applied(operation: &Operation, event: &Event, now: Timestamp) -> Result<Operation, EngineError> {
    let mut next = operation.clone();
    let illegal = |source| EngineError::Illegal { operation: operation.id.clone(), source };
    next.apply(event, now).map_err(illegal)?;
    Ok(next)
}

fn prepare(
    operation: &Operation,
    last_hash: &str,
    event: Event,
    now: Timestamp,
) -> Result<(Operation, SealedEntry), EngineError> {
    let id = operation.id.clone();
    let next = applied(operation, &event, now)?;
    let entry = Entry { operation: id.clone(), sequence: next.sequence, at: now, event };
    let sealed = SealedEntry::seal(&entry, last_hash).map_err(|source| EngineError::Wire { operation: id, source })?;
    Ok((next, sealed))
}

pub(super) async fn load(journal: &dyn Journal, id: &OperationId) -> Result<(Operation, String), EngineError> {
    let entries = journal.entries(id, 0).await?;
    replay(&entries).map_err(|source| EngineError::Refused { operation: id.clone(), source })
}

/// Whether an operation can be cancelled as it stands. Asked before anything is asked of it.
///
/// # Errors
/// [`EngineError::NotPossible`] with what to do instead.
pub fn cancel_is_possible(operation: &Operation) -> Result<(), EngineError> {
    let reason = match operation.phase {
        Phase::Forward if super::is_past_point_of_no_return(operation) => {
            "it is past the point of no return: once it has ended, undo it"
        }
        Phase::Forward => return Ok(()),
        Phase::Back => "it is being undone already",
        Phase::Stuck(_) => "it is stuck: resume or undo it",
        Phase::Ended(_) | Phase::Retiring => "it has ended",
    };
    Err(EngineError::not_possible(operation, reason))
}

/// Appends that an executor takes an operation over, if its journal still ends where it did. The token stays whose it is.
pub(super) async fn append_claim(
    journal: &dyn Journal,
    seen: &Operation,
    executor: &ExecutorId,
    now: Timestamp,
) -> Result<(), EngineError> {
    let (operation, last_hash) = load(journal, &seen.id).await?;
    if operation.sequence != seen.sequence {
        let (operation, expected) = (seen.id.clone(), seen.sequence);
        return Err(JournalError::Conflict { operation, expected }.into());
    }
    let target = journal.state(&seen.id).await?.target_key;
    let event = Event::TakenOver { executor: executor.clone() };
    let (next, sealed) = prepare(&operation, &last_hash, event, now)?;
    Ok(journal.append_as_bystander(&sealed, &StateItem::of(&next, &target)).await?)
}

pub(super) async fn append_cancel(
    journal: &dyn Journal,
    id: &OperationId,
    request: CancelRequest,
    now: Timestamp,
) -> Result<(), EngineError> {
    let mut lost = None;
    for _ in 0..RACES_MAX {
        let (operation, last_hash) = load(journal, id).await?;
        cancel_is_possible(&operation)?;
        if operation.cancel.is_some() {
            return Ok(());
        }
        let target = journal.state(id).await?.target_key;
        let event = Event::CancelRequested { request: request.clone() };
        let (next, sealed) = prepare(&operation, &last_hash, event, now)?;
        match journal.append_as_bystander(&sealed, &StateItem::of(&next, &target)).await {
            Err(error @ JournalError::Conflict { .. }) => lost = Some(error),
            other => return Ok(other?),
        }
    }
    Err(lost.map_or_else(
        || EngineError::NotPossible { operation: id.clone(), reason: "no attempt was made".to_owned() },
        EngineError::Journal,
    ))
}
