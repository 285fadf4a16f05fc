//! What can go wrong in the data plane, and what a person can do about it.

use std::io;
use std::path::{Path, PathBuf};

use tokio_postgres::error::SqlState;

use crate::model::{ImageId, VolumeId};

/// Why the data plane could not do what it was asked.
///
/// No variant carries a password or the text of an SQL statement.
#[derive(Debug, thiserror::Error)]
pub enum DataPlaneError {
    /// The programs of a PostgreSQL server are not on this machine.
    #[error("no PostgreSQL server programs in {}", list(searched))]
    NotInstalled {
        /// The directories that were searched.
        searched: Vec<PathBuf>,
    },
    /// A program of PostgreSQL is older than the sandbox can use, or does not say its version.
    #[error("PostgreSQL in {} is {version}, but at least version {minimum} is needed", directory.display())]
    TooOld {
        /// Where the programs are.
        directory: PathBuf,
        /// What they say.
        version: String,
        /// The oldest usable major version.
        minimum: u32,
    },
    /// Files were written by another major version of PostgreSQL.
    #[error("{} was written by PostgreSQL {found}, the programs here are {expected}", path.display())]
    OtherMajorVersion {
        /// The data directory.
        path: PathBuf,
        /// The version that wrote it.
        found: String,
        /// The version of the programs.
        expected: u32,
    },
    /// The user that is to run the servers does not exist.
    #[error("no user named {name} to run PostgreSQL as")]
    UnknownUser {
        /// The name looked up.
        name: String,
    },
    /// A user other than the caller was asked for, but only root may choose.
    #[error("only root can run PostgreSQL as {name}")]
    NotRoot {
        /// The user asked for.
        name: String,
    },
    /// The user that runs the servers cannot enter a directory above the data.
    #[error("user {user} cannot enter {}", path.display())]
    Unreachable {
        /// The user that runs the servers.
        user: String,
        /// The closed directory.
        path: PathBuf,
    },
    /// Another process holds the data directory.
    #[error("data directory {} is in use by another sandbox", path.display())]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// A directory for sockets is not ours alone.
    #[error("socket directory {} belongs to someone else or is open to others", path.display())]
    UnsafeSocketDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("no space left on the disk for {}", path.display())]
    DiskFull {
        /// What was being written.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("could not {action} {}", path.display())]
    Io {
        /// The verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file of the sandbox does not hold what it should.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        source: serde_json::Error,
    },
    /// A certificate could not be made.
    #[error("could not make the certificates of the sandbox")]
    Certificate(#[from] rcgen::Error),
    /// A volume that does not exist.
    #[error("{0} does not exist")]
    NoVolume(VolumeId),
    /// An image that does not exist.
    #[error("{0} does not exist")]
    NoImage(ImageId),
    /// A name that cannot be a master user.
    #[error("{name} is a reserved name and cannot be a master user")]
    ReservedUser {
        /// The name.
        name: String,
    },
    /// A data directory with something in it that the sandbox cannot copy.
    #[error("{} is neither a file nor a directory", path.display())]
    NotAFile {
        /// The thing found.
        path: PathBuf,
    },
    /// A program of PostgreSQL ended without doing its work.
    #[error("{program} failed: {reason}")]
    Program {
        /// The program.
        program: &'static str,
        /// The last words of its output.
        reason: String,
    },
    /// A server ended while it was starting.
    #[error("the server on {} did not start: {reason}", data.display())]
    ServerFailed {
        /// Its data directory.
        data: PathBuf,
        /// Its last words.
        reason: String,
        /// Its log.
        log: PathBuf,
    },
    /// A server did not come up, or go down, in time.
    #[error("the server on {} did not {what} within {seconds} s", data.display())]
    ServerSlow {
        /// Its data directory.
        data: PathBuf,
        /// `start` or `stop`.
        what: &'static str,
        /// The bound.
        seconds: u64,
    },
    /// A server is not running although it should be.
    #[error("the server of {0} is not running")]
    NotRunning(VolumeId),
    /// The server refused what the sandbox asked of it.
    #[error("could not {action} on port {port}: {}", told(source))]
    Sql {
        /// The verb.
        action: &'static str,
        /// The private port of the server.
        port: u16,
        /// What the server said.
        source: tokio_postgres::Error,
    },
    /// The port of a name is taken by another program.
    #[error("port {port} of {endpoint} is in use by another program")]
    PortInUse {
        /// The name.
        endpoint: String,
        /// Its port.
        port: u16,
    },
    /// Every port that endpoints may use is taken.
    #[error("no free port left between {first} and {last} for {endpoint}")]
    NoPortLeft {
        /// The name that needed one.
        endpoint: String,
        /// The first port of the range.
        first: u16,
        /// The last port of the range.
        last: u16,
    },
    /// A worker of the sandbox panicked: a defect of ours.
    #[error("a worker of the data plane stopped unexpectedly")]
    Worker(#[from] tokio::task::JoinError),
}

/// What the server said, never the statement: that may carry a verifier.
fn told(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(refusal) => format!("{} (SQLSTATE {})", refusal.message(), refusal.code().code()),
        None => error.to_string(),
    }
}

impl DataPlaneError {
    /// Whether a server died, is going down or is recovering, rather than refusing something.
    pub(super) fn is_loss_of_server(&self) -> bool {
        match self {
            Self::NotRunning(_) => true,
            Self::Sql { source, .. } => match source.code() {
                Some(state) => [&SqlState::ADMIN_SHUTDOWN, &SqlState::CRASH_SHUTDOWN, &SqlState::CANNOT_CONNECT_NOW]
                    .contains(&state),
                // What is no answer of the server is the loss of it.
                None => true,
            },
            _ => false,
        }
    }

    /// What a person can do about it: whole sentences, possibly none.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NotInstalled { .. } => vec![
                "Install PostgreSQL: `apt-get install postgresql` on Debian and Ubuntu, \
                 `dnf install postgresql-server postgresql-contrib` on Fedora, `brew install postgresql` on macOS."
                    .into(),
                "If it is installed elsewhere, name the directory of `initdb` and `postgres` in the configuration."
                    .into(),
            ],
            Self::TooOld { minimum, .. } => {
                vec![format!("Install PostgreSQL {minimum} or newer, or name its program directory.")]
            }
            Self::OtherMajorVersion { found, .. } => vec![format!(
                "Install PostgreSQL {found} again, or start afresh by resetting the sandbox (its data is lost)."
            )],
            Self::UnknownUser { .. } => {
                vec!["PostgreSQL refuses to run as root: name an existing unprivileged user.".into()]
            }
            Self::NotRoot { .. } => vec!["Leave the user out to run the servers as yourself.".into()],
            Self::Unreachable { user, path } => vec![format!(
                "Choose a data directory that {user} can reach, such as one below /var/lib, or allow it to enter {}.",
                path.display()
            )],
            Self::InUse { .. } => {
                vec!["Stop the other sandbox, or give this one a data directory of its own.".into()]
            }
            Self::UnsafeSocketDirectory { path } => {
                vec![format!("Remove {} if it is left over, or choose a shorter data directory.", path.display())]
            }
            Self::DiskFull { .. } => {
                vec!["Free some space, or delete snapshots and clusters of the sandbox, and ask for it anew.".into()]
            }
            Self::ServerFailed { log, .. } => vec![format!("The server's log is {}.", log.display())],
            Self::PortInUse { port, .. } => {
                vec![format!(
                    "Find the program with `ss -ltnp 'sport = :{port}'` (Linux) or `lsof -i :{port}`, and stop it."
                )]
            }
            Self::NoPortLeft { .. } => vec!["Give the sandbox a wider range of ports.".into()],
            Self::Io { .. }
            | Self::Damaged { .. }
            | Self::Certificate(_)
            | Self::NoVolume(_)
            | Self::NoImage(_)
            | Self::ReservedUser { .. }
            | Self::NotAFile { .. }
            | Self::Program { .. }
            | Self::ServerSlow { .. }
            | Self::NotRunning(_)
            | Self::Sql { .. }
            | Self::Worker(_) => Vec::new(),
        }
    }

    /// Whether the same work may succeed later without anyone changing a program or a setting.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::DiskFull { .. }
                | Self::ServerSlow { .. }
                | Self::NotRunning(_)
                | Self::PortInUse { .. }
                | Self::Sql { .. }
        )
    }

    /// Turns what the operating system said about `path` into one of ours.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Io { action, path, source },
        }
    }

    /// Turns what the server on `port` said into one of ours.
    pub(super) fn sql(action: &'static str, port: u16) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |source| match source.code() {
            Some(&SqlState::DISK_FULL) => Self::DiskFull { path: PathBuf::from("the data of PostgreSQL") },
            _ => Self::Sql { action, port, source },
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_write_to_a_full_device_is_called_a_full_disk_and_has_a_hint() {
        let path = Path::new("/dev/full");
        let mut full = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        let error = full.write_all(b"x").map_err(DataPlaneError::io("write", path)).unwrap_err();
        assert_eq!(error.to_string(), "no space left on the disk for /dev/full");
        assert_eq!(error.hints().len(), 1);
        assert!(error.may_pass());
    }

    #[test]
    fn a_missing_installation_says_how_to_install() {
        let error = DataPlaneError::NotInstalled { searched: vec!["/a".into(), "/b".into()] };
        assert_eq!(error.to_string(), "no PostgreSQL server programs in /a, /b");
        assert!(error.hints()[0].contains("apt-get install postgresql"));
    }
}
