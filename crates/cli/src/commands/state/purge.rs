//! `state purge`: the items of old operations exported and deleted.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use aurora_restore_app::JournalUse;
use aurora_restore_core::operation::Status;
use aurora_restore_ops::state::{Batch, Left, Purge, PurgePlan, Purged};
use clap::Args;
use jiff::SignedDuration;
use serde::Serialize;

use super::{Records, age, export, status};
use crate::{
    commands::confirm::ConfirmArgs,
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::{printable::printable, words},
    ui::{Format, HEADING},
};

/// How many operations that stay are named.
const NAMED_MAX: usize = 10;
/// Progress is told each time so many are deleted.
const TOLD_EVERY: usize = 1_000;

/// Export and delete the items of operations that ended long ago
///
/// What is deleted is the item of an operation, not its entries: in tables those end by their own time (365 days after each was
/// recorded), in a file they stay, and the id is not used again. Everything is exported first, to a new file for its owner alone;
/// then each item is deleted on condition that it is as it was exported. What holds its target, has not ended, keeps a retired
/// cluster, is a drill, or is not what its entries say stays and is named.
///
/// Killed anywhere, it is run again: what is left is found, and what is gone is in the first export.
#[derive(Debug, Args)]
pub(super) struct PurgeArgs {
    /// Those with this status: COMPLETED, FAILED or CANCELLED
    #[arg(long, value_name = "STATUS", value_parser = ended)]
    status: Status,

    /// Those without an entry for so long or longer, such as 90d
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: SignedDuration,

    /// Drills, too: without their items the history of drills forgets them
    #[arg(long)]
    drills: bool,

    /// Show what would be deleted and change nothing
    #[arg(long, conflicts_with_all = ["export", "yes"])]
    plan: bool,

    /// The file of the export; one that is named after the time without it
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,

    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

fn ended(text: &str) -> Result<Status, String> {
    match status(text) {
        Ok(status) if status.has_ended() => Ok(status),
        Ok(_) => {
            Err("an operation that has not ended is never purged: it is one of COMPLETED, FAILED and CANCELLED"
                .to_owned())
        }
        Err(_) => Err("it is one of COMPLETED, FAILED and CANCELLED".to_owned()),
    }
}

#[derive(Serialize)]
struct DueDocument<'a> {
    operation_id: &'a str,
    target: &'a str,
    last_updated_at: jiff::Timestamp,
    sequence: u64,
}

#[derive(Serialize)]
struct EndDocument<'a> {
    deleted: u64,
    gone_before: u64,
    changed: &'a [aurora_restore_core::ids::OperationId],
    left: usize,
    file: &'a Path,
    sha256: &'a str,
}

pub(super) fn run(context: &Context, args: &PurgeArgs) -> CommandResult {
    let until = context.now().checked_sub(args.older_than);
    let until = until.map_err(|_| CommandError::usage("--older-than: nothing is that old"))?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    context.block_on(async {
        let purpose = if args.plan { JournalUse::Read } else { JournalUse::Work };
        let store = context.state(purpose).await?;
        let purge = Purge { journal: store.journal.as_ref(), states: store.states.as_ref(), drills: args.drills };
        let plan = purge.plan(args.status, until, limit).await?;
        if args.plan {
            return tell_plan(context, args, &purge.proven(plan).await?);
        }
        if plan.due.is_empty() {
            return tell_nothing(context, &plan);
        }
        let file = args.export.clone().unwrap_or_else(|| usual_file(context));
        let shelf = Box::new(export::create(&file)?);
        ask(context, args, &plan, &file)?;
        let batch = purge.export(plan, shelf, context.now()).await?;
        // If we die from here on, what is deleted is in the export.
        let ui = context.ui();
        ui.say(format_args!("exported {} to {}", words::plural(batch.count(), "operation"), file.display()));
        let told = |done: usize| {
            if done.is_multiple_of(TOLD_EVERY) {
                ui.say(format_args!("deleted {done} of {}", batch.count()));
            }
        };
        let purged = purge.delete(&batch, told).await.map_err(|error| {
            CommandError::from(error).hint(format!(
                "What was deleted is in {}. Run the same command again: it goes on with what is left.",
                file.display()
            ))
        })?;
        tell(context, &batch, &purged, &file)
    })
}

fn usual_file(context: &Context) -> PathBuf {
    PathBuf::from(context.now().strftime("aurora-restore-purge-%Y%m%dT%H%M%SZ.jsonl").to_string())
}

fn ask(context: &Context, args: &PurgeArgs, plan: &PurgePlan, file: &Path) -> Result<(), CommandError> {
    let count = plan.due.len();
    let question = format!(
        "The items of {} that are {} are exported to {} and DELETED.",
        words::plural(count, "operation"),
        args.status.as_str(),
        file.display()
    );
    args.confirm.ask(context.ui(), &question, &count.to_string())
}

fn tell_plan(context: &Context, args: &PurgeArgs, plan: &PurgePlan) -> CommandResult {
    let ui = context.ui();
    match ui.format() {
        Format::Json => {
            let records = Records::begin(ui)?;
            for stored in &plan.due {
                let state = &stored.state;
                let (operation_id, target) = (state.operation_id.as_str(), state.target.as_str());
                let (last_updated_at, sequence) = (state.last_updated_at, state.sequence);
                records.line("due", DueDocument { operation_id, target, last_updated_at, sequence })?;
            }
            write_left(&records, &plan.left)?;
            let (due, left, more) = (plan.due.len(), plan.left.len(), plan.more);
            records.line("plan", serde_json::json!({ "due": due, "left": left, "more": more }))?;
        }
        Format::Text => write_plan(context, args, plan)?,
    }
    Ok(ExitCode::Done)
}

fn write_left(records: &Records<'_>, left: &[Left]) -> Result<(), CommandError> {
    for Left { operation, reason } in left {
        records.line("left", serde_json::json!({ "operation_id": operation, "reason": reason }))?;
    }
    Ok(())
}

fn write_plan(context: &Context, args: &PurgeArgs, plan: &PurgePlan) -> Result<(), CommandError> {
    let mut out = context.ui().data();
    let count = words::plural(plan.due.len(), &format!("{} operation", args.status.as_str()));
    writeln!(out, "{HEADING}{count} would be purged{HEADING:#}")?;
    if let (Some(oldest), Some(newest)) = (plan.due.first(), plan.due.last()) {
        for (word, stored) in [("oldest", oldest), ("newest", newest)] {
            let state = &stored.state;
            writeln!(out, "  {word}  {}  updated {}", state.operation_id, words::time(state.last_updated_at))?;
        }
    }
    if plan.more {
        writeln!(out, "  there are more than --limit; run it again for the rest")?;
    }
    drop(out);
    name_left(context, &plan.left);
    context.ui().hint("Entries are not purged. Run it without --plan to export and delete.");
    Ok(())
}

fn name_left(context: &Context, left: &[Left]) {
    for Left { operation, reason } in left.iter().take(NAMED_MAX) {
        context.ui().say(format_args!("{operation} stays: {}", printable(reason)));
    }
    if left.len() > NAMED_MAX {
        context.ui().say(format_args!("{} more stay; --json names them all.", left.len() - NAMED_MAX));
    }
}

fn tell_nothing(context: &Context, plan: &PurgePlan) -> CommandResult {
    let ui = context.ui();
    if ui.format() == Format::Json {
        let records = Records::begin(ui)?;
        write_left(&records, &plan.left)?;
        records.line("end", serde_json::json!({ "deleted": 0, "left": plan.left.len() }))?;
    }
    name_left(context, &plan.left);
    ui.say("nothing is to be purged.");
    Ok(ExitCode::Done)
}

fn tell(context: &Context, batch: &Batch, purged: &Purged, file: &Path) -> CommandResult {
    let ui = context.ui();
    let sha256 = &batch.exported.summary.sha256;
    if ui.format() == Format::Json {
        let records = Records::begin(ui)?;
        write_left(&records, &batch.left)?;
        let end = EndDocument {
            deleted: purged.gone,
            gone_before: purged.missing,
            changed: &purged.changed,
            left: batch.left.len(),
            file,
            sha256,
        };
        records.line("end", end)?;
    }
    name_left(context, &batch.left);
    for operation in purged.changed.iter().take(NAMED_MAX) {
        ui.warning(format_args!("operation {operation} has changed since it was exported, and stays"));
    }
    let gone = words::plural(usize::try_from(purged.gone).unwrap_or(usize::MAX), "item");
    ui.done(format_args!("deleted {gone}; the export is {}, sha256 {sha256}", file.display()));
    if purged.missing > 0 {
        ui.say(format_args!("gone before: {}; somebody else deleted them, or their time had come", purged.missing));
    }
    if purged.gone > 0 {
        ui.hint(format_args!("`aurora-restore state import {}` puts them back.", file.display()));
    }
    Ok(ExitCode::Done)
}
