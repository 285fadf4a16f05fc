//! The stored form of an entry: versioned JSON, a twin of the domain's events.
//!
//! Whoever changes a twin answers three questions in the commit: can an old reader read new data, a new reader old data,
//! and what does an old writer do among new data? The rule: entries of a version above [`WIRE_VERSION`] are refused,
//! never guessed at; fields may be added with a default; golden journals in the tests pin what was ever written.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    ids::ExecutorId,
    journal::{Entry, SealedEntry},
    operation::{CancelRequest, Direction, End, Event, Failure, RetiredCluster, StepFacts, StepKind, UndoReason},
    request::Request,
};

/// The version of the stored form that this program writes.
pub const WIRE_VERSION: u32 = 1;

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

#[derive(Serialize)]
struct Writing<'a> {
    v: u32,
    at: Timestamp,
    event: StoredEventRef<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reading {
    #[expect(dead_code, reason = "read by `VersionOnly` first; named so that it is not an unknown field")]
    v: u32,
    at: Timestamp,
    event: StoredEvent,
}

/// Both directions of the twin from one list, so that they cannot drift apart.
macro_rules! stored_events {
    ($( $variant:ident { $( $field:ident : $type:ty ),* $(,)? } )+) => {
        #[derive(Serialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        enum StoredEventRef<'a> {
            $( $variant { $( $field: &'a $type ),* }, )+
        }

        #[derive(Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
        enum StoredEvent {
            $( $variant { $( $field: $type ),* }, )+
        }

        impl<'a> From<&'a Event> for StoredEventRef<'a> {
            fn from(event: &'a Event) -> Self {
                match event {
                    $( Event::$variant { $( $field ),* } => Self::$variant { $( $field ),* }, )+
                }
            }
        }

        impl From<StoredEvent> for Event {
            fn from(stored: StoredEvent) -> Self {
                match stored {
                    $( StoredEvent::$variant { $( $field ),* } => Self::$variant { $( $field ),* }, )+
                }
            }
        }
    };
}

stored_events! {
    Requested { request: Box<Request>, executor: ExecutorId, approved_plan: Option<String> }
    TakenOver { executor: ExecutorId }
    StepStarted { step: StepKind, attempt: u32 }
    StepFinished { step: StepKind, facts: Box<StepFacts> }
    StepSkipped { step: StepKind, reason: String }
    StepFailed { step: StepKind, failure: Failure, retry_after: Option<SignedDuration> }
    StepAbandoned { step: StepKind, failure: Failure, left: Vec<String> }
    CancelRequested { request: CancelRequest }
    UndoStarted { reason: UndoReason }
    StepUndoStarted { step: StepKind, attempt: u32 }
    StepUndone { step: StepKind, note: Option<String> }
    StepUndoFailed { step: StepKind, failure: Failure, retry_after: Option<SignedDuration> }
    BecameStuck { step: StepKind, direction: Direction, failure: Failure, left: Vec<String> }
    Unstuck { by: String, direction: Direction }
    Ended { end: End }
    RetireStarted { by: String }
    RetireFinished { retired: RetiredCluster }
    RetireFailed { failure: Failure }
}

pub(super) fn write(entry: &Entry) -> Result<String, WireError> {
    let writing = Writing { v: WIRE_VERSION, at: entry.at, event: StoredEventRef::from(&entry.event) };
    serde_json::to_string(&writing).map_err(|error| WireError::Malformed { reason: error.to_string() })
}

pub(super) fn read(sealed: &SealedEntry) -> Result<Entry, WireError> {
    let malformed = |error: serde_json::Error| WireError::Malformed { reason: error.to_string() };
    let version: VersionOnly = serde_json::from_str(&sealed.body).map_err(malformed)?;
    if version.v > WIRE_VERSION {
        return Err(WireError::TooNew { found: version.v });
    }
    let reading: Reading = serde_json::from_str(&sealed.body).map_err(malformed)?;
    Ok(Entry {
        operation: sealed.operation.clone(),
        sequence: sealed.sequence,
        at: reading.at,
        event: reading.event.into(),
    })
}
