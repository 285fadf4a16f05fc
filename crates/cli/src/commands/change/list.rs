//! `change list`: the changes of a stack, the newest first.

use std::io::{self, Write};

use aurora_restore_ops::change::{Change, Stage};
use clap::Args;
use serde::Serialize;

use super::govern::{Governor, tell_applying};
use crate::{
    commands::state::Records,
    error::CommandResult,
    exit_code::ExitCode,
    render::{printable::printable, words},
    ui::{DONE, ERROR, Format, HEADING, WARNING},
};

/// List the changes of the stack, the newest first
///
/// Ends with 1 if the chain of their records is broken.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only those that have not ended
    #[arg(long)]
    open: bool,

    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

/// A line of JSON. The change is an object of its own: it has a kind, too.
#[derive(Serialize)]
struct Line<'a> {
    change: &'a Change,
}

pub(super) async fn run(governor: &Governor<'_>, args: &ListArgs) -> CommandResult {
    let ledger = governor.control()?.ledger().await?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let wanted = ledger.changes.iter().rev().filter(|change| !args.open || !change.stage.has_ended());
    let wanted: Vec<&Change> = wanted.take(limit).collect();
    let ui = governor.context.ui();
    match ui.format() {
        Format::Json => {
            let records = Records::begin(ui)?;
            wanted.iter().try_for_each(|change| records.line("change", Line { change }))?;
        }
        Format::Text if wanted.is_empty() => ui.say("no changes match."),
        Format::Text => table(&mut ui.data(), &wanted)?,
    }
    ledger.applying().for_each(|change| tell_applying(governor.context, change));
    match &ledger.broken {
        None => Ok(ExitCode::Done),
        Some(wrong) => {
            ui.warning(format_args!("the records of changes are not as they were written: {wrong}"));
            Ok(ExitCode::Failed)
        }
    }
}

fn table(out: &mut dyn Write, changes: &[&Change]) -> io::Result<()> {
    writeln!(
        out,
        "{HEADING}{:<8} {:<12} {:<18} {:<20} {:<}{HEADING:#}",
        "change", "stage", "command", "opened", "why"
    )?;
    for change in changes {
        let colour = match change.stage {
            Stage::Applied => DONE,
            Stage::Failed | Stage::RolledBack => ERROR,
            Stage::Proposed | Stage::Approved | Stage::Applying => WARNING,
        };
        let (id, stage, command) = (change.id.to_string(), change.stage.as_str(), change.proposal.kind.command());
        let opened = words::time(change.opened.at);
        let why = change.proposal.why.as_deref().unwrap_or("-");
        writeln!(out, "{id:<8} {colour}{stage:<12}{colour:#} {command:<18} {opened:<20} {}", printable(why))?;
    }
    Ok(())
}
