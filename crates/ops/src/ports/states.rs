//! What the journal keeps beside its entries, for maintenance: items by age, everything page by page, forgetting an item, putting
//! an operation back.
//!
//! It is not for executors: what they need is the journal's own port. Every call may be repeated.

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{ExecutorId, OperationId},
    journal::{SealedEntry, StateItem},
    operation::Status,
    ports::{FencingToken, JournalError, RefusedOperation},
};
use jiff::Timestamp;

/// The most items of a page, whatever is asked for.
pub const STATES_PAGE_MAX: usize = 1_000;

/// An operation's item as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredState {
    /// The state.
    pub state: StateItem,
    /// The token of whoever holds the operation.
    pub token: FencingToken,
    /// Who executes it.
    pub executor: String,
}

/// Which items are wanted: those of one status whose newest entry is not younger than a time, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchanged {
    /// The status.
    pub status: Status,
    /// The newest entry was made then or before.
    pub until: Timestamp,
    /// At most so many, and never more than [`STATES_PAGE_MAX`].
    pub limit: usize,
    /// Where the page before this one ended.
    pub cursor: Option<String>,
}

/// A page of items.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StatesPage {
    /// The items.
    pub items: Vec<StoredState>,
    /// Those that cannot be read: one of them does not hide the others.
    pub refused: Vec<RefusedOperation>,
    /// Where the next page begins, if there is one. A page may be empty and not the last.
    pub cursor: Option<String>,
    /// The read capacity that the page took, in units, where the store counts it.
    pub read_units: Option<f64>,
}

/// The lock of a target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lock {
    /// The target, as a target's key is written.
    pub target: String,
    /// Who holds it; nobody where the lock does not name an operation.
    pub holder: Option<OperationId>,
}

/// A page of everything.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WholePage {
    /// The items, in no order.
    pub states: StatesPage,
    /// The locks among them.
    pub locks: Vec<Lock>,
}

/// A page of the operations of which there are entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordedPage {
    /// The operations, in no order, each once.
    pub operations: Vec<OperationId>,
    /// Where the next page begins, if there is one. A page may be empty and not the last.
    pub cursor: Option<String>,
}

/// What became of an item that was to be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    /// It is gone now.
    Gone,
    /// It was gone before.
    Missing,
    /// It is not as it was seen, or it may not be forgotten; it is as it was.
    Kept,
}

/// An operation that is put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restoration {
    /// The state, as the entries say.
    pub state: StateItem,
    /// Who executed it last.
    pub executor: ExecutorId,
    /// The token that it gets: above every one that was given before.
    pub token: FencingToken,
    /// All entries, in order; never none.
    pub entries: Vec<SealedEntry>,
    /// When it is put back: what is kept for a time is kept that long from now on.
    pub at: Timestamp,
}

/// What became of an operation that was to be put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// It is there now.
    Written,
    /// It was there before, with the same entries.
    Same,
    /// It was not put back, and what is there is as it was.
    Differs {
        /// What stands in its way.
        reason: String,
    },
}

/// The states port.
#[async_trait]
pub trait States: Send + Sync {
    /// A page of the items that have not changed since a time. The first page reads the items that it gives and no others; the last one
    /// of several may read some that are younger, and does not give them.
    ///
    /// # Errors
    /// Where the store cannot be read.
    async fn unchanged(&self, query: &Unchanged) -> Result<StatesPage, JournalError>;

    /// A page of everything there is; `cursor` is where the one before it ended. Reads the whole store, page by page.
    ///
    /// # Errors
    /// Where the store cannot be read.
    async fn page(&self, cursor: Option<&str>) -> Result<WholePage, JournalError>;

    /// A page of the operations of which there is a first entry, whether their items are there or not; `cursor` is where the one before
    /// it ended. Reads all entries, page by page, and no item.
    ///
    /// # Errors
    /// Where the store cannot be read.
    async fn recorded(&self, cursor: Option<&str>) -> Result<RecordedPage, JournalError>;

    /// Forgets the item of an operation that is at its end, if it is still as it was seen. Its entries stay.
    ///
    /// # Errors
    /// Where the store cannot be written.
    async fn forget(&self, seen: &StoredState) -> Result<Forgotten, JournalError>;

    /// Gives up a lock that was left: if it still names whom it was seen to name, and that operation, if it is there, holds no target.
    ///
    /// # Errors
    /// Where the store cannot be written.
    async fn unlock(&self, seen: &Lock) -> Result<Forgotten, JournalError>;

    /// Puts an operation back: entries, item and, if the state says so, the lock of its target. Nothing that is there is
    /// written over. If we die in the middle, entries may be there without their item; the same call goes on.
    ///
    /// # Errors
    /// Where the store cannot be written.
    async fn restore(&self, what: &Restoration) -> Result<Restored, JournalError>;
}
