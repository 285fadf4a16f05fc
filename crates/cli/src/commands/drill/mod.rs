//! `drill`: rehearses restores for real, and shows what the rehearsals have proven.

#[cfg(feature = "stack")]
mod answer;
#[cfg(feature = "stack")]
mod by_stack;
mod finish;
mod lost_journal;
#[cfg(feature = "stack")]
mod lost_version;
mod recorded;
mod rehearse;
mod report;
mod run;

use aurora_restore_core::ids::OperationId;
use clap::{Args, Subcommand};

use crate::{
    context::Context,
    error::{CommandError, CommandResult},
};

/// Rehearse a restore for real, and show what the rehearsals have proven
///
/// A drill restores under a name of its own, `TARGET-drill`, verifies the data, proves a login, and deletes everything again.
/// The target itself, and its lock, are not touched. The loss of the journal is rehearsed beside the real one, and
/// that of a version of the functions by calling the one before it. What a drill has shown is read from its journal each time: nobody can
/// edit it unseen.
#[derive(Debug, Args)]
pub(crate) struct DrillArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Run(run::RunArgs),
    Finish(finish::FinishArgs),
    List(report::ListArgs),
    Report(report::ReportArgs),
    #[cfg(feature = "stack")]
    Answer(answer::AnswerArgs),
}

/// Refuses an id that somebody chose for what is no drill: whatever bears it is judged, and taken back, as one.
pub(super) fn require_no_drill(id: Option<&OperationId>) -> Result<(), CommandError> {
    match id.filter(|id| id.is_drill()) {
        Some(id) => Err(CommandError::usage(format!("{id} would be a drill, as every id with such a beginning"))
            .hint("Choose another id, or rehearse with `aurora-restore drill run`. Nothing was changed.")),
        None => Ok(()),
    }
}

pub(super) fn run(context: &Context, args: &DrillArgs) -> CommandResult {
    match &args.action {
        Action::Run(args) => run::run(context, args),
        Action::Finish(args) => finish::run(context, args),
        Action::List(args) => report::list(context, args),
        Action::Report(args) => report::report(context, args),
        #[cfg(feature = "stack")]
        Action::Answer(args) => answer::run(context, args),
    }
}
