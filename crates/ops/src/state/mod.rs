//! The state of operations, maintained: what stands still, what is not as it was written, what is old, what was exported, and what a
//! person decides about an operation that nobody goes on with.
//!
//! The rules are in `docs/design/0005-maintenance.md`. Nothing here undoes or deletes anything in RDS: that is the engine's.

mod audit;
mod check;
mod compare;
mod export;
mod finding;
mod import;
mod logged;
mod patience;
mod purge;
mod rebuild;
mod record;
mod rehearse;
mod resolve;
mod stalled;
mod unlock;

pub use audit::{Audit, Audited, target_of};
pub use check::{Checked, check_lock, check_operation};
pub use compare::{Compared, WholeJournal};
pub use export::{Exported, Shelf, export};
pub use finding::{Finding, Kind};
pub use import::{Imported, import};
pub use logged::{Logged, LoggedLine};
pub(crate) use patience::patiently;
pub use purge::{Batch, Left, Purge, PurgePlan, Purged};
pub use rebuild::{LostItems, Wanted};
pub use record::{ReadError, RecordReader, Summary, verify};
pub use rehearse::{Rehearsal, RehearsalError, Rehearsed};
pub use resolve::{Examination, Resolution, ResolveError, Resolver, Way};
pub use stalled::{STALLED_AFTER, Stalled, StalledFound, StalledSearch};
pub use unlock::{Locked, look_at_lock, unlock};

use aurora_restore_core::ports::JournalError;

/// Why an export, or what begins with one, did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The file cannot be written.
    #[error("the export cannot be written")]
    Write(#[source] std::io::Error),
    /// The file cannot be used.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// How many operations are looked at or deleted at once.
pub(crate) const AT_ONCE: usize = 16;
