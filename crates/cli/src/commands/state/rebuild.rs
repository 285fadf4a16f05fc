//! `state rebuild`: items that are lost, written anew from the entries.

use aurora_restore_app::JournalUse;
use aurora_restore_core::ids::AccountId;
use aurora_restore_ops::state::{Imported, LostItems, Wanted, WholeJournal};
use clap::Args;
use serde::Serialize;

use super::{Records, import};
use crate::{
    commands::confirm::ConfirmArgs,
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::words,
    ui::Format,
};

/// How many of the operations are named before they are written.
const NAMED_MAX: usize = 10;

/// Write the items of operations anew whose entries are there
///
/// For the day on which the state table is lost and the audit table is not: what an item says stands in the entries. Every chain is
/// proven and replayed; an operation of which that fails is named and left. What is there is left as it is, so it can be run again.
/// Whoever executed one of them before is fenced off: `aurora-restore resume ID` goes on with it.
///
/// Nothing tells what was lost from what was purged. With --unfinished only those come back that somebody still has to know of.
/// An export is put back with `aurora-restore state import`, a table as it was at a time by a recovery of DynamoDB.
#[derive(Debug, Args)]
pub(super) struct RebuildArgs {
    /// Only those that have not ended, hold their target or keep a retired cluster
    #[arg(long)]
    unfinished: bool,

    /// The account of the targets of operations that have no plan, such as recorded drills
    ///
    /// Their entries do not say it. Without it they are named and left.
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    account: Option<AccountId>,

    /// Show what would be written and change nothing
    #[arg(long, conflicts_with = "yes")]
    plan: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

fn account(text: &str) -> Result<AccountId, String> {
    AccountId::new(text).map_err(|error| error.to_string())
}

#[derive(Serialize)]
struct LostDocument<'a> {
    operation_id: &'a str,
    status: &'a str,
    target: String,
    sequence: u64,
}

#[derive(Serialize)]
struct RebuildDocument {
    there: u64,
    not_wanted: u64,
    lost: usize,
    unusable: usize,
    written: u64,
    same: u64,
    differs: usize,
}

pub(super) fn run(context: &Context, args: &RebuildArgs) -> CommandResult {
    let ui = context.ui();
    let wanted = if args.unfinished { Wanted::Unfinished } else { Wanted::All };
    context.block_on(async {
        let store = context.state_that_is_there(if args.plan { JournalUse::Read } else { JournalUse::Work }).await?;
        let journal = WholeJournal { journal: store.journal.as_ref(), states: store.states.as_ref() };
        let found = journal.lost_items(wanted, args.account.as_ref()).await?;
        show(context, &found);
        if args.plan || found.lost.is_empty() {
            return tell(context, &found, None);
        }
        let items = words::plural(found.lost.len(), "item");
        let question = format!("{items} will be written from the entries, where there is none.");
        args.confirm.ask(ui, &question, &found.lost.len().to_string())?;
        let rebuilt = journal.rebuild(&found.lost, context.now()).await.map_err(|error| {
            CommandError::from(error).hint("Run the same command again: what was written is left as it is.")
        })?;
        tell(context, &found, Some(&rebuilt))
    })
}

/// Whoever is asked sees what about.
fn show(context: &Context, found: &LostItems) {
    let ui = context.ui();
    for item in found.lost.iter().take(NAMED_MAX) {
        ui.say(format_args!(
            "operation {} is {} at its entry {} and has no item; its target is {}",
            item.operation_id,
            item.status.as_str(),
            item.sequence,
            item.target_key
        ));
    }
    if let Some(more) = found.lost.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        ui.say(format_args!("and {more} more"));
    }
    if found.not_wanted > 0 {
        let count = words::plural(usize::try_from(found.not_wanted).unwrap_or(usize::MAX), "operation");
        ui.say(format_args!("not wanted, because nobody has to know of it any more: {count}"));
    }
}

fn tell(context: &Context, found: &LostItems, rebuilt: Option<&Imported>) -> CommandResult {
    let ui = context.ui();
    let nothing = Imported::default();
    let made = rebuilt.unwrap_or(&nothing);
    let left = || found.unusable.iter().chain(&made.differs);
    if ui.format() == Format::Json {
        let records = Records::begin(ui)?;
        for item in &found.lost {
            records.line(
                "lost",
                LostDocument {
                    operation_id: item.operation_id.as_str(),
                    status: item.status.as_str(),
                    target: item.target_key.to_string(),
                    sequence: item.sequence,
                },
            )?;
        }
        for (operation, reason) in left() {
            records.line("left", serde_json::json!({ "operation_id": operation, "reason": reason }))?;
        }
        records.line(
            "rebuild",
            RebuildDocument {
                there: found.there,
                not_wanted: found.not_wanted,
                lost: found.lost.len(),
                unusable: found.unusable.len(),
                written: made.written,
                same: made.same,
                differs: made.differs.len(),
            },
        )?;
    }
    import::tell_left(context, left());
    let there = found.there + made.same;
    match (found.lost.len(), rebuilt) {
        (0, _) => ui.done(format_args!("no item is to be written; already there: {there}.")),
        (lost, None) => ui.done(format_args!("{} would be written.", words::plural(lost, "item"))),
        (_, Some(_)) => {
            let written = words::plural(usize::try_from(made.written).unwrap_or(usize::MAX), "item");
            ui.done(format_args!("wrote {written}; already there: {there}."));
        }
    }
    Ok(if left().next().is_none() { ExitCode::Done } else { ExitCode::Failed })
}
