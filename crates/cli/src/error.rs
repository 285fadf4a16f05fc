//! What a command fails with: a kind that decides the exit code, one line, hints, and the cause chain. It is printed
//! once, by [`crate::ui::Ui::error`].

use std::error::Error;

use aurora_restore_core::{catalogue::ErrorCode, operation::Failure};

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
    /// The code in the catalogue, if it has one: `aurora-restore explain CODE` tells more.
    pub(crate) code: Option<ErrorCode>,
    /// What failed, on which object: a lower-case fragment. More than one where several things are wrong at once.
    pub(crate) messages: Vec<String>,
    /// What to do: whole sentences.
    pub(crate) hints: Vec<String>,
    /// What caused it.
    pub(crate) source: Option<Box<dyn Error + Send + Sync>>,
}

impl CommandError {
    fn told(exit: ExitCode, message: impl Into<String>) -> Self {
        Self::Told(Box::new(Told { exit, code: None, messages: vec![message.into()], hints: Vec::new(), source: None }))
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

    /// A defect of this program.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::told(ExitCode::Bug, message)
    }

    /// Several things are wrong at once; the first decides nothing more than the others.
    pub(crate) fn several(exit: ExitCode, messages: Vec<String>, hints: Vec<String>) -> Self {
        Self::Told(Box::new(Told { exit, code: None, messages, hints, source: None }))
    }

    /// A recorded failure of an operation.
    pub(crate) fn of_failure(exit: ExitCode, failure: &Failure) -> Self {
        let hints =
            if failure.hints.is_empty() { vec![failure.code.action().to_owned()] } else { failure.hints.clone() };
        Self::Told(Box::new(Told {
            exit,
            code: Some(failure.code),
            messages: vec![failure.message.clone()],
            hints,
            source: None,
        }))
    }

    /// Adds what to do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Told(told) = &mut self {
            told.hints.push(hint.into());
        }
        self
    }

    /// Adds the code in the catalogue.
    #[must_use]
    pub(crate) fn code(mut self, code: ErrorCode) -> Self {
        if let Self::Told(told) = &mut self {
            told.code = Some(code);
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
