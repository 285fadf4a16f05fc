//! A value of the configuration in its shape, read from TOML or from the text of a flag or variable.

use std::{collections::BTreeMap, fmt};

use aurora_restore_core::verification::{CustomCheck, Expectation};
use jiff::SignedDuration;
use toml::de::{DeTable, DeValue};

use super::{duration, schema::Shape};

/// A value in its shape.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text, or one of the words that a key allows.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A duration.
    Duration(SignedDuration),
    /// Texts in order.
    List(Vec<String>),
    /// Texts by name.
    Map(BTreeMap<String, String>),
    /// Checks of the request's own.
    Checks(Vec<CustomCheck>),
}

/// As it would stand in the file, on one line.
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        match self {
            Self::Text(text) => formatter.write_str(&quoted(text)),
            Self::Integer(number) => write!(formatter, "{number}"),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Flag(flag) => write!(formatter, "{flag}"),
            Self::Duration(length) => formatter.write_str(&quoted(&duration::write(*length))),
            Self::List(items) => {
                write!(formatter, "[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "))
            }
            Self::Map(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(name, value)| format!("{} = {}", quoted(name), quoted(value))).collect();
                write!(formatter, "{{ {} }}", entries.join(", "))
            }
            Self::Checks(checks) => {
                let names: Vec<String> = checks.iter().map(|check| quoted(&check.name)).collect();
                write!(formatter, "checks [{}]", names.join(", "))
            }
        }
    }
}

/// What a value of the shape looks like, for a message.
fn wanted(shape: Shape) -> String {
    match shape {
        Shape::Text => "a text in quotes".to_owned(),
        Shape::Word(words) => format!("one of {}", listed(words)),
        Shape::Integer => "a whole number".to_owned(),
        Shape::Number => "a number".to_owned(),
        Shape::Flag => "true or false".to_owned(),
        Shape::Duration => "a duration with its unit, such as \"30s\" or \"24h\"".to_owned(),
        Shape::List => "a list of texts".to_owned(),
        Shape::Map => "a table of texts".to_owned(),
        Shape::Checks => "a list of checks, each written as [[verification.checks]]".to_owned(),
    }
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

fn word(text: &str, words: &[&str]) -> Result<Value, String> {
    if words.contains(&text) {
        return Ok(Value::Text(text.to_owned()));
    }
    let nearest = crate::did_you_mean(text, words.iter().copied());
    let suggestion = nearest.map_or_else(String::new, |word| format!("; did you mean \"{word}\"?"));
    Err(format!("\"{text}\" is not one of {}{suggestion}", listed(words)))
}

/// Reads a value from TOML.
pub(super) fn from_toml(shape: Shape, value: &DeValue<'_>) -> Result<Value, String> {
    let refused = || format!("expected {}, found {}", wanted(shape), found(value));
    match (shape, value) {
        (Shape::Text, DeValue::String(text)) => Ok(Value::Text(text.to_string())),
        (Shape::Word(words), DeValue::String(text)) => word(text, words),
        (Shape::Integer, DeValue::Integer(_)) => integer(value).map(Value::Integer).ok_or_else(refused),
        (Shape::Number, DeValue::Integer(number)) => number.as_str().parse().map(Value::Number).map_err(|_| refused()),
        (Shape::Number, DeValue::Float(number)) => number.as_str().parse().map(Value::Number).map_err(|_| refused()),
        (Shape::Flag, DeValue::Boolean(flag)) => Ok(Value::Flag(*flag)),
        (Shape::Duration, DeValue::String(text)) => {
            duration::parse(text).map(Value::Duration).map_err(|reason| format!("{reason}; expected {}", wanted(shape)))
        }
        (Shape::List, DeValue::Array(items)) => {
            let items: Option<Vec<String>> =
                items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
            items.map(Value::List).ok_or_else(refused)
        }
        (Shape::Map, DeValue::Table(table)) => {
            let entries: Option<BTreeMap<String, String>> = table
                .iter()
                .map(|(name, value)| Some((name.get_ref().to_string(), value.get_ref().as_str()?.to_owned())))
                .collect();
            entries.map(Value::Map).ok_or_else(refused)
        }
        (Shape::Checks, DeValue::Array(items)) => {
            let checks: Result<Vec<CustomCheck>, String> = items
                .iter()
                .enumerate()
                .map(|(index, item)| match item.get_ref() {
                    DeValue::Table(table) => check(table).map_err(|reason| format!("check {}: {reason}", index + 1)),
                    _ => Err(refused()),
                })
                .collect();
            checks.map(Value::Checks)
        }
        _ => Err(refused()),
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let DeValue::Integer(number) = value else { return None };
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text \"{text}\""),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(flag) => format!("{flag}"),
        DeValue::Datetime(_) => "a date or time without quotes".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

const CHECK_KEYS: [&str; 7] = ["name", "sql", "database", "equals", "at-least", "at-most", "newer-than-snapshot-minus"];

fn check(table: &DeTable<'_>) -> Result<CustomCheck, String> {
    if let Some(unknown) = table.keys().map(toml::Spanned::get_ref).find(|name| !CHECK_KEYS.contains(&name.as_ref())) {
        let nearest = crate::did_you_mean(unknown, CHECK_KEYS);
        let suggestion = nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        return Err(format!("unknown key `{unknown}`{suggestion}"));
    }
    let text = |name: &str| match table.get(name).map(toml::Spanned::get_ref) {
        None => Ok(None),
        Some(DeValue::String(text)) => Ok(Some(text.to_string())),
        Some(other) => Err(format!("`{name}` must be a text, found {}", found(other))),
    };
    let number = |name: &str| match table.get(name).map(toml::Spanned::get_ref) {
        None => Ok(None),
        Some(value) => {
            integer(value).map(Some).ok_or_else(|| format!("`{name}` must be a whole number, found {}", found(value)))
        }
    };
    let name = text("name")?.ok_or("`name` is missing")?;
    let sql = text("sql")?.ok_or("`sql` is missing")?;
    let newer = text("newer-than-snapshot-minus")?.map(|text| duration::parse(&text)).transpose()?;
    let expectations = [
        text("equals")?.map(Expectation::Equals),
        number("at-least")?.map(Expectation::AtLeast),
        number("at-most")?.map(Expectation::AtMost),
        newer.map(Expectation::NewerThanSnapshotMinus),
    ];
    let mut given = expectations.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(expect), None) => Ok(CustomCheck { name, sql, database: text("database")?, expect }),
        _ => Err("exactly one of `equals`, `at-least`, `at-most`, `newer-than-snapshot-minus` is needed".to_owned()),
    }
}

/// Reads a value from the text of a flag or an environment variable.
pub(super) fn from_text(shape: Shape, text: &str) -> Result<Value, String> {
    let refused = || format!("expected {}, found \"{text}\"", wanted(shape));
    match shape {
        Shape::Text => Ok(Value::Text(text.to_owned())),
        Shape::Word(words) => word(text, words),
        Shape::Integer => text.parse().map(Value::Integer).map_err(|_| refused()),
        Shape::Number => text.parse().map(Value::Number).map_err(|_| refused()),
        Shape::Flag => text.parse().map(Value::Flag).map_err(|_| refused()),
        Shape::Duration => {
            duration::parse(text).map(Value::Duration).map_err(|reason| format!("{reason}; expected {}", wanted(shape)))
        }
        Shape::List => Ok(Value::List(parts(text).map(str::to_owned).collect())),
        Shape::Map => {
            let entries: Option<BTreeMap<String, String>> = parts(text)
                .map(|part| part.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())))
                .collect();
            entries.map(Value::Map).ok_or_else(|| format!("expected name=value pairs with commas, found \"{text}\""))
        }
        Shape::Checks => Err("checks can be written in the configuration file only".to_owned()),
    }
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}
