//! `undo`: takes back a restore that is completed, or that is stuck on its way forward.

use aurora_restore_app::DriveEnd;
use aurora_restore_core::{
    engine::{Engine, look_at, undo_is_possible},
    operation::{Operation, Status},
    request::Strategy,
};
use clap::Args;

#[cfg(feature = "stack")]
use super::on_stack;
use super::{
    confirm::ConfirmArgs,
    drive,
    operation_services::{require_its_account, take_over, with_operation},
    plan as planning,
};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    interrupts::Asked,
    render::json_lines,
    ui::Format,
};

/// Take a completed or stuck restore back
///
/// Under the swap strategy the old cluster gets its name back, as long as it is kept. What was written to the new cluster
/// since the switch is gone with it.
#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// The operation: its id, the beginning of its id, or `latest`
    #[arg(value_name = "OPERATION")]
    operation: String,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub(super) fn run(context: &Context, args: &UndoArgs) -> CommandResult {
    #[cfg(feature = "stack")]
    if context.stack_name().is_some() {
        return on_stack::undo(context, &args.operation, args.confirm);
    }
    context.block_on(async {
        let (services, operation, follower) = with_operation(context, &args.operation).await?;
        undo_is_possible(&operation)?;
        ask(context, args.confirm, &operation)?;
        let ports = services.ports();
        let _stop = context.stop(Asked::StopAfterMove)?;
        let engine = Engine::new(ports);
        // Taking an operation over stops its executor: what cannot be undone is not taken over. Reading and typing takes a
        // while, so the journal is asked once more.
        require_its_account(&services, &operation.id).await?;
        engine.require_undoable(&look_at(ports.journal, &operation.id).await?).await?;
        let mut session = take_over(&services, &operation.id).await?;
        engine.undo(&mut session, &aurora_restore_app::caller()).await?;
        let history = planning::history(ports.journal, &operation.request).await;
        let end = drive::drive(context, &services, &mut session, follower, &history).await?;
        tell_undone(context, session.operation(), end)
    })
}

/// Asks whether what was written since is to be lost.
pub(super) fn ask(context: &Context, confirm: ConfirmArgs, operation: &Operation) -> Result<(), CommandError> {
    let target = operation.request.target.cluster.as_str();
    let question = match operation.request.strategy {
        Strategy::Swap => {
            format!("{target} goes back to the old cluster; the new one and all that was written to it is DELETED.")
        }
        Strategy::SideBySide => format!("The new cluster beside {target} is DELETED."),
        Strategy::Replace => format!("{target} is DELETED and restored from its final snapshot."),
    };
    confirm.ask(context.ui(), &question, target)
}

/// Tells how an undo ended. One that was asked for and is done is a success, whatever the operation is called now.
pub(super) fn tell_undone(context: &Context, operation: &Operation, end: DriveEnd) -> CommandResult {
    match (end, operation.status()) {
        (DriveEnd::Ended(_), status @ (Status::Failed | Status::Cancelled)) => {
            if context.ui().format() == Format::Json {
                json_lines::end(context.ui(), &operation.id, status, ExitCode::Done);
            }
            context.ui().done(format_args!("operation {} is undone.", operation.id));
            Ok(ExitCode::Done)
        }
        _ => drive::tell_end(context, operation, end),
    }
}
