//! Where a sandbox lives, and how its failures are told.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use aurora_restore_app::{
    config::Sources,
    sandbox::{
        postgres::DataPlaneError,
        server::{SandboxError, Status},
    },
};
use clap::Args;

use crate::error::CommandError;

/// Between two looks at a process that starts or ends.
pub(crate) const LOOK: Duration = Duration::from_millis(30);

/// Where the sandbox is.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlaceArgs {
    /// Keep the sandbox in this directory
    ///
    /// Without it: aurora-restore/sandbox in the user's data directory; for root /var/lib/aurora-restore/sandbox, because
    /// the user that runs PostgreSQL must be able to get there.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl PlaceArgs {
    /// The directory, absolute.
    pub(crate) fn directory(&self) -> Result<PathBuf, CommandError> {
        match &self.data_dir {
            Some(directory) => absolute(directory),
            None => usual_directory("sandbox"),
        }
    }
}

/// Where the data of this program are kept, for the user who runs it.
pub(crate) fn usual_directory(name: &str) -> Result<PathBuf, CommandError> {
    let sources = Sources::of_process();
    if nix::unistd::geteuid().is_root() && !sources.environment.contains_key("XDG_DATA_HOME") {
        return Ok(Path::new("/var/lib/aurora-restore").join(name));
    }
    let data = sources.data_directory().ok_or_else(|| {
        CommandError::configuration("there is no home directory to keep data in").hint("Name a directory with a flag.")
    })?;
    Ok(data.join(name))
}

/// The path as the process that will be started has to be told it.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, CommandError> {
    std::path::absolute(path)
        .map_err(|error| CommandError::usage(format!("{} is not a path", path.display())).caused_by(error))
}

/// The sandbox that runs in the directory, if one does.
pub(crate) fn running(directory: &Path) -> Result<Option<Status>, CommandError> {
    Status::find(directory).map_err(failure)
}

/// A failure of the sandbox, as the command tells it.
pub(crate) fn failure(error: SandboxError) -> CommandError {
    let text = error.to_string();
    let told = match &error {
        SandboxError::NotOurs(_)
        | SandboxError::Listen { .. }
        | SandboxError::Config(_)
        | SandboxError::OtherDataPlane => CommandError::configuration(text),
        SandboxError::DataPlane(
            DataPlaneError::NotInstalled { .. }
            | DataPlaneError::TooOld { .. }
            | DataPlaneError::UnknownUser { .. }
            | DataPlaneError::NotRoot { .. }
            | DataPlaneError::Unreachable { .. },
        ) => CommandError::configuration(text),
        SandboxError::DataPlane(_)
        | SandboxError::InUse { .. }
        | SandboxError::Io { .. }
        | SandboxError::StateTooNew { .. }
        | SandboxError::StateCorrupt { .. }
        | SandboxError::Unsaved(_) => CommandError::failed(text),
    };
    let told = match error.hint() {
        Some(hint) => told.hint(hint),
        None => told,
    };
    told.caused_by(error)
}
