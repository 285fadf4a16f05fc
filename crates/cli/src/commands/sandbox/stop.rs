//! `sandbox stop`: ends the sandbox of a directory, and nothing else.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use aurora_restore_app::sandbox::server::Status;
use clap::Args;
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::place::{LOOK, PlaceArgs, failure, running};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
};

/// Stop the sandbox and its PostgreSQL servers
///
/// Nothing is lost: `sandbox start` goes on where it ended.
#[derive(Debug, Args)]
pub(crate) struct StopArgs {
    #[command(flatten)]
    place: PlaceArgs,

    /// How many seconds it may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
}

pub(super) fn run(context: &Context, args: &StopArgs) -> CommandResult {
    let directory = args.place.directory()?;
    let told = match end(&directory, Duration::from_secs(args.wait))? {
        Some(pid) => format!("the sandbox in {} (process {pid}) has ended.", directory.display()),
        None => format!("no sandbox runs in {}, and nothing was to be done.", directory.display()),
    };
    context.ui().done(told);
    Ok(ExitCode::Done)
}

/// Ends the sandbox that runs in the directory, if one does, and gives its process id.
///
/// The process is the one that holds the lock of the directory at this moment, so it is the sandbox's and nobody else's.
pub(crate) fn end(directory: &Path, wait: Duration) -> Result<Option<u32>, CommandError> {
    let Some(status) = running(directory)? else { return Ok(None) };
    let pid = i32::try_from(status.pid)
        .map(Pid::from_raw)
        .map_err(|_| CommandError::failed(format!("the status file names process {}, which cannot be", status.pid)))?;
    match kill(pid, Signal::SIGTERM) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => {
            return Err(CommandError::failed(format!("process {pid} could not be told to end"))
                .caused_by(error)
                .hint("The user who started the sandbox can stop it."));
        }
    }
    let deadline = Instant::now() + wait;
    // Bounded by the deadline. The lock goes with the process, after its servers have ended and its status is gone.
    while Status::holder(directory).map_err(failure)? == Some(status.pid) {
        if Instant::now() >= deadline {
            return Err(CommandError::failed(format!("the sandbox (process {pid}) has not ended yet"))
                .hint("It finishes its work first; look at its log, or wait longer with --wait."));
        }
        std::thread::sleep(LOOK);
    }
    Ok(Some(status.pid))
}
