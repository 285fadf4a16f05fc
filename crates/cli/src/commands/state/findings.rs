//! What maintenance found, for people and for programs.

use std::io::Write as _;

use aurora_restore_core::catalogue::ErrorCode;
use aurora_restore_ops::state::{Audited, Finding};
use serde::Serialize;

use super::Records;
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::{printable::printable, words},
    ui::{DONE, ERROR, Format, HINT, WARNING},
};

#[derive(Serialize)]
struct EndDocument {
    operations: u64,
    entries: u64,
    locks: u64,
    findings: usize,
    troubles: usize,
}

/// Tells what was found and how much was looked at. Findings end the command with 1, and so does what could not be asked.
pub(super) fn tell(context: &Context, audited: &Audited) -> CommandResult {
    let ui = context.ui();
    let found: Vec<Finding> = audited.findings.iter().map(|finding| of_stack(context, finding)).collect();
    match ui.format() {
        Format::Json => {
            let records = Records::begin(ui)?;
            for finding in &found {
                records.line("finding", finding)?;
            }
            for trouble in &audited.troubles {
                records.line("trouble", serde_json::json!({ "text": trouble }))?;
            }
            records.line("end", end_of(audited))?;
        }
        Format::Text => write(context, audited, &found)?,
    }
    for trouble in &audited.troubles {
        ui.warning(trouble);
    }
    let is_clean = audited.findings.is_empty() && audited.troubles.is_empty();
    Ok(if is_clean { ExitCode::Done } else { ExitCode::Failed })
}

/// With commands for the stack that is looked after.
pub(super) fn of_stack(context: &Context, finding: &Finding) -> Finding {
    Finding { action: context.ui().whole(finding.action.clone()), ..finding.clone() }
}

fn end_of(audited: &Audited) -> EndDocument {
    EndDocument {
        operations: audited.operations,
        entries: audited.entries,
        locks: audited.locks,
        findings: audited.findings.len(),
        troubles: audited.troubles.len(),
    }
}

fn write(context: &Context, audited: &Audited, found: &[Finding]) -> Result<(), CommandError> {
    let mut out = context.ui().data();
    for finding in found {
        line(&mut out, finding)?;
    }
    let count = |number: u64, noun: &str| words::plural(usize::try_from(number).unwrap_or(usize::MAX), noun);
    let entries = if audited.entries == 1 { "1 entry".to_owned() } else { format!("{} entries", audited.entries) };
    let looked = format!("{}, {entries}, {}", count(audited.operations, "operation"), count(audited.locks, "lock"));
    match audited.findings.len() {
        0 => writeln!(out, "{DONE}sound:{DONE:#} {looked}")?,
        found => writeln!(out, "{WARNING}{}{WARNING:#} in {looked}", words::plural(found, "finding"))?,
    }
    Ok(())
}

/// Writes one finding with what to do about it.
pub(super) fn line(out: &mut impl std::io::Write, finding: &Finding) -> std::io::Result<()> {
    let who = finding.operation.as_ref().map_or_else(String::new, |id| format!(" {id}"));
    let kind = finding.kind.as_str();
    writeln!(out, "{ERROR}{kind}{ERROR:#}{who}: {}", printable(&finding.evidence))?;
    writeln!(out, "  {HINT}hint:{HINT:#} {}", printable(&finding.action))
}

/// An operation that cannot be trusted, as a failure.
pub(super) fn as_error(finding: &Finding) -> CommandError {
    CommandError::failed(finding.to_string()).code(ErrorCode::StateDamaged).hint(finding.action.clone())
}
