//! `state export`: every operation with its entries into a file.

use std::path::{Path, PathBuf};

use aurora_restore_app::{ExportFile, JournalUse};
use aurora_restore_ops::state;
use clap::Args;
use serde::Serialize;

use super::{Records, findings};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::words,
    ui::Format,
};

/// Write every operation with its entries into a file, with a digest
///
/// JSON lines, for their owner alone (0600); a file that exists is not written over. An operation whose entries cannot be trusted
/// is left out, and the command ends with 1. The file has everything that the journal has: names of clusters, accounts and keys,
/// never a secret.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Serialize)]
struct ExportDocument<'a> {
    file: &'a Path,
    #[serde(flatten)]
    summary: &'a state::Summary,
}

pub(super) fn run(context: &Context, args: &ExportArgs) -> CommandResult {
    let exported = context.block_on(async {
        let store = context.state_that_is_there(JournalUse::Read).await?;
        let shelf = Box::new(create(&args.file)?);
        Ok(state::export(store.journal.as_ref(), store.states.as_ref(), shelf, context.now()).await?)
    })?;
    for finding in &exported.findings {
        context.ui().error(&findings::as_error(finding));
    }
    tell(context, &args.file, &exported.summary)?;
    Ok(if exported.summary.left_out == 0 { ExitCode::Done } else { ExitCode::Failed })
}

/// Begins the file of an export.
pub(super) fn create(path: &Path) -> Result<ExportFile, CommandError> {
    ExportFile::create(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => CommandError::usage(format!("{} exists already", path.display()))
            .hint("Name another file. Nothing was changed."),
        _ => CommandError::usage(format!("{} cannot be made", path.display()))
            .caused_by(error)
            .hint("Name a file in a directory that can be written. Nothing was changed."),
    })
}

/// Tells what was written.
pub(super) fn tell(context: &Context, file: &Path, summary: &state::Summary) -> Result<(), CommandError> {
    let ui = context.ui();
    if ui.format() == Format::Json {
        Records::begin(ui)?.line("export", ExportDocument { file, summary })?;
    }
    ui.done(format_args!("wrote {} to {}; sha256 {}", counts(summary), file.display(), summary.sha256));
    Ok(())
}

/// How much is in an export.
pub(super) fn counts(summary: &state::Summary) -> String {
    let operations = words::plural(usize::try_from(summary.operations).unwrap_or(usize::MAX), "operation");
    let entries = if summary.entries == 1 { "1 entry".to_owned() } else { format!("{} entries", summary.entries) };
    format!("{operations} with {entries}")
}
