//! `state`: looks after what the journal keeps of operations, in a file or in a stack's tables.

mod audit;
mod export;
mod findings;
mod import;
mod list;
mod purge;
mod rebuild;
mod resolve;
mod restore;
mod show;
mod stalled;
mod unlock;
mod verify;

pub(super) use verify::open as open_export;

use aurora_restore_app::config::parse_duration;
use aurora_restore_core::{catalogue::ErrorCode, operation::Status};
use aurora_restore_ops::{
    Reach,
    ports::{Executions, Logs},
    state::{ReadError, StateError},
};
use clap::{Args, Subcommand};
use jiff::SignedDuration;
use serde::Serialize;

use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    ui::Ui,
};

/// Look after the state of operations: stalled, old, exported, proven
///
/// Works on the journal of this machine, or with --stack on a stack's tables. What it writes with --json are lines of JSON, the
/// first of which tells the version.
#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Stalled(stalled::StalledArgs),
    Resolve(resolve::ResolveArgs),
    Purge(purge::PurgeArgs),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Rebuild(rebuild::RebuildArgs),
    Verify(verify::VerifyArgs),
    Audit(audit::AuditArgs),
    Restore(restore::RestoreArgs),
    Unlock(unlock::UnlockArgs),
}

pub(super) fn run(context: &Context, args: &StateArgs) -> CommandResult {
    match &args.action {
        Action::List(args) => list::run(context, args),
        Action::Show(args) => show::run(context, args),
        Action::Stalled(args) => stalled::run(context, args),
        Action::Resolve(args) => resolve::run(context, args),
        Action::Purge(args) => purge::run(context, args),
        Action::Export(args) => export::run(context, args),
        Action::Import(args) => import::run(context, args),
        Action::Rebuild(args) => rebuild::run(context, args),
        Action::Verify(args) => verify::run(context, args),
        Action::Audit(args) => audit::run(context, args),
        Action::Restore(args) => restore::run(context, args),
        Action::Unlock(args) => unlock::run(context, args),
    }
}

/// Reads `24h` or `90d`.
fn age(text: &str) -> Result<SignedDuration, String> {
    parse_duration(text)
}

/// Reads a status as it is stored, or as other commands take it: `IN_PROGRESS`, `in-progress`.
fn status(text: &str) -> Result<Status, String> {
    let word = text.to_ascii_uppercase().replace('-', "_");
    Status::from_word(&word)
        .ok_or_else(|| "it is one of COMPLETED, FAILED, CANCELLED, IN_PROGRESS and STUCK".to_owned())
}

/// Lines of JSON, the first of which tells the version. Readers ignore kinds and fields that they do not know.
pub(super) struct Records<'a>(&'a Ui);

#[derive(Serialize)]
struct Record<'a, T> {
    kind: &'a str,
    #[serde(flatten)]
    fields: T,
}

impl<'a> Records<'a> {
    pub(super) fn begin(ui: &'a Ui) -> Result<Self, CommandError> {
        ui.json_line(&serde_json::json!({ "kind": "version", "version": 1 }))?;
        Ok(Self(ui))
    }

    pub(super) fn line(&self, kind: &str, fields: impl Serialize) -> Result<(), CommandError> {
        self.0.json_line(&Record { kind, fields })
    }
}

/// The executions of the stack, if one is meant.
#[cfg(feature = "stack")]
async fn executions(context: &Context) -> Result<Option<Box<dyn Executions>>, CommandError> {
    if context.stack_name().is_none() {
        return Ok(None);
    }
    super::on_stack::executions(context, "StateMachineArn").await.map(Some)
}

#[cfg(not(feature = "stack"))]
async fn executions(_: &Context) -> Result<Option<Box<dyn Executions>>, CommandError> {
    Ok(None)
}

/// The logs of the stack and its groups, if a stack is meant.
#[cfg(feature = "stack")]
async fn logs(context: &Context) -> Reach<(Box<dyn Logs>, Vec<String>)> {
    if context.stack_name().is_none() {
        return Reach::NotHere("no stack is meant");
    }
    super::review::logs_of_stack(context).await
}

#[cfg(not(feature = "stack"))]
async fn logs(_: &Context) -> Reach<(Box<dyn Logs>, Vec<String>)> {
    Reach::NotHere("no stack is meant")
}

impl From<StateError> for CommandError {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Journal(error) => error.into(),
            StateError::Read(error) => error.into(),
            StateError::Write(source) if source.kind() == std::io::ErrorKind::AlreadyExists => {
                Self::usage("the file of the export exists already").hint("Name another one. Nothing was changed.")
            }
            StateError::Write(source) => Self::failed("the export could not be written")
                .caused_by(source)
                .hint("Make room or name another file with its directory. Nothing was deleted."),
        }
    }
}

impl From<ReadError> for CommandError {
    fn from(error: ReadError) -> Self {
        let text = error.to_string();
        match error {
            ReadError::Io(source) => {
                Self::failed("the export could not be read").caused_by(source).hint("Nothing was changed.")
            }
            ReadError::TooNew { .. } => {
                Self::configuration(text).hint("Use the version of aurora-restore that wrote it. Nothing was changed.")
            }
            ReadError::NotAnExport { .. }
            | ReadError::Cut { .. }
            | ReadError::Altered { .. }
            | ReadError::Unsound { .. } => Self::failed(text)
                .code(ErrorCode::StateExport)
                .hint("Take another copy of the export: nothing of one that was cut or altered is believed."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_age_of_what_stands_still_is_that_of_the_sweeper() {
        assert_eq!(age("24h"), Ok(aurora_restore_ops::state::STALLED_AFTER));
        assert_eq!(
            aurora_restore_ops::sweep::Bounds::default().stalled_after,
            aurora_restore_ops::state::STALLED_AFTER
        );
    }

    #[test]
    fn a_status_is_read_as_it_is_stored_and_as_it_is_typed() {
        for (text, expected) in [
            ("COMPLETED", Status::Completed),
            ("completed", Status::Completed),
            ("in-progress", Status::InProgress),
            ("IN_PROGRESS", Status::InProgress),
        ] {
            assert_eq!(status(text), Ok(expected));
        }
        assert!(status("done").is_err());
    }
}
