//! Events that cannot be served: nothing is changed, and the error says what to do.

use aurora_restore_core::{
    ids::Region,
    request::{SourceSelector, Strategy},
};
use aurora_restore_lambda::{FunctionError, Outcome};
use aurora_restore_testing::{
    Fault, FaultyPorts, Hit, Script, Witness,
    scenario::{Scenario, Stage, TargetIs, operation, regions},
};
use serde_json::json;

use crate::interpreter::Execution;

fn refused(execution: &Execution<'_>, place: &str) -> String {
    let error = execution.invoke(place, None, &mut Vec::new()).unwrap_err();
    assert!(matches!(error, FunctionError::Refused(_)), "{error}");
    error.to_string()
}

#[test]
fn an_operation_that_does_not_exist_is_refused_everywhere() {
    let scenario = Scenario::new(Stage::default());
    let before = scenario.view(Witness::OfIdentity);
    let input = json!({ "operation_id": "op-9" });
    let execution = Execution::with_input(&scenario, "op-9", scenario.swap(), input);
    for place in ["snapshot-check", "copy-snapshot", "undo", "retire", "notify"] {
        let told = refused(&execution, place);
        assert!(told.contains("operation op-9 is not in the journal"), "{place}: {told}");
        assert!(told.contains("Nothing was changed."), "{place}: {told}");
    }
    let resumed = Execution::asking(&scenario, "op-9-r1", "op-9", &json!({ "kind": "resume", "by": "me@home" }));
    assert!(refused(&resumed, "snapshot-check").contains("cannot be asked to resume"));
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
}

#[test]
fn the_way_back_of_what_was_never_begun_tells_why_it_was_not() {
    let scenario = Scenario::new(Stage::default());
    let execution = Execution::of(&scenario, "op-9", scenario.swap());
    let cause = FunctionError::Refused("the configuration cannot be used".into());
    let error = execution.invoke("undo", Some(&cause), &mut Vec::new()).unwrap_err();
    assert!(
        error.to_string().ends_with("Before that: AuroraRestore.Refused: the configuration cannot be used"),
        "{error}"
    );
}

#[test]
fn a_request_for_another_region_is_refused() {
    let scenario = Scenario::new(Stage::default());
    let mut request = scenario.swap();
    request.target.region = Region::new("eu-west-1").unwrap();
    let told = refused(&Execution::of(&scenario, "op-1", request), "snapshot-check");
    assert!(told.contains("the request's target is in eu-west-1, and this stack restores into eu-central-1"), "{told}");
    assert!(scenario.journal.stored(&operation("op-1")).is_empty());
}

/// Refused at once, also where nothing bears the name: the roles of such a stack could make nothing under it.
#[test]
fn a_replacement_is_refused_by_a_stack_that_does_not_allow_it() {
    for target in [TargetIs::Present, TargetIs::Absent] {
        let scenario = Scenario::new(Stage::default().with_target(target));
        let before = scenario.view(Witness::OfIdentity);
        let source = SourceSelector::Snapshot(scenario.snapshot());
        let mut execution = Execution::of(&scenario, "op-1", scenario.request(Strategy::Replace, source));
        execution.allows_replace = false;
        let stopped = execution.run().outcome.unwrap_err();
        assert_eq!(stopped.error, "AuroraRestore.Refused", "{target:?}");
        assert!(stopped.cause.contains("--parameter AllowReplace=yes"), "{}", stopped.cause);
        assert!(scenario.journal.stored(&operation("op-1")).is_empty());
        assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
    }
    let scenario = Scenario::new(Stage::default());
    let mut swap = Execution::of(&scenario, "op-1", scenario.swap());
    swap.allows_replace = false;
    assert_eq!(swap.run().outcome, Ok(Outcome::Completed));
}

#[test]
fn a_journal_that_does_not_answer_is_tried_again_and_the_restore_is_completed() {
    let run = |script: &Script| {
        let scenario = Scenario::new(Stage::default());
        let ports = FaultyPorts::new(scenario.ports(), script, &regions());
        let mut execution = Execution::of(&scenario, "op-1", scenario.swap());
        execution.ports = ports.ports();
        execution.run().outcome
    };
    let counting = Script::counting();
    assert_eq!(run(&counting), Ok(Outcome::Completed));
    let calls = counting.calls().into_iter().enumerate();
    let of_journal = calls.filter(|(_, (hit, _))| matches!(hit, Hit::JournalRead | Hit::JournalWrite));
    for (at, call) in of_journal.step_by(9) {
        let script = Script::with(at, Fault::Fails);
        assert_eq!(run(&script), Ok(Outcome::Completed), "{at}: {call:?}");
        assert_eq!(script.struck(), 1, "{at}: {call:?}");
    }
}

#[test]
fn an_account_that_refuses_its_identity_begins_nothing() {
    let scenario = Scenario::new(Stage::default());
    let script = Script::always("account", Fault::Denied);
    let ports = FaultyPorts::new(scenario.ports(), &script, &regions());
    let mut execution = Execution::of(&scenario, "op-1", scenario.swap());
    execution.ports = ports.ports();
    let told = refused(&execution, "snapshot-check");
    assert!(told.contains("cannot be used"), "{told}");
    assert!(scenario.journal.stored(&operation("op-1")).is_empty());
}
