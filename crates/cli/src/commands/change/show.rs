//! `change show`: one change, whole.

use std::io::{self, Write};

use aurora_restore_ops::change::{Change, ChangeId, Figures};
use clap::Args;
use serde::Serialize;

use super::govern::{Governor, tell_applying};
use crate::{
    error::CommandResult,
    exit_code::ExitCode,
    render::{printable::printable, words},
    ui::Format,
};

/// Show one change: what, by whom, why, approved by whom, how it ended
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The change, such as chg-17
    #[arg(value_name = "CHANGE", value_parser = super::id)]
    change: ChangeId,
}

#[derive(Serialize)]
pub(super) struct ChangeDocument<'a> {
    pub(super) version: u32,
    pub(super) stack: &'a str,
    #[serde(flatten)]
    pub(super) change: &'a Change,
}

pub(super) async fn run(governor: &Governor<'_>, args: &ShowArgs) -> CommandResult {
    let control = governor.control()?;
    let ledger = control.ledger().await?;
    let change = control.known(&ledger, args.change)?;
    let ui = governor.context.ui();
    match ui.format() {
        Format::Json => ui.json(&ChangeDocument { version: 1, stack: control.stack, change })?,
        Format::Text => text(&mut ui.data(), change)?,
    }
    if ledger.applying().any(|applying| applying.id == change.id) {
        tell_applying(governor.context, change);
    }
    if let Some(wrong) = &ledger.broken {
        ui.warning(format_args!("the records of changes are not as they were written: {wrong}"));
        return Ok(ExitCode::Failed);
    }
    Ok(ExitCode::Done)
}

/// Writes a change as text.
pub(super) fn text(out: &mut dyn Write, change: &Change) -> io::Result<()> {
    let proposal = &change.proposal;
    writeln!(out, "change {}: `{}` is {}", change.id, proposal.kind.command(), change.stage.as_str())?;
    let signed = |by: &str, at| format!("{} by {}", words::time(at), printable(by));
    let mut line = |name: &str, value: &str| writeln!(out, "  {name:<10} {value}");
    line("why", &proposal.why.as_deref().map_or("-".to_owned(), |why| printable(why).to_string()))?;
    line("opened", &signed(&change.opened.by, change.opened.at))?;
    if let Some(approval) = &change.approval {
        let signature = &approval.signature;
        let until = words::time(approval.until);
        line("approved", &format!("{}, good until {until}", signed(&signature.by, signature.at)))?;
    }
    if let Some(began) = &change.began {
        line("begun", &signed(&began.by, began.at))?;
    }
    if let Some(ended) = &change.ended {
        let note = ended.note.as_deref().map_or_else(String::new, |note| format!(": {}", printable(note)));
        let signature = &ended.signature;
        line(ended.outcome.stage().as_str(), &format!("{}{note}", signed(&signature.by, signature.at)))?;
    }
    line("digest", &proposal.digest)?;
    for (name, figure) in figures(&change.before, &change.after) {
        line("measured", &format!("{name}: {figure}"))?;
    }
    for changed in &proposal.diff {
        writeln!(out, "    {}", printable(changed))?;
    }
    Ok(())
}

/// Every figure with its value before and after.
fn figures(before: &Figures, after: &Figures) -> Vec<(String, String)> {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let value = |figures: &Figures, name: &String| figures.get(name).map_or("?".to_owned(), ToString::to_string);
    names.into_iter().map(|name| (name.clone(), format!("{} -> {}", value(before, name), value(after, name)))).collect()
}
