//! The engine over a simulated cloud: whole restores, and what happens when something goes wrong in them.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod cut;
mod guards;
mod late;
mod mended;
mod outside;
mod people;
mod places;
mod stuck;
mod universal;
mod whole;

use aurora_restore_core::{
    engine::{Engine, Session},
    operation::Status,
};
use aurora_restore_testing::{
    block_on, run_to_end,
    scenario::{MOVES_MAX, Scenario},
};

/// A person asks for the undo of a completed operation, and it is driven to its end.
fn undone_by_a_person(scenario: &Scenario, session: &mut Session) -> Status {
    block_on(async {
        let engine = Engine::new(scenario.ports());
        engine.undo(session, "a person").await.unwrap();
        run_to_end(&engine, session, &scenario.clock, MOVES_MAX).await.unwrap()
    })
}
