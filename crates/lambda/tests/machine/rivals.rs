//! Repeated deliveries, steps out of order, and executors that are not the operation's.

use std::sync::atomic::{AtomicBool, Ordering};

use aurora_restore_core::{operation::StepKind, ports::Journal};
use aurora_restore_lambda::{FunctionError, Outcome, Served};
use aurora_restore_testing::{
    Witness, block_on,
    scenario::{Scenario, Stage, operation},
};
use serde_json::json;

use crate::interpreter::Execution;

#[test]
fn a_delivery_that_is_repeated_after_the_step_moves_nothing() {
    let scenario = Scenario::new(Stage::default());
    let execution = Execution::of(&scenario, "op-1", scenario.swap());
    let mut measures = Vec::new();
    let first = execution.invoke("snapshot-check", None, &mut measures).unwrap();
    let stored = scenario.journal.stored(&operation("op-1"));
    assert_eq!(execution.invoke("snapshot-check", None, &mut measures).unwrap(), first);
    assert_eq!(scenario.journal.stored(&operation("op-1")), stored);
}

#[test]
fn a_step_out_of_order_answers_where_the_operation_stands_and_moves_nothing() {
    let scenario = Scenario::new(Stage::default());
    let execution = Execution::of(&scenario, "op-1", scenario.swap());
    let mut measures = Vec::new();
    execution.invoke("snapshot-check", None, &mut measures).unwrap();
    let (world, stored) = (scenario.view(Witness::OfIdentity), scenario.journal.stored(&operation("op-1")));
    for place in ["switch-over", "notify", "undo", "retire", "verify-restore"] {
        let reply = execution.invoke(place, None, &mut measures).unwrap();
        assert_eq!((reply.outcome, reply.step), (Outcome::Next, "copy-snapshot"), "{place}");
    }
    assert_eq!(scenario.journal.stored(&operation("op-1")), stored);
    assert_eq!(world.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
}

#[test]
fn a_second_execution_is_refused_at_the_beginning_and_fenced_elsewhere() {
    let scenario = Scenario::new(Stage::default());
    let mut measures = Vec::new();
    Execution::of(&scenario, "op-1", scenario.swap()).invoke("snapshot-check", None, &mut measures).unwrap();
    let stored = scenario.journal.stored(&operation("op-1"));
    let input = json!({ "operation_id": "op-1", "request": {} });
    let second = Execution::with_input(&scenario, "again", scenario.swap(), input);
    let error = second.invoke("snapshot-check", None, &mut measures).unwrap_err();
    assert!(matches!(error, FunctionError::Refused(_)), "{error}");
    assert!(error.to_string().contains("aurora-restore resume op-1"), "{error}");
    // What the machine does with that must not harm the one that goes on.
    let error = second.invoke("undo", Some(&error), &mut measures).unwrap_err();
    assert!(matches!(error, FunctionError::Fenced(_)), "{error}");
    assert_eq!(scenario.journal.stored(&operation("op-1")), stored);
    let token = block_on(scenario.journal.head(&operation("op-1"))).unwrap().token;
    assert_eq!(token.0, 1, "the first executor was not even disturbed");
}

#[test]
fn an_operation_that_another_one_waits_for_is_refused_with_its_name() {
    let scenario = Scenario::new(Stage::default());
    let mut measures = Vec::new();
    Execution::of(&scenario, "op-1", scenario.swap()).invoke("snapshot-check", None, &mut measures).unwrap();
    let second = Execution::of(&scenario, "op-2", scenario.swap());
    let ended = second.run();
    let stopped = ended.outcome.unwrap_err();
    assert_eq!(stopped.error, "AuroraRestore.Refused", "{stopped:?}");
    assert!(stopped.cause.contains("operation op-1 is already working on target"), "{stopped:?}");
    assert!(scenario.journal.stored(&operation("op-2")).is_empty());
}

/// Two invocations of one execution at once: the one that Step Functions has given up still runs.
#[test]
fn an_invocation_that_was_given_up_is_overtaken_and_both_come_to_the_same_end() {
    let stage = Stage { pace: aurora_restore_testing::scenario::Pace::Quick, ..Stage::default() };
    let scenario = Scenario::new(stage);
    let struck = AtomicBool::new(false);
    let mut slow = Execution::of(&scenario, "op-1", scenario.swap());
    slow.meanwhile = Box::new(|| {
        if !struck.swap(true, Ordering::SeqCst) {
            let ended = Execution::of(&scenario, "op-1", scenario.swap()).run();
            assert_eq!(ended.outcome, Ok(Outcome::Completed));
        }
    });
    let mut measures = Vec::new();
    let mut place = Served::FIRST.as_str();
    let error = loop {
        match slow.invoke(place, None, &mut measures) {
            Ok(reply) => place = reply.step,
            Err(error) => break error,
        }
    };
    // Fenced by its own execution: if the machine believed that, nobody would go on where the other one was given up.
    assert!(matches!(error, FunctionError::TryAgain(_)), "{error}");
    assert!(StepKind::ALL.iter().any(|step| step.as_str() == place), "{place}");
    assert_eq!(slow.invoke(place, None, &mut measures).unwrap().outcome, Outcome::Completed);
}
