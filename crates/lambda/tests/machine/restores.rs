//! Whole executions: every strategy, and the ways on which a restore is not completed.

use aurora_restore_core::{
    engine::request_cancel,
    operation::{CancelRequest, Status, StepKind, StepStatus},
    plan,
    ports::{Clock, Journal},
    request::{Limits, SourceSelector, Strategy},
};
use aurora_restore_lambda::{FunctionError, Outcome};
use aurora_restore_testing::{
    Fault, FaultyPorts, Script, Trouble, Witness, block_on,
    scenario::{Scenario, Stage, operation, regions},
};
use jiff::SignedDuration;
use serde_json::json;

use crate::interpreter::{Execution, walk::Ended};

const NEW: &str = "shop.customers:20000,shop.orders:180000";

fn count(ended: &Ended, metric: &str) -> usize {
    ended.measures.iter().filter(|measure| measure.name == metric).count()
}

fn status(scenario: &Scenario, id: &str) -> Status {
    block_on(scenario.journal.state(&operation(id))).unwrap().status
}

#[test]
fn every_strategy_passes_its_places_in_order_and_is_completed() {
    for strategy in [Strategy::Swap, Strategy::SideBySide, Strategy::Replace] {
        let scenario = Scenario::new(Stage::across());
        let request = scenario.request(strategy, SourceSelector::Snapshot(scenario.snapshot()));
        let ended = Execution::of(&scenario, "op-1", request).run();
        assert_eq!(ended.outcome, Ok(Outcome::Completed), "{strategy:?}");
        let steps: Vec<&str> = StepKind::order(strategy).iter().map(|step| step.as_str()).collect();
        assert_eq!(ended.places, steps, "{strategy:?}");
        let expected = if strategy == Strategy::SideBySide { "shop.customers:10" } else { NEW };
        assert_eq!(scenario.answer_of_target().as_deref(), Some(expected), "{strategy:?}");
        assert_eq!((count(&ended, "OperationsCompleted"), count(&ended, "RecoveryTime")), (1, 1), "{strategy:?}");
        let stored = scenario.journal.stored(&operation("op-1"));
        assert!(!stored.iter().any(|entry| entry.body.contains("taken_over")), "its own executions leave no entries");
    }
}

#[test]
fn a_restore_of_an_hour_takes_few_transitions() {
    let scenario = Scenario::new(Stage::across());
    let mut request = scenario.swap();
    request.limits = Limits { poll: SignedDuration::from_secs(60), ..request.limits };
    let began = scenario.clock.now();
    let ended = Execution::of(&scenario, "op-1", request).run();
    let took = scenario.clock.now().duration_since(began);
    let per_hour = f64::from(ended.transitions) / (took.as_secs_f64() / 3_600.0);
    assert_eq!(ended.outcome, Ok(Outcome::Completed));
    assert!(took > SignedDuration::from_hours(1) && per_hour <= 250.0, "{} in {took:#}", ended.transitions);
}

#[test]
fn a_refused_restore_is_undone_and_fails() {
    let scenario = Scenario::new(Stage::default());
    let before = scenario.view(Witness::OfIdentity);
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    let ended = Execution::of(&scenario, "op-1", scenario.swap()).run();
    assert_eq!(ended.outcome, Ok(Outcome::Failed));
    assert_eq!(ended.places[ended.places.len() - 2..], ["verify-restore", "undo"]);
    assert_eq!((count(&ended, "OperationsFailed"), count(&ended, "StepFailures")), (1, 1));
    scenario.settle();
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
    assert_eq!(scenario.notifier.notices().len(), 1);
}

#[test]
fn a_plan_that_was_approved_is_what_is_done_or_nothing() {
    let scenario = Scenario::new(Stage::default());
    let before = scenario.view(Witness::OfIdentity);
    let approve = |name: &'static str, digest: &str| {
        let input = json!({ "operation_id": name, "request": {}, "approved_plan": digest });
        Execution::with_input(&scenario, name, scenario.swap(), input).run()
    };
    let stale = approve("op-1", "0123456789abcdef");
    assert_eq!((stale.outcome, stale.places), (Ok(Outcome::Failed), vec!["snapshot-check", "undo"]));
    let failure = block_on(scenario.journal.state(&operation("op-1"))).unwrap().failure.unwrap();
    assert!(failure.contains("ARP-PLAN-001") && failure.contains("0123456789abcdef"), "{failure}");
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());

    let planned = block_on(plan::make(&scenario.ports(), &scenario.swap(), &operation("op-2"))).unwrap();
    assert_eq!(approve("op-2", &planned.digest).outcome, Ok(Outcome::Completed));
    assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW));
}

#[test]
fn a_cancelled_restore_is_undone_and_says_so() {
    let scenario = Scenario::new(Stage::default());
    let execution = Execution::of(&scenario, "op-1", scenario.swap());
    *execution.before.borrow_mut() = Box::new(|place| {
        if place == StepKind::CreateInstances.as_str() {
            let request = CancelRequest { by: "me@home".into(), reason: None };
            let now = scenario.clock.now();
            block_on(request_cancel(&scenario.journal, &operation("op-1"), request, now)).unwrap();
        }
    });
    let ended = execution.run();
    assert_eq!(ended.outcome, Ok(Outcome::Cancelled));
    assert_eq!(status(&scenario, "op-1"), Status::Cancelled);
}

#[test]
fn a_step_whose_function_never_answers_is_given_up_with_the_cause() {
    let scenario = Scenario::new(Stage::default());
    let before = scenario.view(Witness::OfIdentity);
    let mut execution = Execution::of(&scenario, "op-1", scenario.swap());
    execution.broken = Some(("create-instances", FunctionError::TryAgain("the journal does not answer".into())));
    let began = scenario.clock.now();
    let ended = execution.run();
    assert_eq!(ended.outcome, Ok(Outcome::Failed));
    assert_eq!(ended.places[ended.places.len() - 2..], ["create-instances", "undo"]);
    // An outage of an hour is waited for.
    assert!(scenario.clock.now().duration_since(began) > SignedDuration::from_hours(1));
    let state = block_on(scenario.journal.state(&operation("op-1"))).unwrap();
    let failure = state.failure.unwrap();
    assert!(failure.contains("ARP-AWS-002") && failure.contains("the journal does not answer"), "{failure}");
    scenario.settle();
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
}

#[test]
fn a_way_back_whose_function_cannot_be_run_is_told_by_the_machine_and_resumed_later() {
    let scenario = Scenario::new(Stage::default());
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    let mut execution = Execution::of(&scenario, "op-1", scenario.swap());
    execution.broken = Some(("undo", FunctionError::Panic("a defect".into())));
    let ended = execution.run();
    assert_eq!(ended.outcome.unwrap_err().error, "AuroraRestore.Interrupted");
    let [notice] = &ended.notices[..] else { panic!("one notice: {:?}", ended.notices) };
    let message = notice["Message"].as_str().unwrap();
    assert!(
        message.starts_with("Execution op-1 of aurora-restore (stack ${AWS::StackName}) has stopped")
            && message.contains("resume ID --stack ${AWS::StackName}")
            && message.contains("a defect"),
        "{message}"
    );
    assert_eq!(status(&scenario, "op-1"), Status::InProgress);
    let resumed = Execution::asking(&scenario, "op-1-r20", "op-1", &json!({ "kind": "resume", "by": "me@home" })).run();
    assert_eq!((resumed.outcome, resumed.places), (Ok(Outcome::Failed), vec!["snapshot-check", "undo"]));
}

#[test]
fn what_blocks_an_operation_that_was_begun_is_told_with_what_to_do() {
    let scenario = Scenario::new(Stage::default());
    let mut execution = Execution::of(&scenario, "op-1", scenario.swap());
    execution.broken = Some(("notify", FunctionError::Blocked("the configuration cannot be read".into())));
    let ended = execution.run();
    let stopped = ended.outcome.unwrap_err();
    assert_eq!(stopped.error, "AuroraRestore.Blocked");
    assert_eq!(ended.notices[0]["Message"], stopped.cause);
    assert!(stopped.cause.contains("aurora-restore resume op-1 --stack"), "{}", stopped.cause);
    assert!(stopped.cause.contains("the configuration cannot be read"), "{}", stopped.cause);
}

#[test]
fn a_function_with_little_time_answers_in_time_and_the_restore_is_completed_all_the_same() {
    let scenario = Scenario::new(Stage::default());
    let mut execution = Execution::of(&scenario, "op-1", scenario.swap());
    execution.function_time = SignedDuration::from_secs(1);
    assert_eq!(execution.run().outcome, Ok(Outcome::Completed));
}

#[test]
fn an_executor_that_dies_at_any_call_is_replaced_by_the_next_invocation() {
    let calls = {
        let scenario = Scenario::new(Stage::default());
        let script = Script::counting();
        let ports = FaultyPorts::new(scenario.ports(), &script, &regions());
        let mut execution = Execution::of(&scenario, "op-1", scenario.swap());
        execution.ports = ports.ports();
        assert_eq!(execution.run().outcome, Ok(Outcome::Completed));
        script.calls().len()
    };
    // Every seventh call is enough here: the engine is tried at every one elsewhere.
    for at in (0..calls).step_by(7) {
        let scenario = Scenario::new(Stage::default());
        let script = Script::with(at, Fault::CrashAfter);
        let ports = FaultyPorts::new(scenario.ports(), &script, &regions());
        let mut dying = Execution::of(&scenario, "op-1", scenario.swap());
        dying.ports = ports.ports();
        die(&scenario, &dying, &script);
        let ended = Execution::of(&scenario, "op-1", scenario.swap()).run();
        assert_eq!(ended.outcome, Ok(Outcome::Completed), "call {at}");
        assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW), "call {at}");
    }
}

/// What they come to is final, and how long they may take is what is left of their invocation.
#[test]
fn every_try_of_the_checks_has_an_invocation_of_its_own() {
    let scenario = Scenario::new(Stage::default());
    let execution = Execution::of(&scenario, "op-1", scenario.swap());
    let mut measures = Vec::new();
    let mut place = "snapshot-check";
    while place != "verify-restore" {
        let reply = execution.invoke(place, None, &mut measures).unwrap();
        assert!(matches!(reply.outcome, Outcome::Next | Outcome::Wait), "{reply:?}");
        scenario.clock.turn(SignedDuration::from_secs(i64::try_from(reply.wait_seconds).unwrap()));
        place = reply.step;
    }
    scenario.database.make_trouble(Trouble::Unreachable, 1);
    let failed = execution.invoke(place, None, &mut measures).unwrap();
    assert_eq!((&failed.outcome, failed.step), (&Outcome::Wait, "verify-restore"), "{failed:?}");
    scenario.clock.turn(SignedDuration::from_secs(i64::try_from(failed.wait_seconds).unwrap()));
    let verified = execution.invoke(place, None, &mut measures).unwrap();
    assert_eq!((&verified.outcome, verified.step), (&Outcome::Next, "switch-over"), "{verified:?}");
}

/// Runs until the script kills a function.
fn die(scenario: &Scenario, execution: &Execution<'_>, script: &Script) {
    let mut place = "snapshot-check";
    let mut measures = Vec::new();
    while !script.has_crashed() {
        let work = execution.invoked(place, None, &mut measures);
        let Some(reply) = aurora_restore_testing::block_on_until(work, || script.has_crashed()).finished() else {
            return;
        };
        let reply = reply.unwrap();
        if matches!(reply.outcome, Outcome::Completed) {
            return;
        }
        scenario.clock.turn(SignedDuration::from_secs(i64::try_from(reply.wait_seconds).unwrap()));
        place = reply.step;
    }
}

#[test]
fn a_step_that_was_begun_and_is_not_settled_stays_the_functions_own() {
    let scenario = Scenario::new(Stage::default());
    let execution = Execution::of(&scenario, "op-1", scenario.swap());
    let mut measures = Vec::new();
    let first = execution.invoke("snapshot-check", None, &mut measures).unwrap();
    assert_eq!((first.outcome, first.step, first.wait_seconds), (Outcome::Next, "copy-snapshot", 0));
    let copy = execution.invoke("copy-snapshot", None, &mut measures).unwrap();
    assert_eq!((copy.outcome, copy.step), (Outcome::Next, "restore-snapshot"));
    let restore = execution.invoke("restore-snapshot", None, &mut measures).unwrap();
    assert_eq!((restore.outcome, restore.step, restore.wait_seconds), (Outcome::Wait, "restore-snapshot", 30));
    let (read, _) = aurora_restore_core::journal::replay(&scenario.journal.stored(&operation("op-1"))).unwrap();
    assert_eq!(read.step(StepKind::RestoreSnapshot).unwrap().status, StepStatus::Started);
}
