//! What a check finds, and what it looked at.

use std::fmt;

use aurora_restore_core::{ids::OperationId, ports::JournalError};
use serde::Serialize;

use crate::{Level, Unlooked, ports::ServiceError};

/// A figure, an id or a time that shows what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What it is.
    pub what: &'static str,
    /// Its value, with its unit.
    pub value: String,
}

/// Something that wants a person's look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// What is wrong, on which object: a lower-case fragment.
    pub what: String,
    /// What shows it.
    pub evidence: Vec<Evidence>,
    /// The operations that it is about, as many as are told.
    pub operations: Vec<OperationId>,
    /// The command that mends it, or that shows what to mend.
    pub mend: String,
}

impl Finding {
    /// A finding without evidence yet.
    pub fn new(level: Level, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { level, what: what.into(), evidence: Vec::new(), operations: Vec::new(), mend: mend.into() }
    }

    /// With a figure, an id or a time that shows it.
    #[must_use]
    pub fn with(mut self, what: &'static str, value: impl fmt::Display) -> Self {
        self.evidence.push(Evidence { what, value: value.to_string() });
        self
    }

    /// With the operations that it is about.
    #[must_use]
    pub fn about(mut self, operations: impl IntoIterator<Item = OperationId>) -> Self {
        self.operations.extend(operations);
        self
    }
}

/// What a check has seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// What it looked at, with figures: that nothing was found says something only then.
    pub looked_at: String,
    /// What wants a person's look.
    pub findings: Vec<Finding>,
}

impl Unlooked {
    /// That it could not look, as a finding.
    pub(super) fn finding(self) -> Finding {
        let Self { reason, mend } = self;
        Finding::new(Level::Error, format!("could not be looked at: {reason}"), mend)
    }
}

/// A count with its noun: `1 operation`, `3 operations`.
pub(super) fn counted(count: impl TryInto<u64>, noun: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

impl From<ServiceError> for Unlooked {
    fn from(error: ServiceError) -> Self {
        let reason = error.to_string();
        let mend = match error {
            ServiceError::Denied { action, .. } => format!("allow whoever runs the review {action}"),
            ServiceError::Missing { .. } => "aurora-restore stack status".to_owned(),
            ServiceError::Refused { .. } | ServiceError::Unavailable { .. } => "aurora-restore doctor".to_owned(),
        };
        Self { reason, mend }
    }
}

impl From<JournalError> for Unlooked {
    fn from(error: JournalError) -> Self {
        Self { reason: error.to_string(), mend: "aurora-restore doctor".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_names_the_permission_that_is_lacking() {
        let denied = ServiceError::Denied {
            action: "logs:FilterLogEvents",
            object: "/aws/lambda/a".to_owned(),
            reason: "AccessDeniedException: no".to_owned(),
        };
        let finding = Unlooked::from(denied).finding();
        assert_eq!(finding.level, Level::Error);
        assert!(finding.what.starts_with("could not be looked at: logs:FilterLogEvents is denied"), "{}", finding.what);
        assert_eq!(finding.mend, "allow whoever runs the review logs:FilterLogEvents");
    }

    #[test]
    fn levels_rise() {
        assert!(Level::ALL.is_sorted());
    }
}
