//! Turns values into domain types and collects everything that is wrong, each with its origin.

use std::{cell::RefCell, collections::BTreeMap, fmt::Display, str::FromStr};

use aurora_restore_core::verification::CustomCheck;
use jiff::SignedDuration;

use super::{ConfigError, Origin, Problem, layers::Values, reference, schema, value::Value};

/// Reads values. A value that is wrong is noted and read as missing; [`Reader::finish`] tells all of them.
#[derive(Debug)]
pub(super) struct Reader<'v> {
    values: &'v Values,
    problems: RefCell<Vec<Problem>>,
}

impl<'v> Reader<'v> {
    pub(super) fn new(values: &'v Values) -> Self {
        Self { values, problems: RefCell::new(Vec::new()) }
    }

    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T, ConfigError> {
        let problems = self.problems.into_inner();
        match read {
            Some(read) if problems.is_empty() => Ok(read),
            _ => Err(ConfigError { problems }),
        }
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.values.get(path).is_some()
    }

    pub(super) fn origin(&self, path: &str) -> Option<Origin> {
        self.values.get(path).map(|(_, origin)| origin.clone())
    }

    /// Notes that a value is wrong. Without a hint of its own it gets an example of a right one.
    pub(super) fn refuse(&self, path: &str, reason: impl Display, hint: Option<String>) {
        let hint = hint.or_else(|| reference::example(path));
        self.note(Problem { message: format!("`{path}`: {reason}"), origin: self.origin(path), hint });
    }

    /// What was read elsewhere; a problem is noted.
    pub(super) fn noted<T>(&self, read: Result<T, Problem>) -> Option<T> {
        read.map_err(|problem| self.note(problem)).ok()
    }

    /// A key that several others fall back to is read more than once, and told once.
    fn note(&self, problem: Problem) {
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    /// Notes that something is wrong that stands nowhere in particular.
    pub(super) fn refuse_whole(&self, message: &str, hint: String) {
        self.note(Problem { message: message.to_owned(), origin: None, hint: Some(hint) });
    }

    /// Notes that a key must be set.
    pub(super) fn missing(&self, path: &str) {
        let hint = format!(
            "Set it in the configuration file, with `--set {path}=…`, or with the environment variable {}.",
            schema::variable(path)
        );
        self.note(Problem { message: format!("`{path}` is not set"), origin: None, hint: Some(hint) });
    }

    pub(super) fn text(&self, path: &str) -> Option<&'v str> {
        match &self.values.get(path)?.0 {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn owned(&self, path: &str) -> Option<String> {
        self.text(path).map(str::to_owned)
    }

    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, path: &str) -> Option<T> {
        match self.text(path)?.parse() {
            Ok(parsed) => Some(parsed),
            Err(reason) => {
                self.refuse(path, reason, None);
                None
            }
        }
    }

    pub(super) fn required<T: FromStr<Err: Display>>(&self, path: &str) -> Option<T> {
        if !self.has(path) {
            self.missing(path);
        }
        self.parsed(path)
    }

    /// A whole number that fits its type.
    pub(super) fn integer<T: TryFrom<i64>>(&self, path: &str) -> Option<T> {
        let Value::Integer(number) = self.values.get(path)?.0 else { return None };
        let fitting = T::try_from(number).ok();
        if fitting.is_none() {
            self.refuse(path, format_args!("{number} is out of range"), None);
        }
        fitting
    }

    pub(super) fn number(&self, path: &str) -> Option<f64> {
        match self.values.get(path)?.0 {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn flag(&self, path: &str) -> Option<bool> {
        match self.values.get(path)?.0 {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    pub(super) fn duration(&self, path: &str) -> Option<SignedDuration> {
        match self.values.get(path)?.0 {
            Value::Duration(duration) => Some(duration),
            _ => None,
        }
    }

    /// A duration that a loop or a wait relies on: longer than nothing.
    pub(super) fn positive(&self, path: &str) -> Option<SignedDuration> {
        let duration = self.duration(path)?;
        if duration.is_zero() {
            self.refuse(path, "it must be longer than nothing", None);
            return None;
        }
        Some(duration)
    }

    pub(super) fn list(&self, path: &str) -> Option<&'v [String]> {
        match &self.values.get(path)?.0 {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn map(&self, path: &str) -> Option<&'v BTreeMap<String, String>> {
        match &self.values.get(path)?.0 {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    pub(super) fn checks(&self, path: &str) -> Vec<CustomCheck> {
        match self.values.get(path) {
            Some((Value::Checks(checks), _)) => checks.clone(),
            _ => Vec::new(),
        }
    }
}
