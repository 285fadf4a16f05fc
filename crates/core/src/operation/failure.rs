//! A failure as it is recorded and shown: what failed, on which object, what to do.

use serde::{Deserialize, Serialize};

use crate::catalogue::ErrorCode;

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureClass {
    /// Trying again may help; the engine does, within bounds.
    Retryable,
    /// Trying again cannot help: the operation is undone.
    Terminal,
    /// Neither going on nor undoing is safe without a person.
    NeedsOperator,
}

/// A recorded failure. It survives serialisation, so it holds texts and a code, no source error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The code in the catalogue.
    pub code: ErrorCode,
    /// What follows from it.
    pub class: FailureClass,
    /// What failed and on which object: a lower-case fragment without a full stop.
    pub message: String,
    /// What to do: whole sentences.
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure that undoes the operation.
    pub fn terminal(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, class: FailureClass::Terminal, message: message.into(), hints: Vec::new() }
    }

    /// A failure that may pass.
    pub fn retryable(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, class: FailureClass::Retryable, message: message.into(), hints: Vec::new() }
    }

    /// A failure that only a person can resolve.
    pub fn needs_operator(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, class: FailureClass::NeedsOperator, message: message.into(), hints: Vec::new() }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same failure with another class, for example once its budget is spent.
    #[must_use]
    pub fn with_class(mut self, class: FailureClass) -> Self {
        self.class = class;
        self
    }
}
