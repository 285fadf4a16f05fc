//! `batch status`: how the operations of a batch stand.

use aurora_restore_core::ids::OperationId;
use clap::Args;

use super::rows::{self, Beginner, Rest};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
};

/// Show how the operations of a batch stand
///
/// Ends with 4 if one is stuck, with 1 if one failed or never will be begun, with 5 if one is still going on or to be begun, and
/// with 0 once all are done. One whose id belonged to an operation that the batch did not begin was not begun. Without
/// `--stack`, all are those that were begun: nobody but the manifest knows of others.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// The id of the batch
    #[arg(value_name = "BATCH")]
    batch: OperationId,
}

pub(super) fn run(context: &Context, args: &StatusArgs) -> CommandResult {
    context.block_on(async {
        #[cfg(feature = "stack")]
        if context.stack_name().is_some() {
            return super::on_stack::status(context, &args.batch).await;
        }
        let journal = context.journal().await?;
        let ids = rows::of_batch(journal.as_ref(), &args.batch).await?;
        if ids.is_empty() {
            return Err(CommandError::usage(format!("no operation of batch {} was begun", args.batch))
                .hint("`aurora-restore list` shows the operations of this journal."));
        }
        let rows = rows::rows(journal.as_ref(), &ids, Beginner::Anybody, context.now()).await?;
        let exit = rows::exit(&rows, Rest::MayBegin);
        rows::tell(context, &args.batch, None, &rows, exit)?;
        Ok(exit)
    })
}
