//! The maintenance of state over the journal in memory and a simulated cloud.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod audit;
mod purge;
mod records;
mod resolve;
mod stage;
mod stalled;
