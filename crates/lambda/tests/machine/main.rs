//! The functions over a simulated cloud, called by a small interpreter of the state machine.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod asks;
mod events;
mod interpreter;
mod restores;
mod rivals;
