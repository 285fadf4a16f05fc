//! The state machines before a third judge: moto's interpreter, whose parser is LocalStack's. It takes both, and plays batches
//! up to the start of an item, which it cannot do by itself: it looks for the machine in a field that it has not filled.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::Duration,
};

use aurora_restore_testing::stand_in::StandIn;
use serde_json::{Value, json};

use super::{
    alone,
    batch::{self, INLINE_ITEMS_MAX},
    batch_played::input,
    pipeline,
};

/// The time between two looks, and the most of them.
const PAUSE: Duration = Duration::from_millis(100);
const LOOKS_MAX: u32 = 600;

fn call(moto: &StandIn, action: &str, body: &Value) -> Value {
    moto.json("states", &format!("AWSStepFunctions.{action}"), body)
}

/// The ARN of a machine that is made.
fn made(moto: &StandIn, name: &str, definition: &str) -> String {
    let role = "arn:aws:iam::123456789012:role/machine";
    let body = json!({ "name": name, "definition": definition, "roleArn": role });
    call(moto, "CreateStateMachine", &body)["stateMachineArn"].as_str().expect("a machine has an ARN").to_owned()
}

/// The end of an execution.
fn played(moto: &StandIn, machine: &str, input: &Value) -> Value {
    let body = json!({ "stateMachineArn": machine, "name": "night", "input": input.to_string() });
    let started = call(moto, "StartExecution", &body);
    for _ in 0..LOOKS_MAX {
        let found = call(moto, "DescribeExecution", &json!({ "executionArn": started["executionArn"] }));
        if found["status"] != "RUNNING" {
            return found;
        }
        thread::sleep(PAUSE);
    }
    panic!("the execution of {machine} does not end");
}

#[test]
fn moto_takes_the_machine_of_the_pipeline() {
    let moto = StandIn::moto_that_plays_machines();
    assert!(made(&moto, "pipeline", &alone(&pipeline::machine())).ends_with(":stateMachine:pipeline"));
}

#[test]
fn moto_plays_batches_up_to_the_start_of_each_item() {
    for items in [3, INLINE_ITEMS_MAX + 1] {
        // One server for each execution: moto does not start another.
        let moto = StandIn::moto_that_plays_machines();
        let ended = played(&moto, &made(&moto, "batch", &alone(&batch::machine())), &input(items, 2));
        assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
        let told: Value =
            serde_json::from_str(ended["output"].as_str().expect("it tells of its items")).expect("as JSON");
        let of_item = |number| json!({ "operation_id": format!("night-{number}"), "status": "FAILED", "error": "States.Runtime" });
        assert_eq!(told, (0..items).map(of_item).collect::<Value>());
    }
}

/// What the parser is there for: a state in JSONPath below one in JSONata.
#[test]
fn moto_refuses_a_batch_in_which_the_languages_are_mixed() {
    let moto = StandIn::moto_that_plays_machines();
    let text = alone(&batch::machine());
    let seconds = "\"Seconds\": \"{% $states.input.wait_seconds %}\"";
    assert!(text.contains(seconds), "{text}");
    // First what it takes: a refusal is not the last of that parser.
    made(&moto, "as-it-is", &text);
    let mixed = text.replace(seconds, "\"SecondsPath\": \"$.wait_seconds\"");
    assert!(catch_unwind(AssertUnwindSafe(|| made(&moto, "mixed", &mixed))).is_err());
}
