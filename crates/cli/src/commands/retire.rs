//! `retire`: ends retired clusters: of one operation, or of all whose time has come.

use aurora_restore_app::History;
use aurora_restore_core::{
    engine::{Engine, look_at},
    ids::OperationId,
    journal::StateItem,
    operation::{Operation, Status},
    ports::{Journal, OperationFilter},
    request::FinalSnapshot,
};
use clap::Args;

#[cfg(feature = "stack")]
use super::on_stack;
use super::{
    confirm::ConfirmArgs,
    drive, list,
    operation_services::{looked_up, take_over, with_operation},
};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    interrupts::Asked,
    render::words,
};

/// The most operations that one `retire --due` looks at.
const LOOKED_AT_MAX: usize = 100_000;

/// End the cluster that had the name before
///
/// Deletes the retired cluster of an operation, with a final snapshot unless the request says otherwise. After that the
/// restore cannot be undone any more.
#[derive(Debug, Args)]
pub(crate) struct RetireArgs {
    /// The operation: its id, the beginning of its id, or `latest`
    #[arg(value_name = "OPERATION", required_unless_present = "due")]
    operation: Option<String>,

    /// All operations whose retired cluster has been kept long enough
    #[arg(long, conflicts_with = "operation")]
    due: bool,

    /// Even before its time has come
    #[arg(long, conflicts_with = "due")]
    early: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub(super) fn run(context: &Context, args: &RetireArgs) -> CommandResult {
    context.block_on(async {
        match &args.operation {
            Some(text) => retire_one(context, text, args).await,
            None => retire_due(context, args).await,
        }
    })
}

async fn retire_one(context: &Context, text: &str, args: &RetireArgs) -> CommandResult {
    let (_, operation, _) = looked_up(context, text).await?;
    let retired = retired_name(&operation)?;
    if let Some(at) = operation.retire_after().filter(|at| *at > context.now())
        && !args.early
    {
        return Err(CommandError::failed(format!("cluster {retired} is to be kept until {}", words::time(at)))
            .hint("Give --early to end it before its time; the restore cannot be undone after that."));
    }
    let with = match operation.request.retirement.final_snapshot {
        FinalSnapshot::Take => "after a final snapshot",
        FinalSnapshot::Skip => "without a final snapshot",
    };
    args.confirm.ask(context.ui(), &format!("Cluster {retired} is DELETED {with}."), &retired)?;
    retire(context, &operation.id).await
}

fn retired_name(operation: &Operation) -> Result<String, CommandError> {
    let retired = operation.facts.switch_over.as_ref().and_then(|switch| switch.retired.as_ref());
    match retired {
        Some(retired) if operation.keeps_retired_cluster() => Ok(retired.cluster.to_string()),
        _ => Err(CommandError::failed(format!("operation {} keeps no retired cluster", operation.id))),
    }
}

async fn retire_due(context: &Context, args: &RetireArgs) -> CommandResult {
    let journal = context.journal().await?;
    let filter =
        OperationFilter { status: Some(Status::Completed), limit: LOOKED_AT_MAX, ..OperationFilter::default() };
    let now = context.now();
    let listed = list::collect(journal.as_ref(), filter).await?;
    // What cannot be read is told, and must not keep the others from being ended.
    let whole = list::tell_refused(context, listed.refused);
    let mut due = listed.items;
    due.retain(|item| item.retire_after.is_some_and(|at| at <= now));
    let due = due_by_entries(context, journal.as_ref(), due).await;
    drop(journal);
    if due.is_empty() {
        context.ui().say("no retired cluster has been kept long enough.");
        return Ok(whole);
    }
    let names: Vec<String> = due.iter().map(|item| format!("{} of {}", item.operation_id, item.target)).collect();
    let question =
        format!("The retired clusters of {} are DELETED: {}.", words::plural(due.len(), "operation"), names.join(", "));
    args.confirm.ask(context.ui(), &question, "retire")?;
    let stop = context.stop(Asked::StopAfterMove)?;
    let mut failures = 0;
    for item in due {
        if *stop.borrow() {
            context
                .ui()
                .say("stopped; the clusters that are left stay retired until the next `aurora-restore retire --due`.");
            return Ok(ExitCode::StillRunning);
        }
        // One that cannot be ended must not keep the others from being ended.
        match retire(context, &item.operation_id).await {
            Ok(ExitCode::StillRunning) => return Ok(ExitCode::StillRunning),
            Ok(_) => {}
            Err(error) => {
                context.ui().error(&error);
                failures += 1;
            }
        }
    }
    // Each failure was told, whatever it was; the sum of them is one code.
    Ok(if failures == 0 { whole } else { ExitCode::Failed })
}

/// Those whose entries say so, too: an item can be set by hand, and what is ended does not come back.
async fn due_by_entries(context: &Context, journal: &dyn Journal, items: Vec<StateItem>) -> Vec<StateItem> {
    let mut due = Vec::new();
    for item in items {
        match look_at(journal, &item.operation_id).await {
            Ok(operation) if !operation.retirement_is_due(context.now()) => context.ui().warning(format_args!(
                "operation {id} is left alone: its entries do not say that a retired cluster is due. `aurora-restore state \
                 verify {id}` shows what differs.",
                id = operation.id
            )),
            // One that cannot be looked at is told when it is to be ended.
            Ok(_) | Err(_) => due.push(item),
        }
    }
    due
}

async fn retire(context: &Context, id: &OperationId) -> CommandResult {
    #[cfg(feature = "stack")]
    if context.stack_name().is_some() {
        return on_stack::retire(context, id.as_str()).await;
    }
    let (services, _, follower) = with_operation(context, id.as_str()).await?;
    let _stop = context.stop(Asked::StopAfterMove)?;
    let engine = Engine::new(services.ports());
    let mut session = take_over(&services, id).await?;
    engine.retire(&mut session, &aurora_restore_app::caller()).await?;
    let end = drive::drive(context, &services, &mut session, follower, &History::default()).await?;
    drive::tell_end(context, session.operation(), end)
}
