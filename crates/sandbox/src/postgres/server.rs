//! Starts, adopts and stops the server of one data directory.
//!
//! A server is a process group of its own and outlives the sandbox: after a crash of the sandbox it goes on serving
//! and the next sandbox adopts it. Its lock file says which process and port it is.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::account::Account;
use super::binaries::Binaries;
use super::conf::ServerSettings;
use super::error::DataPlaneError;
use super::files::Durability;
use super::layout::Home;
use super::process::{Holder, LockFile, is_alive, signal};
use super::tls::Tls;

/// Recovery after a crash reads all WAL since the last checkpoint, at most a few hundred MiB.
const START_MAX: Duration = Duration::from_secs(300);
const STOP_MAX: Duration = Duration::from_secs(60);
const KILL_MAX: Duration = Duration::from_secs(10);
/// How often a server is looked at while it starts or stops. A start takes some 50 ms.
const GLANCE: Duration = Duration::from_millis(10);
/// A port can be taken between choosing and using it, and the processes of a killed server need a moment to go.
const ATTEMPTS_MAX: u32 = 50;
const ATTEMPT_PAUSE: Duration = Duration::from_millis(200);
/// A log that is larger than this at a start is put aside, replacing the one before.
const LOG_BYTES_MAX: u64 = 8 << 20;
/// How much of a log is searched for the reason of a failure.
const LOG_TAIL_BYTES: u64 = 16 << 10;

/// What every server of a sandbox has in common.
#[derive(Clone, Debug)]
pub(super) struct Servers {
    pub(super) account: Account,
    pub(super) binaries: Binaries,
    pub(super) tls: Tls,
    pub(super) run: std::path::PathBuf,
    pub(super) durability: Durability,
}

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) pid: i32,
    pub(super) port: u16,
    /// Present if this process started it, so that it can be reaped.
    child: Option<Child>,
}

enum Attempt {
    Started(Server),
    /// Try again: the reason passes by itself.
    Passing(DataPlaneError),
}

impl Servers {
    /// Adopts the server of `home` if one is running, otherwise starts it. Returns once it takes connections.
    pub(super) async fn start(&self, home: &Home) -> Result<Server, DataPlaneError> {
        self.check_version(&home.data())?;
        let mut attempt = 1;
        loop {
            let outcome = match self.running(&home.data()) {
                Some(pid) => self.wait_until_ready(home, pid, None, 0).await?,
                None => self.launch(home).await?,
            };
            match outcome {
                Attempt::Started(server) => return Ok(server),
                Attempt::Passing(error) if attempt == ATTEMPTS_MAX => return Err(error),
                Attempt::Passing(_) => tokio::time::sleep(ATTEMPT_PAUSE).await,
            }
            attempt += 1;
        }
    }

    /// The process that serves `data`, if there is one.
    fn running(&self, data: &Path) -> Option<i32> {
        LockFile::read(data).map(|lock| lock.pid).filter(|pid| Holder::of(*pid, data) == Holder::Server)
    }

    fn check_version(&self, data: &Path) -> Result<(), DataPlaneError> {
        let path = data.join("PG_VERSION");
        let text = std::fs::read_to_string(&path).map_err(DataPlaneError::io("read", &path))?;
        let (found, expected) = (text.trim().to_owned(), self.binaries.major());
        if found == expected.to_string() {
            return Ok(());
        }
        Err(DataPlaneError::OtherMajorVersion { path: data.to_path_buf(), found, expected })
    }

    async fn launch(&self, home: &Home) -> Result<Attempt, DataPlaneError> {
        let (data, port) = (home.data(), free_port()?);
        remove_foreign_lock(&data)?;
        let settings = ServerSettings {
            account: &self.account,
            run: &self.run,
            tls: &self.tls,
            port,
            durability: self.durability,
        };
        settings.write(home)?;
        let (log, log_start) = open_log(home, &self.account)?;
        let program = self.binaries.program("postgres");
        let child = self
            .account
            .command(&program)
            .arg("-D")
            .arg(&data)
            .arg("-c")
            .arg(format!("config_file={}", home.conf().join("postgresql.conf").display()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(DataPlaneError::io("open", &home.log()))?)
            .stderr(log)
            .spawn()
            .map_err(DataPlaneError::io("run", &program))?;
        let pid = i32::try_from(child.id()).expect("process ids fit into an i32");
        self.wait_until_ready(home, pid, Some(child), log_start).await
    }

    async fn wait_until_ready(
        &self,
        home: &Home,
        pid: i32,
        mut child: Option<Child>,
        log_start: u64,
    ) -> Result<Attempt, DataPlaneError> {
        let (data, begun) = (home.data(), Instant::now());
        loop {
            if let Some(lock) = LockFile::read(&data).filter(|lock| lock.ready && lock.pid == pid) {
                return Ok(Attempt::Started(Server { pid, port: lock.port, child }));
            }
            if has_ended(pid, child.as_mut()) {
                return classify_failure(home, log_start);
            }
            if begun.elapsed() > START_MAX {
                return Err(DataPlaneError::ServerSlow { data, what: "start", seconds: START_MAX.as_secs() });
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Stops the server of `data` if there is one. `handle` is what [`Servers::start`] gave, if it is still known.
    pub(super) async fn stop(&self, data: &Path, handle: Option<Server>, how: Stop) -> Result<(), DataPlaneError> {
        let mut child = handle.and_then(|server| server.child);
        let Some(pid) = self.running(data) else {
            // A dead child of ours must still be reaped.
            let _reaped = child.as_mut().map(Child::try_wait);
            return Ok(());
        };
        let graceful = match how {
            Stop::Fast => (Signal::SIGINT, STOP_MAX),
            Stop::Immediate => (Signal::SIGQUIT, KILL_MAX),
        };
        // What an immediate stop loses is in the WAL: the next start recovers it.
        for (which, bound) in [graceful, (Signal::SIGQUIT, KILL_MAX), (Signal::SIGKILL, KILL_MAX)] {
            signal(pid, which);
            if wait_until_gone(pid, child.as_mut(), bound).await {
                return Ok(());
            }
        }
        Err(DataPlaneError::ServerSlow { data: data.to_path_buf(), what: "stop", seconds: STOP_MAX.as_secs() })
    }
}

impl Server {
    /// Whether it is still running.
    pub(super) fn is_running(&mut self) -> bool {
        !has_ended(self.pid, self.child.as_mut())
    }
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Sessions end, a checkpoint is written.
    Fast,
    /// Nothing is written; for data that is about to be deleted.
    Immediate,
}

async fn wait_until_gone(pid: i32, mut child: Option<&mut Child>, bound: Duration) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < bound {
        if has_ended(pid, child.as_deref_mut()) {
            return true;
        }
        tokio::time::sleep(GLANCE).await;
    }
    false
}

fn has_ended(pid: i32, child: Option<&mut Child>) -> bool {
    match child.map(Child::try_wait) {
        Some(Ok(status)) => status.is_some(),
        Some(Err(_)) | None => !is_alive(pid),
    }
}

/// The server refuses to start if the process named in a left-over lock file exists, whoever that is by now: remove
/// the file if it is certainly not a server of this directory. In doubt the file stays and the server decides. It
/// also stays if the process is dead: from it the server learns whether children of the dead one are still writing.
fn remove_foreign_lock(data: &Path) -> Result<(), DataPlaneError> {
    let path = data.join("postmaster.pid");
    match LockFile::read(data).map(|lock| Holder::of(lock.pid, data)) {
        Some(Holder::Stranger) => std::fs::remove_file(&path).map_err(DataPlaneError::io("remove", &path)),
        Some(Holder::Server | Holder::Unknown | Holder::Nobody) | None => Ok(()),
    }
}

fn free_port() -> Result<u16, DataPlaneError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(DataPlaneError::io("find a port for", Path::new("a server")))
}

/// Opens the log for appending. Returns where this run begins.
fn open_log(home: &Home, account: &Account) -> Result<(File, u64), DataPlaneError> {
    use std::os::unix::fs::OpenOptionsExt as _;

    let path = home.log();
    if std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LOG_BYTES_MAX) {
        std::fs::rename(&path, path.with_extension("log.1")).map_err(DataPlaneError::io("put aside", &path))?;
    }
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true).mode(0o600).open(&path).map_err(DataPlaneError::io("open", &path))?;
    account.own(&path)?;
    let length = file.metadata().map_err(DataPlaneError::io("look at", &path))?.len();
    Ok((file, length))
}

fn classify_failure(home: &Home, log_start: u64) -> Result<Attempt, DataPlaneError> {
    let (log, data) = (home.log(), home.data());
    let tail = read_tail(&log, log_start).unwrap_or_default();
    let reason = last_words(&tail);
    let disk_full = tail.contains("No space left on device");
    // The words are the server's own in the language we chose for it; it has no codes for these.
    let passing = ["Address already in use", "could not create any TCP/IP sockets", "pre-existing shared memory block"]
        .iter()
        .any(|words| tail.contains(words))
        || (tail.contains("lock file") && tail.contains("already exists"));
    let error = if disk_full {
        DataPlaneError::DiskFull { path: data }
    } else {
        DataPlaneError::ServerFailed { data, reason, log }
    };
    if passing && !disk_full { Ok(Attempt::Passing(error)) } else { Err(error) }
}

fn read_tail(log: &Path, start: u64) -> std::io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(start.max(length.saturating_sub(LOG_TAIL_BYTES))))?;
    let mut bytes = Vec::new();
    file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The message of the last fatal line, else the last line.
fn last_words(log: &str) -> String {
    let lines = || log.lines().rev().filter(|line| !line.trim().is_empty());
    let message = |line: &str| line.split_once(":  ").map_or(line, |(_, message)| message).to_owned();
    let fatal = lines().find(|line| line.contains("FATAL:") || line.contains("PANIC:"));
    fatal.or_else(|| lines().next()).map_or_else(|| "it left no message".to_owned(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_fatal_message_is_the_reason() {
        let log =
            "2026-01-01 [1] LOG:  starting\n2026-01-01 [1] FATAL:  could not write: disk\n2026 [1] LOG:  shut down\n";
        assert_eq!(last_words(log), "could not write: disk");
        assert_eq!(last_words("postgres: unknown option\n\n"), "postgres: unknown option");
        assert_eq!(last_words(""), "it left no message");
    }

    #[test]
    fn a_server_that_ran_out_of_disk_is_called_a_full_disk() {
        let root = tempfile::tempdir().unwrap();
        let home = Home { directory: root.path().to_path_buf() };
        std::fs::write(home.log(), "x FATAL:  could not write lock file: No space left on device\n").unwrap();
        assert!(matches!(classify_failure(&home, 0), Err(DataPlaneError::DiskFull { .. })));
        // What an earlier run said is not the reason of this one.
        let length = std::fs::metadata(home.log()).unwrap().len();
        assert!(matches!(classify_failure(&home, length), Err(DataPlaneError::ServerFailed { .. })));
    }
}
