//! The commands: one file each, an arguments struct whose comments are the help, and `run`.

mod completions;
mod explain;
mod man;

use clap::Subcommand;

use crate::{context::Context, error::CommandResult};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Explain(explain::ExplainArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Command {
    /// Does it.
    pub(crate) fn run(&self, context: &Context) -> CommandResult {
        match self {
            Self::Explain(args) => explain::run(context, args),
            Self::Completions(args) => completions::run(context, args),
            Self::Man(args) => man::run(context, args),
        }
    }
}
