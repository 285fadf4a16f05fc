//! `monitoring apply`: has the stack watched as it is declared, once a person has seen what will happen.

use std::collections::BTreeMap;

use aurora_restore_ops::{
    change::{ChangeKind, Proposal},
    deploy as deploying,
    monitoring::{self as watching, Plan, Step},
};
use clap::Args;

use super::{DeclarationArgs, opened::Opened, steps};
use crate::{
    commands::{
        change::{GovernArgs, Governor},
        confirm::ConfirmArgs,
        logs::changed_beside,
        stack::narrator::Lines,
    },
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::words,
    ui::Format,
};

/// Have the stack watched as it is declared
///
/// Shows every change, asks, and makes them: alarms, the dashboard and saved queries by their services, how long logs are kept
/// by the stack's parameter. Applied twice it changes nothing the second time. An alarm that is neither the stack's nor made by
/// this command is not touched. A later `stack deploy` puts back what its template says otherwise: compare with `monitoring diff`.
/// What is applied, by whom and why is recorded before it is applied and after it: `aurora-restore change list`.
#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    declaration: DeclarationArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    govern: GovernArgs,
}

pub(super) fn run(context: &Context, args: &ApplyArgs) -> CommandResult {
    context.block_on(async {
        let opened = Opened::open(context, &args.declaration).await?;
        let plan = opened.plan().await?;
        steps::tell_left(context.ui(), &plan);
        if !plan.refused.is_empty() {
            return Err(CommandError::failed("what is declared is in the way of what others have made").hint(
                "Give those alarms other names in the declaration, or delete what nobody needs. Nothing was changed.",
            ));
        }
        if plan.steps.is_empty() {
            let name = &opened.stack.name;
            tell(context, &opened, &plan, &format!("nothing to change: stack {name} is watched as it is declared."))?;
            return Ok(ExitCode::Done);
        }
        agreed(context, args, &opened, &plan).await
    })
}

/// Everything that may keep the changes from being made, then the changes.
async fn agreed(context: &Context, args: &ApplyArgs, opened: &Opened, plan: &Plan) -> CommandResult {
    let name = &opened.stack.name;
    let proposal = proposal(opened, plan, args.govern.why())?;
    let governor = Governor::open(context, &opened.services, Some(&opened.stack), name).await?;
    let count = words::plural(plan.steps.len(), "change");
    let ask = || {
        show(context, plan, args.confirm)?;
        args.confirm.ask(context.ui(), &format!("What watches stack {name} is changed: {count}."), name)
    };
    if governor.apply(&proposal, &args.govern, ask, make(context, opened, plan)).await?.is_none() {
        return Ok(ExitCode::Done);
    }
    tell(context, opened, plan, &format!("made {count}; stack {name} is watched as it is declared."))?;
    Ok(ExitCode::Done)
}

/// What would be done, with a digest of it and of what it would be done to.
fn proposal(opened: &Opened, plan: &Plan, why: Option<&str>) -> Result<Proposal, CommandError> {
    let mut screen = Vec::new();
    steps::write_plain(&mut screen, plan)?;
    let lines = String::from_utf8_lossy(&screen).lines().map(str::to_owned).collect();
    let applied = format!("{}\n{:?}", opened.stack.id, plan.steps);
    Ok(Proposal::new(ChangeKind::MonitoringApply, lines, &applied, why))
}

async fn make(context: &Context, opened: &Opened, plan: &Plan) -> Result<(), CommandError> {
    for step in &plan.steps {
        // If we die here, the next run finds what is done already and does the rest.
        watching::apply(opened.monitors.as_ref(), &opened.names, step).await?;
        if let Step::Retain { days, other } = step {
            retain(context, opened, *days, other).await?;
        }
    }
    Ok(())
}

/// Whoever is asked sees what about, in spite of `--quiet`.
fn show(context: &Context, plan: &Plan, confirm: ConfirmArgs) -> Result<(), CommandError> {
    let mut screen = Vec::new();
    steps::write(&mut screen, plan)?;
    let screen = String::from_utf8_lossy(&screen);
    if confirm.is_given() {
        context.ui().say(screen.trim_end());
    } else {
        context.ui().show(screen.trim_end());
    }
    Ok(())
}

/// Tells what was done.
fn tell(context: &Context, opened: &Opened, plan: &Plan, done: &str) -> Result<(), CommandError> {
    if context.ui().format() == Format::Json {
        context.ui().json(&steps::PlanDocument::of(&opened.stack.name, plan))?;
    }
    context.ui().done(done);
    Ok(())
}

async fn retain(
    context: &Context,
    opened: &Opened,
    days: u32,
    other: &BTreeMap<String, Option<i32>>,
) -> Result<(), CommandError> {
    let given = [("LogRetentionDays".to_owned(), days.to_string())].into();
    let (stacks, mut lines) = (opened.services.stacks(), Lines(context.ui()));
    let prepared = deploying::prepare_parameters(stacks, &opened.stack.name, given, &mut lines).await?;
    if prepared.change_set().is_none() {
        return Err(changed_beside(days, other));
    }
    let _stack = deploying::execute(stacks, &prepared, &mut lines).await?;
    Ok(())
}
