//! Drills that the functions restore: the id makes a drill of whatever the event asks for.

use aurora_restore_core::{
    ids::OperationId,
    operation::Status,
    plan::{self, Plan},
    ports::{Clock, Journal},
    request::Strategy,
};
use aurora_restore_lambda::{FunctionError, Outcome};
use aurora_restore_ops::drill::{self, Scenario as Rehearsed, isolated};
use aurora_restore_testing::{
    Witness, block_on,
    scenario::{Scenario, Stage, operation},
};
use serde_json::json;

use crate::interpreter::Execution;

fn drill_of(scenario: Rehearsed) -> OperationId {
    drill::operation_id(&operation("op-20261121-080000-7f3a"), scenario).unwrap()
}

/// The plan that whoever asks for the drill has looked at.
fn looked_at(scenario: &Scenario, id: &OperationId) -> Plan {
    let ports = scenario.ports();
    let request = block_on(isolated(ports.cloud, scenario.swap())).unwrap();
    block_on(plan::make(&ports, &request, id)).unwrap()
}

#[test]
fn a_drill_restores_beside_the_target_whatever_its_event_asks_for_and_is_taken_back() {
    let scenario = Scenario::new(Stage::default());
    let before = scenario.view(Witness::OfIdentity);
    let id = drill_of(Rehearsed::Restore);
    let plan = looked_at(&scenario, &id);
    let input = json!({ "operation_id": id, "request": {}, "approved_plan": plan.digest, "drill": true });
    // Asked for as a replacement of the target, which this stack would refuse: no drill is one.
    let mut earnest = scenario.swap();
    earnest.strategy = Strategy::Replace;
    let mut execution = Execution::with_input(&scenario, id.as_str(), earnest, input);
    execution.allows_replace = false;
    assert_eq!(execution.run().outcome, Ok(Outcome::Completed));
    assert_eq!(scenario.answer_of_target().as_deref(), Some("shop.customers:10"), "the target was not touched");
    assert!(plan.target_key.cluster.as_str().ends_with("-drill"), "{:?}", plan.target_key);

    let asked = json!({ "kind": "undo", "by": "me@home" });
    let undo = Execution::asking(&scenario, "drill-r30", id.as_str(), &asked).run();
    assert_eq!(undo.outcome, Ok(Outcome::Completed), "what it was asked for is done");
    scenario.settle();
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
    let entries = block_on(scenario.journal.entries(&id, 0)).unwrap();
    let record = drill::Record::of_journal(&entries, scenario.clock.now()).unwrap().unwrap();
    assert_eq!(record.verdict, drill::Verdict::Passed);
}

#[test]
fn a_drill_that_nobody_has_planned_or_that_functions_cannot_rehearse_is_refused() {
    let scenario = Scenario::new(Stage::default());
    let before = scenario.view(Witness::OfIdentity);
    let digest = looked_at(&scenario, &drill_of(Rehearsed::Restore)).digest;
    let restore = drill_of(Rehearsed::Restore);
    let cases = [
        (restore.clone(), None, true, "is not bound to a plan"),
        (restore, Some(&digest), false, "the event does not say that it is one"),
        (operation("op-1"), Some(&digest), true, "its id does not"),
        (drill_of(Rehearsed::HandedOver), Some(&digest), true, "the functions of a stack cannot rehearse"),
        (operation("drill-of-mine"), Some(&digest), true, "the functions of a stack cannot rehearse"),
        (drill_of(Rehearsed::UnavailableRegion), Some(&digest), true, "the target is lost, too"),
    ];
    for (id, digest, says_so, reason) in cases {
        let mut input = json!({ "operation_id": id, "request": {}, "drill": says_so });
        if let Some(digest) = digest {
            input["approved_plan"] = digest.as_str().into();
        }
        let execution = Execution::with_input(&scenario, id.as_str(), scenario.swap(), input);
        let error = execution.invoke("snapshot-check", None, &mut Vec::new()).unwrap_err();
        assert!(matches!(error, FunctionError::Refused(_)), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        assert!(scenario.journal.stored(&id).is_empty());
    }
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
}

/// What bears the name of the drill is not switched away: it is in the plan that was not looked at.
#[test]
fn a_name_that_was_taken_meanwhile_makes_another_plan() {
    let scenario = Scenario::new(Stage::default());
    let [first, second] = ["op-20261121-080000-7f3a", "op-20261121-090000-7f3a"]
        .map(|id| drill::operation_id(&operation(id), Rehearsed::Restore).unwrap());
    let digest = looked_at(&scenario, &second).digest;
    let begin = |id: &OperationId, digest: &str| {
        let input = json!({ "operation_id": id, "request": {}, "approved_plan": digest, "drill": true });
        Execution::with_input(&scenario, id.as_str(), scenario.swap(), input).run()
    };
    assert_eq!(begin(&first, &looked_at(&scenario, &first).digest).outcome, Ok(Outcome::Completed));
    assert_eq!(begin(&second, &digest).outcome, Ok(Outcome::Failed));
    let status = |id| block_on(scenario.journal.state(id)).unwrap().status;
    assert_eq!((status(&first), status(&second)), (Status::Completed, Status::Failed));
}
