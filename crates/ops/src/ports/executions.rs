//! Executions of one state machine: started under a name that is given once, looked at, stopped.

use std::fmt;

use async_trait::async_trait;
use aurora_restore_core::ids::OperationId;
use jiff::Timestamp;
use serde_json::Value;
use thiserror::Error;

use super::Cause;

/// The most characters in the name of an execution.
pub const EXECUTION_NAME_CHARS_MAX: usize = 80;

/// The name of an execution: 1 to 80 characters of those that Step Functions allows within ASCII. Ours have letters, digits, hyphens and
/// underscores; other clients start executions, too. No colon is among them, which the names of commands have.
/// Source: docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecutionName(String);

/// Why a text is not the name of an execution.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not the name of an execution: {reason}")]
pub struct InvalidExecutionName {
    /// The text as given.
    pub text: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

impl ExecutionName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`InvalidExecutionName`] with the rule that the text breaks.
    pub fn new(text: &str) -> Result<Self, InvalidExecutionName> {
        let refused = |reason| Err(InvalidExecutionName { text: text.to_owned(), reason });
        if text.is_empty() || text.len() > EXECUTION_NAME_CHARS_MAX {
            return refused("it must have 1 to 80 characters");
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+=@!'()".contains(&byte)) {
            return refused("only letters, digits and - _ . + = @ ! ' ( ) are allowed");
        }
        Ok(Self(text.to_owned()))
    }

    /// The execution that begins an operation: it bears the operation's id, so starting twice runs it once.
    pub fn of_operation(id: &OperationId) -> Self {
        Self(id.as_str().to_owned())
    }

    /// The execution that goes on with an operation whose newest entry has this sequence. `turn` counts from 1 and tells
    /// apart those that go on from the same entry: the ones before it have ended without writing any.
    pub fn of_resumption(id: &OperationId, sequence: u64, turn: u32) -> Self {
        let again = if turn > 1 { format!("-{turn}") } else { String::new() };
        let suffix = format!("-r{sequence}{again}");
        // Only an id of the greatest length with a number that no journal reaches would not fit.
        let room = EXECUTION_NAME_CHARS_MAX.saturating_sub(suffix.len());
        Self(format!("{}{suffix}", id.as_str().get(..room).unwrap_or(id.as_str())))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExecutionName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What became of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// An execution of that name with that input runs. It may have been started before: starting is repeatable.
    Started,
    /// The name was given already, and nothing was started: [`Executions::describe`] tells to what. Not every
    /// implementation compares the input of one that runs, so that may be the very one that was to be started.
    NameTaken,
}

/// How an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionStatus {
    /// It runs, or it may go on by itself. A status that is not known counts as this, so that nobody starts a second one.
    Running,
    /// It came to its end.
    Succeeded,
    /// It ended with an error.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// Somebody stopped it.
    Aborted,
}

impl ExecutionStatus {
    /// The word that Step Functions has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }

    /// Whether nothing comes of it any more.
    pub fn has_ended(self) -> bool {
        match self {
            Self::Running => false,
            Self::Succeeded | Self::Failed | Self::TimedOut | Self::Aborted => true,
        }
    }
}

/// An execution as it is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Its name.
    pub name: ExecutionName,
    /// How it stands.
    pub status: ExecutionStatus,
    /// Since when it runs.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What it was started with, where that is told.
    pub input: Option<Value>,
    /// The name of the error that it ended with.
    pub error: Option<String>,
    /// What was said about that error.
    pub cause: Option<String>,
}

impl Execution {
    /// The error that it ended with, for a person. Whoever stops an execution may give a cause and no error.
    pub fn why(&self) -> Option<String> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        match (given(&self.error), given(&self.cause)) {
            (Some(error), cause) => Some(Cause { error, cause: cause.unwrap_or_default() }.text()),
            (None, cause) => cause,
        }
    }

    /// How it stands and why, for a person.
    pub fn told(&self) -> String {
        let status = self.status.as_str();
        self.why().map_or_else(|| status.to_owned(), |why| format!("{status}: {why}"))
    }
}

/// The executions of one state machine.
#[async_trait]
pub trait Executions: Send + Sync {
    /// Starts an execution under a name. After it returns [`Started::Started`], an execution of that name with that input
    /// runs; after [`Started::NameTaken`], the call has changed nothing.
    ///
    /// # Errors
    /// [`ExecutionsError`]; after [`ExecutionsError::Unavailable`] it may have been started, and may be started again.
    async fn start(&self, name: &ExecutionName, input: &Value) -> Result<Started, ExecutionsError>;

    /// Looks at an execution; `None` where there is none of that name, or its record has been kept long enough.
    ///
    /// # Errors
    /// [`ExecutionsError`].
    async fn describe(&self, name: &ExecutionName) -> Result<Option<Execution>, ExecutionsError>;

    /// Stops an execution. After it returns none of that name runs; one that had ended, or never was, is left as it is.
    ///
    /// # Errors
    /// [`ExecutionsError`].
    async fn stop(&self, name: &ExecutionName, reason: &str) -> Result<(), ExecutionsError>;
}

/// What became of an execution that was to go on with an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resumed {
    /// It was started under this name.
    Started(ExecutionName),
    /// One that was started before, from the same entry, runs under this name.
    RunsAlready(ExecutionName),
    /// As many as may be were started from this entry, and have ended without writing any.
    InVain,
}

/// Starts an execution under the first name that is free for the newest entry of a journal, of at most so many.
///
/// # Errors
/// [`ExecutionsError`].
pub async fn start_resumption(
    executions: &dyn Executions,
    id: &OperationId,
    sequence: u64,
    input: &Value,
    turns_max: u32,
) -> Result<Resumed, ExecutionsError> {
    for turn in 1..=turns_max {
        let name = ExecutionName::of_resumption(id, sequence, turn);
        match executions.start(&name, input).await? {
            Started::Started => return Ok(Resumed::Started(name)),
            Started::NameTaken => {}
        }
        if executions.describe(&name).await?.is_some_and(|found| !found.status.has_ended()) {
            return Ok(Resumed::RunsAlready(name));
        }
    }
    Ok(Resumed::InVain)
}

/// Whether an execution that was started to go on from the newest entry of a journal runs, of at most so many.
///
/// # Errors
/// [`ExecutionsError`].
pub async fn resumption_runs(
    executions: &dyn Executions,
    id: &OperationId,
    sequence: u64,
    turns_max: u32,
) -> Result<bool, ExecutionsError> {
    for turn in 1..=turns_max {
        match executions.describe(&ExecutionName::of_resumption(id, sequence, turn)).await? {
            None => return Ok(false),
            Some(found) if !found.status.has_ended() => return Ok(true),
            Some(_) => {}
        }
    }
    Ok(false)
}

/// Why nothing came of a call.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExecutionsError {
    /// There is no such state machine.
    #[error("state machine {machine} does not exist; deploy the stack, or correct its ARN")]
    MachineMissing {
        /// Its ARN.
        machine: String,
    },
    /// The caller may not.
    #[error("{action} is denied for state machine {machine}: {reason}")]
    Denied {
        /// Its ARN.
        machine: String,
        /// The permission that is lacking.
        action: &'static str,
        /// What was said.
        reason: String,
    },
    /// What was asked for is not acceptable; repeating it is of no use.
    #[error("state machine {machine} refuses {action}: {reason}")]
    Refused {
        /// Its ARN.
        machine: String,
        /// What was asked for.
        action: &'static str,
        /// What was said.
        reason: String,
    },
    /// No answer, or not now; trying again may help.
    #[error("state machine {machine} does not answer {action}: {reason}")]
    Unavailable {
        /// Its ARN.
        machine: String,
        /// What was asked for.
        action: &'static str,
        /// What was said.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_step_functions_would_refuse_are_refused_with_the_rule() {
        assert!(ExecutionName::new("nightly-2026-11-22_a").is_ok());
        assert_eq!(ExecutionName::new("").unwrap_err().reason, "it must have 1 to 80 characters");
        assert!(ExecutionName::new(&"a".repeat(81)).is_err());
        assert!(ExecutionName::new("restore.2026-11-22 (again)").is_err(), "white space");
        for allowed in ["restore.2026-11-22", "it's+me=@home!", "(again)"] {
            assert!(ExecutionName::new(allowed).is_ok(), "{allowed}");
        }
        for forbidden in ["host:1:ab", "a/b", "a*", "größe", "a\u{7f}"] {
            assert!(ExecutionName::new(forbidden).is_err(), "{forbidden}");
        }
    }

    #[test]
    fn every_name_that_is_derived_from_an_operation_is_legal() {
        for id in ["op-1", &"a".repeat(64)] {
            let id = OperationId::new(id).unwrap();
            let names = [
                ExecutionName::of_operation(&id),
                ExecutionName::of_resumption(&id, 12, 1),
                ExecutionName::of_resumption(&id, u64::MAX, u32::MAX),
            ];
            for name in names {
                assert_eq!(ExecutionName::new(name.as_str()).as_ref(), Ok(&name));
            }
        }
    }

    #[test]
    fn an_execution_that_was_stopped_with_a_cause_alone_tells_it() {
        let stopped = |error: Option<&str>, cause: Option<&str>| Execution {
            name: ExecutionName::new("op-1").unwrap(),
            status: ExecutionStatus::Aborted,
            started_at: Timestamp::UNIX_EPOCH,
            ended_at: Some(Timestamp::UNIX_EPOCH),
            input: None,
            error: error.map(str::to_owned),
            cause: cause.map(str::to_owned),
        };
        assert_eq!(stopped(None, Some("not today")).told(), "ABORTED: not today");
        assert_eq!(stopped(Some("Mine"), Some("not today")).told(), "ABORTED: Mine: not today");
        assert_eq!(stopped(Some(""), Some("")).told(), "ABORTED");
        assert_eq!(stopped(None, None).why(), None);
    }

    #[test]
    fn a_resumption_is_told_by_the_entry_that_it_goes_on_from() {
        let id = OperationId::new("op-1").unwrap();
        assert_eq!(ExecutionName::of_resumption(&id, 12, 1).as_str(), "op-1-r12");
        assert_eq!(ExecutionName::of_resumption(&id, 12, 3).as_str(), "op-1-r12-3");
    }
}
