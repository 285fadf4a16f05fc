//! Sealing, checking and replaying a chain of entries.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{
    ids::OperationId,
    journal::{Entry, WireError, wire},
    operation::{IllegalEvent, Operation},
};

/// An entry as it is stored. Adapters store the fields as they are and need not look into `body`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedEntry {
    /// The operation.
    pub operation: OperationId,
    /// 1 for the first.
    pub sequence: u64,
    /// The hash of the entry before, in hexadecimal; empty for the first.
    pub previous_hash: String,
    /// SHA-256 over the operation, the sequence, the previous hash and the body, in hexadecimal.
    pub hash: String,
    /// The event with its time, as versioned JSON.
    pub body: String,
}

/// A sealed entry together with what it says, so that it need not be read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    /// As stored.
    pub stored: SealedEntry,
    /// As meant.
    pub entry: Entry,
}

impl SealedEntry {
    /// Seals an entry behind the one whose hash is given.
    ///
    /// # Errors
    /// [`WireError`] if the event cannot be written.
    pub fn seal(entry: &Entry, previous_hash: &str) -> Result<Self, WireError> {
        Ok(Self::over(&entry.operation, entry.sequence, previous_hash, wire::write(entry)?))
    }

    /// Seals a body as it is, whatever it says. Reading it may still refuse it.
    pub fn over(operation: &OperationId, sequence: u64, previous_hash: &str, body: String) -> Self {
        let hash = hash(operation, sequence, previous_hash, &body);
        Self { operation: operation.clone(), sequence, previous_hash: previous_hash.to_owned(), hash, body }
    }

    /// Checks the seal against the entry before and reads the event.
    ///
    /// # Errors
    /// [`JournalRefusal`] with what is wrong.
    pub fn open(&self, expected_sequence: u64, previous_hash: &str) -> Result<Entry, JournalRefusal> {
        if self.sequence != expected_sequence {
            return Err(JournalRefusal::Gap { expected: expected_sequence, found: self.sequence });
        }
        if self.previous_hash != previous_hash {
            return Err(JournalRefusal::BrokenChain { sequence: self.sequence });
        }
        if self.hash != hash(&self.operation, self.sequence, &self.previous_hash, &self.body) {
            return Err(JournalRefusal::Altered { sequence: self.sequence });
        }
        wire::read(self).map_err(|source| JournalRefusal::Unreadable { sequence: self.sequence, source })
    }
}

fn hash(operation: &OperationId, sequence: u64, previous_hash: &str, body: &str) -> String {
    use std::fmt::Write as _;

    let mut digest = Sha256::new();
    for part in [operation.as_str(), previous_hash, body] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.update(sequence.to_be_bytes());
    let mut text = String::with_capacity(64);
    for byte in digest.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Why a journal is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JournalRefusal {
    /// It has no entry.
    #[error("it has no entries")]
    Empty,
    /// An entry is missing, doubled or out of order.
    #[error("entry {expected} is missing: entry {found} stands in its place")]
    Gap {
        /// The number that should come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// Its newest entries are missing.
    #[error("its newest entries are missing: entry {newest} was written and entry {found} is the last one")]
    Cut {
        /// The number of the newest entry that was written.
        newest: u64,
        /// The number of the newest entry that is there.
        found: u64,
    },
    /// An entry does not follow the one before it.
    #[error("entry {sequence} does not follow the one before it")]
    BrokenChain {
        /// The entry.
        sequence: u64,
    },
    /// An entry is not what was written.
    #[error("entry {sequence} was altered after it was written")]
    Altered {
        /// The entry.
        sequence: u64,
    },
    /// An entry belongs to another operation.
    #[error("entry {sequence} belongs to operation {operation}")]
    Foreign {
        /// The entry.
        sequence: u64,
        /// Whose it is.
        operation: OperationId,
    },
    /// An entry cannot be read.
    #[error("entry {sequence} cannot be read: {source}")]
    Unreadable {
        /// The entry.
        sequence: u64,
        /// Why.
        source: WireError,
    },
    /// An entry says something that cannot have happened there.
    #[error("entry {sequence} cannot stand there: {source}")]
    Illegal {
        /// The entry.
        sequence: u64,
        /// Why.
        source: IllegalEvent,
    },
}

/// Replays a whole journal. Gives the operation and the hash of the last entry.
///
/// # Errors
/// [`JournalRefusal`] with the first entry that is wrong.
pub fn replay(entries: &[SealedEntry]) -> Result<(Operation, String), JournalRefusal> {
    let first = entries.first().ok_or(JournalRefusal::Empty)?;
    let entry = first.open(1, "")?;
    let mut operation = Operation::begin(entry.operation, &entry.event, entry.at)
        .map_err(|source| JournalRefusal::Illegal { sequence: 1, source })?;
    let hash = replay_more(&mut operation, &first.hash, &entries[1..])?;
    Ok((operation, hash))
}

/// Replays further entries on an operation whose last entry has the hash `last_hash`. Gives the hash of the last one.
///
/// # Errors
/// [`JournalRefusal`] with the first entry that is wrong; the operation is as after the entry before it then.
pub fn replay_more(
    operation: &mut Operation,
    last_hash: &str,
    entries: &[SealedEntry],
) -> Result<String, JournalRefusal> {
    let mut previous = last_hash;
    for sealed in entries {
        let sequence = operation.sequence + 1;
        if sealed.operation != operation.id {
            return Err(JournalRefusal::Foreign { sequence, operation: sealed.operation.clone() });
        }
        let entry = sealed.open(sequence, previous)?;
        operation.apply(&entry.event, entry.at).map_err(|source| JournalRefusal::Illegal { sequence, source })?;
        previous = &sealed.hash;
    }
    Ok(previous.to_owned())
}
