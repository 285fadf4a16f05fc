//! `logs`: saved queries on the logs of a stack or on files, and how long logs are kept.

mod queries;
mod query;
mod retention;
mod table;

pub(super) use retention::changed_beside;

use clap::{Args, Subcommand};

use crate::{context::Context, error::CommandResult};

/// Ask the logs, of a stack or in files, and say how long they are kept
#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Queries(queries::QueriesArgs),
    Query(query::QueryArgs),
    Retention(retention::RetentionArgs),
}

pub(super) fn run(context: &Context, args: &LogsArgs) -> CommandResult {
    match &args.action {
        Action::Queries(args) => queries::run(context, args),
        Action::Query(args) => query::run(context, args),
        Action::Retention(args) => retention::run(context, args),
    }
}
