//! The functions over a simulated cloud, called by the state machine as it is deployed.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod asks;
mod drills;
mod events;
mod interpreter;
mod invoke;
mod restores;
mod rivals;
mod time_out;
