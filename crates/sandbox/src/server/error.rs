//! Why a sandbox cannot start, save or be reset, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use super::Unsaved;
use crate::postgres::DataPlaneError;

/// A failure of the sandbox itself, as opposed to an answer that RDS would give.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The directory holds something that no sandbox made.
    #[error("the directory {} is not empty and does not belong to a sandbox", .0.display())]
    NotOurs(PathBuf),
    /// Another sandbox works in the directory.
    #[error("the directory {} is used by another sandbox{}", .directory.display(), pid_note(*.pid))]
    InUse {
        /// The data directory.
        directory: PathBuf,
        /// The process that holds it, where it could be read.
        pid: Option<u32>,
    },
    /// A file or directory could not be read or written.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// What was attempted: `create`, `write`, …
        action: &'static str,
        /// What it was attempted on.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The address of the API is taken or not allowed.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port asked for.
        port: u16,
        /// What the operating system said.
        source: io::Error,
    },
    /// The state was written by a sandbox that knows more than this one.
    #[error("{} has format {found}, and this version reads formats up to {known}", .path.display())]
    StateTooNew {
        /// The state file.
        path: PathBuf,
        /// The format that it says it has.
        found: u32,
        /// The newest format that this version reads.
        known: u32,
    },
    /// The state cannot be read as what it says it is.
    #[error("{} is damaged", .path.display())]
    StateCorrupt {
        /// The state file.
        path: PathBuf,
        /// Where reading stopped. Never shows the content, which may hold a password.
        source: CorruptAt,
    },
    /// PostgreSQL cannot be used.
    #[error(transparent)]
    DataPlane(#[from] DataPlaneError),
    /// A change was made and could not be saved.
    #[error(transparent)]
    Unsaved(#[from] Unsaved),
    /// The state was made with PostgreSQL and is opened without, or the other way round.
    #[error("the sandbox in this directory was made with another kind of data plane")]
    OtherDataPlane,
    /// The configuration asks for something that cannot be.
    #[error("{0}")]
    Config(String),
}

/// Where a damaged file stops making sense.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("it stops making sense at line {line}, column {column}")]
pub struct CorruptAt {
    line: usize,
    column: usize,
}

impl From<&serde_json::Error> for CorruptAt {
    fn from(error: &serde_json::Error) -> Self {
        Self { line: error.line(), column: error.column() }
    }
}

impl SandboxError {
    /// A constructor for the commonest case, to be used with `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// What a person can do about it, as one sentence.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotOurs(path) => format!(
                "Choose an empty or new directory; the sandbox never touches files that it did not make in {}.",
                path.display()
            ),
            Self::InUse { .. } => "Stop the other sandbox, or choose another data directory.".to_owned(),
            Self::Io { source, path, .. } => return io_hint(source, path),
            Self::Listen { port, source } => match source.kind() {
                io::ErrorKind::AddrInUse => {
                    format!("Another program listens on port {port}; choose another port, or 0 for any free one.")
                }
                io::ErrorKind::PermissionDenied => "Ports below 1024 need privileges; choose a higher port.".to_owned(),
                _ => return None,
            },
            Self::StateTooNew { .. } => {
                "Start it with the version that wrote it, or reset the sandbox to begin afresh.".to_owned()
            }
            Self::StateCorrupt { path, .. } => {
                format!("Keep a copy of {} for a report, then reset the sandbox to begin afresh.", path.display())
            }
            Self::DataPlane(error) => {
                let hints = error.hints();
                return (!hints.is_empty()).then(|| hints.join(" "));
            }
            Self::OtherDataPlane => "Start it as it was made, or reset it to begin afresh.".to_owned(),
            // The reason bears its own hint.
            Self::Unsaved(_) | Self::Config(_) => return None,
        })
    }
}

fn io_hint(source: &io::Error, path: &Path) -> Option<String> {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(format!(
            "The disk under {} is full. Make room; a sandbox that runs then goes on by itself, one that did not start can be started.",
            path.display()
        )),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some(format!("The user who runs the sandbox must be able to write {}.", path.display()))
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            Some("A data directory must be a directory.".to_owned())
        }
        _ => None,
    }
}

fn pid_note(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}
