//! `watch`: shows what happens to an operation that is executed elsewhere. Changes nothing.

use aurora_restore_app::{DriveEnd, Follower, History, LATEST};
use aurora_restore_core::{operation::Operation, ports::Journal};
use clap::Args;

#[cfg(feature = "stack")]
use super::on_stack;
use super::{
    drive,
    operation_services::{Patience, find},
    plan as planning,
};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    ui::Format,
};

/// Watch an operation until it ends
///
/// Shows what was recorded so far and everything that follows. Ends with the exit code of the operation. Ctrl-C stops
/// watching; the operation goes on. With `--stack` it waits for an operation that was just asked for, and ends with 5 where the
/// execution of the operation has ended without it: nobody goes on then.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// The operation: its id, the beginning of its id, or `latest`
    #[arg(value_name = "OPERATION", default_value = LATEST)]
    operation: String,
}

pub(super) fn run(context: &Context, args: &WatchArgs) -> CommandResult {
    context.block_on(async {
        let journal = context.journal().await?;
        let id = find(context, journal.as_ref(), &args.operation, Patience::Some).await?;
        let mut first_look = Follower::new(id.clone());
        first_look.news(journal.as_ref()).await?;
        let operation = first_look.operation().ok_or_else(|| CommandError::internal("the journal is empty"))?;
        let history = planning::history(journal.as_ref(), &operation.request).await;
        let mut follower = Follower::new(id);
        let end = watch_over(context, journal.as_ref(), operation, (&mut follower, &history)).await?;
        let operation = follower.operation().ok_or_else(|| CommandError::internal("the journal is empty"))?;
        if end == DriveEnd::Detached {
            if context.ui().format() == Format::Text {
                context.ui().say(format_args!("stopped watching operation {}.", operation.id));
            }
            return Ok(ExitCode::StillRunning);
        }
        drive::tell_end(context, operation, end)
    })
}

/// Whoever goes on with an operation of a stack is known; elsewhere it may be anybody, at any time.
async fn watch_over(
    context: &Context,
    journal: &dyn Journal,
    operation: &Operation,
    (follower, history): (&mut Follower, &History),
) -> Result<DriveEnd, CommandError> {
    #[cfg(feature = "stack")]
    if context.stack_name().is_some() {
        return on_stack::watch(context, journal, operation, (follower, history)).await;
    }
    #[cfg(not(feature = "stack"))]
    let _ = operation;
    drive::watch_over(context, journal, follower, history).await
}
