//! `functions rollback`: the alias back to a version that was published before.

use aurora_restore_ops::{
    change::{ChangeId, ChangeKind, Outcome},
    functions::{FunctionsError, Leg, Wanted, WentBack, rollback},
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
/// Without --to: to the version that served before the one that serves, as its alias tells, else to the nearest below it that was not taken back; or, in the middle of a shift, to the one that still serves most calls.
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
    let governor = workshop.governor().await?;
    let begun = governor.applying(ChangeKind::FunctionsRollback).await?;
    let rollback = rollback(&begun, &standings, wanted)?;
    if rollback.legs.is_empty() {
        governor.tell_of_applying().await;
        context.ui().done("nothing to do: that version serves already.");
        return Ok(ExitCode::Done);
    }
    if let Some(change) = rollback.begun {
        context.ui().say(format_args!("change {change} goes back so and has not ended: it is gone on with."));
    }
    let proposal = rollback.proposal(args.govern.why());
    let Some(change) = workshop.admit(&governor, &proposal, &args.govern, args.confirm).await? else {
        return Ok(ExitCode::Done);
    };
    match rollback.apply(workshop.ports().functions).await {
        WentBack::Wholly => governor.end(change, &Ended { outcome: Outcome::Applied, note: None }).await,
        WentBack::NotAtAll(error) => {
            governor.end(change, &Ended { outcome: Outcome::Failed, note: Some(error.to_string()) }).await;
            return Err(error.into());
        }
        // It stays `applying`, and the same command finds it so.
        WentBack::Partly { error, left } => return Err(partly(change, &error, &left)),
    }
    context.ui().done(format_args!("{} rolled back.", words::plural(rollback.legs.len(), "function")));
    Ok(ExitCode::Done)
}

/// What is told of aliases of which some have been moved: how each of the others is, whatever is recorded.
fn partly(change: Option<ChangeId>, error: &FunctionsError, left: &[Leg]) -> CommandError {
    let text = format!("{} did not go back: {error}", words::plural(left.len(), "function"));
    let told = CommandError::failed(text);
    let told = match change {
        Some(change) => told.hint(format!(
            "Change {change} stays `applying`: mend the cause and run the same command again, which goes on with just these. Or, one by one:"
        )),
        None => told.hint(
            "The stack has no record of it, so the same command would take the others one version too far. Mend the cause, then, one by one:",
        ),
    };
    left.iter().fold(told, |told, leg| told.hint(way(leg)))
}

/// The command that moves one alias.
pub(super) fn way(Leg { function, to, .. }: &Leg) -> String {
    format!("`aurora-restore functions rollback {function} --to {to}`")
}

#[cfg(test)]
mod tests {
    use aurora_restore_ops::functions::FunctionNames;

    use super::*;

    #[test]
    fn what_did_not_go_back_is_told_with_a_command_for_each_and_whether_the_same_one_goes_on() {
        let leg = |name: &str| Leg { function: FunctionNames::of("ours").find(name).unwrap().clone(), from: 6, to: 5 };
        let left = [leg("notify"), leg("undo")];
        let told = |change| match partly(change, &FunctionsError::Stopped, &left) {
            CommandError::Told(told) => told.points[0].clone(),
            other => panic!("{other:?}"),
        };
        let recorded = told(Some("chg-3".parse().unwrap()));
        assert_eq!(recorded.message, "2 functions did not go back: stopped on request");
        assert!(recorded.hints[0].contains("run the same command again"), "{recorded:?}");
        let ways = ["notify", "undo"].map(|name| format!("`aurora-restore functions rollback {name} --to 5`"));
        assert_eq!(recorded.hints[1..], ways);
        assert!(told(None).hints[0].contains("one version too far"));
    }
}
