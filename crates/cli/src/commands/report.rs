//! `report`: the whole story of an operation with its figures, derived from its journal.

use std::{io::Write as _, path::PathBuf};

use aurora_restore_app::LATEST;
use aurora_restore_core::{engine::EngineError, report::of_journal};
use clap::Args;

use super::operation_services::{Patience, find};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    private_file::write_private,
    render::{report_html::report_html, report_text::report_text},
    ui::Format,
};

/// Show the report of an operation: timeline, figures, checks, settings
///
/// Recovery time, recovery point, every check with its figure, the comparison of settings, what was made and deleted. The
/// report is derived from the journal; a journal that was altered gives none.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The operation: its id, the beginning of its id, or `latest`
    #[arg(value_name = "OPERATION", default_value = LATEST)]
    operation: String,

    /// Write it as one self-contained HTML page
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    html: Option<PathBuf>,
}

pub(super) fn run(context: &Context, args: &ReportArgs) -> CommandResult {
    let report = context.block_on(async {
        let journal = context.journal().await?;
        let id = find(context, journal.as_ref(), &args.operation, Patience::None).await?;
        let entries = journal.entries(&id, 0).await?;
        let refused = |source| EngineError::Refused { operation: id.clone(), source };
        Ok(of_journal(&entries, context.now()).map_err(refused)?)
    })?;
    let ui = context.ui();
    if let Some(path) = &args.html {
        let page =
            report_html(&report).map_err(|error| CommandError::internal("the report has no page").caused_by(error))?;
        write_private(path, page.as_bytes())?;
        ui.done(format_args!("the report is in {}", path.display()));
        return Ok(ExitCode::Done);
    }
    match ui.format() {
        Format::Json => ui.json(&report)?,
        Format::Text => ui.data().write_all(report_text(&report).as_bytes())?,
    }
    Ok(ExitCode::Done)
}
