//! What is known about a running server from the outside: its lock file, and whether that process is really ours.

use std::fs;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The lines of `postmaster.pid` that we need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LockFile {
    pub(super) pid: i32,
    pub(super) port: u16,
    pub(super) ready: bool,
}

impl LockFile {
    /// Reads the lock file of a data directory. A file that is still being written counts as none.
    pub(super) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    /// Process id, data directory, start time, port, socket directory, address, shared memory, status.
    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        Some(Self {
            pid: lines.first()?.parse().ok().filter(|pid| *pid > 1)?,
            port: lines.get(3)?.parse().ok()?,
            ready: lines.get(7).is_some_and(|status| *status == "ready"),
        })
    }
}

/// Who the process named in a lock file is. After a crash its number may belong to any other process, which must be
/// neither adopted nor signalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// A living server of this data directory.
    Server,
    /// A living process that is something else.
    Stranger,
    /// A living process of which the system tells us nothing.
    Unknown,
    /// No living process.
    Nobody,
}

impl Holder {
    /// Looks at the process `pid`.
    pub(super) fn of(pid: i32, data: &Path) -> Self {
        if !is_alive(pid) {
            return Self::Nobody;
        }
        match arguments(pid) {
            // We start a server with its data directory as an argument, and it keeps that for life.
            Some(arguments) if arguments.contains(&data.display().to_string()) => Self::Server,
            Some(_) => Self::Stranger,
            None => Self::Unknown,
        }
    }
}

/// Whether the process exists and has not ended already.
pub(super) fn is_alive(pid: i32) -> bool {
    match kill(Pid::from_raw(pid), None) {
        Ok(()) | Err(Errno::EPERM) => !is_zombie(pid),
        Err(_) => false,
    }
}

/// Sends a signal to a server. One that has gone already is no failure.
pub(super) fn signal(pid: i32, signal: Signal) {
    // The caller waits for the effect, so nothing depends on the answer.
    let _gone = kill(Pid::from_raw(pid), signal);
}

#[cfg(target_os = "linux")]
fn is_zombie(pid: i32) -> bool {
    // `pid (name) S …`, where the name may hold blanks and brackets. A process that we cannot read about counts as
    // alive: if it has just gone, the next look finds that out.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z') || rest.starts_with('X'))
}

#[cfg(not(target_os = "linux"))]
fn is_zombie(_pid: i32) -> bool {
    false
}

/// The command line of a process. Unlike its directory everybody may read it, in a container too, where root lacks
/// the right to look into processes of others.
#[cfg(target_os = "linux")]
fn arguments(pid: i32) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(not(target_os = "linux"))]
fn arguments(pid: i32) -> Option<String> {
    let output =
        std::process::Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_is_read_with_and_without_its_status() {
        let starting = "123\n/data\n1700000000\n55432\n/run\n127.0.0.1\n  1 2\n";
        assert_eq!(LockFile::parse(starting), Some(LockFile { pid: 123, port: 55432, ready: false }));
        let ready = format!("{starting}ready   \n");
        assert!(LockFile::parse(&ready).unwrap().ready);
        assert_eq!(LockFile::parse("123\n/data\n"), None);
        assert_eq!(LockFile::parse("-1\n/data\n1\n2\n"), None);
    }

    #[test]
    fn a_living_process_elsewhere_is_not_taken_for_the_server() {
        let me = i32::try_from(std::process::id()).unwrap();
        let data = tempfile::tempdir().unwrap();
        assert!(is_alive(me));
        assert_eq!(Holder::of(me, data.path()), Holder::Stranger);
    }
}
