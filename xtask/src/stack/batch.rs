//! The state machine that runs many operations, each as an execution of the pipeline of its own.
//!
//! ```text
//!   {"items": [{"operation_id": "…", "request": {…}, "wait_seconds": 0}, …], "max_concurrency": 5}
//! ```
//! Each item waits `wait_seconds` before it starts, so whoever makes the input staggers them. An item that fails does not
//! stop the others; the output says of each how it ended. Up to forty items are played inside the execution, more as
//! executions of their own, whose history would not fit into one.

use super::node::{Node, list, map};

/// The most items that are played inside of the execution.
pub(crate) const INLINE_ITEMS_MAX: usize = 40;

/// Thirty days.
const TIMEOUT_SECONDS: i64 = 30 * 24 * 3600;

/// The whole machine.
pub(crate) fn machine() -> Node {
    let one_more = format!("$.items[{INLINE_ITEMS_MAX}]");
    map! {
        "Comment" => "Many restores of aurora-restore, each an execution of its own; one that fails does not stop the others.",
        "StartAt" => "how-many",
        // Longer than every item one after the other may be; each has a bound of its own.
        "TimeoutSeconds" => TIMEOUT_SECONDS,
        "States" => map! {
            "how-many" => map! {
                "Type" => "Choice",
                "Choices" => list![map! { "Variable" => one_more, "IsPresent" => true, "Next" => "restore-many" }],
                "Default" => "restore-few",
            },
            // As an expression, because not every stand-in for Step Functions heeds `MaxConcurrencyPath` here.
            "restore-few" => items(
                map! {
                    "QueryLanguage" => "JSONata",
                    "Items" => "{% $states.input.items %}",
                    "MaxConcurrency" => "{% $states.input.max_concurrency %}",
                },
                map! { "Mode" => "INLINE" },
                "",
            ),
            "restore-many" => items(
                map! {
                    "ItemsPath" => "$.items",
                    "MaxConcurrencyPath" => "$.max_concurrency",
                    "ToleratedFailurePercentage" => 100,
                },
                map! { "Mode" => "DISTRIBUTED", "ExecutionType" => "STANDARD" },
                "one-",
            ),
            "completed" => map! { "Type" => "Succeed" },
        },
    }
}

/// One of the two maps: which items, how many at a time, and where they are played. Names of states have to differ in all
/// of a machine, so those of one bear a prefix.
fn items(which: Node, mode: Node, prefix: &str) -> Node {
    let name = |state: &str| format!("{prefix}{state}");
    let states = Node::Map(vec![
        (name("stagger"), map! { "Type" => "Wait", "SecondsPath" => "$.wait_seconds", "Next" => name("restore") }),
        (name("restore"), restore(&name("restored"), &name("not-restored"))),
        (name("restored"), outcome("status.$", "$.outcome.status")),
        (name("not-restored"), outcome("error.$", "$.failure.Error")),
    ]);
    map! { "Type" => "Map" }.with(which).with(map! {
        "ItemProcessor" => map! { "ProcessorConfig" => mode, "StartAt" => name("stagger"), "States" => states },
        "Next" => "completed",
    })
}

/// Starts the pipeline under the operation's id and waits for its end. The name makes the start safe to repeat.
fn restore(then: &str, if_not: &str) -> Node {
    map! {
        "Type" => "Task",
        "Resource" => "arn:${AWS::Partition}:states:::states:startExecution.sync:2",
        "Parameters" => map! {
            "StateMachineArn" => "${StateMachine}",
            "Name.$" => "$.operation_id",
            "Input" => map! { "operation_id.$" => "$.operation_id", "request.$" => "$.request" },
        },
        "ResultSelector" => map! { "status.$" => "$.Status" },
        "ResultPath" => "$.outcome",
        "Retry" => list![map! {
            "ErrorEquals" => list![
                "StepFunctions.ExecutionLimitExceededException",
                "StepFunctions.SdkClientException",
                "StepFunctions.SfnException",
            ],
            "IntervalSeconds" => 10,
            "MaxAttempts" => 8,
            "BackoffRate" => 2,
            "MaxDelaySeconds" => 300,
            "JitterStrategy" => "FULL",
        }],
        "Catch" => list![map! { "ErrorEquals" => list!["States.ALL"], "ResultPath" => "$.failure", "Next" => if_not }],
        "Next" => then,
    }
}

/// What the output says of one item: as little as possible, because all of them have to fit. The rest is in the journal.
fn outcome(key: &str, path: &str) -> Node {
    let status = if key == "error.$" {
        map! { "status" => "FAILED" }
    } else {
        map! {}
    };
    let parameters = map! { "operation_id.$" => "$.operation_id" }.with(status).with(map! { key => path });
    map! { "Type" => "Pass", "Parameters" => parameters, "End" => true }
}
