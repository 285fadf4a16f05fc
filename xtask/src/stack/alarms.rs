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
    alarms.extend(Place::all().into_iter().map(|place| (format!("{}Alarm", place.logical()), of_function(place))));
    alarms.extend(of_tables());
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

/// What becomes of executions.
const EXECUTIONS: [(&str, &str, &str, &str); 4] = [
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
    let mut alarms: Vec<(String, Node)> = EXECUTIONS
        .iter()
        .map(|(id, name, metric, about)| (format!("{id}Alarm"), simple(name, about, of_machine(metric), once())))
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
const OURS: [(&str, &str, &str, &str); 5] = [
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
        "SweepTroubles",
        "sweep-troubles",
        "SweepTroubles",
        "The sweeper could not look at something, or could not end a retired cluster: its log says what.",
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

/// Errors of a function. Single ones are retried and are nobody's business; three within a quarter of an hour are. A
/// function that is held back for long fails its execution, of which another alarm tells.
fn of_function(place: Place) -> Node {
    let metric = Metric {
        namespace: "AWS/Lambda",
        name: "Errors",
        dimension: "FunctionName",
        of: reference(&format!("{}Function", place.logical())),
        statistic: "Sum",
    };
    let about = format!("The function of {} could not work three times within a quarter of an hour.", place.name());
    simple(&format!("{}-errors", place.name()), &about, metric, Bound { at_least: 3.into(), period: 900, periods: 1 })
}

/// A table that holds writers or readers back for a quarter of an hour. On demand it grows with what is asked of it.
fn of_tables() -> Vec<(String, Node)> {
    let alarm = |id: &str, name: &str, metric: &'static str| {
        let metric = Metric {
            namespace: "AWS/DynamoDB",
            name: metric,
            dimension: "TableName",
            of: reference(id),
            statistic: "Sum",
        };
        let bound = Bound { at_least: 5.into(), period: 300, periods: 3 };
        simple(name, "The table holds requests back; every step waits for its journal.", metric, bound)
    };
    TABLES.map(|(id, table, name, metric)| (format!("{id}Alarm"), alarm(table, name, metric))).into()
}

/// What a table says when it holds somebody back.
pub(crate) const TABLES: [(&str, &str, &str, &str); 4] = [
    ("StateTableReads", "StateTable", "state-table-reads-throttled", "ReadThrottleEvents"),
    ("StateTableWrites", "StateTable", "state-table-writes-throttled", "WriteThrottleEvents"),
    ("AuditTableReads", "AuditTable", "audit-table-reads-throttled", "ReadThrottleEvents"),
    ("AuditTableWrites", "AuditTable", "audit-table-writes-throttled", "WriteThrottleEvents"),
];

fn simple(name: &str, about: &str, metric: Metric, bound: Bound) -> Node {
    let source = map! {
        "Namespace" => metric.namespace,
        "MetricName" => metric.name,
        "Dimensions" => list![map! { "Name" => metric.dimension, "Value" => metric.of }],
        "Statistic" => metric.statistic,
        "Period" => bound.period,
    };
    alarm(name, about, source, map! { "Threshold" => bound.at_least, "EvaluationPeriods" => bound.periods })
}

fn alarm(name: &str, about: &str, source: Node, bound: Node) -> Node {
    let properties = map! {
        "AlarmName" => sub(format!("${{NamePrefix}}-{name}")),
        "AlarmDescription" => about,
        "AlarmActions" => list![reference("Topic")],
    };
    let rest = map! {
        "ComparisonOperator" => "GreaterThanOrEqualToThreshold",
        "TreatMissingData" => "notBreaching",
        "Tags" => tags(),
    };
    map! { "Type" => "AWS::CloudWatch::Alarm", "Properties" => properties.with(source).with(bound).with(rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the functions write their numbers.
    const WRITERS: [&str; 2] =
        [include_str!("../../../crates/lambda/src/metrics.rs"), include_str!("../../../crates/lambda/src/sweep.rs")];

    #[test]
    fn every_alarm_of_ours_watches_a_number_that_the_functions_write() {
        for (_, alarm, metric, _) in OURS {
            let name = format!("\"{metric}\"");
            assert!(WRITERS.iter().any(|text| text.contains(&name)), "{alarm} waits for {metric} in vain");
        }
    }
}
