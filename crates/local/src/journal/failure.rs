//! What SQLite and the file system say, as what the port says.

use std::{io, path::Path};

use aurora_restore_core::{
    ids::{InvalidId, OperationId},
    ports::JournalError,
};
use rusqlite::ErrorCode;

/// A failure before the store's name is put to it.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// The port's own words.
    Said(JournalError),
    /// The store cannot be used at all.
    Unusable(String),
    /// Trying again may help.
    Unavailable(String),
}

impl Failure {
    /// The port's error about the store at `path`.
    pub(super) fn of_store(self, path: &Path) -> JournalError {
        let store = path.display().to_string();
        match self {
            Self::Said(error) => error,
            Self::Unusable(reason) => JournalError::Unusable { store, reason },
            Self::Unavailable(reason) => JournalError::Unavailable { store, reason },
        }
    }

    /// The file is not what was written.
    pub(super) fn damaged(found: &str) -> Self {
        Self::Unusable(format!("it is damaged ({found}); keep the file and restore it from a backup"))
    }

    /// Something that is stored about an operation cannot be read.
    pub(super) fn refused(operation: &OperationId, reason: impl Into<String>) -> Self {
        Self::Said(JournalError::Refused { operation: operation.clone(), reason: reason.into() })
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let Some(code) = error.sqlite_error_code() else {
            return Self::Unusable(format!("its content is not as expected: {error}"));
        };
        match code {
            ErrorCode::NotADatabase => {
                Self::Unusable("it is not a SQLite database; move the file away or name another one".to_owned())
            }
            ErrorCode::DatabaseCorrupt => {
                Self::Unusable("it is damaged; keep the file and restore it from a backup".to_owned())
            }
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Self::Unusable(
                "it cannot be written; check who owns the file and its directory, and what they allow".to_owned(),
            ),
            ErrorCode::CannotOpen => Self::Unusable(
                "it cannot be opened; check that its directory is there and what file and directory allow".to_owned(),
            ),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                Self::Unavailable("another process is writing to it".to_owned())
            }
            ErrorCode::DiskFull => Self::Unavailable("no space is left on its disk".to_owned()),
            ErrorCode::OperationAborted
            | ErrorCode::OperationInterrupted
            | ErrorCode::OutOfMemory
            | ErrorCode::SystemIoFailure
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::SchemaChanged => Self::Unavailable(error.to_string()),
            // A constraint, a trigger or a table that is not there: no other try will go better.
            _ => Self::Unusable(format!("its content is not as expected: {error}")),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Unavailable("no space is left on its disk".to_owned())
            }
            _ => Self::Unusable(format!("it cannot be made: {error}")),
        }
    }
}

impl From<InvalidId> for Failure {
    fn from(invalid: InvalidId) -> Self {
        Self::Unusable(format!("its content is not as expected: {invalid}"))
    }
}
