//! The state machine that runs many operations, each as an execution of the pipeline of its own.
//!
//! ```text
//!   {"items": [{"operation_id": "…", "request": {…}, "wait_seconds": 0}, …], "max_concurrency": 5}
//! ```
//! Each item waits `wait_seconds` before it starts, so whoever makes the input staggers them. An item that fails does not
//! stop the others; the output says of each how it ended. Up to forty items are played inside the execution, more as
//! executions of their own, whose history would not fit into one.
//!
//! The map inside of the execution is written in JSONata down to its last state, the one with executions of their own in
//! JSONPath. Each language is what every stand-in heeds there: an inline map its bound as an expression, a distributed one its
//! items by a path. No state in JSONata has one in JSONPath below it, which not every parser takes.

use super::node::{Node, list, map};

/// The most items that are played inside of the execution.
pub(crate) const INLINE_ITEMS_MAX: usize = 40;

/// Thirty days.
const TIMEOUT_SECONDS: i64 = 30 * 24 * 3600;

/// All of them may fail: more than items fit into the bytes that an execution takes as its input. A percentage would say the
/// same, but parsers differ on whether it is written as an integer.
const TOLERATED_FAILURES: i64 = 10_000;

/// What a task of it calls.
const PIPELINE: &str = "arn:${AWS::Partition}:states:::states:startExecution.sync:2";

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
            "restore-few" => few(),
            "restore-many" => many(),
            "completed" => map! { "Type" => "Succeed" },
        },
    }
}

/// Inside of the execution.
fn few() -> Node {
    map! {
        "Type" => "Map",
        "QueryLanguage" => "JSONata",
        "Items" => "{% $states.input.items %}",
        "MaxConcurrency" => "{% $states.input.max_concurrency %}",
        "ItemProcessor" => map! {
            "ProcessorConfig" => map! { "Mode" => "INLINE" },
            "StartAt" => "stagger",
            "States" => map! {
                "stagger" => map! {
                    "Type" => "Wait",
                    "QueryLanguage" => "JSONata",
                    "Seconds" => "{% $states.input.wait_seconds %}",
                    "Next" => "restore",
                },
                "restore" => restore_of_few(),
                "item-ended" => map! { "Type" => "Succeed" },
            },
        },
        "Next" => "completed",
    }
}

/// As executions of their own. Names of states have to differ in all of a machine, so those of this map bear a prefix.
fn many() -> Node {
    let outcome = |parameters| map! { "Type" => "Pass", "Parameters" => parameters, "End" => true };
    let id = map! { "operation_id.$" => "$.operation_id" };
    let restored = id.clone().with(map! { "status.$" => "$.outcome.status" });
    let not_restored = id.with(map! { "status" => "FAILED", "error.$" => "$.failure.Error" });
    map! {
        "Type" => "Map",
        "ItemsPath" => "$.items",
        "MaxConcurrencyPath" => "$.max_concurrency",
        "ToleratedFailureCount" => TOLERATED_FAILURES,
        "ItemProcessor" => map! {
            "ProcessorConfig" => map! { "Mode" => "DISTRIBUTED", "ExecutionType" => "STANDARD" },
            "StartAt" => "one-stagger",
            "States" => map! {
                "one-stagger" => map! { "Type" => "Wait", "SecondsPath" => "$.wait_seconds", "Next" => "one-restore" },
                "one-restore" => restore_of_many(),
                "one-restored" => outcome(restored),
                "one-not-restored" => outcome(not_restored),
            },
        },
        "Next" => "completed",
    }
}

/// Starts the pipeline under the operation's id and waits for its end. The name makes the start safe to repeat. What the
/// output says of one item is as little as possible, because all of them have to fit. The rest is in the journal.
fn restore_of_few() -> Node {
    let id = map! { "operation_id" => "{% $states.input.operation_id %}" };
    let input = id.clone().with(map! { "request" => "{% $states.input.request %}" });
    let restored = id.clone().with(map! { "status" => "{% $states.result.Status %}" });
    let not_restored = id.with(map! { "status" => "FAILED", "error" => "{% $states.errorOutput.Error %}" });
    map! {
        "Type" => "Task",
        "QueryLanguage" => "JSONata",
        "Resource" => PIPELINE,
        "Arguments" => map! {
            "StateMachineArn" => "${StateMachine}",
            "Name" => "{% $states.input.operation_id %}",
            "Input" => input,
        },
        "Output" => restored,
        "Retry" => retry(),
        "Catch" => list![map! { "ErrorEquals" => list!["States.ALL"], "Output" => not_restored, "Next" => "item-ended" }],
        "Next" => "item-ended",
    }
}

/// The same with paths.
fn restore_of_many() -> Node {
    map! {
        "Type" => "Task",
        "Resource" => PIPELINE,
        "Parameters" => map! {
            "StateMachineArn" => "${StateMachine}",
            "Name.$" => "$.operation_id",
            "Input" => map! { "operation_id.$" => "$.operation_id", "request.$" => "$.request" },
        },
        "ResultSelector" => map! { "status.$" => "$.Status" },
        "ResultPath" => "$.outcome",
        "Retry" => retry(),
        "Catch" => list![map! {
            "ErrorEquals" => list!["States.ALL"],
            "ResultPath" => "$.failure",
            "Next" => "one-not-restored",
        }],
        "Next" => "one-restored",
    }
}

/// A start that was not taken is tried again; a restore that failed is not.
fn retry() -> Node {
    list![map! {
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
    }]
}
