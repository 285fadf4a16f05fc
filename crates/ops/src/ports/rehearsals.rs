//! Point-in-time recovery of the journal's tables, rehearsed: both restored into tables of their own beside them.

use std::fmt;

use async_trait::async_trait;
use aurora_restore_core::ports::{Journal, JournalError};
use jiff::Timestamp;
use thiserror::Error;

use super::States;
use crate::state::WholeJournal;

/// The most characters of a name: what stands before it has to fit into the name of a table, too.
const NAME_CHARS_MAX: usize = 64;

/// What a rehearsal is called: its tables bear it behind the names of those that they were restored from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RehearsalName(String);

/// Why a text is not the name of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not the name of a rehearsal: it has 1 to {NAME_CHARS_MAX} letters, digits and hyphens")]
pub struct InvalidRehearsalName {
    /// The text as given.
    pub text: String,
}

impl RehearsalName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`InvalidRehearsalName`].
    pub fn new(text: &str) -> Result<Self, InvalidRehearsalName> {
        let fits = (1..=NAME_CHARS_MAX).contains(&text.len());
        if !fits || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(InvalidRehearsalName { text: text.to_owned() });
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RehearsalName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The times to which both tables can be recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecoveryWindow {
    /// Not before this.
    pub earliest: Timestamp,
    /// Not after this.
    pub latest: Timestamp,
}

/// How the tables of a rehearsal stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RehearsalStatus {
    /// One of them is not there.
    Missing,
    /// One of them is being made.
    Making,
    /// Both can be used.
    Usable,
}

/// The journal of a rehearsal.
pub struct RehearsedJournal {
    /// The journal.
    pub journal: Box<dyn Journal>,
    /// What it keeps beside its entries.
    pub states: Box<dyn States>,
}

impl RehearsedJournal {
    /// It as a whole.
    pub fn whole(&self) -> WholeJournal<'_> {
        WholeJournal { journal: self.journal.as_ref(), states: self.states.as_ref() }
    }
}

/// The rehearsals port. Every call may be repeated.
#[async_trait]
pub trait Rehearsals: Send + Sync {
    /// The times to which both tables can be recovered; `None` while that is off for one of them.
    ///
    /// # Errors
    /// Where the tables cannot be asked.
    async fn window(&self) -> Result<Option<RecoveryWindow>, JournalError>;

    /// The time as of which the tables of that name are restored, if one of them is there already.
    ///
    /// # Errors
    /// Where the tables cannot be asked.
    async fn begun(&self, name: &RehearsalName) -> Result<Option<Timestamp>, JournalError>;

    /// Begins to restore both tables as they were at a time, to the second. After it returns, both are being made, or were
    /// before.
    ///
    /// # Errors
    /// Where that is refused.
    async fn begin(&self, name: &RehearsalName, at: Timestamp) -> Result<(), JournalError>;

    /// How they stand.
    ///
    /// # Errors
    /// Where the tables cannot be asked.
    async fn status(&self, name: &RehearsalName) -> Result<RehearsalStatus, JournalError>;

    /// The journal in them.
    ///
    /// # Errors
    /// Where the name does not fit.
    fn journal(&self, name: &RehearsalName) -> Result<RehearsedJournal, JournalError>;

    /// Deletes them. A table of that name that was not restored from ours is left, and refused.
    ///
    /// # Errors
    /// Where that is refused.
    async fn discard(&self, name: &RehearsalName) -> Result<(), JournalError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_behind_that_of_a_table() {
        assert!(RehearsalName::new("rehearsal-20261122-101500").is_ok());
        for text in ["", "a_b", "a b", &"a".repeat(65)] {
            assert!(RehearsalName::new(text).is_err(), "{text}");
        }
    }
}
