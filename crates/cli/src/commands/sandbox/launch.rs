//! Starts a sandbox in a process of its own and waits until it can be used. Also for the demonstration.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::{fs::OpenOptionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use aurora_restore_app::sandbox::server::Status;

use super::place::{LOOK, running};
use crate::error::CommandError;

/// How much of the log is read for the reason of a failed start.
const LOG_BYTES_MAX: u64 = 16 * 1024;

/// The log of a sandbox in the background: beside its directory, which belongs to the sandbox alone.
pub(crate) fn log_file(directory: &Path) -> PathBuf {
    let mut name = directory.as_os_str().to_owned();
    name.push(".log");
    PathBuf::from(name)
}

/// Starts this program again as `sandbox start --foreground` with these further arguments, detached from the terminal,
/// and waits until its API answers.
///
/// After a failure nothing of it runs.
pub(crate) fn launch(directory: &Path, arguments: &[String], wait: Duration) -> Result<Status, CommandError> {
    let log_path = log_file(directory);
    let mut log = open_log(&log_path)?;
    let begins = log.seek(SeekFrom::End(0))?;
    // Found out now: a process that cannot write its log cannot say why it ends either.
    writeln!(log, "{} start", jiff::Timestamp::now()).map_err(|error| log_failure(&log_path, error))?;
    let mut child = spawn(directory, arguments, &log)?;
    let deadline = Instant::now() + wait;
    // Bounded by the deadline.
    loop {
        if let Some(status) = running(directory)?
            && status.pid == child.id()
        {
            return Ok(status);
        }
        if let Some(ended) = child.try_wait()? {
            let told = told_since(&log_path, begins);
            if begins == 0 {
                // What it said is told now; a log of nothing else is not left lying about.
                let _ = fs::remove_file(&log_path);
            }
            return Err(start_failure(&told, ended.code(), &log_path));
        }
        if Instant::now() >= deadline {
            give_up(&mut child);
            return Err(CommandError::failed(format!("the sandbox was not ready after {} seconds", wait.as_secs()))
                .hint(format!("Its log is {}; --wait allows more time.", log_path.display())));
        }
        std::thread::sleep(LOOK);
    }
}

fn open_log(path: &Path) -> Result<File, CommandError> {
    let told = |error| log_failure(path, error);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(told)?;
    }
    fs::OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(path).map_err(told)
}

fn log_failure(path: &Path, error: std::io::Error) -> CommandError {
    let hint = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "The disk is full: make room, or choose another directory."
        }
        _ => "Choose a directory in a place where you may write.",
    };
    CommandError::failed(format!("the log {} cannot be written", path.display())).caused_by(error).hint(hint)
}

fn spawn(directory: &Path, arguments: &[String], log: &File) -> Result<Child, CommandError> {
    let program = std::env::current_exe()?;
    Command::new(program)
        .args(["--color", "never", "sandbox", "start", "--foreground", "--data-dir"])
        .arg(directory)
        .args(arguments)
        // It must neither keep our directory busy nor hear our Ctrl-C.
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log.try_clone()?)
        .spawn()
        .map_err(|error| CommandError::failed("the sandbox could not be started").caused_by(error))
}

/// Ends a sandbox that takes too long, kindly first: it may have servers to stop.
fn give_up(child: &mut Child) {
    if let Ok(pid) = i32::try_from(child.id()) {
        // Our own child, which has not been waited for: its number cannot belong to anybody else.
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM);
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(LOOK);
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn told_since(path: &Path, begins: u64) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(path)?;
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(begins.max(end.saturating_sub(LOG_BYTES_MAX))))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok(text)
    };
    read().unwrap_or_default()
}

/// What the process said before it ended, told as our own failure.
fn start_failure(log: &str, exit: Option<i32>, log_path: &Path) -> CommandError {
    let last = log.rfind("error: ").map_or("", |place| &log[place..]);
    let mut error: Option<CommandError> = None;
    for line in last.lines() {
        error = match (error, line.trim()) {
            (None, line) if line.starts_with("error: ") => {
                let message = line.trim_start_matches("error: ");
                Some(if exit == Some(3) { CommandError::configuration(message) } else { CommandError::failed(message) })
            }
            (Some(error), line) => Some(match line.strip_prefix("hint: ") {
                Some(hint) => error.hint(hint),
                None => error,
            }),
            (None, _) => None,
        };
    }
    error.unwrap_or_else(|| {
        let said = log.lines().last().unwrap_or("nothing");
        CommandError::failed("the sandbox ended before it was ready")
            .hint(format!("It said last: {said}. Its log is {}, if it had run before.", log_path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_process_said_last_is_told_with_its_hints() {
        let log = "error: old\nhint: old hint\nINFO starts\nerror: no PostgreSQL here\n  caused by: nothing\nhint: Install it.\n";
        let CommandError::Told(_) = start_failure(log, Some(3), Path::new("/x.log")) else { panic!() };
        let error = start_failure(log, Some(3), Path::new("/x.log"));
        assert_eq!(error.exit_code().number(), 3);
        let text = format!("{error:?}");
        assert!(
            text.contains("no PostgreSQL here") && text.contains("Install it.") && !text.contains("old hint"),
            "{text}"
        );
    }

    #[test]
    fn the_log_lies_beside_the_directory() {
        assert_eq!(log_file(Path::new("/a/sandbox")), Path::new("/a/sandbox.log"));
    }
}
