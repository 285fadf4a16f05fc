//! Why something is not recorded, and so not applied.

use aurora_restore_core::ports::JournalError;
use jiff::Timestamp;
use thiserror::Error;

use super::{proposal::ChangeId, stage::IllegalMove};

/// Why something is not recorded, and so not applied.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ChangeError {
    /// The store cannot be read or written.
    #[error("the change cannot be recorded: {0}")]
    Store(#[from] JournalError),
    /// Others write all the time.
    #[error("the change cannot be recorded: others are recording theirs at this moment")]
    Busy,
    /// There is no such change.
    #[error("change {change} is not among the changes of this stack")]
    Unknown {
        /// The change.
        change: ChangeId,
    },
    /// It stands elsewhere.
    #[error("change {change} does not allow that: {source}")]
    Illegal {
        /// The change.
        change: ChangeId,
        /// Why.
        source: IllegalMove,
    },
    /// It is about something else.
    #[error("change {change} is about `{is}`, and `{wanted}` was asked for")]
    OtherKind {
        /// The change.
        change: ChangeId,
        /// What it is about.
        is: &'static str,
        /// What was asked for.
        wanted: &'static str,
    },
    /// Nobody has proposed just this.
    #[error("nobody has approved what would be applied now")]
    NothingApproved,
    /// Nobody has agreed to it.
    #[error("change {change} is not approved")]
    NotApproved {
        /// The change.
        change: ChangeId,
    },
    /// The approval has expired.
    #[error("the approval of change {change} has expired at {at}")]
    Expired {
        /// The change.
        change: ChangeId,
        /// When.
        at: Timestamp,
    },
    /// What would be applied now is not what was approved.
    #[error(
        "the approval of change {change} is stale: what would be applied now, or what it would be applied to, is another"
    )]
    Stale {
        /// The change.
        change: ChangeId,
        /// The digest as it is now.
        now: String,
    },
    /// Nobody agrees to what they opened themselves.
    #[error("change {change} was opened by {by}, who asks to approve it")]
    Own {
        /// The change.
        change: ChangeId,
        /// Who.
        by: String,
    },
    /// The digest that was agreed to is not the change's.
    #[error("change {change} has another digest: {is}")]
    OtherDigest {
        /// The change.
        change: ChangeId,
        /// Its own.
        is: String,
    },
    /// The chain has something wrong in it.
    #[error("the records of changes are not as they were written: {reason}")]
    Broken {
        /// What.
        reason: String,
    },
    /// A record has no form.
    #[error("the record of the change cannot be written: {reason}")]
    Unwritable {
        /// Why.
        reason: String,
    },
}
