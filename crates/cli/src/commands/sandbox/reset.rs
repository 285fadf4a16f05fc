//! `sandbox reset`: removes what a sandbox made. Only a directory that bears the sandbox's mark is ever emptied.

use std::path::Path;

use aurora_restore_app::sandbox::server::{SandboxConfig, reset};
use clap::Args;

use super::{
    super::confirm::ConfirmArgs,
    launch::log_file,
    place::{PlaceArgs, failure, running},
};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
};

/// Remove everything that the sandbox made: its clusters, snapshots and files
///
/// Refused while it runs, and for a directory that is not a sandbox's.
#[derive(Debug, Args)]
pub(crate) struct ResetArgs {
    #[command(flatten)]
    place: PlaceArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub(super) fn run(context: &Context, args: &ResetArgs) -> CommandResult {
    let directory = args.place.directory()?;
    let ui = context.ui();
    if let Some(status) = running(&directory)? {
        return Err(CommandError::failed(format!(
            "the sandbox in {} runs (process {})",
            directory.display(),
            status.pid
        ))
        .hint("Stop it first with `aurora-restore sandbox stop`."));
    }
    if !directory.exists() {
        ui.say(format_args!("there is no sandbox in {}.", directory.display()));
        return Ok(ExitCode::Done);
    }
    let name = directory.file_name().map_or_else(|| "sandbox".into(), |name| name.to_string_lossy());
    let question = format!("Everything in {} will be deleted.", directory.display());
    args.confirm.ask(ui, &question, &name)?;
    remove(&directory)?;
    ui.done(format_args!("the sandbox in {} is removed.", directory.display()));
    Ok(ExitCode::Done)
}

/// Removes everything that a sandbox made in the directory, and its log.
pub(crate) fn remove(directory: &Path) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(reset(&SandboxConfig::new(directory))).map_err(failure)?;
    let log = log_file(directory);
    match std::fs::remove_file(&log) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(CommandError::failed(format!("{} could not be removed", log.display())).caused_by(error))
        }
        _ => Ok(()),
    }
}
