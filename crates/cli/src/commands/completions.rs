//! `completions`: what shells need to complete our command line.

use std::io::Write as _;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::{arguments::Cli, context::Context, error::CommandResult, exit_code::ExitCode};

/// Print the completions for a shell
///
/// For example: `aurora-restore completions bash > /etc/bash_completion.d/aurora-restore`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn run(context: &Context, args: &CompletionsArgs) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "aurora-restore", &mut script);
    context.ui().data().write_all(&script)?;
    Ok(ExitCode::Done)
}
