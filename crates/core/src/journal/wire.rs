//! The envelope of a stored entry: versioned JSON around the twin of an event.
//!
//! Whoever changes a twin answers three questions in the commit: can an old reader read new data, a new reader old data,
//! and what does an old writer do among new data? The rule: every change raises [`WIRE_VERSION`]; entries of a higher
//! version are refused, never guessed at; golden journals in the tests pin what was ever written.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    journal::{Entry, SealedEntry, stored::StoredEvent, twin::Twin},
    operation::Event,
};

/// The version of the stored form that this program writes.
///
/// | form | what came with it |
/// |---|---|
/// | 1 | the first |
/// | 2 | the checks of a refused verification in `step_failed`; `step_undo_waived` |
pub const WIRE_VERSION: u32 = 2;

/// Why an entry cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WireError {
    /// A newer program wrote it.
    #[error("it was written in form {found} by a newer version; this one knows forms up to {WIRE_VERSION}")]
    TooNew {
        /// The form.
        found: u32,
    },
    /// It is not what this program or an older one writes.
    #[error("it is malformed: {reason}")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
}

#[derive(Deserialize)]
struct VersionOnly {
    v: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredEntry {
    v: u32,
    at: Timestamp,
    event: StoredEvent,
}

pub(super) fn write(entry: &Entry) -> Result<String, WireError> {
    let stored = StoredEntry { v: WIRE_VERSION, at: entry.at, event: entry.event.store() };
    serde_json::to_string(&stored).map_err(|error| WireError::Malformed { reason: error.to_string() })
}

pub(super) fn read(sealed: &SealedEntry) -> Result<Entry, WireError> {
    let malformed = |error: serde_json::Error| WireError::Malformed { reason: error.to_string() };
    let version: VersionOnly = serde_json::from_str(&sealed.body).map_err(malformed)?;
    if version.v > WIRE_VERSION {
        return Err(WireError::TooNew { found: version.v });
    }
    let stored: StoredEntry = serde_json::from_str(&sealed.body).map_err(malformed)?;
    Ok(Entry {
        operation: sealed.operation.clone(),
        sequence: sealed.sequence,
        at: stored.at,
        event: Event::load(stored.event),
    })
}
