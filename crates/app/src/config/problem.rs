//! What is wrong with a configuration, and where.

use std::{fmt, path::PathBuf};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The built-in default.
    Default,
    /// The configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The parameter that holds the configuration of functions.
    Parameter {
        /// Its name.
        name: String,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: String,
    },
    /// What an event asks for.
    Event,
    /// An item of a batch.
    Item {
        /// Its name.
        name: String,
    },
    /// A deployed stack.
    Stack {
        /// Its name.
        name: String,
        /// The output that holds the value, if it is one.
        output: Option<String>,
    },
    /// A flag of the command line.
    Flag {
        /// The flag as written.
        flag: String,
    },
}

impl Origin {
    /// Its place in the order of precedence.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::File { .. } | Self::Parameter { .. } => 1,
            Self::Environment { .. } => 2,
            Self::Event | Self::Item { .. } => 3,
            Self::Stack { .. } => 4,
            Self::Flag { .. } => 5,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line } => write!(formatter, "{}:{line}", path.display()),
            Self::Parameter { name, line } => write!(formatter, "parameter {name}:{line}"),
            Self::Event => formatter.write_str("the event's request"),
            Self::Item { name } => write!(formatter, "item {name}"),
            Self::Stack { name, output: None } => write!(formatter, "stack {name}"),
            Self::Stack { name, output: Some(output) } => write!(formatter, "stack {name}, output {output}"),
            Self::Environment { variable } => write!(formatter, "environment variable {variable}"),
            Self::Flag { flag } => write!(formatter, "flag {flag}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// Where it stands; nowhere for a key that is missing.
    pub origin: Option<Origin>,
    /// What to do: a whole sentence.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(formatter, "{origin}: {}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

/// A configuration that cannot be used: everything that is wrong with it, at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", all(problems))]
pub struct ConfigError {
    /// Never empty.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// Whether the command line alone is to blame.
    pub fn is_usage(&self) -> bool {
        self.problems.iter().all(|problem| matches!(problem.origin, Some(Origin::Flag { .. })))
    }
}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

fn all(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
