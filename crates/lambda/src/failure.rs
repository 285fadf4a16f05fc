//! What cannot be answered, by the names that the state machine tells apart: try again, refused, blocked, fenced, or our bug.

use aurora_restore_app::{
    FunctionParameterError, ServicesError,
    config::{ConfigError, Problem},
};
use aurora_restore_core::{
    engine::EngineError,
    ids::OperationId,
    ports::{CloudError, JournalError, SecretsError},
};
use thiserror::Error;

/// Why a function did not answer. The text is for the operator who reads it in the console.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FunctionError {
    /// Something did not answer; the machine retries with a growing pause.
    #[error("{0}")]
    TryAgain(String),
    /// The event, the configuration or the journal is not acceptable; retrying is of no use, and nothing is under way.
    #[error("{0}")]
    Refused(String),
    /// The same, but an operation was begun: it holds its target and cannot go on before a person has mended something.
    #[error("{0}")]
    Blocked(String),
    /// Another executor goes on.
    #[error("{0}")]
    Fenced(String),
    /// A defect of this program.
    #[error("{0}")]
    Panic(String),
}

impl FunctionError {
    /// The name that Step Functions matches.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TryAgain(_) => "AuroraRestore.TryAgain",
            Self::Refused(_) => "AuroraRestore.Refused",
            Self::Blocked(_) => Self::BLOCKED,
            Self::Fenced(_) => Self::FENCED,
            Self::Panic(_) => "AuroraRestore.Panic",
        }
    }

    /// The name of [`FunctionError::Fenced`].
    pub(crate) const FENCED: &'static str = "AuroraRestore.Fenced";
    /// The name of [`FunctionError::Blocked`].
    pub(crate) const BLOCKED: &'static str = "AuroraRestore.Blocked";

    /// The same with what came before it.
    #[must_use]
    pub(crate) fn after(self, cause: &str) -> Self {
        // The function that was asked before may have said the same.
        if cause.contains(&self.to_string()) {
            return self;
        }
        let told = |text: String| format!("{text} Before that: {cause}");
        match self {
            Self::TryAgain(text) => Self::TryAgain(told(text)),
            Self::Refused(text) => Self::Refused(told(text)),
            Self::Blocked(text) => Self::Blocked(told(text)),
            Self::Fenced(text) => Self::Fenced(told(text)),
            Self::Panic(text) => Self::Panic(told(text)),
        }
    }

    /// What a refusal is once an operation holds its target: it keeps that from going on. Anything else stays what it is.
    #[must_use]
    pub(crate) fn of_begun(self, operation: &OperationId) -> Self {
        match self {
            Self::Refused(text) => Self::Blocked(format!(
                "{text} Operation {operation} was begun and holds its target; mend this and, unless it was taken back meanwhile, go on \
                 with it by `aurora-restore resume {operation}`."
            )),
            Self::TryAgain(_) | Self::Blocked(_) | Self::Fenced(_) | Self::Panic(_) => self,
        }
    }
}

/// So many problems of a configuration are told at once.
const PROBLEMS_MAX: usize = 10;

const NOTHING_LOST: &str = "Nothing is lost; the operation goes on once it answers.";
const NOTHING_CHANGED: &str = "Nothing was changed.";

impl From<JournalError> for FunctionError {
    fn from(error: JournalError) -> Self {
        let text = error.to_string();
        match error {
            JournalError::TargetBusy { holder, .. } => Self::Refused(format!(
                "{text}; watch it with `aurora-restore watch {holder}`, or cancel it. {NOTHING_CHANGED}"
            )),
            // Two deliveries of the first event: the next try finds the operation.
            JournalError::OperationExists { .. } | JournalError::Conflict { .. } => {
                Self::TryAgain(format!("{text}. {NOTHING_LOST}"))
            }
            JournalError::UnknownOperation { .. } => {
                Self::Refused(format!("{text}; `aurora-restore list` shows those that are. {NOTHING_CHANGED}"))
            }
            JournalError::Fenced { operation } => {
                Self::Fenced(format!("{text}; watch it with `aurora-restore watch {operation}`"))
            }
            JournalError::Refused { .. } => Self::Refused(format!(
                "{text}; deploy the version of aurora-restore that wrote it, or a newer one. {NOTHING_CHANGED}"
            )),
            JournalError::Unusable { .. } => Self::Refused(format!("{text}. {NOTHING_CHANGED}")),
            JournalError::Unavailable { .. } => Self::TryAgain(format!("{text}. {NOTHING_LOST}")),
        }
    }
}

impl From<EngineError> for FunctionError {
    fn from(error: EngineError) -> Self {
        let text = error.to_string();
        match error {
            EngineError::Journal(error) => error.into(),
            EngineError::Refused { .. } => Self::Refused(format!(
                "{text}; deploy the version of aurora-restore that wrote it, or a newer one. {NOTHING_CHANGED}"
            )),
            EngineError::NotPossible { operation, .. } => Self::Refused(format!(
                "{text}; `aurora-restore status {operation}` tells where it stands. {NOTHING_CHANGED}"
            )),
            EngineError::Illegal { .. } | EngineError::Wire { .. } => {
                Self::Panic(format!("{text}; please report it with the operation's report"))
            }
        }
    }
}

impl From<ConfigError> for FunctionError {
    fn from(error: ConfigError) -> Self {
        let told = |problem: &Problem| match &problem.hint {
            Some(hint) => format!("{problem}. {hint}"),
            None => problem.to_string(),
        };
        let mut problems: Vec<String> = error.problems.iter().take(PROBLEMS_MAX).map(told).collect();
        if let Some(more) = error.problems.len().checked_sub(PROBLEMS_MAX).filter(|more| *more > 0) {
            problems.push(format!("and {more} more"));
        }
        Self::Refused(format!("the configuration cannot be used: {}", problems.join("; ")))
    }
}

impl From<FunctionParameterError> for FunctionError {
    fn from(error: FunctionParameterError) -> Self {
        let text = error.to_string();
        match error {
            FunctionParameterError::Unavailable { .. } => Self::TryAgain(text),
            FunctionParameterError::NotAName { .. }
            | FunctionParameterError::Missing { .. }
            | FunctionParameterError::Denied { .. }
            | FunctionParameterError::Unfit { .. } => Self::Refused(text),
        }
    }
}

impl From<CloudError> for FunctionError {
    fn from(error: CloudError) -> Self {
        let text = error.to_string();
        if error.retryable { Self::TryAgain(text) } else { Self::Refused(text) }
    }
}

impl From<ServicesError> for FunctionError {
    fn from(error: ServicesError) -> Self {
        let text = error.to_string();
        match error {
            ServicesError::Journal(error) => error.into(),
            ServicesError::Cloud(error) => error.into(),
            ServicesError::Configuration(error) => error.into(),
            ServicesError::Secrets(SecretsError::Unavailable { .. }) => Self::TryAgain(text),
            ServicesError::Trust(source) => Self::Refused(format!("{text}: {source}")),
            ServicesError::Endpoint(ref invalid) => Self::Refused(match &invalid.unlisted {
                Some(host) => format!("{text}; if an emulator of AWS is there, deploy the stack with HttpHosts={host}"),
                None => text,
            }),
            ServicesError::Secrets(_)
            | ServicesError::KeyMissing { .. }
            | ServicesError::OtherAccount { .. }
            | ServicesError::NotOfAFunction { .. }
            // Of the command alone: a function is a part of its stack and looks for none.
            | ServicesError::NotBuiltIn { .. } => Self::Refused(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::ids::OperationId;

    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_and_the_rest_is_not() {
        let operation = || OperationId::new("op-1").unwrap();
        let store = || "DynamoDB".to_owned();
        let cases = [
            (JournalError::Unavailable { store: store(), reason: "r".into() }, "AuroraRestore.TryAgain"),
            (JournalError::OperationExists { operation: operation() }, "AuroraRestore.TryAgain"),
            (JournalError::UnknownOperation { operation: operation() }, "AuroraRestore.Refused"),
            (JournalError::Unusable { store: store(), reason: "r".into() }, "AuroraRestore.Refused"),
            (JournalError::Refused { operation: operation(), reason: "r".into() }, "AuroraRestore.Refused"),
            (JournalError::Fenced { operation: operation() }, "AuroraRestore.Fenced"),
        ];
        for (error, name) in cases {
            let text = error.to_string();
            let told = FunctionError::from(error);
            assert_eq!(told.name(), name, "{text}");
            assert!(told.to_string().starts_with(&text), "{told}");
        }
    }

    #[test]
    fn a_refusal_is_blocked_once_an_operation_is_begun_and_says_what_to_do() {
        let operation = OperationId::new("op-1").unwrap();
        let told = FunctionError::Refused("the parameter cannot be read.".into()).of_begun(&operation);
        assert_eq!(told.name(), "AuroraRestore.Blocked");
        let expected = "the parameter cannot be read. Operation op-1 was begun and holds its target; mend this and, unless it \
                        was taken back meanwhile, go on with it by `aurora-restore resume op-1`.";
        assert_eq!(told.to_string(), expected);
        for other in [FunctionError::TryAgain("t".into()), FunctionError::Fenced("f".into()), told] {
            assert_eq!(other.clone().of_begun(&operation), other);
        }
    }

    #[test]
    fn an_account_that_does_not_answer_is_asked_again() {
        let error = |retryable| CloudError { side: "target", reason: "r".into(), retryable };
        assert_eq!(FunctionError::from(error(true)).name(), "AuroraRestore.TryAgain");
        assert_eq!(FunctionError::from(error(false)).name(), "AuroraRestore.Refused");
    }
}
