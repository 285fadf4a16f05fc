//! `stack deploy`: makes the stack or changes it, once a person has seen what will happen.

use std::collections::BTreeMap;

use aurora_restore_ops::{
    OpsError,
    change::{ChangeId, Outcome, Proposal},
    deploy::{self as deploying, Prepared, Purpose},
    ports::{ChangeSetKind, ServiceError, Stack},
};
use clap::Args;
use serde::Serialize;

use super::{
    beside::Beside,
    material::{MaterialArgs, Opened},
    narrator::Lines,
    show,
};
use crate::{
    commands::{
        change::{Ended, GovernArgs, Governor},
        confirm::ConfirmArgs,
    },
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::words,
    ui::{Format, Ui},
};

/// Deploy the pipeline, or bring it up to date
///
/// Sends the package to a bucket, shows every change, asks, makes the changes and follows them. Killed anywhere, it is
/// simply run again. Operations in progress go on, with the new code from their next look. What is applied, by whom and why is
/// recorded before it is applied and after it: `aurora-restore change list`.
#[derive(Debug, Args)]
pub(super) struct DeployArgs {
    #[command(flatten)]
    material: MaterialArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    govern: GovernArgs,
}

#[derive(Serialize)]
struct DeployDocument<'a> {
    version: u32,
    stack: &'a str,
    region: &'a str,
    changed: bool,
    status: Option<&'a str>,
    outputs: BTreeMap<String, String>,
}

pub(super) fn run(context: &Context, args: &DeployArgs) -> CommandResult {
    let name = super::name(context);
    context.block_on(async {
        let opened = args.material.open(context, name).await?;
        let stacks = opened.ports().stacks;
        let mut lines = Lines(context.ui());
        let prepared = deploying::prepare(opened.ports(), &opened.deployment, Purpose::Deploy, &mut lines).await?;
        let proposal = prepared.proposal(args.govern.why());
        if prepared.change_set().is_none() {
            return unchanged(context, &opened, &prepared).await;
        }
        let mut agreed = match agree(context, args, &opened, &prepared, &proposal).await {
            Ok(Some(agreed)) => agreed,
            not => {
                deploying::discard(stacks, &prepared).await?;
                return not.map(|_| ExitCode::Done);
            }
        };
        if let Err(error) = agreed.beside.realign(&opened, &prepared, &mut lines).await {
            agreed.governor.end_as_failed(agreed.change, &error).await;
            deploying::discard(stacks, &prepared).await?;
            return Err(error);
        }
        let executed = deploying::execute(stacks, &prepared, &mut lines).await;
        if let Some(ended) = ending(&executed) {
            agreed.governor.end(agreed.change, &ended).await;
        }
        let stack = executed?;
        if let (None, Some(stack)) = (agreed.change, &stack) {
            agreed.governor.record_first(&opened.services, stack, &proposal).await;
        }
        tell(context.ui(), name, opened.region.as_str(), true, stack.as_ref())?;
        if prepared.kind == ChangeSetKind::Update
            && let Some(runtime) = opened.deployment.parameters.get("Runtime")
        {
            tell_of_runtime(context.ui(), runtime);
        }
        Ok(ExitCode::Done)
    })
}

/// That functions were changed to another runtime says nothing of whether they run on it.
fn tell_of_runtime(ui: &Ui, runtime: &str) {
    ui.hint(format_args!(
        "The functions are to run on {runtime}. See that they answer: `aurora-restore functions smoke`."
    ));
    ui.hint("Then see that they restore: `aurora-restore drill run --on-aws`.");
}

/// What is agreed to, and recorded if there is a table for it.
struct Agreed<'c> {
    governor: Governor<'c>,
    beside: Beside,
    change: Option<ChangeId>,
}

/// Everything that may still keep the changes from being made. None where they were only to be proposed.
async fn agree<'c>(
    context: &'c Context,
    args: &DeployArgs,
    opened: &Opened,
    prepared: &Prepared,
    proposal: &Proposal,
) -> Result<Option<Agreed<'c>>, CommandError> {
    let governor = Governor::open(context, &opened.services, prepared.found.as_ref(), &prepared.stack).await?;
    if args.govern.only_proposes() {
        governor.propose(proposal).await?;
        return Ok(None);
    }
    governor.check(proposal, &args.govern).await?;
    let beside = Beside::look(opened, prepared).await?;
    beside.require_settled()?;
    beside.tell(context, "this deployment publishes and serves a new version");
    show_changes(context.ui(), prepared, args.confirm)?;
    let question = question(prepared, opened.account.as_str(), opened.region.as_str());
    args.confirm.ask(context.ui(), &question, &prepared.stack)?;
    let change = governor.begin(proposal, &args.govern).await?;
    Ok(Some(Agreed { governor, beside, change }))
}

/// Nothing has to be changed. What a run that was killed may have left to be said is told.
async fn unchanged(context: &Context, opened: &Opened, prepared: &Prepared) -> CommandResult {
    let found = prepared.found.as_ref();
    // Whoever may not read the records is not told of them; nothing depends on it.
    if let Ok(governor) = Governor::open(context, &opened.services, found, &prepared.stack).await {
        governor.tell_of_applying().await;
    }
    if let Ok(beside) = Beside::look(opened, prepared).await {
        beside.tell(context, "somebody has rolled it back, and this deployment leaves it there");
    }
    tell(context.ui(), &prepared.stack, opened.region.as_str(), false, found)?;
    Ok(ExitCode::Done)
}

/// How the changes ended, as far as that is known: what is not followed to its end goes on without us.
pub(in crate::commands) fn ending(executed: &Result<Option<Stack>, OpsError>) -> Option<Ended> {
    let (outcome, note) = match executed {
        Ok(_) => (Outcome::Applied, None),
        Err(OpsError::Failed { status, .. }) if status == "UPDATE_ROLLBACK_COMPLETE" => {
            (Outcome::RolledBack, executed.as_ref().err())
        }
        Err(OpsError::TooLong { .. } | OpsError::Service(ServiceError::Unavailable { .. })) => return None,
        Err(failed) => (Outcome::Failed, Some(failed)),
    };
    Some(Ended { outcome, note: note.map(ToString::to_string) })
}

/// Whoever is asked sees what about, in spite of `--quiet`.
pub(super) fn show_changes(ui: &Ui, prepared: &Prepared, confirm: ConfirmArgs) -> Result<(), CommandError> {
    let mut screen = Vec::new();
    show::changes(&mut screen, &prepared.changes)?;
    let screen = String::from_utf8_lossy(&screen);
    if confirm.is_given() {
        ui.say(screen.trim_end());
    } else {
        ui.show(screen.trim_end());
    }
    Ok(())
}

pub(super) fn question(prepared: &Prepared, account: &str, region: &str) -> String {
    let count = words::plural(prepared.changes.len(), "change");
    match prepared.kind {
        ChangeSetKind::Create => {
            format!("Stack {} is made in account {account}, {region}: {count}.", prepared.stack)
        }
        ChangeSetKind::Update => {
            format!("Stack {} in account {account}, {region}, is changed: {count}.", prepared.stack)
        }
    }
}

pub(super) fn tell(
    ui: &Ui,
    name: &str,
    region: &str,
    changed: bool,
    stack: Option<&Stack>,
) -> Result<(), CommandError> {
    let outputs = stack.map(|stack| stack.outputs.clone()).unwrap_or_default();
    let status = stack.map(|stack| stack.status.as_str());
    match ui.format() {
        Format::Json => ui.json(&DeployDocument { version: 1, stack: name, region, changed, status, outputs })?,
        Format::Text => show::pairs(&mut ui.data(), "Outputs", &outputs)?,
    }
    if changed {
        ui.done(format_args!("stack {name} is deployed."));
        ui.hint(format_args!("Start a restore with `aurora-restore start --on-aws --stack {name}`."));
    } else {
        ui.done(format_args!("nothing to change in stack {name}."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_recorded_where_it_is_known_and_what_goes_on_is_not_called_ended() {
        let failed =
            |status: &str| OpsError::Failed { stack: "ours".to_owned(), status: status.to_owned(), first: None };
        let outcome = |error: OpsError| ending(&Err(error)).map(|ended| ended.outcome);
        assert_eq!(ending(&Ok(None)).map(|ended| ended.outcome), Some(Outcome::Applied));
        assert_eq!(outcome(failed("UPDATE_ROLLBACK_COMPLETE")), Some(Outcome::RolledBack));
        assert_eq!(outcome(failed("UPDATE_ROLLBACK_FAILED")), Some(Outcome::Failed));
        assert_eq!(outcome(OpsError::TooLong { what: "stack ours".to_owned(), minutes: 60 }), None);
        let text = || "x".to_owned();
        let silent = ServiceError::Unavailable { action: "x", object: text(), reason: text() };
        assert_eq!(outcome(silent.into()), None);
        let denied = ServiceError::Denied { action: "x", object: text(), reason: text() };
        assert_eq!(outcome(denied.into()), Some(Outcome::Failed));
    }
}
