//! The maintenance of state over the journal in memory and a simulated cloud.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod audit;
mod lost_journal;
mod purge;
mod rebuild;
mod records;
mod rehearse;
mod resolve;
mod stage;
mod stalled;
