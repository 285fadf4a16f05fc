//! What an event asks for: the keys of the request as JSON, with the names and shapes of the file.
//!
//! Only the request can be given with an event. Where things are (accounts, endpoints, the journal) is the stack's
//! configuration: whoever may start an operation may not send its credentials elsewhere.

use aurora_restore_core::verification::{CustomCheck, Expectation};
use serde_json::{Map, Value as Json};
use toml::de::DeTable;

use super::{
    Origin, Problem, duration,
    file::{Parsed, key_hint},
    layers::Values,
    reference, schema,
    value::{self, Value},
};

/// The sections that say where things are.
const NOT_OF_THE_REQUEST: [&str; 4] = ["aws.", "database.", "journal.", "notify."];

/// The keys of such a kind that stand in a section of the request.
const OF_SECRETS: [&str; 2] = ["secrets.store", "secrets.directory"];

fn is_of_request(path: &str) -> bool {
    !OF_SECRETS.contains(&path) && !NOT_OF_THE_REQUEST.iter().any(|section| path.starts_with(section))
}

/// Writes what an event asks for: the inverse of [`parse`]. Defaults and what the stack itself says are left out.
pub(super) fn write(values: &Values) -> Map<String, Json> {
    let mut request = Map::new();
    for key in schema::KEYS.iter().filter(|key| is_of_request(key.path)) {
        let asked = values.get(key.path).filter(|(_, origin)| is_asked_for(origin));
        let (Some((value, _)), Some((section, name))) = (asked, key.path.split_once('.')) else { continue };
        let section = request.entry(section).or_insert_with(|| Json::Object(Map::new()));
        if let Json::Object(section) = section {
            section.insert(name.to_owned(), json_of(value));
        }
    }
    request
}

fn is_asked_for(origin: &Origin) -> bool {
    match origin {
        Origin::Default | Origin::Stack { .. } => false,
        Origin::File { .. }
        | Origin::Parameter { .. }
        | Origin::Environment { .. }
        | Origin::Event
        | Origin::Item { .. }
        | Origin::Flag { .. } => true,
    }
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Text(text) => text.clone().into(),
        Value::Integer(number) => (*number).into(),
        Value::Number(number) => (*number).into(),
        Value::Flag(flag) => (*flag).into(),
        Value::Duration(length) => duration::write(*length).into(),
        Value::List(items) => items.clone().into(),
        Value::Map(entries) => entries.iter().map(|(name, text)| (name.clone(), text.clone())).collect(),
        Value::Checks(checks) => checks.iter().map(check_of).collect(),
    }
}

fn check_of(check: &CustomCheck) -> Json {
    let (expectation, expected): (&str, Json) = match &check.expect {
        Expectation::Equals(text) => ("equals", text.clone().into()),
        Expectation::AtLeast(number) => ("at-least", (*number).into()),
        Expectation::AtMost(number) => ("at-most", (*number).into()),
        Expectation::NewerThanSnapshotMinus(age) => ("newer-than-snapshot-minus", duration::write(*age).into()),
    };
    let mut written = Map::new();
    written.insert("name".to_owned(), check.name.clone().into());
    written.insert("sql".to_owned(), check.sql.clone().into());
    if let Some(database) = &check.database {
        written.insert("database".to_owned(), database.clone().into());
    }
    written.insert(expectation.to_owned(), expected);
    Json::Object(written)
}

/// Reads what an event asks for.
pub(super) fn parse(request: &Map<String, Json>) -> Parsed {
    parse_as(request, &Origin::Event)
}

/// So many problems come with a hint.
const HINTED_MAX: usize = 20;

/// Reads what something asks for in the form of an event.
pub(super) fn parse_as(request: &Map<String, Json>, origin: &Origin) -> Parsed {
    let mut parsed = Parsed::default();
    for (name, value) in request {
        entry(&mut parsed, origin, name, value);
    }
    parsed
}

fn entry(parsed: &mut Parsed, origin: &Origin, path: &str, json: &Json) {
    let refuse = |parsed: &mut Parsed, message: String, hint: Option<String>| {
        parsed.problems.push(Problem { message, origin: Some(origin.clone()), hint });
    };
    if let Some(key) = schema::find(path) {
        if !is_of_request(path) {
            let hint = "Set it in the configuration of the stack.".to_owned();
            return refuse(parsed, format!("`{path}` is not a part of a request"), Some(hint));
        }
        return match of_json(key.shape, json) {
            Ok(value) => parsed.entries.push((key, value, origin.clone())),
            Err(reason) => refuse(parsed, format!("`{path}`: {reason}"), reference::example(path)),
        };
    }
    match json {
        Json::Object(inner) if schema::is_section(path) => {
            for (name, value) in inner {
                entry(parsed, origin, &format!("{path}.{name}"), value);
            }
        }
        _ if schema::is_section(path) => refuse(parsed, format!("`{path}` is an object of keys"), None),
        // Each is compared with every key there is: whoever sends thousands is helped with the first.
        _ => {
            let hint = if parsed.problems.len() < HINTED_MAX { key_hint(path) } else { None };
            refuse(parsed, format!("unknown key `{path}`"), hint);
        }
    }
}

/// A value, read by the rules of the file: JSON's values are written down as TOML's.
fn of_json(shape: schema::Shape, json: &Json) -> Result<Value, String> {
    let refused = |_| "null is not a value; leave the key out".to_owned();
    let written = toml::Value::try_from(json).map_err(refused)?;
    let line = format!("value = {}", Inline(&written));
    let table = DeTable::parse(&line).map_err(|error| error.message().to_owned())?;
    let value = table.get_ref().values().next().ok_or_else(|| "it has no value".to_owned())?;
    value::from_toml(shape, value.get_ref())
}

/// A TOML value on one line.
struct Inline<'v>(&'v toml::Value);

impl std::fmt::Display for Inline<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            toml::Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| Inline(item).to_string()).collect();
                write!(formatter, "[{}]", items.join(", "))
            }
            toml::Value::Table(table) => {
                let entries: Vec<String> = table
                    .iter()
                    .map(|(name, value)| format!("{} = {}", toml::Value::String(name.clone()), Inline(value)))
                    .collect();
                write!(formatter, "{{ {} }}", entries.join(", "))
            }
            // A text may be written over several lines otherwise.
            toml::Value::String(text) => write!(formatter, "{}", serde_json::Value::String(text.clone())),
            other => write!(formatter, "{other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(request: &Json) -> Parsed {
        parse(request.as_object().unwrap())
    }

    fn problems(request: &Json) -> Vec<String> {
        parsed(request)
            .problems
            .iter()
            .map(|problem| format!("{problem} {}", problem.hint.clone().unwrap_or_default()).trim().to_owned())
            .collect()
    }

    #[test]
    fn every_shape_of_the_file_can_be_written_as_json() {
        let request = json!({
            "target": {"cluster": "staging", "require-tags": {"team \"a\"": "data\nand more"}},
            "source": {"kinds": ["manual", "shared"]},
            "cluster": {"port": 5433, "serverless-min-acus": 0.5, "deletion-protection": true},
            "limits": {"copy": "24h"},
            "verification": {"checks": [{"name": "fresh", "sql": "select 'x'", "at-least": 3}]},
        });
        let parsed = parsed(&request);
        assert_eq!(parsed.problems, []);
        let mut paths: Vec<&str> = parsed.entries.iter().map(|(key, _, _)| key.path).collect();
        paths.sort_unstable();
        assert_eq!(
            paths,
            [
                "cluster.deletion-protection",
                "cluster.port",
                "cluster.serverless-min-acus",
                "limits.copy",
                "source.kinds",
                "target.cluster",
                "target.require-tags",
                "verification.checks",
            ]
        );
    }

    #[test]
    fn what_is_written_is_read_back_for_every_key_of_the_request() {
        let examples: String = super::super::DEFAULTS
            .lines()
            .map(|line| {
                let bare = line.strip_prefix("# ").unwrap_or(line);
                let is_key = bare
                    .split_once(" = ")
                    .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
                if is_key || bare.starts_with("[[") { format!("{bare}\n") } else { format!("{line}\n") }
            })
            .collect();
        let read = super::super::file::parse(&examples, std::path::Path::new("examples.toml"));
        let mut values = Values::default();
        for (key, value, origin) in read.entries {
            values.set(key.path, value, origin);
        }
        let written = write(&values);
        let back = parse(&written);
        assert_eq!(back.problems, []);
        let asked = schema::KEYS.iter().filter(|key| is_of_request(key.path)).count();
        assert_eq!(back.entries.len(), asked, "every key of the request has an example, and is written");
        for (key, value, _) in &back.entries {
            assert_eq!(Some(value), values.get(key.path).map(|(value, _)| value), "{}", key.path);
        }
    }

    #[test]
    fn what_nobody_asks_for_is_not_written() {
        let mut values = Values::default();
        values.set("target.cluster", Value::Text("staging".to_owned()), Origin::Default);
        let of_stack = Origin::Stack { name: "s".to_owned(), output: None };
        values.set("target.region", Value::Text("eu-central-1".to_owned()), of_stack);
        values.set("aws.target.role", Value::Text("arn".to_owned()), Origin::Event);
        assert_eq!(write(&values), Map::new());
    }

    #[test]
    fn an_unknown_key_is_refused_with_a_suggestion() {
        assert_eq!(
            problems(&json!({"target": {"clutser": "staging"}})),
            ["the event's request: unknown key `target.clutser` Did you mean `target.cluster`?"]
        );
        assert_eq!(problems(&json!({"target": "staging"})), ["the event's request: `target` is an object of keys"]);
    }

    #[test]
    fn an_event_cannot_say_where_things_are() {
        for request in [
            json!({"aws": {"rds-endpoint": "https://example.com"}}),
            json!({"notify": {"channel": "none"}}),
            json!({"secrets": {"directory": "/tmp"}}),
            json!({"journal": {"path": "/tmp/j"}}),
        ] {
            let told = problems(&request);
            assert!(told.len() == 1 && told[0].contains("is not a part of a request"), "{told:?}");
        }
    }

    #[test]
    fn null_and_wrong_shapes_are_refused() {
        assert_eq!(
            problems(&json!({"target": {"cluster": null}})),
            [
                "the event's request: `target.cluster`: null is not a value; leave the key out An example: `target.cluster = \"staging\"`."
            ]
        );
        assert_eq!(
            problems(&json!({"limits": {"poll": 30}})),
            [
                "the event's request: `limits.poll`: expected a duration with its unit, such as \"30s\" or \"24h\", found the number 30 An example: `limits.poll = \"30s\"`."
            ]
        );
    }
}
