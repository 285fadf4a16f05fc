//! `batch`: many restores with a limit on how many are done at once.
//!
//! A batch is recorded nowhere by itself: its operations are called `<batch>-<item>`, and names of items have no hyphen, so
//! the journal tells which belong to it. Running a batch again under its id goes on with what is left.

mod items;
mod local;
#[cfg(feature = "stack")]
mod on_stack;
mod rows;
mod run;
mod status;

use clap::{Args, Subcommand};

use crate::{context::Context, error::CommandResult};

/// Do many restores, a few at a time
#[derive(Debug, Args)]
pub(crate) struct BatchArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Run(run::RunArgs),
    Status(status::StatusArgs),
}

pub(super) fn run(context: &Context, args: &BatchArgs) -> CommandResult {
    match &args.action {
        Action::Run(args) => run::run(context, args),
        Action::Status(args) => status::run(context, args),
    }
}
