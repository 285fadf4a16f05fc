//! What a person looks at: the dashboard, and queries for Logs Insights.

use super::{
    node::{Bounds, Node, list, map, reference, sub},
    place::Place,
};

/// The dashboard and the queries.
pub(crate) fn resources() -> Vec<(String, Node)> {
    let mut resources = vec![(
        "Dashboard".to_owned(),
        map! {
            "Type" => "AWS::CloudWatch::Dashboard",
            "Properties" => map! {
                "DashboardName" => sub("${NamePrefix}-${Environment}"),
                "DashboardBody" => sub(dashboard().to_json(Bounds::Placeholders)),
            },
        },
    )];
    resources.extend(QUERIES.iter().map(|query| (format!("{}Query", query.id), query.node())));
    resources
}

struct Query {
    id: &'static str,
    name: &'static str,
    text: &'static str,
}

/// Lines of the functions are JSON, so their fields have names.
const QUERIES: [Query; 6] = [
    Query {
        id: "Operation",
        name: "one operation in order of time",
        text: "fields @timestamp, step, level, message\n| filter operation_id = \"PUT THE OPERATION'S ID HERE\"\n| sort @timestamp asc\n| limit 10000",
    },
    Query {
        id: "Errors",
        name: "errors by step",
        text: "fields @timestamp, step, operation_id, message\n| filter level = \"ERROR\"\n| stats count() as errors, latest(message) as newest by step\n| sort errors desc",
    },
    Query {
        id: "Changes",
        name: "changes in RDS",
        text: "fields @timestamp, operation_id, step, action, object\n| filter ispresent(action)\n| sort @timestamp desc\n| limit 1000",
    },
    Query {
        id: "Durations",
        name: "how long functions work",
        text: "filter @type = \"REPORT\"\n| stats count() as invocations, avg(@duration) as ms_avg, pct(@duration, 90) as ms_p90, max(@duration) as ms_max by @log\n| sort ms_max desc",
    },
    Query {
        id: "Memory",
        name: "memory of functions",
        text: "filter @type = \"REPORT\"\n| stats max(@maxMemoryUsed / 1000 / 1000) as mb_max, max(@memorySize / 1000 / 1000) as mb_given by @log\n| sort mb_max desc",
    },
    Query {
        id: "ColdStarts",
        name: "cold starts",
        text: "filter @type = \"REPORT\" and ispresent(@initDuration)\n| stats count() as starts, avg(@initDuration) as ms_avg, max(@initDuration) as ms_max by @log",
    },
];

impl Query {
    fn node(&self) -> Node {
        let groups = Place::all().into_iter().map(|place| reference(&format!("{}Logs", place.logical())));
        map! {
            "Type" => "AWS::Logs::QueryDefinition",
            "Condition" => "WithSavedQueries",
            "Properties" => map! {
                "Name" => sub(format!("${{NamePrefix}}/{}", self.name)),
                "LogGroupNames" => Node::List(groups.collect()),
                "QueryString" => self.text,
            },
        }
    }
}

/// Where a widget stands.
struct At {
    x: i64,
    y: i64,
    width: i64,
}

fn widget(kind: &str, at: &At, properties: Node) -> Node {
    map! { "type" => kind, "x" => at.x, "y" => at.y, "width" => at.width, "height" => 6, "properties" => properties }
}

fn graph(title: &str, at: &At, statistic: &str, metrics: Vec<Node>) -> Node {
    widget(
        "metric",
        at,
        map! {
            "title" => title,
            "region" => "${AWS::Region}",
            "view" => "timeSeries",
            "stat" => statistic,
            "period" => 300,
            "metrics" => Node::List(metrics),
        },
    )
}

fn of_machine(names: &[&str]) -> Vec<Node> {
    names.iter().map(|name| list!["AWS/States", *name, "StateMachineArn", "${StateMachine}"]).collect()
}

fn of_functions(name: &str) -> Vec<Node> {
    let function = |place: Place| format!("${{{}Function}}", place.logical());
    let metric =
        |place: Place| list!["AWS/Lambda", name, "FunctionName", function(place), map! { "label" => place.name() }];
    Place::all().into_iter().map(metric).collect()
}

fn of_tables(names: &[&str]) -> Vec<Node> {
    let metric = |table: &'static str| {
        move |name: &&str| {
            list![
                "AWS/DynamoDB",
                *name,
                "TableName",
                format!("${{{table}}}"),
                map! { "label" => format!("{table} {name}") }
            ]
        }
    };
    names.iter().map(metric("StateTable")).chain(names.iter().map(metric("AuditTable"))).collect()
}

fn of_steps(name: &str) -> Vec<Node> {
    let metric = |step: aurora_restore_core::operation::StepKind| {
        list![
            "AuroraRestore",
            name,
            "Environment",
            "${Environment}",
            "Step",
            step.as_str(),
            map! { "label" => step.as_str() }
        ]
    };
    aurora_restore_core::operation::StepKind::ALL.into_iter().map(metric).collect()
}

fn of_operations(names: &[&str]) -> Vec<Node> {
    names.iter().map(|name| list!["AuroraRestore", *name, "Environment", "${Environment}"]).collect()
}

fn dashboard() -> Node {
    let at = |x, y, width| At { x, y, width };
    let alarms = [
        "executions-failed",
        "executions-timed-out",
        "executions-aborted",
        "executions-throttled",
        "execution-long",
        "operations-stuck",
        "operations-stalled",
        "leftovers",
        "retirements-failed",
        "notices-failed",
        "schedule-dropped",
    ];
    let tables = super::alarms::TABLES.map(|(_, _, name, _)| name);
    let arn = |name: &&str| {
        format!("arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:${{NamePrefix}}-{name}")
    };
    map! {
        "start" => "-P7D",
        "widgets" => list![
            widget("alarm", &at(0, 0, 24), map! { "title" => "Alarms", "alarms" => alarms.iter().chain(&tables).map(arn).collect::<Vec<_>>() }),
            graph("Executions", &at(0, 6, 12), "Sum", of_machine(&[
                "ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted",
            ])),
            graph("How long executions take (ms)", &at(12, 6, 12), "Maximum", of_machine(&["ExecutionTime"])),
            graph("Operations", &at(0, 12, 8), "Sum", of_operations(&[
                "OperationsCompleted", "OperationsFailed", "OperationsCancelled", "OperationsStuck", "ClustersRetired",
                "RetirementsFailed", "SweepOperationsStalled", "SweepLeftovers",
            ])),
            graph("How long steps take (s)", &at(8, 12, 8), "Maximum", of_steps("StepDuration")),
            graph("Failures of steps", &at(16, 12, 8), "Sum", of_steps("StepFailures")),
            graph("Errors of functions", &at(0, 18, 8), "Sum", of_functions("Errors")),
            graph("Throttles of functions", &at(8, 18, 8), "Sum", of_functions("Throttles")),
            graph("How long functions work (ms)", &at(16, 18, 8), "p90", of_functions("Duration")),
            graph("Capacity of the tables", &at(0, 24, 12), "Sum", of_tables(&["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"])),
            graph("Throttles of the tables", &at(12, 24, 12), "Sum", of_tables(&["ReadThrottleEvents", "WriteThrottleEvents"])),
        ],
    }
}
