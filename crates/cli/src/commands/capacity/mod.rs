//! `capacity`: what the tables of a stack use, and how they are paid for.

mod review;
mod set;

use clap::{Args, Subcommand};

use crate::{
    context::Context,
    error::{CommandError, CommandResult},
};

/// See what the tables of a stack use, and change how they are paid for
#[derive(Debug, Args)]
pub(crate) struct CapacityArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Review(review::ReviewArgs),
    Set(set::SetArgs),
}

pub(super) fn run(context: &Context, args: &CapacityArgs) -> CommandResult {
    context.assume_stack();
    match &args.action {
        Action::Review(args) => review::run(context, args),
        Action::Set(args) => set::run(context, args),
    }
}

/// The tables of the stack, or the one of them that is meant.
pub(in crate::commands) fn tables_of(context: &Context, given: Option<&str>) -> Result<Vec<String>, CommandError> {
    let stack = context.stack()?;
    let outputs = ["StateTableName", "AuditTableName"];
    let tables: Vec<String> = outputs.iter().filter_map(|output| stack.outputs.get(*output).cloned()).collect();
    match given {
        None => Ok(tables),
        Some(table) if tables.iter().any(|known| known == table) => Ok(vec![table.to_owned()]),
        Some(table) => Err(CommandError::usage(format!("{table} is no table of stack {}", stack.name))
            .hint(format!("Its tables are {}. Nothing was changed.", tables.join(" and ")))),
    }
}
