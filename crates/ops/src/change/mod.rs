//! Change control: what is applied to a deployed stack is recorded before it is applied, and how it ended.
//!
//! ```text
//!   open ──► proposed ──► approved ──► applying ──► applied | failed | rolled back
//!                └──────────────────────►┘
//! ```
//! A command that applies something makes a [`Proposal`] of it: the difference as lines, and a digest of all that would be
//! applied and of what it would be applied to. It works through [`ChangeControl`]:
//!
//! 1. [`ChangeControl::check`] refuses what is not approved, where approval is required. Ask the person after it.
//! 2. [`ChangeControl::begin`] records that it is being applied. **Where it fails, nothing is applied.**
//! 3. The command applies it.
//! 4. [`ChangeControl::end`] records how that ended.
//!
//! If we die between 2 and 4, the change stays `applying`, which lists say; the same command with the same difference goes on with
//! it, and a person who knows better ends it (`change close`). [`ChangeControl::open`] only proposes, and
//! [`ChangeControl::approve`] approves what somebody else has opened.
//!
//! The records of a stack are one chain, kept through [`crate::ports::Changes`]. The rules are in
//! `docs/design/0008-changes-and-functions.md`. It is not the place for what is applied.

mod control;
mod decide;
mod error;
mod ledger;
mod project;
mod proposal;
mod record;
mod stage;

pub use control::ChangeControl;
pub use decide::Demand;
pub use error::ChangeError;
pub use ledger::Ledger;
pub use project::{Approval, Change, Ending, Signature};
pub use proposal::{AliasMove, ChangeId, ChangeKind, Figures, InvalidChangeId, Proposal};
pub use record::ChangeEvent;
pub use stage::{IllegalMove, Move, Outcome, Stage, next};

/// How long an approval is good for where nothing else is said.
pub const APPROVAL_GOOD_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);
