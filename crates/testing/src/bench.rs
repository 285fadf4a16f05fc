//! Many whole restores, for measurements.

use aurora_restore_core::operation::Status;

use crate::scenario::{Pace, Scenario, Stage};

/// What was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restores {
    /// How many restores.
    pub restores: u32,
    /// How many entries their journals have.
    pub entries: u64,
}

/// Runs so many swap restores one after the other on one thread: all ten steps, production in another account and Region
/// under a customer's key, the journal in memory, RDS at the pace of the sandbox and looked at as often as there. Each
/// restore has a world of its own.
///
/// # Panics
/// If one of them does not complete.
pub fn swap_restores(count: u32) -> Restores {
    let stage = Scenario::new(Stage { pace: Pace::Quick, ..Stage::across() });
    let request = stage.swap();
    let mut entries = 0;
    for _ in 0..count {
        let scenario = stage.fork();
        match scenario.run("op-bench", request.clone()) {
            Ok((Status::Completed, session)) => entries += session.operation().sequence,
            other => panic!("a simulated restore did not complete: {other:?}"),
        }
    }
    Restores { restores: count, entries }
}
