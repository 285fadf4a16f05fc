//! The alarms: what a person should hear of. Thresholds fit restores of hours; where nothing happens, nothing is wrong.

use super::{
    node::{Node, attribute, list, map, reference, sub},
    parameters::timeout,
    place::Place,
    tags,
};

/// A number of a service, as an alarm sees it.
struct Metric {
    namespace: &'static str,
    name: &'static str,
    dimension: &'static str,
    of: Node,
    statistic: &'static str,
}

/// When an alarm goes off.
struct Bound {
    at_least: Node,
    period: i64,
    periods: i64,
}

/// Once in five minutes is enough.
fn once() -> Bound {
    Bound { at_least: 1.into(), period: 300, periods: 1 }
}

/// Every alarm with its logical id.
pub(crate) fn resources() -> Vec<(String, Node)> {
    let mut alarms = of_executions();
    alarms.push(("NeedsAPersonAlarm".to_owned(), needs_a_person()));
    alarms.extend(Place::all().into_iter().map(|place| (format!("{}Alarm", place.logical()), of_function(place))));
    alarms.extend([
        ("StateTableAlarm".to_owned(), of_table("StateTable", "state")),
        ("AuditTableAlarm".to_owned(), of_table("AuditTable", "audit")),
    ]);
    alarms.extend(OURS.map(|(id, name, metric, about)| (format!("{id}Alarm"), of_ours(name, about, metric))));
    alarms.push((
        "ScheduleAlarm".to_owned(),
        simple(
            "schedule-dropped",
            "A schedule could not start what it should start; the sweeper's is one of them.",
            Metric {
                namespace: "AWS/Scheduler",
                name: "InvocationDroppedCount",
                dimension: "ScheduleGroup",
                of: reference("ScheduleGroup"),
                statistic: "Sum",
            },
            once(),
        ),
    ));
    alarms
}

/// The pipeline's executions and the notices about them. The composite alarm tells of these.
const CRITICAL: [(&str, &str, &str, &str); 4] = [
    (
        "ExecutionsFailed",
        "executions-failed",
        "ExecutionsFailed",
        "An operation failed, was refused, or is stuck: `aurora-restore list`.",
    ),
    (
        "ExecutionsTimedOut",
        "executions-timed-out",
        "ExecutionsTimedOut",
        "An execution lasted longer than RestoreTimeoutHours; its operation stands still: `aurora-restore resume`.",
    ),
    (
        "ExecutionsAborted",
        "executions-aborted",
        "ExecutionsAborted",
        "Somebody stopped an execution; its operation stands still: `aurora-restore resume`, or `cancel` it.",
    ),
    (
        "ExecutionsThrottled",
        "executions-throttled",
        "ExecutionThrottled",
        "Step Functions holds executions back for longer than usual.",
    ),
];

fn of_executions() -> Vec<(String, Node)> {
    let of_machine = |name| Metric {
        namespace: "AWS/States",
        name,
        dimension: "StateMachineArn",
        of: reference("StateMachine"),
        statistic: "Sum",
    };
    let mut alarms: Vec<(String, Node)> = CRITICAL
        .iter()
        .map(|(id, name, metric, about)| (format!("{id}Alarm"), quiet(name, about, of_machine(metric), once())))
        .collect();
    let long = Metric { statistic: "Maximum", ..of_machine("ExecutionTime") };
    let bound = Bound { at_least: timeout("LongMilliseconds"), period: 3600, periods: 1 };
    alarms.push((
        "LongExecutionAlarm".to_owned(),
        simple(
            "execution-long",
            "An execution took four fifths of RestoreTimeoutHours: raise it before one is cut off.",
            long,
            bound,
        ),
    ));
    let failed = Metric {
        namespace: "AWS/SNS",
        name: "NumberOfNotificationsFailed",
        dimension: "TopicName",
        of: attribute("Topic", "TopicName"),
        statistic: "Sum",
    };
    alarms.push((
        "NoticesFailedAlarm".to_owned(),
        simple("notices-failed", "A notice reached a subscriber's endpoint in vain.", failed, once()),
    ));
    alarms
}

/// What the functions themselves count.
const OURS: [(&str, &str, &str, &str); 4] = [
    (
        "OperationsStuck",
        "operations-stuck",
        "OperationsStuck",
        "An operation is stuck: its report says what is where and how to go on.",
    ),
    (
        "OperationsStalled",
        "operations-stalled",
        "SweepOperationsStalled",
        "The sweeper found an operation that nobody executes: `aurora-restore resume`.",
    ),
    (
        "Leftovers",
        "leftovers",
        "SweepLeftovers",
        "The sweeper found something with this product's tags that no operation needs; it costs money.",
    ),
    (
        "RetirementsFailed",
        "retirements-failed",
        "RetirementsFailed",
        "A retired cluster could not be ended and goes on costing money.",
    ),
];

fn of_ours(name: &str, about: &str, metric: &'static str) -> Node {
    let metric = Metric {
        namespace: "AuroraRestore",
        name: metric,
        dimension: "Environment",
        of: reference("Environment"),
        statistic: "Sum",
    };
    simple(name, about, metric, once())
}

/// One alarm for a person to be called by, whatever of the above it was.
fn needs_a_person() -> Node {
    let alarms: Vec<String> =
        CRITICAL.iter().map(|(_, name, ..)| format!("ALARM(\"${{NamePrefix}}-{name}\")")).collect();
    let on = |id: &(&str, &str, &str, &str)| format!("{}Alarm", id.0);
    map! {
        "Type" => "AWS::CloudWatch::CompositeAlarm",
        "DependsOn" => CRITICAL.iter().map(on).collect::<Vec<_>>(),
        "Properties" => map! {
            "AlarmName" => sub("${NamePrefix}-needs-a-person"),
            "AlarmDescription" => "An operation did not end well. `aurora-restore list` says which, `report` says why.",
            "AlarmRule" => sub(alarms.join(" OR ")),
            "AlarmActions" => list![reference("Topic")],
            "Tags" => tags(),
        },
    }
}

/// Errors and throttles of a function together. Single ones are retried and are nobody's business; three within a quarter of
/// an hour are.
fn of_function(place: Place) -> Node {
    let metric = |id: &str, name: &str| {
        map! {
            "Id" => id,
            "ReturnData" => false,
            "MetricStat" => map! {
                "Metric" => map! {
                    "Namespace" => "AWS/Lambda",
                    "MetricName" => name,
                    "Dimensions" => list![map! { "Name" => "FunctionName", "Value" => reference(&format!("{}Function", place.logical())) }],
                },
                "Period" => 900,
                "Stat" => "Sum",
            },
        }
    };
    let total = map! { "Id" => "total", "Label" => "errors and throttles", "Expression" => "FILL(errors, 0) + FILL(throttles, 0)", "ReturnData" => true };
    alarm(
        &format!("{}-trouble", place.name()),
        &format!("The function of {} could not work three times within a quarter of an hour.", place.name()),
        map! { "Metrics" => list![metric("errors", "Errors"), metric("throttles", "Throttles"), total] },
        map! { "Threshold" => 3, "EvaluationPeriods" => 1 },
    )
    .loud()
}

/// A table that holds writers or readers back for a quarter of an hour. On demand it grows with what is asked of it.
fn of_table(id: &str, name: &str) -> Node {
    let metric = |id: &str, metric: &str, table: &str| {
        map! {
            "Id" => id,
            "ReturnData" => false,
            "MetricStat" => map! {
                "Metric" => map! {
                    "Namespace" => "AWS/DynamoDB",
                    "MetricName" => metric,
                    "Dimensions" => list![map! { "Name" => "TableName", "Value" => reference(table) }],
                },
                "Period" => 300,
                "Stat" => "Sum",
            },
        }
    };
    let total = map! { "Id" => "total", "Label" => "throttled requests", "Expression" => "FILL(reads, 0) + FILL(writes, 0)", "ReturnData" => true };
    alarm(
        &format!("{name}-table-throttled"),
        "The table holds requests back; every step waits for its journal.",
        map! { "Metrics" => list![metric("reads", "ReadThrottleEvents", id), metric("writes", "WriteThrottleEvents", id), total] },
        map! { "Threshold" => 5, "EvaluationPeriods" => 3 },
    )
    .loud()
}

fn quiet(name: &str, about: &str, metric: Metric, bound: Bound) -> Node {
    let source = map! {
        "Namespace" => metric.namespace,
        "MetricName" => metric.name,
        "Dimensions" => list![map! { "Name" => metric.dimension, "Value" => metric.of }],
        "Statistic" => metric.statistic,
        "Period" => bound.period,
    };
    alarm(name, about, source, map! { "Threshold" => bound.at_least, "EvaluationPeriods" => bound.periods }).0
}

fn simple(name: &str, about: &str, metric: Metric, bound: Bound) -> Node {
    Alarm(quiet(name, about, metric, bound)).loud()
}

/// An alarm that tells nobody yet.
struct Alarm(Node);

fn alarm(name: &str, about: &str, source: Node, bound: Node) -> Alarm {
    let properties = map! {
        "AlarmName" => sub(format!("${{NamePrefix}}-{name}")),
        "AlarmDescription" => about,
    };
    let rest = map! {
        "ComparisonOperator" => "GreaterThanOrEqualToThreshold",
        "TreatMissingData" => "notBreaching",
        "Tags" => tags(),
    };
    Alarm(map! { "Type" => "AWS::CloudWatch::Alarm", "Properties" => properties.with(source).with(bound).with(rest) })
}

impl Alarm {
    /// The same, and it tells.
    fn loud(self) -> Node {
        let properties = self.0.get("Properties").cloned().unwrap_or(Node::Map(Vec::new()));
        map! { "Type" => "AWS::CloudWatch::Alarm", "Properties" => properties.with(map! { "AlarmActions" => list![reference("Topic")] }) }
    }
}
