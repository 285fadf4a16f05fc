//! The universal checks: whatever the strategy and the source, an operation ends the same when a step is executed twice,
//! when an executor dies anywhere, or when a call fails, or it is undone to the world before.
//!
//! A [`Trial`] is one wish on one stage. Every move of its untroubled run is recorded with a fork of the world, so that
//! each point of trouble begins at its own move and not at the start. A check says what it found instead of panicking, so
//! that a caller sees all findings at once.

mod coverage;
mod executor;
mod explained;
mod judge;
mod pairs;
mod position;
mod single;
mod trial;
mod undo;

pub use coverage::{Coverage, Ending};
pub use executor::Want;
pub use pairs::{crash_while_recovering_from_a_crash, lost_reply_then_throttling};
pub use single::{FAILURES, crash_around_every_call, every_step_twice, failure_at_every_call};
pub use trial::{End, Trial};
pub use undo::{
    FailsAt, crash_around_every_call_of_every_undo, every_undo_twice, failure_at_every_call_of_every_undo,
    stuck_in_each_undo, stuck_in_each_undo_of_a_cancelled, waived,
};
