//! What people ask of an operation by a new execution: resume, undo, retire, waive.

use aurora_restore_core::{
    engine::Engine,
    operation::{Operation, Phase, Status},
    ports::Journal,
};
use aurora_restore_lambda::{FunctionError, Outcome};
use aurora_restore_testing::{
    Witness, block_on,
    scenario::{Scenario, Stage, operation},
    stories::{give_the_name_up, stuck_in_the_middle_of_the_switch, stuck_without_a_way_back},
};
use serde_json::{Value, json};

use crate::interpreter::Execution;

fn ask(kind: &str) -> Value {
    json!({ "kind": kind, "by": "me@home" })
}

fn read(scenario: &Scenario) -> Operation {
    aurora_restore_core::journal::replay(&scenario.journal.stored(&operation("op-1"))).unwrap().0
}

fn entries(scenario: &Scenario, kind: &str) -> usize {
    scenario.journal.stored(&operation("op-1")).iter().filter(|entry| entry.body.contains(kind)).count()
}

fn completed() -> Scenario {
    let scenario = Scenario::new(Stage::default());
    assert_eq!(Execution::of(&scenario, "op-1", scenario.swap()).run().outcome, Ok(Outcome::Completed));
    scenario
}

fn stuck() -> Scenario {
    let scenario = Scenario::new(Stage::default());
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let story = stuck_in_the_middle_of_the_switch(&scenario, &engine, ("op-1", scenario.swap())).await;
        assert_eq!(story.unwrap().1, Status::Stuck);
    });
    scenario
}

#[test]
fn a_stuck_operation_is_resumed_once_however_often_it_is_delivered() {
    let scenario = stuck();
    // The cause is still there: it is stuck anew, and a repeated delivery does not try a second time.
    let resumed = Execution::asking(&scenario, "op-1-r9", "op-1", &ask("resume"));
    assert_eq!(resumed.run().outcome, Ok(Outcome::Stuck));
    assert_eq!(entries(&scenario, "\"unstuck\""), 1);
    assert_eq!(resumed.run().outcome, Ok(Outcome::Stuck));
    assert_eq!(entries(&scenario, "\"unstuck\""), 1);
    give_the_name_up(&scenario);
    let again = Execution::asking(&scenario, "op-1-r19", "op-1", &ask("resume")).run();
    assert_eq!(again.outcome, Ok(Outcome::Completed));
    assert_eq!(entries(&scenario, "\"unstuck\""), 2);
    assert_eq!(read(&scenario).executor.as_str(), "op-1-r19");
    // Who was overtaken takes nothing back.
    let stopped = resumed.run().outcome.unwrap_err();
    assert_eq!(stopped.error, "AuroraRestore.Fenced", "{stopped:?}");
}

#[test]
fn an_operation_whose_execution_has_died_is_resumed_by_another_one() {
    let scenario = Scenario::new(Stage::default());
    let mut measures = Vec::new();
    Execution::of(&scenario, "op-1", scenario.swap()).invoke("snapshot-check", None, &mut measures).unwrap();
    let ended = Execution::asking(&scenario, "op-1-r4", "op-1", &ask("resume")).run();
    assert_eq!(ended.outcome, Ok(Outcome::Completed));
    assert_eq!(ended.places[..2], ["snapshot-check", "copy-snapshot"]);
    assert_eq!(entries(&scenario, "taken_over"), 1);
}

#[test]
fn a_completed_restore_is_taken_back_once() {
    let scenario = completed();
    let undo = Execution::asking(&scenario, "op-1-r30", "op-1", &ask("undo"));
    let ended = undo.run();
    assert_eq!(ended.places, ["snapshot-check", "undo"]);
    let outcome = ended.outcome.unwrap();
    assert_eq!(outcome, Outcome::Completed, "the execution has done what it was asked for");
    assert_eq!(scenario.answer_of_target().as_deref(), Some("shop.customers:10"));
    let stored = scenario.journal.stored(&operation("op-1"));
    assert!(stored.iter().any(|entry| entry.body.contains("me@home by execution op-1-r30")));
    // The whole of it delivered again finds its own entry.
    assert_eq!(undo.run().outcome, Ok(outcome));
    assert_eq!(scenario.journal.stored(&operation("op-1")), stored);
}

#[test]
fn what_is_not_possible_stops_nobody() {
    let scenario = Scenario::new(Stage::default());
    let mut measures = Vec::new();
    Execution::of(&scenario, "op-1", scenario.swap()).invoke("snapshot-check", None, &mut measures).unwrap();
    let before = block_on(scenario.journal.head(&operation("op-1"))).unwrap();
    let waive = json!({ "kind": "waive", "by": "me@home", "note": "it is gone" });
    for asked in [ask("undo"), ask("retire"), waive] {
        let other = Execution::asking(&scenario, "other", "op-1", &asked);
        let error = other.invoke("snapshot-check", None, &mut measures).unwrap_err();
        assert!(matches!(error, FunctionError::Refused(_)), "{asked}: {error}");
        assert!(error.to_string().contains("Nothing was changed."), "{error}");
    }
    assert_eq!(block_on(scenario.journal.head(&operation("op-1"))).unwrap(), before);
}

/// A refusal is one for whoever only asked; for the execution that holds the operation it is what keeps that from going on.
#[test]
fn a_refusal_blocks_the_execution_that_holds_the_operation_and_nobody_else() {
    let scenario = Scenario::new(Stage::default());
    let mut measures = Vec::new();
    Execution::of(&scenario, "op-1", scenario.swap()).invoke("snapshot-check", None, &mut measures).unwrap();
    let before = block_on(scenario.journal.head(&operation("op-1"))).unwrap();
    let waive = json!({ "kind": "waive", "by": "me@home", "note": "it is gone" });
    let error = Execution::asking(&scenario, "other", "op-1", &waive).invoke("snapshot-check", None, &mut measures);
    assert_eq!(error.unwrap_err().name(), "AuroraRestore.Refused");
    let own = Execution::asking(&scenario, "op-1", "op-1", &waive).invoke("snapshot-check", None, &mut measures);
    let error = own.unwrap_err();
    assert_eq!(error.name(), "AuroraRestore.Blocked");
    assert!(error.to_string().ends_with("go on with it by `aurora-restore resume op-1`."), "{error}");
    assert_eq!(block_on(scenario.journal.head(&operation("op-1"))).unwrap(), before);
}

#[test]
fn a_retired_cluster_is_ended_once() {
    let scenario = completed();
    let before = scenario.view(Witness::OfIdentity);
    let retire = Execution::asking(&scenario, "op-1-r30", "op-1", &ask("retire"));
    let ended = retire.run();
    assert_eq!((ended.outcome, ended.places), (Ok(Outcome::Completed), vec!["snapshot-check", "retire"]));
    assert!(ended.measures.iter().any(|measure| measure.name == "ClustersRetired"));
    let retired = read(&scenario).facts.plan.unwrap().names.retired.to_string();
    let is_there = |view: &aurora_restore_testing::View| view.names().iter().any(|name| name.ends_with(&retired));
    scenario.settle();
    assert!(is_there(&before) && !is_there(&scenario.view(Witness::OfIdentity)));
    let stored = scenario.journal.stored(&operation("op-1"));
    assert_eq!(retire.run().outcome, Ok(Outcome::Completed));
    assert_eq!(scenario.journal.stored(&operation("op-1")), stored);
}

#[test]
fn what_a_person_has_dealt_with_is_waived_once_and_their_words_are_kept() {
    let scenario = Scenario::new(Stage::default());
    block_on(async {
        let engine = Engine::new(scenario.ports());
        assert_eq!(stuck_without_a_way_back(&scenario, &engine, "op-1").await.unwrap().1, Status::Stuck);
    });
    let waive = json!({ "kind": "waive", "by": "me@home", "note": "made it anew by hand" });
    // One step after the other cannot be undone; each is a decision of its own.
    let expected = [("one", Outcome::Stuck), ("two", Outcome::Stuck), ("three", Outcome::Failed)];
    for (number, (name, outcome)) in expected.into_iter().enumerate() {
        let waived = Execution::asking(&scenario, name, "op-1", &waive);
        for _delivery in 0..2 {
            assert_eq!(waived.run().outcome, Ok(outcome), "{name}");
            assert_eq!(entries(&scenario, "made it anew by hand"), number + 1, "{name}");
        }
    }
}

#[test]
fn resuming_what_has_ended_says_how_it_ended() {
    let scenario = completed();
    let stored = scenario.journal.stored(&operation("op-1"));
    let resumed = Execution::asking(&scenario, "late", "op-1", &ask("resume")).run();
    assert_eq!(resumed.outcome, Ok(Outcome::Completed));
    assert_eq!(scenario.journal.stored(&operation("op-1")), stored);
    assert!(matches!(read(&scenario).phase, Phase::Ended(_)));
}
