//! What a person looks at, as it is declared: the dashboard, and queries for Logs Insights.

use aurora_restore_ops::monitoring::{Declaration, Graph, GraphMetric, Query};

use super::{
    node::{Bounds, Node, map, reference, sub},
    place::Place,
};

/// How high a graph is, and the list of alarms.
const HEIGHT: i64 = 6;
/// How wide the list of alarms is: from edge to edge.
const ALL_COLUMNS: i64 = 24;

/// What this version declares.
pub(super) fn declared() -> Declaration {
    Declaration::of_this_version()
}

/// The dashboard and the queries.
pub(crate) fn resources() -> Vec<(String, Node)> {
    let declared = declared();
    let mut resources = vec![(
        "Dashboard".to_owned(),
        map! {
            "Type" => "AWS::CloudWatch::Dashboard",
            "Properties" => map! {
                "DashboardName" => sub("${NamePrefix}-${Environment}"),
                "DashboardBody" => sub(dashboard(&declared).to_json(Bounds::Placeholders)),
            },
        },
    )];
    resources.extend(declared.queries.iter().map(|query| (format!("{}Query", query.id), saved(query))));
    resources
}

fn saved(query: &Query) -> Node {
    let groups = Place::all().into_iter().map(|place| reference(&format!("{}Logs", place.logical())));
    map! {
        "Type" => "AWS::Logs::QueryDefinition",
        "Condition" => "WithSavedQueries",
        "Properties" => map! {
            "Name" => sub(format!("${{NamePrefix}}/{}", query.name)),
            "LogGroupNames" => Node::List(groups.collect()),
            "QueryString" => query.text.as_str(),
        },
    }
}

fn dashboard(declared: &Declaration) -> Node {
    let arn = |name: &String| {
        format!("arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:${{NamePrefix}}-{name}")
    };
    let alarms: Vec<String> = declared.dashboard.alarms.iter().map(arn).collect();
    let mut widgets = vec![widget("alarm", (0, 0), ALL_COLUMNS, map! { "title" => "Alarms", "alarms" => alarms })];
    widgets.extend(declared.dashboard.graphs.iter().map(graph));
    map! { "start" => declared.dashboard.start.as_str(), "widgets" => Node::List(widgets) }
}

fn widget(kind: &str, (x, y): (i64, i64), width: i64, properties: Node) -> Node {
    map! { "type" => kind, "x" => x, "y" => y, "width" => width, "height" => HEIGHT, "properties" => properties }
}

fn graph(graph: &Graph) -> Node {
    let properties = map! {
        "title" => graph.title.as_str(),
        "region" => "${AWS::Region}",
        "view" => "timeSeries",
        "stat" => graph.statistic.as_str(),
        "period" => 300,
        "metrics" => Node::List(graph.metrics.iter().map(metric).collect()),
    };
    widget("metric", graph.at, graph.width, properties)
}

fn metric(metric: &GraphMetric) -> Node {
    let mut parts = vec![Node::from(metric.namespace.as_str()), metric.metric.as_str().into()];
    parts.extend(metric.dimensions.iter().flat_map(|(name, of)| [Node::from(name.as_str()), of.as_str().into()]));
    parts.extend(metric.label.iter().map(|label| map! { "label" => label.as_str() }));
    Node::List(parts)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// `monitoring diff` compares what is deployed with what it derives itself from the same declaration.
    #[test]
    fn the_template_has_the_dashboard_that_a_stack_is_compared_with() {
        let declared = declared();
        let of_template: Value = serde_json::from_str(&dashboard(&declared).to_json(Bounds::Placeholders)).unwrap();
        assert_eq!(of_template, aurora_restore_ops::monitoring::dashboard(&declared));
    }
}
