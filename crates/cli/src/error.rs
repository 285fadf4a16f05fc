//! What a command fails with: a kind that decides the exit code, one line, hints, and the cause chain. It is printed
//! once, by [`crate::ui::Ui::error`].

mod executions;
#[cfg(feature = "stack")]
mod rotation;
#[cfg(feature = "stack")]
mod stack;

use std::error::Error;

use aurora_restore_app::config::{ConfigError, Problem};
use aurora_restore_core::{
    catalogue::ErrorCode,
    engine::EngineError,
    journal::{JournalRefusal, WireError},
    operation::Failure,
    plan::{Finding, PlanError, Severity},
    ports::JournalError,
};

use crate::exit_code::ExitCode;

/// The result of a command.
pub(crate) type CommandResult = Result<ExitCode, CommandError>;

/// A failure of a command.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// Whoever read our output has gone. Not worth a word.
    BrokenPipe,
    /// Everything else.
    Told(Box<Told>),
}

/// What is told about a failure.
#[derive(Debug)]
pub(crate) struct Told {
    /// Decides the exit code.
    pub(crate) exit: ExitCode,
    /// What is wrong. More than one point where several things are wrong at once; never none.
    pub(crate) points: Vec<Point>,
    /// What caused it.
    pub(crate) source: Option<Box<dyn Error + Send + Sync>>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Point {
    /// What failed, on which object: a lower-case fragment.
    pub(crate) message: String,
    /// The code in the catalogue, if it has one: `aurora-restore explain CODE` tells more.
    pub(crate) code: Option<ErrorCode>,
    /// What to do: whole sentences.
    pub(crate) hints: Vec<String>,
}

impl Point {
    /// A recorded failure of an operation, with what the catalogue knows to do.
    pub(crate) fn of_failure(failure: &Failure) -> Self {
        let known = || vec![failure.code.action().to_owned()];
        let hints = if failure.hints.is_empty() { known() } else { failure.hints.clone() };
        Self { message: failure.message.clone(), code: Some(failure.code), hints }
    }

    /// A refusal of the preflight.
    pub(crate) fn of_finding(finding: &Finding) -> Self {
        let hint = finding.hint.clone().unwrap_or_else(|| finding.code.action().to_owned());
        Self { message: finding.message.clone(), code: Some(finding.code), hints: vec![hint] }
    }
}

impl CommandError {
    /// Ends with this exit code.
    pub(crate) fn told(exit: ExitCode, message: impl Into<String>) -> Self {
        Self::several(exit, vec![Point { message: message.into(), code: None, hints: Vec::new() }])
    }

    /// The command line is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::told(ExitCode::Usage, message)
    }

    /// The configuration or the set-up of this machine is wrong.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::told(ExitCode::Configuration, message)
    }

    /// Refused or failed, and nothing is left of it.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::told(ExitCode::Failed, message)
    }

    /// Neither done nor undone: a person must act.
    #[cfg(feature = "stack")]
    pub(crate) fn stuck(message: impl Into<String>) -> Self {
        Self::told(ExitCode::Stuck, message)
    }

    /// What is wrong, on one line.
    #[cfg(feature = "stack")]
    pub(crate) fn message(&self) -> String {
        match self {
            Self::BrokenPipe => String::new(),
            Self::Told(told) => told.points.iter().map(|point| point.message.as_str()).collect::<Vec<_>>().join("; "),
        }
    }

    /// The operation has not ended, and nobody here goes on with it.
    pub(crate) fn still_running(message: impl Into<String>) -> Self {
        Self::told(ExitCode::StillRunning, message)
    }

    /// A defect of this program.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::told(ExitCode::Bug, message)
    }

    /// Several things are wrong at once.
    pub(crate) fn several(exit: ExitCode, points: Vec<Point>) -> Self {
        Self::Told(Box::new(Told { exit, points, source: None }))
    }

    /// Adds what to do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Told(told) = &mut self
            && let Some(point) = told.points.last_mut()
        {
            point.hints.push(hint.into());
        }
        self
    }

    /// Adds the code in the catalogue.
    #[must_use]
    pub(crate) fn code(mut self, code: ErrorCode) -> Self {
        if let Self::Told(told) = &mut self
            && let Some(point) = told.points.last_mut()
        {
            point.code = Some(code);
        }
        self
    }

    /// Adds the cause.
    #[must_use]
    pub(crate) fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        if let Self::Told(told) = &mut self {
            told.source = Some(Box::new(source));
        }
        self
    }

    /// How the command ends.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::BrokenPipe => ExitCode::Done,
            Self::Told(told) => told.exit,
        }
    }
}

/// Writing our own output failed.
impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::BrokenPipe;
        }
        Self::failed("the output could not be written").caused_by(error)
    }
}

impl From<serde_json::Error> for CommandError {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(std::io::ErrorKind::BrokenPipe) => Self::BrokenPipe,
            Some(_) => Self::failed("the output could not be written").caused_by(error),
            None => Self::internal("the output has no JSON form").caused_by(error),
        }
    }
}

/// Everything that is wrong with the configuration. The command line is to blame only if nothing else is.
impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        let exit = if error.is_usage() { ExitCode::Usage } else { ExitCode::Configuration };
        let point = |problem: &Problem| Point {
            message: problem.to_string(),
            code: None,
            hints: problem.hint.clone().into_iter().collect(),
        };
        let has_hint = error.problems.iter().any(|problem| problem.hint.is_some());
        let told = Self::several(exit, error.problems.iter().map(point).collect());
        if has_hint {
            return told;
        }
        told.hint(
            "What each key means stands in the file that `aurora-restore config init` writes. Nothing was changed.",
        )
    }
}

impl From<JournalError> for CommandError {
    fn from(error: JournalError) -> Self {
        let text = error.to_string();
        match error {
            JournalError::TargetBusy { holder, .. } => Self::failed(text).code(ErrorCode::TargetBusy).hint(format!(
                "Watch it with `aurora-restore watch {holder}`, or cancel it with `aurora-restore cancel {holder}`."
            )),
            JournalError::OperationExists { .. } => Self::failed(text).hint("Make a new plan; it gets a new id."),
            JournalError::UnknownOperation { .. } => {
                Self::usage(text).hint("`aurora-restore list` shows the operations of this journal.")
            }
            JournalError::Fenced { operation } => Self::still_running(text)
                .hint(format!("Only one process goes on with it. Watch it with `aurora-restore watch {operation}`.")),
            JournalError::Conflict { .. } => Self::failed(text).hint("Try again."),
            JournalError::Refused { .. } => Self::configuration(text).hint(
                "If a newer version wrote it, use that one; if it was altered, bring it back from an export or a backup. \
                 Nothing was changed.",
            ),
            JournalError::Unusable { .. } => Self::configuration(text)
                .hint(
                    "Nothing was changed. Another file can be named with `--set journal.path=…`, other tables with `journal.state-table` \
                     and `journal.audit-table`.",
                ),
            JournalError::Unavailable { .. } => {
                Self::failed(text).hint(
                    "Of a file: look whether the disk is full or it is locked. Of tables: check the network, the proxy and the endpoint. \
                     Then try again.",
                )
            }
        }
    }
}

impl From<EngineError> for CommandError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Journal(error) => error.into(),
            EngineError::Refused { operation, source } => {
                let text = format!("the journal of operation {operation} is refused: {source}");
                Self::configuration(text).hint(match source {
                    JournalRefusal::Unreadable { source: WireError::TooNew { .. }, .. } => {
                        "Use the version of aurora-restore that wrote it, or a newer one. Nothing was changed."
                    }
                    _ => "Nothing is done with a journal that cannot be trusted: bring it back from a backup.",
                })
            }
            EngineError::NotPossible { ref operation, .. } => {
                let hint = format!("`aurora-restore status {operation}` tells where it stands. Nothing was changed.");
                Self::failed(error.to_string()).hint(hint)
            }
            EngineError::Illegal { .. } | EngineError::Wire { .. } => Self::internal(error.to_string()),
        }
    }
}

impl From<PlanError> for CommandError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Refused { findings } => {
                let refusals = findings.iter().filter(|finding| finding.severity == Severity::Refusal);
                Self::several(ExitCode::Failed, refusals.map(Point::of_finding).collect())
            }
            PlanError::Failed(failure) => Self::several(ExitCode::Failed, vec![Point::of_failure(&failure)]),
        }
    }
}
