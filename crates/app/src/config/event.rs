//! What an event asks for: the keys of the request as JSON, with the names and shapes of the file.
//!
//! Only the request can be given with an event. Where things are (accounts, endpoints, the journal) is the stack's
//! configuration: whoever may start an operation may not send its credentials elsewhere.

use serde_json::{Map, Value as Json};
use toml::de::DeTable;

use super::{
    Origin, Problem,
    file::{Parsed, key_hint},
    reference, schema,
    value::{self, Value},
};

/// The sections that say where things are.
const NOT_OF_THE_REQUEST: [&str; 4] = ["aws.", "database.", "journal.", "notify."];

/// The keys of such a kind that stand in a section of the request.
const OF_SECRETS: [&str; 2] = ["secrets.store", "secrets.directory"];

/// Reads what an event asks for.
pub(super) fn parse(request: &Map<String, Json>) -> Parsed {
    let mut parsed = Parsed::default();
    for (name, value) in request {
        entry(&mut parsed, name, value);
    }
    parsed
}

fn entry(parsed: &mut Parsed, path: &str, json: &Json) {
    let refuse = |parsed: &mut Parsed, message: String, hint: Option<String>| {
        parsed.problems.push(Problem { message, origin: Some(Origin::Event), hint });
    };
    if let Some(key) = schema::find(path) {
        if OF_SECRETS.contains(&path) || NOT_OF_THE_REQUEST.iter().any(|section| path.starts_with(section)) {
            let hint = "Set it in the configuration of the stack.".to_owned();
            return refuse(parsed, format!("`{path}` is not a part of a request"), Some(hint));
        }
        return match of_json(key.shape, json) {
            Ok(value) => parsed.entries.push((key, value, Origin::Event)),
            Err(reason) => refuse(parsed, format!("`{path}`: {reason}"), reference::example(path)),
        };
    }
    match json {
        Json::Object(inner) if schema::is_section(path) => {
            for (name, value) in inner {
                entry(parsed, &format!("{path}.{name}"), value);
            }
        }
        _ if schema::is_section(path) => refuse(parsed, format!("`{path}` is an object of keys"), None),
        _ => refuse(parsed, format!("unknown key `{path}`"), key_hint(path)),
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
