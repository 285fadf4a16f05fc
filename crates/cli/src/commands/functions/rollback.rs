//! `functions rollback`: the alias back to a version that was published before.

use aurora_restore_ops::{
    change::{ChangeKind, Outcome},
    functions::{Wanted, at_once, plan_rollback},
};
use clap::Args;

use super::{WhichArgs, workshop::Workshop};
use crate::{
    commands::{
        change::{Ended, GovernArgs},
        confirm::ConfirmArgs,
        stack::PlaceArgs,
    },
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::words,
};

/// Go back to an earlier version of functions, at once
///
/// Without --to: to the version before the one that serves, or, in the middle of a shift, to the one that still serves most calls.
/// What was published stays, so the way forward is the same command with --to. A later `stack deploy` that changes anything about the functions publishes and
/// serves new versions.
#[derive(Debug, Args)]
pub(super) struct RollbackArgs {
    #[command(flatten)]
    which: WhichArgs,

    #[command(flatten)]
    place: PlaceArgs,

    /// To this version
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    to: Option<u64>,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    govern: GovernArgs,
}

pub(super) async fn run(context: &Context, args: &RollbackArgs) -> CommandResult {
    let workshop = Workshop::open(context, args.place.region()).await?;
    let standings = workshop.chosen(&args.which).await?;
    let wanted = args.to.map_or(Wanted::Previous, Wanted::Version);
    let rollback = plan_rollback(&standings, wanted)?;
    let governor = workshop.governor().await?;
    if rollback.legs.is_empty() {
        governor.tell_of_applying().await;
        context.ui().done("nothing to do: that version serves already.");
        return Ok(ExitCode::Done);
    }
    if wanted == Wanted::Previous
        && let Some(left) = governor.applying(ChangeKind::FunctionsRollback).await?
    {
        // Whoever was killed may have gone back already, and a second time would be one version too far.
        return Err(CommandError::failed(format!("change {left} goes back, too, and nobody has recorded how it ended"))
            .hint("Look at `aurora-restore functions list`, and say with `--to N` which version is wanted. Nothing was changed."));
    }
    let proposal = rollback.proposal(args.govern.why());
    let Some(change) = workshop.admit(&governor, &proposal, &args.govern, args.confirm).await? else {
        return Ok(ExitCode::Done);
    };
    let moved = at_once(workshop.ports().functions, &rollback.legs).await;
    let ended = match &moved {
        Ok(()) => Ended { outcome: Outcome::Applied, note: None },
        Err(error) => Ended { outcome: Outcome::Failed, note: Some(error.to_string()) },
    };
    governor.end(change, &ended).await;
    moved?;
    context.ui().done(format_args!("{} rolled back.", words::plural(rollback.legs.len(), "function")));
    Ok(ExitCode::Done)
}
