//! What a declaration means for one stack: every name filled in. Pure.

use serde_json::{Value, json};

use super::{Alarm, Declaration, Graph, GraphMetric, Names, Threshold, Unresolved};
use crate::ports::{AlarmSettings, Metric, SavedQuery, StackResource};

/// An alarm goes off from its threshold on, and where nothing is measured nothing is wrong.
const COMPARISON: &str = "GreaterThanOrEqualToThreshold";
const MISSING_DATA: &str = "notBreaching";
/// How high a graph is, and how wide the list of alarms is.
const HEIGHT: i64 = 6;
const ALL_COLUMNS: i64 = 24;
/// The period of graphs, in seconds.
const GRAPH_PERIOD_SECS: i64 = 300;
const HOUR_MILLIS: i64 = 3_600_000;

/// What a stack is to be watched by.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// What the names of its alarms begin with.
    pub prefix: String,
    /// The alarms.
    pub alarms: Vec<WantedAlarm>,
    /// The name of the dashboard.
    pub dashboard: String,
    /// Its body.
    pub dashboard_body: Value,
    /// The saved queries; none where the stack does not want any.
    pub queries: Vec<SavedQuery>,
    /// How long logs are kept, in days.
    pub retention_days: u32,
}

/// An alarm with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedAlarm {
    /// Its name.
    pub name: String,
    /// What it watches.
    pub settings: AlarmSettings,
}

/// What a declaration means for a stack.
///
/// # Errors
/// [`Unresolved`] where it names something that the stack does not have.
pub fn wanted(declaration: &Declaration, names: &Names, resources: &[StackResource]) -> Result<Wanted, Unresolved> {
    let prefix = format!("{}-", names.get("NamePrefix")?);
    let alarm =
        |alarm: &Alarm| Ok(WantedAlarm { name: format!("{prefix}{}", alarm.name), settings: settings(alarm, names)? });
    let has_queries = names.get("SavedQueries").is_ok_and(|wish| wish == "yes");
    let logs = resources
        .iter()
        .filter(|resource| resource.kind == "AWS::Logs::LogGroup" && resource.physical.starts_with("/aws/lambda/"));
    let mut groups: Vec<String> = logs.map(|group| group.physical.clone()).collect();
    groups.sort();
    let query = |query: &super::Query| SavedQuery {
        id: None,
        name: format!("{}/{}", prefix.trim_end_matches('-'), query.name),
        text: query.text.clone(),
        groups: groups.clone(),
    };
    Ok(Wanted {
        alarms: declaration.alarms.iter().map(alarm).collect::<Result<_, _>>()?,
        dashboard: names.fill("${NamePrefix}-${Environment}")?,
        dashboard_body: filled(dashboard(declaration), names)?,
        queries: if has_queries { declaration.queries.iter().map(query).collect() } else { Vec::new() },
        retention_days: declaration.logs.retention_days,
        prefix,
    })
}

fn settings(alarm: &Alarm, names: &Names) -> Result<AlarmSettings, Unresolved> {
    let mut metric =
        Metric { namespace: alarm.namespace.clone(), name: alarm.metric.clone(), ..Metric::new("", "", &[]) };
    for (name, of) in &alarm.dimensions {
        let _new = metric.dimensions.insert(name.clone(), names.fill(of)?);
    }
    Ok(AlarmSettings {
        about: alarm.about.clone(),
        metric,
        statistic: alarm.statistic.as_str().to_owned(),
        comparison: COMPARISON.to_owned(),
        missing_data: MISSING_DATA.to_owned(),
        threshold: threshold(alarm, names)?,
        period_secs: alarm.period.secs(),
        periods: alarm.periods,
        actions: vec![names.get("Topic")?.to_owned()],
    })
}

fn threshold(alarm: &Alarm, names: &Names) -> Result<f64, Unresolved> {
    const NAME: &str = "RestoreTimeoutHours";
    let value = match alarm.threshold() {
        Threshold::Value(value) => value,
        Threshold::FifthsOfTimeout(fifths) => {
            let hours: i64 = names.get(NAME)?.parse().map_err(|_| Unresolved { name: NAME.to_owned() })?;
            hours * HOUR_MILLIS / 5 * fifths
        }
    };
    // What an alarm is declared with is far below the numbers that are not exact any more.
    Ok(i32::try_from(value).map_or(f64::MAX, f64::from))
}

/// The body of the dashboard with its placeholders, as the template has it.
pub fn dashboard(declaration: &Declaration) -> Value {
    let arn = |name: &String| {
        format!("arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:${{NamePrefix}}-{name}")
    };
    let alarms: Vec<String> = declaration.dashboard.alarms.iter().map(arn).collect();
    let properties = json!({ "title": "Alarms", "alarms": alarms });
    let mut widgets = vec![widget("alarm", (0, 0), ALL_COLUMNS, &properties)];
    widgets.extend(declaration.dashboard.graphs.iter().map(graph));
    json!({ "start": declaration.dashboard.start, "widgets": widgets })
}

fn widget(kind: &str, (x, y): (i64, i64), width: i64, properties: &Value) -> Value {
    json!({ "type": kind, "x": x, "y": y, "width": width, "height": HEIGHT, "properties": properties })
}

fn graph(graph: &Graph) -> Value {
    let properties = json!({
        "title": graph.title,
        "region": "${AWS::Region}",
        "view": "timeSeries",
        "stat": graph.statistic,
        "period": GRAPH_PERIOD_SECS,
        "metrics": graph.metrics.iter().map(line).collect::<Vec<_>>(),
    });
    widget("metric", graph.at, graph.width, &properties)
}

fn line(metric: &GraphMetric) -> Value {
    let mut parts = vec![json!(metric.namespace), json!(metric.metric)];
    parts.extend(metric.dimensions.iter().flat_map(|(name, of)| [json!(name), json!(of)]));
    parts.extend(metric.label.iter().map(|label| json!({ "label": label })));
    Value::Array(parts)
}

/// The same document with every placeholder filled.
fn filled(document: Value, names: &Names) -> Result<Value, Unresolved> {
    Ok(match document {
        Value::String(text) => Value::String(names.fill(&text)?),
        Value::Array(members) => {
            Value::Array(members.into_iter().map(|member| filled(member, names)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let one = |(name, member)| Ok((name, filled(member, names)?));
            Value::Object(members.into_iter().map(one).collect::<Result<_, _>>()?)
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    })
}
