//! `state import`: the operations of an export put back.

use std::{
    io::{BufReader, Seek as _},
    path::PathBuf,
};

use aurora_restore_app::JournalUse;
use aurora_restore_core::ids::OperationId;
use aurora_restore_ops::state::{self, Imported, Summary};
use clap::Args;
use serde::Serialize;

use super::{Records, export, verify};
use crate::{
    commands::confirm::ConfirmArgs,
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::words,
    ui::Format,
};

/// Put the operations of an export back
///
/// The whole file is proven first: its digest, every chain, every replay. What is there already is left as it is, so it can be run
/// again; what is there and differs is named, and the command ends with 1. Whoever executed one of them before is fenced off.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

#[derive(Serialize)]
struct ImportDocument<'a> {
    written: u64,
    same: u64,
    differs: usize,
    #[serde(flatten)]
    summary: &'a Summary,
}

pub(super) fn run(context: &Context, args: &ImportArgs) -> CommandResult {
    let mut file = verify::open(&args.file)?;
    let summary = state::verify(BufReader::new(&file))?;
    let name = summary.sha256.get(..8).unwrap_or_default();
    let question =
        format!("{} will be put back where there is none. The digest begins with {name}.", export::counts(&summary));
    args.confirm.ask(context.ui(), &question, name)?;
    file.rewind().map_err(|error| {
        CommandError::usage("the export has to be a file").caused_by(error).hint("Nothing was changed.")
    })?;
    let imported = context.block_on(async {
        let store = context.state(JournalUse::Work).await?;
        Ok(state::import(store.states.as_ref(), BufReader::new(file), &summary, context.now()).await?)
    })?;
    tell(context, &imported, &summary)
}

/// Tells of operations that were not put back.
pub(super) fn tell_left<'l>(context: &Context, left: impl IntoIterator<Item = &'l (OperationId, String)>) {
    for (operation, reason) in left {
        let error = CommandError::failed(format!("operation {operation} was not put back: {reason}"));
        context.ui().error(&error.hint("What is there is as it was."));
    }
}

fn tell(context: &Context, imported: &Imported, summary: &Summary) -> CommandResult {
    let ui = context.ui();
    let Imported { written, same, differs } = imported;
    if ui.format() == Format::Json {
        let records = Records::begin(ui)?;
        for (operation, reason) in differs {
            records.line("differs", serde_json::json!({ "operation_id": operation, "reason": reason }))?;
        }
        let differs = differs.len();
        records.line("import", ImportDocument { written: *written, same: *same, differs, summary })?;
    }
    tell_left(context, differs);
    let put_back = words::plural(usize::try_from(*written).unwrap_or(usize::MAX), "operation");
    ui.done(format_args!("put back {put_back}; already there: {same}."));
    Ok(if differs.is_empty() { ExitCode::Done } else { ExitCode::Failed })
}
