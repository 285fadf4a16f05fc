//! The journal's entries: how an event is sealed into a chain, stored, read back and replayed.
//!
//! The journal is the truth; the state item beside it is a convenience for queries. Every entry carries the hash of
//! the one before it, so a missing, altered or reordered entry shows.

mod chain;
mod state;
mod stored;
mod twin;
mod wire;

pub use chain::{JournalRefusal, Sealed, SealedEntry, replay, replay_more};
pub use state::StateItem;
pub use wire::{WIRE_VERSION, WireError};

use jiff::Timestamp;

use crate::{ids::OperationId, operation::Event};

/// An entry before it is sealed.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The operation.
    pub operation: OperationId,
    /// 1 for the first.
    pub sequence: u64,
    /// When it was made. For people; order comes from the sequence.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}
