//! Putting the operations of an export back. The whole export is to be proven before the first of them is: see [`verify`].
//!
//! [`verify`]: super::verify

use std::io::BufRead;

use aurora_restore_core::{
    ids::OperationId,
    ports::{FencingToken, JournalError},
};
use jiff::Timestamp;

use super::{ReadError, RecordReader, StateError, Summary, patience::patiently, record::Proven};
use crate::ports::{Restoration, Restored, States};

/// What became of the operations of an export.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// Those that are there now.
    pub written: u64,
    /// Those that were there before, with the same entries.
    pub same: u64,
    /// Those that were not put back, each with the reason; what is there is as it was.
    pub differs: Vec<(OperationId, String)>,
}

impl Imported {
    /// Puts one operation back, by what its entries say, and counts what became of it.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub(super) async fn put_back(
        &mut self,
        states: &dyn States,
        proven: Proven,
        now: Timestamp,
    ) -> Result<(), JournalError> {
        let Proven { operation, state, entries } = proven;
        // Above every token that was ever counted up by one.
        let token = FencingToken(now.as_second().unsigned_abs());
        let what = Restoration { state, executor: operation.executor, token, entries, at: now };
        match patiently(|| states.restore(&what)).await? {
            Restored::Written => self.written += 1,
            Restored::Same => self.same += 1,
            Restored::Differs { reason } => self.differs.push((operation.id, reason)),
        }
        Ok(())
    }
}

/// Puts the operations of an export back that was proven to have this summary. Repeatable: whoever dies in the middle runs it
/// again.
///
/// # Errors
/// [`StateError::Read`] where the export is another one by now, in the middle of which nothing more is written;
/// [`StateError::Journal`] where the store cannot be written.
pub async fn import(
    states: &dyn States,
    input: impl BufRead,
    proven: &Summary,
    now: Timestamp,
) -> Result<Imported, StateError> {
    let mut reader = RecordReader::open(input)?;
    let mut imported = Imported::default();
    while let Some(next) = reader.next_proven()? {
        imported.put_back(states, next, now).await?;
    }
    let found = reader.summary();
    if found != proven {
        return Err(ReadError::Altered { found: found.sha256.clone(), said: proven.sha256.clone() }.into());
    }
    Ok(imported)
}
