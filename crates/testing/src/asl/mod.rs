//! A reader of Amazon States Language: plays a state machine on a clock that is turned by hand, so that hours pass in no
//! time. What the tasks of the machine call is the test's.
//!
//! ```text
//! document  the machine, and nothing in it that is not understood
//! data      paths and functions in it
//! jsonata   expressions in it, where a state is written so
//! walk      state after state to the end
//! task      what is called, tried again and caught
//! items     a map: many items, a few at a time
//! ```
//!
//! Stand-ins for Step Functions leave things out; this reader refuses what it does not know, so that nothing is played
//! wrongly.

mod data;
mod document;
mod items;
mod jsonata;
mod task;
mod walk;

pub use document::{Choice, Machine, Resource, State};
pub use walk::{Call, End, Ended, Execution, Resources, Stopped, play};
