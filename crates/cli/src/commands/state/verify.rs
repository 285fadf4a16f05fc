//! `state verify`: the journal, one operation or an export proven.

use std::{fs::File, io::BufReader, path::PathBuf};

use aurora_restore_app::JournalUse;
use aurora_restore_ops::state::{self, Audit, Audited, STALLED_AFTER, check_operation};
use clap::Args;

use super::{Records, export, findings};
use crate::{
    commands::operation_services::{Patience, find},
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::words,
    ui::Format,
};

/// Prove that entries, items and locks are what was written
///
/// Of every operation, of one, or of an export: the hash chain, the replay, the item against what the entries say, and the lock of
/// its target. Ends with 1 if anything is not as it was written.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The operation: its id, the beginning of its id, or `latest`; all without it
    #[arg(value_name = "OPERATION", conflicts_with = "file")]
    operation: Option<String>,

    /// Prove this export instead of the journal
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) fn run(context: &Context, args: &VerifyArgs) -> CommandResult {
    if let Some(path) = &args.file {
        return verify_file(context, path);
    }
    let audited = context.block_on(async {
        let store = context.state_that_is_there(JournalUse::Read).await?;
        let Some(operation) = &args.operation else {
            let audit = Audit {
                journal: store.journal.as_ref(),
                states: store.states.as_ref(),
                executions: None,
                now: context.now(),
                stalled_after: STALLED_AFTER,
            };
            return Ok(audit.verify().await?);
        };
        let id = find(context, store.journal.as_ref(), operation, Patience::None).await?;
        let state = store.journal.state(&id).await?;
        let mut audited = Audited { operations: 1, ..Audited::default() };
        if let Some(checked) = check_operation(store.journal.as_ref(), &state).await? {
            audited.entries = u64::try_from(checked.entries.len()).unwrap_or(u64::MAX);
            audited.locks = u64::from(checked.state.holds_target);
            audited.findings = checked.findings;
        }
        audited.findings.extend(state::check_lock(store.journal.as_ref(), &id).await?);
        Ok(audited)
    })?;
    findings::tell(context, &audited)
}

fn verify_file(context: &Context, path: &std::path::Path) -> CommandResult {
    let file = open(path)?;
    let summary = state::verify(BufReader::new(file))?;
    let ui = context.ui();
    if ui.format() == Format::Json {
        Records::begin(ui)?.line("export", &summary)?;
    }
    ui.done(format_args!("the export is what was written: {}; sha256 {}", export::counts(&summary), summary.sha256));
    if summary.left_out > 0 {
        let left = words::plural(usize::try_from(summary.left_out).unwrap_or(usize::MAX), "operation");
        ui.warning(format_args!("{left} could not be trusted when it was written, and left out"));
    }
    Ok(ExitCode::Done)
}

/// Opens an export to read it.
pub(in crate::commands) fn open(path: &std::path::Path) -> Result<File, CommandError> {
    File::open(path).map_err(|error| {
        CommandError::usage(format!("{} cannot be read", path.display())).caused_by(error).hint("Nothing was changed.")
    })
}
