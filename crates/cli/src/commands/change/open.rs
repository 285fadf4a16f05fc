//! `change open`: has a command record what it would apply, for somebody else to approve.

use clap::{
    Args, Parser,
    builder::NonEmptyStringValueParser,
    error::{ContextKind, ContextValue},
};

use crate::{
    commands::Command,
    context::Context,
    error::{CommandError, CommandResult},
};

/// Propose a change: record what a command would apply, and apply nothing
///
/// The command is written behind `--`, with everything that it is to be run with, such as
/// `aurora-restore change open --why "more memory" -- stack deploy --parameter MemorySize=512`. It is applied, once somebody else has approved
/// it, by the same command with `--require-approval`.
#[derive(Debug, Args)]
pub(super) struct OpenArgs {
    /// Why
    #[arg(long, value_name = "WHY", value_parser = NonEmptyStringValueParser::new())]
    why: String,

    /// The command that would apply it
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// The command, without the options that every command has: those of this one count.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_subcommand = true)]
struct Inner {
    #[command(subcommand)]
    command: Command,
}

const PROPOSE: &str = "--propose";

pub(super) fn run(context: &Context, args: &OpenArgs) -> CommandResult {
    let own = [PROPOSE, "--why", args.why.as_str()].map(str::to_owned);
    let words = args.command.iter().cloned().chain(own);
    let inner = Inner::try_parse_from(words).map_err(|error| refusal(&error, &args.command.join(" ")))?;
    inner.command.run(context)
}

fn refusal(error: &clap::Error, command: &str) -> CommandError {
    let is_ours = matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(flag)) if flag == PROPOSE);
    if is_ours {
        return CommandError::usage(format!("`{command}` applies nothing to a stack, so there is nothing to propose"))
            .hint("`stack deploy` and the commands whose help names --propose do.");
    }
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    CommandError::usage(format!("`{command}`: {}", first.strip_prefix("error: ").unwrap_or(first)))
        .hint("Behind `--` stands a command with its own options; those of every command stand before `change`.")
}
