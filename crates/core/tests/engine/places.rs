//! Who serves an operation where each step is served by somebody of its own.

use aurora_restore_core::{
    catalogue::ErrorCode,
    engine::{Advance, Engine, Place, place},
    operation::{Failure, Status, StepKind, StepStatus},
    request::{Request, SourceSelector, Strategy},
};
use aurora_restore_testing::{
    Trouble, Witness, block_on, run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage, executor, operation},
};

/// Drives an operation as a state machine does: every move by an executor that has just come back under the machine's
/// name. Gives the places in the order in which they were served.
fn served(scenario: &Scenario, request: Request) -> (Vec<Place>, Status) {
    let mut places = Vec::new();
    block_on(async {
        let engine = Engine::new(scenario.ports());
        engine.begin(scenario.begin("op-1", request)).await.unwrap();
        for _ in 0..MOVES_MAX {
            let mut session = engine.attach(&operation("op-1"), &executor("first")).await.unwrap();
            let here = place(session.operation());
            if places.last() != Some(&here) {
                places.push(here);
            }
            match engine.advance(&mut session).await.unwrap() {
                Advance::Moved => {}
                Advance::Wait { after, .. } => scenario.clock.turn(after),
                Advance::Ended(status) => return (places, status),
            }
        }
        panic!("no end");
    })
}

#[test]
fn a_restore_passes_the_places_of_its_steps_in_order() {
    for strategy in [Strategy::Swap, Strategy::SideBySide, Strategy::Replace] {
        let scenario = Scenario::new(Stage::across());
        let request = scenario.request(strategy, SourceSelector::Snapshot(scenario.snapshot()));
        let (places, status) = served(&scenario, request);
        let steps = StepKind::order(strategy).iter().map(|step| Place::Step(*step));
        assert_eq!(places, steps.chain([Place::Ended(Status::Completed)]).collect::<Vec<_>>());
        assert_eq!(status, Status::Completed);
    }
}

#[test]
fn a_refused_restore_goes_from_its_step_to_the_undo() {
    let scenario = Scenario::new(Stage::default());
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    let (places, status) = served(&scenario, scenario.swap());
    assert_eq!(status, Status::Failed);
    let tail = &places[places.len() - 3..];
    assert_eq!(tail, [Place::Step(StepKind::VerifyRestore), Place::Undo, Place::Ended(Status::Failed)]);
}

#[test]
fn an_executor_that_comes_back_under_its_own_name_leaves_no_entry_and_fences_its_past() {
    let scenario = Scenario::new(Stage::default());
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let mut past = engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
        let entries = scenario.journal.stored(&operation("op-1"));
        let mut present = engine.attach(&operation("op-1"), &executor("first")).await.unwrap();
        assert_eq!(scenario.journal.stored(&operation("op-1")), entries);
        assert!(engine.advance(&mut past).await.is_err());
        assert_eq!(engine.advance(&mut present).await.unwrap(), Advance::Moved);
    });
}

/// The function of a step does not start: whoever is told so gives the step up, at every place.
#[test]
fn a_step_that_cannot_be_run_is_given_up_and_everything_is_undone() {
    for step in StepKind::ALL.into_iter().filter(|step| !step.is_after_point_of_no_return()) {
        for begun in [false, true] {
            let scenario = Scenario::new(Stage::default());
            let before = scenario.view(Witness::OfIdentity);
            let status = block_on(async {
                let engine = Engine::new(scenario.ports());
                let mut session = engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
                let is_there = |operation: &aurora_restore_core::operation::Operation| {
                    let started = operation.step(step).unwrap().status == StepStatus::Started;
                    place(operation) == Place::Step(step) && (started || !begun)
                };
                while !is_there(session.operation()) {
                    if let Advance::Wait { after, .. } = engine.advance(&mut session).await.unwrap() {
                        scenario.clock.turn(after);
                    }
                }
                let failure = Failure::terminal(ErrorCode::Internal, "the function did not start");
                engine.give_up_step(&mut session, failure.clone()).await.unwrap();
                // Told twice, it is given up once.
                engine.give_up_step(&mut session, failure).await.unwrap();
                run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap()
            });
            assert_eq!(status, Status::Failed, "{step}");
            scenario.settle();
            assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new(), "{step}");
            let stored = scenario.journal.stored(&operation("op-1"));
            let failed = stored.iter().filter(|entry| entry.body.contains("step_failed")).count();
            assert_eq!(failed, 1, "{step}");
        }
    }
}
