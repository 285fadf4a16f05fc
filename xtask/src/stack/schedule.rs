//! The schedules: the sweeper's, and the restore that the configuration asks for, which is off until somebody turns it on.

use super::{
    functions::role_name,
    node::{Node, attribute, list, map, reference, sub, when},
    permissions::{document, trust_for_account},
    tables::boundary,
    tags,
};

/// Both schedules with their roles.
pub(crate) fn resources() -> Vec<(String, Node)> {
    vec![
        (
            "ScheduleGroup".to_owned(),
            map! {
                "Type" => "AWS::Scheduler::ScheduleGroup",
                "Properties" => map! { "Name" => reference("NamePrefix"), "Tags" => tags() },
            },
        ),
        ("ScheduleRole".to_owned(), role("schedule", "states:StartExecution", reference("StateMachine"))),
        ("RestoreSchedule".to_owned(), restore()),
        ("SweepScheduleRole".to_owned(), role("sweep-schedule", "lambda:InvokeFunction", reference("SweepAlias"))),
        ("SweepSchedule".to_owned(), sweep()),
    ]
}

fn role(name: &str, action: &str, resource: Node) -> Node {
    let statement = map! { "Effect" => "Allow", "Action" => list![action], "Resource" => resource };
    let properties = map! {
        "RoleName" => role_name(name),
        "AssumeRolePolicyDocument" => trust_for_account("scheduler.amazonaws.com"),
        "Policies" => list![map! { "PolicyName" => name, "PolicyDocument" => document(vec![statement]) }],
    };
    map! { "Type" => "AWS::IAM::Role", "Properties" => properties.with(boundary()).with(map! { "Tags" => tags() }) }
}

fn schedule(name: &str, about: &str, rest: Node) -> Node {
    let properties = map! {
        "Name" => sub(format!("${{NamePrefix}}-{name}")),
        "GroupName" => reference("ScheduleGroup"),
        "Description" => about,
        "ScheduleExpressionTimezone" => "UTC",
        "FlexibleTimeWindow" => map! { "Mode" => "OFF" },
    };
    map! { "Type" => "AWS::Scheduler::Schedule", "Properties" => properties.with(rest) }
}

/// Each run is an operation of its own: the scheduler's id of the attempt becomes the operation's and the execution's. A second
/// attempt would have another id, and so begin a second restore: there is none, and what is dropped raises an alarm.
///
/// The source is the user guide of EventBridge Scheduler, "Adding context attributes": `<aws.scheduler.execution-id>` is the
/// "unique ID that EventBridge Scheduler assigns for each attempted invocation of a target". Of its attributes only
/// `<aws.scheduler.scheduled-time>` is the same for all attempts of a run, and a time in that form cannot be the name of an
/// execution, nor an operation's id, because of its colons.
fn restore() -> Node {
    let id = "scheduled-<aws.scheduler.execution-id>";
    let input = format!(
        "{{\"StateMachineArn\": \"${{StateMachine}}\", \"Name\": \"{id}\", \"Input\": \"{{\\\"operation_id\\\": \\\"{id}\\\", \\\"request\\\": {{}}}}\"}}"
    );
    schedule(
        "restore",
        "The restore that the configuration asks for, each run under an operation id of its own",
        map! {
            "ScheduleExpression" => reference("ScheduleExpression"),
            "State" => when("IsScheduled", "ENABLED", "DISABLED"),
            "Target" => map! {
                "Arn" => sub("arn:${AWS::Partition}:scheduler:::aws-sdk:sfn:startExecution"),
                "RoleArn" => attribute("ScheduleRole", "Arn"),
                "Input" => sub(input),
                "RetryPolicy" => map! { "MaximumRetryAttempts" => 0, "MaximumEventAgeInSeconds" => 3600 },
            },
        },
    )
}

fn sweep() -> Node {
    schedule(
        "sweep",
        "Stalled operations, retired clusters that are due, and left-overs",
        map! {
            "ScheduleExpression" => reference("SweepExpression"),
            "State" => "ENABLED",
            "Target" => map! {
                "Arn" => reference("SweepAlias"),
                "RoleArn" => attribute("SweepScheduleRole", "Arn"),
                "Input" => "{}",
                // The next run finds the same.
                "RetryPolicy" => map! { "MaximumRetryAttempts" => 1, "MaximumEventAgeInSeconds" => 600 },
            },
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(node: &Node) -> String {
        match node {
            Node::Call(_, argument) => text(argument),
            other => other.as_text().unwrap_or_default().to_owned(),
        }
    }

    /// As long as the name is one of an attempt, another attempt is another restore.
    #[test]
    fn a_restore_that_is_named_by_its_attempt_is_attempted_once() {
        let schedule = restore();
        let target = schedule.get("Properties").unwrap().get("Target").unwrap();
        let input = text(target.get("Input").unwrap());
        assert_eq!(input.matches("scheduled-<aws.scheduler.execution-id>").count(), 2, "{input}");
        let policy = target.get("RetryPolicy").unwrap();
        assert_eq!(policy.get("MaximumRetryAttempts"), Some(&Node::Number(0)));
    }
}
