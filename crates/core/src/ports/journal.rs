//! The append-only record of operations: the truth that survives every crash.
//!
//! Three things keep executors out of each other's way:
//! * a **target lock** taken with the first entry and given back with the last one: one operation per target;
//! * a **fencing token** that rises whenever an executor takes the operation over: an append with an older token is
//!   refused;
//! * the **sequence number** that an append expects: of two appends for one place exactly one wins.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{ClusterId, ExecutorId, OperationId, Region},
    journal::{SealedEntry, StateItem},
    operation::Status,
};

/// Rises by one whenever an executor takes an operation over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FencingToken(pub u64);

/// What a lock protects: the target's name where it is unique. `account` is text because a local setup may not know it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TargetKey {
    /// The target account.
    pub account: String,
    /// The target Region.
    pub region: Region,
    /// The target's name.
    pub cluster: ClusterId,
}

impl std::fmt::Display for TargetKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}/{}", self.account, self.region, self.cluster)
    }
}

/// The first entry of an operation, with all that is needed to begin it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOperation {
    /// What is locked until the operation has ended.
    pub target: TargetKey,
    /// Who begins to execute it.
    pub executor: ExecutorId,
    /// The entry with sequence number 1.
    pub first: SealedEntry,
    /// The state after it.
    pub state: StateItem,
}

/// Where an operation's journal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalHead {
    /// The sequence number of the newest entry.
    pub sequence: u64,
    /// The token of the executor that holds the operation now.
    pub token: FencingToken,
}

/// Which operations to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OperationFilter {
    /// Only those with this status.
    pub status: Option<Status>,
    /// Only those for this target's name.
    pub target: Option<ClusterId>,
    /// At most so many; 0 means the adapter's own page size.
    pub limit: usize,
    /// Where the page before this one ended.
    pub cursor: Option<String>,
}

/// One page of operations, newest first by last update.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OperationPage {
    /// The states.
    pub items: Vec<StateItem>,
    /// Those of the page whose state cannot be read: one of them does not hide the others.
    pub refused: Vec<RefusedOperation>,
    /// Where the next page begins, if there is one.
    pub cursor: Option<String>,
}

/// An operation whose state cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal of operation {operation} is refused: {reason}")]
pub struct RefusedOperation {
    /// The operation.
    pub operation: OperationId,
    /// Why.
    pub reason: String,
}

impl From<RefusedOperation> for JournalError {
    fn from(refused: RefusedOperation) -> Self {
        Self::Refused { operation: refused.operation, reason: refused.reason }
    }
}

/// The journal port.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Begins an operation. After it returns, in one transaction: the entry and the state are durable, the target is
    /// locked for the operation, and the executor holds the token that is returned.
    ///
    /// # Errors
    /// [`JournalError::TargetBusy`] if another operation holds the target, [`JournalError::OperationExists`] if the id
    /// is taken; nothing has changed then.
    async fn create(&self, operation: &NewOperation) -> Result<FencingToken, JournalError>;

    /// Takes an operation over. After it returns every older token is refused by [`Journal::append`].
    ///
    /// # Errors
    /// [`JournalError::UnknownOperation`].
    async fn acquire(&self, operation: &OperationId, executor: &ExecutorId) -> Result<FencingToken, JournalError>;

    /// Appends an entry. After it returns, in one transaction: the entry is durable at `entry.sequence`, the state is
    /// the one given, and the target's lock is held or free as `state.holds_target` says.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] if `token` is not the newest; [`JournalError::Conflict`] if the journal does not end at
    /// `entry.sequence - 1`; [`JournalError::TargetBusy`] if the state wants the target back and another operation
    /// holds it. Nothing has changed then.
    async fn append(&self, token: FencingToken, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError>;

    /// Appends an entry on behalf of someone who does not execute the operation (a request to cancel it). The same as
    /// [`Journal::append`] without the check of the token.
    ///
    /// # Errors
    /// As [`Journal::append`], but never [`JournalError::Fenced`].
    async fn append_as_bystander(&self, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError>;

    /// Where the journal of an operation stands. Cheap: it is asked before every change.
    ///
    /// # Errors
    /// [`JournalError::UnknownOperation`].
    async fn head(&self, operation: &OperationId) -> Result<JournalHead, JournalError>;

    /// The entries with a sequence number above `after`, in order.
    ///
    /// # Errors
    /// [`JournalError::UnknownOperation`]; [`JournalError::Refused`] where an entry cannot be read.
    async fn entries(&self, operation: &OperationId, after: u64) -> Result<Vec<SealedEntry>, JournalError>;

    /// The state of one operation.
    ///
    /// # Errors
    /// [`JournalError::UnknownOperation`].
    async fn state(&self, operation: &OperationId) -> Result<StateItem, JournalError>;

    /// Replaces the progress line of the state. Last value wins; losing one is harmless.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] if `token` is not the newest.
    async fn note_progress(
        &self,
        operation: &OperationId,
        token: FencingToken,
        progress: &crate::operation::Progress,
    ) -> Result<(), JournalError>;

    /// Lists operations.
    ///
    /// # Errors
    /// Where the store cannot be read.
    async fn list(&self, filter: &OperationFilter) -> Result<OperationPage, JournalError>;

    /// The ids that begin with `prefix`, at most `limit` of them, in descending order: as ids begin with the time at which
    /// they were made, the newest come first. One read that is bounded by `limit`, however long the journal is.
    ///
    /// # Errors
    /// Where the store cannot be read.
    async fn ids_beginning_with(&self, prefix: &str, limit: usize) -> Result<Vec<OperationId>, JournalError>;

    /// Which operation holds a target.
    ///
    /// # Errors
    /// Where the store cannot be read.
    async fn holder(&self, target: &TargetKey) -> Result<Option<OperationId>, JournalError>;
}

/// Why the journal did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Another operation holds the target.
    #[error("operation {holder} is already working on target {target}")]
    TargetBusy {
        /// The target.
        target: TargetKey,
        /// The operation that holds it.
        holder: OperationId,
    },
    /// The id is taken.
    #[error("operation {operation} exists already")]
    OperationExists {
        /// The id.
        operation: OperationId,
    },
    /// No such operation.
    #[error("operation {operation} is not in the journal")]
    UnknownOperation {
        /// The id.
        operation: OperationId,
    },
    /// Another executor has taken the operation over.
    #[error("operation {operation} was taken over by another executor")]
    Fenced {
        /// The operation.
        operation: OperationId,
    },
    /// Somebody else appended first.
    #[error("the journal of operation {operation} has moved on from entry {expected}")]
    Conflict {
        /// The operation.
        operation: OperationId,
        /// The sequence number after which the entry was to stand.
        expected: u64,
    },
    /// What is stored cannot be read, for instance because a newer version wrote it or because it was altered.
    #[error("the journal of operation {operation} is refused: {reason}")]
    Refused {
        /// The operation.
        operation: OperationId,
        /// Why.
        reason: String,
    },
    /// The whole store cannot be used, for instance because a newer version laid it out.
    #[error("the journal at {store} cannot be used: {reason}")]
    Unusable {
        /// Where the store is.
        store: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The store did not do its work this time; trying again may help.
    #[error("the journal at {store} is not available: {reason}")]
    Unavailable {
        /// Where the store is.
        store: String,
        /// What went wrong.
        reason: String,
    },
}
