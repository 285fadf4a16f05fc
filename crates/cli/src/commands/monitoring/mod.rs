//! `monitoring`: what watches a stack, compared with what is declared, brought in line, and judged by what was measured.

mod apply;
mod declared;
mod diff;
mod opened;
mod review;
mod steps;

pub(super) use declared::DeclarationArgs;

use clap::{Args, Subcommand};

use crate::{context::Context, error::CommandResult};

/// Keep what watches a stack as it is declared: alarms, dashboard, logs, queries
///
/// Alarms, the dashboard, how long logs are kept and the saved queries are declared in one file, from which the template of the stack is generated; with --declaration in a file of your
/// own. The stack is named by `--stack`, `aurora-restore` without it.
#[derive(Debug, Args)]
pub(crate) struct MonitoringArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Show(declared::ShowArgs),
    Diff(diff::DiffArgs),
    Apply(apply::ApplyArgs),
    Review(review::ReviewArgs),
}

pub(super) fn run(context: &Context, args: &MonitoringArgs) -> CommandResult {
    context.assume_stack();
    match &args.action {
        Action::Show(args) => declared::run(context, args),
        Action::Diff(args) => diff::run(context, args),
        Action::Apply(args) => apply::run(context, args),
        Action::Review(args) => review::run(context, args),
    }
}
