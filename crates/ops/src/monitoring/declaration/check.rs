//! What a declaration may say: the bounds of the services, and what would never go off or never come to an end. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{Alarm, Declaration, Graph, Query};
use crate::monitoring::{Reference, check_retention};

/// The version of the form that this program reads.
const FORM: u32 = 1;
/// The most characters of an alarm's name, which the stack's prefix goes before.
const NAME_CHARS_MAX: usize = 200;
/// The most characters of its description (CloudWatch).
const ABOUT_CHARS_MAX: usize = 1024;
/// The most dimensions of a metric (CloudWatch).
const DIMENSIONS_MAX: usize = 30;
/// All periods of an alarm together: a day, and a week where one takes an hour or longer (CloudWatch).
const SPAN_SECS_MAX: i64 = 24 * 3600;
const LONG_SPAN_SECS_MAX: i64 = 7 * 24 * 3600;
/// The most metrics of a graph (CloudWatch).
const GRAPH_METRICS_MAX: usize = 500;
/// The columns of a dashboard.
const COLUMNS: i64 = 24;
/// The most characters of a query's text (CloudWatch Logs).
const QUERY_CHARS_MAX: usize = 10_000;

/// Everything that is wrong with a declaration that could be read, each with what it is about.
pub(super) fn problems(declared: &Declaration) -> Vec<String> {
    let mut problems = Vec::new();
    if declared.version != FORM {
        problems
            .push(format!("its form is {}, and this version of aurora-restore reads form {FORM}", declared.version));
    }
    if let Err(unknown) = check_retention(declared.logs.retention_days) {
        problems.push(unknown.to_string());
    }
    for alarm in &declared.alarms {
        problems.extend(of_alarm(alarm).into_iter().map(|problem| format!("alarm {}: {problem}", alarm.name)));
    }
    let of_timeout = |alarm: &&Alarm| alarm.at_least_fifths_of_timeout.is_some();
    if declared.alarms.iter().filter(of_timeout).count() > 1 {
        problems.push("only one alarm may go by the time that an execution may last".to_owned());
    }
    twice("the id of an alarm", declared.alarms.iter().map(|alarm| &alarm.id), &mut problems);
    twice("the name of an alarm", declared.alarms.iter().map(|alarm| &alarm.name), &mut problems);
    let known: BTreeSet<&String> = declared.alarms.iter().map(|alarm| &alarm.name).collect();
    let unknown = declared.dashboard.alarms.iter().filter(|name| !known.contains(name));
    problems.extend(unknown.map(|name| format!("the dashboard shows an alarm {name} that is not declared")));
    for graph in &declared.dashboard.graphs {
        problems.extend(of_graph(graph).into_iter().map(|problem| format!("graph `{}`: {problem}", graph.title)));
    }
    for query in &declared.queries {
        problems.extend(of_query(query).into_iter().map(|problem| format!("query {}: {problem}", query.id)));
    }
    twice("the id of a query", declared.queries.iter().map(|query| &query.id), &mut problems);
    problems
}

fn twice<'a>(what: &str, names: impl Iterator<Item = &'a String>, problems: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    problems.extend(names.filter(|name| !seen.insert(*name)).map(|name| format!("{what} is given twice: {name}")));
}

fn is_id(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric())
}

fn is_name(text: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn of_alarm(alarm: &Alarm) -> Vec<String> {
    let mut problems = Vec::new();
    let mut require = |holds: bool, problem: String| {
        if !holds {
            problems.push(problem);
        }
    };
    require(is_id(&alarm.id), format!("its id `{}` is not made of letters and digits, first a capital", alarm.id));
    require(is_name(&alarm.name), format!("its name has to be 1 to {NAME_CHARS_MAX} small letters, digits or hyphens"));
    let about = alarm.about.chars().count();
    require((1..=ABOUT_CHARS_MAX).contains(&about), format!("`about` has to have 1 to {ABOUT_CHARS_MAX} characters"));
    require(!alarm.namespace.is_empty() && !alarm.metric.is_empty(), "it watches no metric".to_owned());
    match (alarm.at_least, alarm.at_least_fifths_of_timeout) {
        (Some(value), None) => require(value > 0, "`at-least` has to be above zero: it would always go off".to_owned()),
        (None, Some(fifths)) => require((1..=5).contains(&fifths), "there are 1 to 5 fifths".to_owned()),
        (Some(_), Some(_)) | (None, None) => {
            require(false, "it needs `at-least` or `at-least-fifths-of-timeout`, and not both".to_owned());
        }
    }
    let most = if alarm.period.secs() >= 3600 { LONG_SPAN_SECS_MAX } else { SPAN_SECS_MAX };
    let span = alarm.period.secs().checked_mul(alarm.periods);
    require(
        alarm.periods > 0 && span.is_some_and(|span| span <= most),
        format!(
            "`periods` of {} have to be at least one, and not longer than {} hours together",
            alarm.period,
            most / 3600
        ),
    );
    problems.extend(of_dimensions(&alarm.dimensions));
    problems
}

fn of_dimensions(dimensions: &BTreeMap<String, String>) -> Vec<String> {
    let mut problems = Vec::new();
    if dimensions.is_empty() {
        problems.push("it has no dimension: nobody writes such a metric, so it would say nothing for ever".to_owned());
    }
    if dimensions.len() > DIMENSIONS_MAX {
        problems.push(format!("it has more than {DIMENSIONS_MAX} dimensions"));
    }
    let unfit = dimensions.iter().filter(|(_, value)| value.is_empty() || Reference::of(value).is_none());
    problems.extend(unfit.map(|(name, value)| {
        format!("dimension {name} is `{value}`: write a text, or one placeholder such as ${{StateMachine}}")
    }));
    problems
}

fn of_graph(graph: &Graph) -> Vec<String> {
    let mut problems = Vec::new();
    let (column, row) = graph.at;
    let fits = column >= 0 && row >= 0 && graph.width > 0 && column.saturating_add(graph.width) <= COLUMNS;
    if !fits {
        problems.push(format!("it does not fit into the {COLUMNS} columns"));
    }
    if graph.metrics.is_empty() || graph.metrics.len() > GRAPH_METRICS_MAX {
        problems.push(format!("it has to show 1 to {GRAPH_METRICS_MAX} metrics"));
    }
    problems.extend(graph.metrics.iter().flat_map(|metric| of_dimensions(&metric.dimensions)));
    problems
}

fn of_query(query: &Query) -> Vec<String> {
    let mut problems = Vec::new();
    if !is_id(&query.id) {
        problems.push("its id has to be letters and digits, first a capital".to_owned());
    }
    if query.name.is_empty() {
        problems.push("it has no name".to_owned());
    }
    if query.text.is_empty() || query.text.chars().count() > QUERY_CHARS_MAX {
        problems.push(format!("its text has to have 1 to {QUERY_CHARS_MAX} characters"));
    }
    problems
}
