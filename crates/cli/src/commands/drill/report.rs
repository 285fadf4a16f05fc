//! `drill list` and `drill report`: what the drills of a journal have shown over time.

use std::{io::Write as _, path::PathBuf};

use aurora_restore_core::ports::{JournalError, RefusedOperation};
use aurora_restore_ops::drill::{Figures, History, Quarter, Record};
use clap::Args;
use serde::Serialize;

use super::super::list::tell_refused;
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    private_file::write_private,
    render::{drill_html::drill_html, drill_text},
    ui::Format,
};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// List the drills, the newest first
///
/// A drill whose journal cannot be trusted is named as such; the others are listed, and the command ends with 1.
#[derive(Debug, Args)]
pub(super) struct ListArgs {}

/// Show what the drills have proven over time: success rate, recovery time, recovery point
///
/// Every drill counts as passed or not, rehearsals of a loss too; recovery times and ages of data are those of whole restores that
/// passed. For each quarter, and in all.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Write it as one self-contained HTML page
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    html: Option<PathBuf>,
}

#[derive(Serialize)]
struct ListDocument<'a> {
    version: u32,
    drills: &'a [Record],
    refused: Vec<Refused<'a>>,
}

#[derive(Serialize)]
struct ReportDocument<'a> {
    version: u32,
    figures: Figures,
    success_percent: Option<usize>,
    quarters: Vec<Quarter>,
    drills: &'a [Record],
    refused: Vec<Refused<'a>>,
}

#[derive(Serialize)]
struct Refused<'a> {
    operation_id: &'a str,
    reason: &'a str,
}

fn refused_of(history: &History) -> Vec<Refused<'_>> {
    let refused = history.refused.iter();
    refused.map(|one| Refused { operation_id: one.operation.as_str(), reason: &one.reason }).collect()
}

fn read(context: &Context) -> Result<History, CommandError> {
    context.block_on(async {
        let journal = context.journal().await?;
        History::read(journal.as_ref(), context.now()).await.map_err(|error: JournalError| CommandError::from(error))
    })
}

pub(super) fn list(context: &Context, ListArgs {}: &ListArgs) -> CommandResult {
    let history = read(context)?;
    let ui = context.ui();
    match ui.format() {
        Format::Json => {
            let refused = refused_of(&history);
            ui.json(&ListDocument { version: VERSION, drills: &history.drills, refused })?;
        }
        Format::Text if history.drills.is_empty() => {
            ui.say("there was no drill yet.");
            ui.hint("Begin with `aurora-restore drill run`.");
        }
        Format::Text => drill_text::write_list(&mut ui.data(), &history.drills)?,
    }
    Ok(told(context, history.refused))
}

pub(super) fn report(context: &Context, args: &ReportArgs) -> CommandResult {
    let history = read(context)?;
    let ui = context.ui();
    if let Some(path) = &args.html {
        let page = drill_html(&history, context.now())
            .map_err(|error| CommandError::internal("the report has no page").caused_by(error))?;
        write_private(path, page.as_bytes())?;
        ui.done(format_args!("the report is in {}", path.display()));
        return Ok(told(context, history.refused));
    }
    match ui.format() {
        Format::Json => {
            let figures = history.figures();
            ui.json(&ReportDocument {
                version: VERSION,
                success_percent: figures.success_percent(),
                figures,
                quarters: history.quarters(),
                drills: &history.drills,
                refused: refused_of(&history),
            })?;
        }
        Format::Text => {
            let mut out = ui.data();
            drill_text::write_figures(&mut out, &history)?;
            if !history.drills.is_empty() {
                writeln!(out)?;
                drill_text::write_list(&mut out, &history.drills)?;
            }
        }
    }
    Ok(told(context, history.refused))
}

fn told(context: &Context, refused: Vec<RefusedOperation>) -> ExitCode {
    tell_refused(context, refused)
}
