//! `man`: the manual pages, made from the same text as `--help`.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};

use crate::{
    arguments::Cli,
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
};

/// Write the manual pages into a directory
///
/// One page for the command and one for each of its commands. The directory is made if it does not exist.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Where to write them
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

pub(super) fn run(context: &Context, args: &ManArgs) -> CommandResult {
    let failed = |error| {
        CommandError::failed(format!("the manual pages could not be written to {}", args.directory.display()))
            .caused_by(error)
    };
    std::fs::create_dir_all(&args.directory).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &args.directory).map_err(failed)?;
    context.ui().done(format_args!("the manual pages are in {}.", args.directory.display()));
    Ok(ExitCode::Done)
}
