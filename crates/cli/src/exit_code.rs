//! The exit codes: all of them, in one place. Scripts rely on the numbers, so they never change their meaning.
//!
//! ```text
//!   0  done
//!   1  refused or failed; whatever had been done was undone
//!   2  the command line is wrong
//!   3  the configuration or the set-up of this machine is wrong
//!   4  stuck: neither finished nor undone, a person must act
//!   5  still running: the command stopped watching, the operation goes on or waits to be resumed
//!   6  the plan has changes (only with --detailed-exitcode)
//! 255  a defect of this program
//! ```

use aurora_restore_core::operation::Status;

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitCode {
    /// Done.
    Done,
    /// Refused or failed; whatever had been done was undone.
    Failed,
    /// The command line is wrong.
    Usage,
    /// The configuration or the set-up of this machine is wrong.
    Configuration,
    /// Neither finished nor undone: a person must act.
    Stuck,
    /// The command stopped watching; the operation has not ended.
    StillRunning,
    /// The plan has changes.
    PlanHasChanges,
    /// A defect of this program.
    Bug,
}

impl ExitCode {
    /// The number.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::Stuck => 4,
            Self::StillRunning => 5,
            Self::PlanHasChanges => 6,
            Self::Bug => 255,
        }
    }

    /// The end of a command that stayed with an operation until now.
    pub(crate) fn of_status(status: Status) -> Self {
        match status {
            Status::Completed => Self::Done,
            Status::Failed | Status::Cancelled => Self::Failed,
            Status::Stuck => Self::Stuck,
            Status::InProgress => Self::StillRunning,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}
