//! The functions of a deployed pipeline: an event in, the engine advanced at one place, a small reply out.
//!
//! ```text
//!   Runtime API -> runtime -> event (checked) -> wiring (built once) -> function -> engine
//!                     |                                                    |
//!                     +--- reply, or an error with a name <- metrics <-----+
//! ```
//! One binary serves every place; `AURORA_RESTORE_STEP` says which. It is not the place for decisions about a restore:
//! those are the engine's, and what comes next is what the journal says.

mod ask;
mod begun;
mod event;
mod failure;
mod function;
pub mod log;
mod metrics;
mod payload;
mod place;
mod rehearsal;
mod reply;
mod rotate;
pub mod runtime;
mod sweep;
mod time;
mod timed_database;
mod variables;
mod wiring;

pub use event::{Ask, AskKind, Event};
pub use failure::FunctionError;
pub use function::{Function, RequestReader};
pub use metrics::Measure;
pub use place::Served;
pub use reply::{Outcome, Reply};
pub use time::Hourglass;
