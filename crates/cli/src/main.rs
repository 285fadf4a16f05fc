//! The `aurora-restore` command: reads the arguments, dispatches, and turns the end into an exit code. Nothing else
//! happens here; each command has a file of its own under `commands`.

mod arguments;
mod commands;
mod context;
mod error;
mod exit_code;
mod handbook;
mod interrupts;
mod log;
mod private_file;
mod profile;
mod render;
mod ui;

use std::panic::AssertUnwindSafe;

use clap::Parser as _;

use crate::{arguments::Cli, context::Context, error::CommandError, exit_code::ExitCode, profile::Profile};

fn main() -> std::process::ExitCode {
    let end = std::panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or(ExitCode::Bug);
    if end == ExitCode::Bug {
        ui::report_bug();
    }
    end.into()
}

fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return arguments::answer(&error),
    };
    let profile = cli.global.profile.then(Profile::begin);
    log::listen(profile.as_ref());
    let context = Context::new(&cli.global);
    let end = match cli.command.run(&context) {
        Ok(end) => end,
        Err(CommandError::BrokenPipe) => ExitCode::Done,
        Err(error) => {
            context.ui().error(&error);
            error.exit_code()
        }
    };
    if let Some(profile) = profile {
        context.ui().show(profile.told());
    }
    end
}
