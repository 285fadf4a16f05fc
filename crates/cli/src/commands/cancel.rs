//! `cancel`: asks for the end of an operation. The request is recorded and obeyed by whoever executes the operation.

use aurora_restore_app::caller;
use aurora_restore_core::{engine::request_cancel, operation::CancelRequest};
use clap::Args;

use super::operation_services::{Patience, find};
use crate::{context::Context, error::CommandResult, exit_code::ExitCode};

/// Ask an operation to stop and to be undone
///
/// It is obeyed between two steps, before the point of no return. Whoever executes the operation undoes it; if nobody
/// does, `aurora-restore resume` undoes it.
#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    /// The operation: its id, the beginning of its id, or `latest`
    #[arg(value_name = "OPERATION")]
    operation: String,

    /// Why, for the report
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(super) fn run(context: &Context, args: &CancelArgs) -> CommandResult {
    context.block_on(async {
        let journal = context.journal().await?;
        let id = find(context, journal.as_ref(), &args.operation, Patience::Some).await?;
        let request = CancelRequest { by: caller(), reason: args.reason.clone() };
        let journal = context.journal_to_write().await?;
        request_cancel(journal.as_ref(), &id, request, context.now()).await?;
        let ui = context.ui();
        ui.done(format_args!("operation {id} was asked to stop."));
        ui.hint(format_args!("Watch it being undone with `aurora-restore watch {id}`."));
        ui.hint(format_args!("If nobody executes it, `aurora-restore resume {id}` undoes it."));
        Ok(ExitCode::Done)
    })
}
