//! `functions deploy`: new code for one function or all, a tenth of the calls first, and back if anything is wrong.

use std::path::PathBuf;

use aurora_restore_ops::{
    Package,
    change::{ChangeId, ChangeKind},
    functions::{FunctionsDeployment, Leg, NewCode, gradually},
    patiently,
    ports::CodeAt,
};
use clap::Args;

use super::{WatchArgs, WhichArgs, end, ending, rollback, workshop::Workshop};
use crate::{
    commands::{
        change::GovernArgs,
        confirm::ConfirmArgs,
        stack::{Lines, PlaceArgs, package_for},
    },
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    interrupts::Asked,
    render::words,
};

/// Give functions new code, step by step
///
/// The code is given to each function and published as a version; then the alias sends a tenth of the calls there, and all of them after the
/// time of --watch. If the alarm of one of the functions rings, if calls of a new version fail, or if you interrupt, every alias goes back. Killed
/// anywhere, it is simply run again. New functions, roles and parameters come from `stack deploy`.
#[derive(Debug, Args)]
pub(super) struct DeployArgs {
    #[command(flatten)]
    which: WhichArgs,

    #[command(flatten)]
    place: PlaceArgs,

    /// The package with the functions' code; dist/aurora-restore-lambda-ARCHITECTURE.zip without it
    #[arg(long, value_name = "FILE")]
    package: Option<PathBuf>,

    #[command(flatten)]
    watch: WatchArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    govern: GovernArgs,
}

pub(super) async fn run(context: &Context, args: &DeployArgs) -> CommandResult {
    let workshop = Workshop::open(context, args.place.region()).await?;
    let package = package_for(context, args.package.as_deref(), &workshop.stack)?;
    let standings = workshop.chosen(&args.which).await?;
    let governor = workshop.governor().await?;
    let begun = governor.applying(ChangeKind::FunctionsDeploy).await?;
    let plan = FunctionsDeployment::plan(NewCode::of(&package.content), standings, &begun)?;
    if plan.is_done() {
        governor.tell_of_applying().await;
        context.ui().done("nothing to do: this code serves already.");
        return Ok(ExitCode::Done);
    }
    if let Some(change) = plan.begun() {
        context.ui().say(format_args!("change {change} deploys this code so and has not ended: it is gone on with."));
    }
    let proposal = plan.proposal(args.govern.why());
    let Some(change) = workshop.admit(&governor, &proposal, &args.govern, args.confirm).await? else {
        return Ok(ExitCode::Done);
    };
    let mut stop = context.stop(Asked::StopAfterMove)?;
    let mut lines = Lines(context.ui());
    let legs = match publish(&workshop, &plan, &package, &mut lines).await {
        Ok(legs) => legs,
        Err(error) => match plan.begun() {
            // It stays `applying`, so that the same command goes on with it, or whoever goes back knows of it.
            Some(begun) => return Err(still_under_way(error, begun, &plan.under_way())),
            // No alias was moved by this one. What another one left on its way is no more watched than before.
            None => {
                governor.end_as_failed(change, &error).await;
                return Err(left_on_its_way(error, &plan.under_way()));
            }
        },
    };
    let moved = gradually(workshop.ports(), &legs, args.watch.watch(), &mut stop, &mut lines).await;
    governor.end(change, &ending(&moved)).await;
    let count = words::plural(plan.count(), "function");
    end(context, moved, &format!("the new code serves in {count}."))
}

/// Makes the versions that there are to be.
async fn publish(
    workshop: &Workshop<'_>,
    plan: &FunctionsDeployment,
    package: &Package,
    lines: &mut Lines<'_>,
) -> Result<Vec<Leg>, CommandError> {
    let at = code_at(workshop, package).await?;
    Ok(plan.publish(workshop.ports(), &at, lines).await?)
}

/// What is told where nothing was moved, and somebody who was killed has left aliases on their way.
pub(super) fn left_on_its_way(error: CommandError, on_their_way: &[Leg]) -> CommandError {
    on_their_way.iter().fold(error, |told, leg| {
        told.hint(format!(
            "A part of the calls of {} goes to version {} since an earlier run, and nobody watches it: go back with {}",
            leg.function,
            leg.from,
            rollback::way(leg)
        ))
    })
}

/// What is told where a deployment that was begun cannot be gone on with: whoever was killed may have left some of its aliases on their
/// way, each of which goes back by itself.
pub(super) fn still_under_way(error: CommandError, begun: ChangeId, on_their_way: &[Leg]) -> CommandError {
    let again = "Mend the cause and run the same command again, which goes on with it.";
    if on_their_way.is_empty() {
        return error.hint(format!("Change {begun} stays `applying`; no call goes to a new version yet. {again}"));
    }
    let told = error.hint(format!(
        "Change {begun} stays `applying`, and a part of the calls may still go to the new version, which nobody watches now. {again}"
    ));
    let told = on_their_way.iter().fold(told, |told, leg| told.hint(format!("Or go back with {}", rollback::way(leg))));
    told.hint(format!(
        "Once it has gone back, record that with `aurora-restore change close {begun} --outcome rolled-back --note NOTE`."
    ))
}

/// Puts the package where Lambda takes it from: the bucket of the stack.
async fn code_at(workshop: &Workshop<'_>, package: &Package) -> Result<CodeAt, CommandError> {
    let environment = workshop.context.config_beside_stack()?.environment();
    let account = workshop.services.account(environment).await?;
    let artifacts = workshop.services.artifacts(&account)?;
    let bucket = workshop.stack.parameters.get("CodeBucket").cloned();
    let bucket = bucket.unwrap_or_else(|| workshop.services.usual_bucket(&account));
    let key = package.key();
    let version = match patiently(|| artifacts.holding(&bucket, &key, &package.content)).await? {
        Some(kept) => kept,
        None => patiently(|| artifacts.put(&bucket, &key, &package.content)).await?,
    };
    Ok(CodeAt { bucket, key, version: version.id })
}
