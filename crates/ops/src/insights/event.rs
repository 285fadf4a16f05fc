//! A line of a log with the fields that the service would find in it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::value::Value;

/// The most fields of a line, as of the service's.
const FIELDS_MAX: usize = 200;
/// What Lambda says of an invocation, with the name and the unit that the service gives it.
const OF_REPORT: [(&str, &str, f64); 5] = [
    ("Duration: ", "@duration", 1.0),
    ("Billed Duration: ", "@billedDuration", 1.0),
    ("Init Duration: ", "@initDuration", 1.0),
    ("Memory Size: ", "@memorySize", 1e6),
    ("Max Memory Used: ", "@maxMemoryUsed", 1e6),
];

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvent {
    /// When it was written.
    pub at: Timestamp,
    /// The log that it is in.
    pub log: String,
    /// The line.
    pub message: String,
}

impl LogEvent {
    /// The fields, and how many of them the line itself has.
    pub(super) fn fields(&self) -> (BTreeMap<String, Value>, usize) {
        let text = |text: &str| Value::Text(text.to_owned());
        let mut fields = BTreeMap::new();
        match serde_json::from_str::<Json>(self.message.trim()) {
            Ok(Json::Object(members)) => {
                for (name, value) in &members {
                    put(&mut fields, name, value);
                }
            }
            Ok(_) | Err(_) => of_lambda(&self.message, &mut fields),
        }
        let of_line = fields.len();
        let own = [("@timestamp", text(&time(self.at))), ("@message", text(&self.message)), ("@log", text(&self.log))];
        fields.extend(own.map(|(name, value)| (name.to_owned(), value)));
        (fields, of_line)
    }
}

/// A time as the service writes it: such texts sort as times do.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// What is inside of something has the names of both, with a dot between them.
fn put(fields: &mut BTreeMap<String, Value>, name: &str, value: &Json) {
    if fields.len() >= FIELDS_MAX {
        return;
    }
    let found = match value {
        Json::Null => return,
        Json::Bool(holds) => Value::Truth(*holds),
        Json::Number(number) => number.as_f64().map_or(Value::Absent, Value::Number),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(members) => {
            for (number, member) in members.iter().enumerate() {
                put(fields, &format!("{name}.{number}"), member);
            }
            return;
        }
        Json::Object(members) => {
            for (inner, member) in members {
                put(fields, &format!("{name}.{inner}"), member);
            }
            return;
        }
    };
    let _previous = fields.insert(name.to_owned(), found);
}

/// Lambda's own lines are no JSON: `REPORT RequestId: … Duration: 12.34 ms …`, with tabs between.
fn of_lambda(message: &str, fields: &mut BTreeMap<String, Value>) {
    let Some((kind, rest)) = message.split_once(" RequestId: ") else { return };
    if !["START", "END", "REPORT"].contains(&kind) {
        return;
    }
    let request = rest.split(['\t', ' ', '\n']).next().unwrap_or_default();
    let mut put = |name: &str, value| {
        let _previous = fields.insert(name.to_owned(), value);
    };
    put("@type", Value::Text(kind.to_owned()));
    put("@requestId", Value::Text(request.to_owned()));
    for part in rest.split('\t').map(str::trim) {
        for (label, name, unit) in OF_REPORT {
            let number = part.strip_prefix(label).and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok());
            if let Some(number) = number {
                put(name, Value::Number(number * unit));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(message: &str) -> BTreeMap<String, Value> {
        let at = "2026-11-27T10:00:00.5Z".parse().unwrap();
        LogEvent { at, log: "a.log".to_owned(), message: message.to_owned() }.fields().0
    }

    fn told(fields: &BTreeMap<String, Value>, name: &str) -> Option<String> {
        fields.get(name).and_then(Value::told)
    }

    #[test]
    fn members_of_json_are_fields_and_so_are_theirs() {
        let found = fields(r#"{"level":"ERROR","n":3,"a":{"b":["x","y"]},"none":null,"yes":true}"#);
        for (name, value) in [("level", "ERROR"), ("n", "3"), ("a.b.1", "y"), ("yes", "1"), ("@log", "a.log")] {
            assert_eq!(told(&found, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(told(&found, "@timestamp").as_deref(), Some("2026-11-27 10:00:00.500"));
        assert_eq!(told(&found, "none"), None);
    }

    #[test]
    fn what_lambda_reports_of_an_invocation_is_read() {
        let report = "REPORT RequestId: 1b-2\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 256 MB\tMax Memory Used: \
                      53 MB\tInit Duration: 99.5 ms\t\n";
        let found = fields(report);
        for (name, value) in [
            ("@type", "REPORT"),
            ("@requestId", "1b-2"),
            ("@duration", "12.34"),
            ("@billedDuration", "13"),
            ("@memorySize", "256000000"),
            ("@maxMemoryUsed", "53000000"),
            ("@initDuration", "99.5"),
        ] {
            assert_eq!(told(&found, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(told(&fields("START RequestId: 1b-2 Version: 3"), "@type").as_deref(), Some("START"));
        assert_eq!(told(&fields("something RequestId: else"), "@type"), None);
    }
}
