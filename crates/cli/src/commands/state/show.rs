//! `state show`: one item as it is stored, and whether it can be believed.

use std::io::Write as _;

use aurora_restore_app::{JournalUse, LATEST};
use aurora_restore_core::{
    ids::OperationId,
    journal::StateItem,
    ports::{Journal, JournalError, JournalHead},
};
use aurora_restore_ops::state::{Checked, Finding, check_operation};
use clap::Args;
use serde::Serialize;

use super::{Records, findings};
use crate::{
    commands::operation_services::{Patience, find},
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::{printable::printable, status_text, words},
    ui::{DONE, Format, HEADING},
};

/// Show an item as it is stored, with its token, its lock and whether its entries bear it out
///
/// Ends with 1 if they do not.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The operation: its id, the beginning of its id, or `latest`
    #[arg(value_name = "OPERATION", default_value = LATEST)]
    operation: String,
}

#[derive(Serialize)]
struct ShowDocument<'a> {
    state: &'a StateItem,
    sequence: u64,
    token: u64,
    executor: Option<String>,
    holder: Option<&'a OperationId>,
    /// Why nobody can tell who holds the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder_unknown: Option<&'a str>,
    entries: usize,
    newest_hash: Option<&'a str>,
    findings: &'a [Finding],
}

/// What is shown.
struct Shown {
    head: JournalHead,
    /// Who holds the target, or why nobody can tell.
    holder: Result<Option<OperationId>, String>,
    checked: Checked,
}

pub(super) fn run(context: &Context, args: &ShowArgs) -> CommandResult {
    let shown = context.block_on(async {
        let store = context.state(JournalUse::Read).await?;
        let id = find(context, store.journal.as_ref(), &args.operation, Patience::None).await?;
        look(store.journal.as_ref(), &id).await
    })?;
    match context.ui().format() {
        Format::Json => {
            Records::begin(context.ui())?.line("operation", document(&shown))?;
        }
        Format::Text => write(context, &shown)?,
    }
    Ok(if shown.checked.findings.is_empty() { ExitCode::Done } else { ExitCode::Failed })
}

async fn look(journal: &dyn Journal, id: &OperationId) -> Result<Shown, CommandError> {
    let state = journal.state(id).await?;
    let checked = check_operation(journal, &state).await?;
    let checked = checked.ok_or_else(|| JournalError::UnknownOperation { operation: id.clone() })?;
    let holder = match journal.holder(&state.target_key).await {
        Ok(holder) => Ok(holder),
        // Another operation of the target may be the one that cannot be read: this one is shown all the same.
        Err(error @ (JournalError::Refused { .. } | JournalError::Unusable { .. })) => Err(error.to_string()),
        Err(error) => return Err(error.into()),
    };
    Ok(Shown { head: journal.head(id).await?, holder, checked })
}

fn document(shown: &Shown) -> ShowDocument<'_> {
    let checked = &shown.checked;
    ShowDocument {
        state: &checked.state,
        sequence: shown.head.sequence,
        token: shown.head.token.0,
        executor: checked.operation.as_ref().map(|operation| operation.executor.to_string()),
        holder: shown.holder.as_ref().ok().and_then(Option::as_ref),
        holder_unknown: shown.holder.as_ref().err().map(String::as_str),
        entries: checked.entries.len(),
        newest_hash: checked.entries.last().map(|entry| entry.hash.as_str()),
        findings: &checked.findings,
    }
}

fn write(context: &Context, shown: &Shown) -> Result<(), CommandError> {
    let Shown { head, holder, checked } = shown;
    let state = &checked.state;
    let mut out = context.ui().data();
    writeln!(out, "{HEADING}{}{HEADING:#}", state.operation_id)?;
    writeln!(out, "  target     {} ({})", state.target, state.target_key)?;
    writeln!(out, "  status     {}", status_text::status(state.status))?;
    writeln!(out, "  updated    {}", words::time(state.last_updated_at))?;
    if let Some(at) = state.ended_at {
        writeln!(out, "  ended      {}", words::time(at))?;
    }
    if let Some(at) = state.retire_after {
        writeln!(out, "  old        kept until {}", words::time(at))?;
    }
    let lock = match holder {
        Ok(Some(holder)) if *holder == state.operation_id => "held by this operation".to_owned(),
        Ok(Some(holder)) => format!("held by {holder}"),
        Ok(None) => "free".to_owned(),
        Err(reason) => format!("not known: {}", printable(reason)),
    };
    writeln!(out, "  lock       {lock}")?;
    if let Some(operation) = &checked.operation {
        writeln!(out, "  executor   {}", printable(operation.executor.as_str()))?;
    }
    writeln!(out, "  token      {}", head.token.0)?;
    let hash = checked.entries.last().map_or_else(String::new, |entry| format!(", the newest {}", entry.hash));
    writeln!(out, "  entries    {}{hash}", checked.entries.len())?;
    if checked.findings.is_empty() {
        writeln!(out, "  verdict    {DONE}sound{DONE:#}: the chain holds, and the item is what it says")?;
    }
    for finding in &checked.findings {
        findings::line(&mut out, finding)?;
    }
    Ok(())
}
