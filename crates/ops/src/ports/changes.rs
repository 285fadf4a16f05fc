//! Where the records of changes to a stack are kept: one row of records for each stack, only ever added to.
//!
//! It is not for executors: no step and no function needs it.

use async_trait::async_trait;
use aurora_restore_core::ports::JournalError;
use jiff::{SignedDuration, Timestamp};

/// A record as it is stored. Adapters store the fields as they are and need not look into `body`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRecord {
    /// The stack whose row it stands in.
    pub stack: String,
    /// 1 for the first.
    pub sequence: u64,
    /// The hash of the record before, in hexadecimal; empty for the first.
    pub previous_hash: String,
    /// SHA-256 over the stack, the sequence, the previous hash and the body, in hexadecimal.
    pub hash: String,
    /// What happened, as versioned JSON.
    pub body: String,
}

/// What became of a record that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is there now.
    Written,
    /// Another one has its number; nothing was written.
    Taken,
}

/// The changes port.
#[async_trait]
pub trait Changes: Send + Sync {
    /// How long a record is kept after it was made. It may be there for some days longer.
    fn kept_for(&self) -> SignedDuration;

    /// Adds a record that was made at `at`. After it returns `Written` the record is durable, and nobody can write over it.
    ///
    /// # Errors
    /// Where the store cannot be written. It may have been written all the same; [`Changes::records`] tells.
    async fn append(&self, record: &SealedRecord, at: Timestamp) -> Result<Appended, JournalError>;

    /// Every record of a stack that is there, in the order of their numbers, with everything that was added before.
    ///
    /// # Errors
    /// Where the store cannot be read, or something in it is no record.
    async fn records(&self, stack: &str) -> Result<Vec<SealedRecord>, JournalError>;
}
