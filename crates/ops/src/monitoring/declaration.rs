//! The declaration and how it is read: strictly, so that a slip of the pen is not an alarm that never goes off.

mod check;

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;
use thiserror::Error;

use super::DECLARED;

/// The longest period of an alarm.
const PERIOD_SECS_MAX: i64 = 24 * 3600;

/// What stands in a query for the operation that it is about.
pub const OPERATION_PLACEHOLDER: &str = "PUT THE OPERATION'S ID HERE";

/// Everything that is declared.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Declaration {
    version: u32,
    /// How long logs are kept.
    pub logs: LogsDeclared,
    /// The alarms, in the order of the file.
    #[serde(default)]
    pub alarms: Vec<Alarm>,
    /// The dashboard.
    pub dashboard: Dashboard,
    /// The saved queries.
    #[serde(default)]
    pub queries: Vec<Query>,
}

/// How long logs are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LogsDeclared {
    /// In days: one of [`super::RETENTION_DAYS`].
    pub retention_days: u32,
}

/// An alarm. It goes off when the values of `periods` periods in a row are at least the threshold; a period without a value
/// is a good one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Alarm {
    /// Its name in the template.
    pub id: String,
    /// Its own name, without the stack's prefix.
    pub name: String,
    /// What a person reads who is woken by it.
    pub about: String,
    /// Whose metric it watches, such as `AWS/States`.
    pub namespace: String,
    /// The metric.
    pub metric: String,
    /// Of what. Never none: without dimensions an alarm would watch a metric that nobody writes.
    pub dimensions: BTreeMap<String, String>,
    /// How the values of a period become one.
    pub statistic: AlarmStatistic,
    at_least: Option<i64>,
    at_least_fifths_of_timeout: Option<i64>,
    /// How long a period is.
    pub period: Period,
    /// How many of them in a row.
    pub periods: i64,
}

/// From which value on an alarm goes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// From this one.
    Value(i64),
    /// From so many fifths of the time that one execution may last, in milliseconds.
    FifthsOfTimeout(i64),
}

impl Alarm {
    /// From which value on it goes off.
    pub fn threshold(&self) -> Threshold {
        match (self.at_least, self.at_least_fifths_of_timeout) {
            (_, Some(fifths)) => Threshold::FifthsOfTimeout(fifths),
            (value, None) => Threshold::Value(value.unwrap_or_default()),
        }
    }
}

/// How the values of a period become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum AlarmStatistic {
    /// Added up.
    Sum,
    /// Their mean.
    Average,
    /// The least of them.
    Minimum,
    /// The greatest of them.
    Maximum,
    /// How many there are.
    SampleCount,
}

impl AlarmStatistic {
    /// The service's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "Sum",
            Self::Average => "Average",
            Self::Minimum => "Minimum",
            Self::Maximum => "Maximum",
            Self::SampleCount => "SampleCount",
        }
    }
}

/// How long a period of an alarm is: whole minutes, because metrics of a finer grain cost more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Period(i64);

impl Period {
    /// In seconds.
    pub fn secs(self) -> i64 {
        self.0
    }
}

impl TryFrom<String> for Period {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let unit =
            |unit: char, secs: i64| text.strip_suffix(unit)?.parse::<i64>().ok().filter(|n| *n > 0)?.checked_mul(secs);
        let secs = unit('m', 60).or_else(|| unit('h', 3600));
        secs.filter(|secs| *secs <= PERIOD_SECS_MAX).map(Self).ok_or_else(|| {
            format!("`{text}` is no period: write minutes or hours, up to a day, such as \"5m\" or \"1h\"")
        })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 % 3600 == 0 { write!(formatter, "{}h", self.0 / 3600) } else { write!(formatter, "{}m", self.0 / 60) }
    }
}

/// The dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Dashboard {
    /// How far back it looks, such as `-P7D`.
    pub start: String,
    /// The alarms that it shows, by name.
    pub alarms: Vec<String>,
    /// The graphs.
    #[serde(default)]
    pub graphs: Vec<Graph>,
}

/// A graph of the dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Graph {
    /// What stands above it.
    pub title: String,
    /// Column and row.
    pub at: (i64, i64),
    /// How many columns it takes.
    pub width: i64,
    /// How the values of five minutes become one: a word of the service, such as `Sum` or `p90`.
    pub statistic: String,
    /// What it shows.
    pub metrics: Vec<GraphMetric>,
}

/// A line of a graph.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GraphMetric {
    /// Whose metric it is.
    pub namespace: String,
    /// The metric.
    pub metric: String,
    /// Of what.
    pub dimensions: BTreeMap<String, String>,
    /// What it is called in the graph, if not by its name.
    pub label: Option<String>,
}

/// A saved query.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Query {
    /// The beginning of its name in the template.
    pub id: String,
    /// What it is called where it is saved, behind the stack's prefix.
    pub name: String,
    /// The query.
    pub text: String,
}

impl Query {
    /// Its id as a word of the command: `cold-starts`.
    pub fn word(&self) -> String {
        let mut word = String::new();
        for letter in self.id.chars() {
            if letter.is_ascii_uppercase() && !word.is_empty() {
                word.push('-');
            }
            word.push(letter.to_ascii_lowercase());
        }
        word
    }
}

/// Why a declaration is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeclarationError {
    /// It cannot be read.
    #[error("line {line}: {reason}")]
    Malformed {
        /// Where.
        line: usize,
        /// Why.
        reason: String,
    },
    /// It can be read, and what it says cannot be.
    #[error("{}", .problems.join("; "))]
    Unsound {
        /// Everything that is wrong, each with what it is about.
        problems: Vec<String>,
    },
}

impl Declaration {
    /// Reads and checks a declaration.
    ///
    /// # Errors
    /// [`DeclarationError`].
    pub fn parse(text: &str) -> Result<Self, DeclarationError> {
        let declaration: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let reason = error.message().replace('\n', " ");
            DeclarationError::Malformed { line: before.lines().count().max(1), reason }
        })?;
        let problems = check::problems(&declaration);
        if problems.is_empty() { Ok(declaration) } else { Err(DeclarationError::Unsound { problems }) }
    }

    /// What a declaration says, as JSON for programs that do not read TOML.
    ///
    /// # Errors
    /// [`toml::de::Error`] where it is none; one that was accepted is one.
    pub fn as_json(text: &str) -> Result<serde_json::Value, toml::de::Error> {
        toml::from_str(text)
    }

    /// The declaration of this version.
    pub fn of_this_version() -> Self {
        Self::parse(DECLARED).expect("a test reads it")
    }

    /// The query of that word or id.
    pub fn query(&self, word: &str) -> Option<&Query> {
        self.queries.iter().find(|query| query.word() == word || query.id == word)
    }
}

#[cfg(test)]
mod tests;
