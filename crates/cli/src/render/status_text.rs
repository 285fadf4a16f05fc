//! Where one operation stands, and the list of operations, for people.

use std::io::{self, Write};

use aurora_restore_core::{
    journal::StateItem,
    operation::{Operation, Phase, Status, StepStatus},
};
use jiff::Timestamp;

use crate::{
    render::{fact, plan_text, printable::printable, words},
    ui::{DONE, ERROR, FAINT, HEADING, WARNING},
};

/// Writes where an operation stands. `left` says that nobody goes on with it; `now` tells how long ago things were.
pub(crate) fn write_status(
    out: &mut dyn Write,
    operation: &Operation,
    state: &StateItem,
    left: Option<&str>,
    now: Timestamp,
) -> io::Result<()> {
    writeln!(out, "{HEADING}{}{HEADING:#}", operation.id)?;
    writeln!(out, "  target     {} ({})", state.target, state.target_key)?;
    writeln!(out, "  strategy   {}", plan_text::strategy(operation.request.strategy))?;
    match operation.phase {
        Phase::Ended(_) => writeln!(out, "  status     {}", status(state.status))?,
        _ => writeln!(out, "  status     {}, {}", status(state.status), fact::place(operation))?,
    }
    if let Some(progress) = &state.progress {
        writeln!(out, "  progress   {}", printable(&progress.text))?;
    }
    let ago = |at: Timestamp| format!("{}, {} ago", words::time(at), words::duration(now.duration_since(at)));
    writeln!(out, "  asked for  {}", ago(state.requested_at))?;
    writeln!(out, "  updated    {}", ago(state.last_updated_at))?;
    if let Some(at) = state.ended_at {
        let took = words::duration(at.duration_since(state.requested_at));
        writeln!(out, "  ended      {} after {took}", words::time(at))?;
    }
    if let Some(failure) = &operation.failure {
        writeln!(out, "  failure    {ERROR}{}{ERROR:#} [{}]", printable(&failure.message), failure.code)?;
    }
    if let Some(left) = left {
        writeln!(out, "  left       {WARNING}{}{WARNING:#}", printable(left))?;
    }
    if let Some(at) = state.retire_after {
        writeln!(out, "  old        kept until {}", words::time(at))?;
    }
    writeln!(out)?;
    for step in &operation.steps {
        let ended = step.ended_at.or_else(|| (step.status == StepStatus::Started).then_some(now));
        let took = step.started_at.zip(ended).map(|(from, to)| words::duration(to.duration_since(from)));
        let attempts = if step.attempts > 1 { format!(", {} attempts", step.attempts) } else { String::new() };
        let word = fact::step_status(step.status);
        writeln!(
            out,
            "  {:<17} {word:<10} {FAINT}{}{attempts}{FAINT:#}",
            step.kind.as_str(),
            took.unwrap_or_default()
        )?;
    }
    Ok(())
}

/// The word of a status in the colour of its meaning.
pub(crate) fn status(status: Status) -> String {
    let word = status.as_str();
    match status {
        Status::InProgress => word.to_owned(),
        Status::Completed => format!("{DONE}{word}{DONE:#}"),
        Status::Cancelled => format!("{WARNING}{word}{WARNING:#}"),
        Status::Failed | Status::Stuck => format!("{ERROR}{word}{ERROR:#}"),
    }
}

/// Writes the list of operations.
pub(crate) fn write_list(out: &mut dyn Write, items: &[StateItem]) -> io::Result<()> {
    let width = |text: fn(&StateItem) -> usize, least: usize| items.iter().map(text).max().unwrap_or(0).max(least);
    let id = width(|item| item.operation_id.as_str().len(), "OPERATION".len());
    let target = width(|item| item.target.as_str().len(), "TARGET".len());
    let heading =
        format!("{:<id$}  {:<target$}  {:<11}  {:<17}  {}", "OPERATION", "TARGET", "STATUS", "STEP", "UPDATED");
    writeln!(out, "{HEADING}{heading}{HEADING:#}")?;
    for item in items {
        // Colour codes have no width: the word is padded by hand.
        let padding = " ".repeat(11_usize.saturating_sub(item.status.as_str().len()));
        let step = item.step.filter(|_| matches!(item.status, Status::InProgress | Status::Stuck));
        writeln!(
            out,
            "{:<id$}  {:<target$}  {}{padding}  {:<17}  {}",
            item.operation_id.as_str(),
            item.target.as_str(),
            status(item.status),
            step.map_or("", aurora_restore_core::operation::StepKind::as_str),
            words::time(item.last_updated_at),
        )?;
    }
    Ok(())
}
