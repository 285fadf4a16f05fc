//! `stack deploy`: makes the stack or changes it, once a person has seen what will happen.

use std::collections::BTreeMap;

use aurora_restore_ops::{
    deploy::{self as deploying, Prepared, Purpose},
    ports::{ChangeSetKind, Stack},
};
use clap::Args;
use serde::Serialize;

use super::{material::MaterialArgs, narrator::Lines, show};
use crate::{
    commands::confirm::ConfirmArgs,
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::words,
    ui::{Format, Ui},
};

/// Deploy the pipeline, or bring it up to date
///
/// Sends the package to a bucket, shows every change, asks, makes the changes and follows them. Killed anywhere, it is
/// simply run again. Operations in progress go on, with the new code from their next look.
#[derive(Debug, Args)]
pub(super) struct DeployArgs {
    #[command(flatten)]
    material: MaterialArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,
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
        let ports = opened.ports();
        let mut lines = Lines(context.ui());
        let prepared = deploying::prepare(ports, &opened.deployment, Purpose::Deploy, &mut lines).await?;
        let changed = prepared.change_set().is_some();
        if changed {
            show_changes(context.ui(), &prepared, args.confirm)?;
            let question = question(&prepared, opened.account.as_str(), opened.region.as_str());
            if let Err(refused) = args.confirm.ask(context.ui(), &question, name) {
                deploying::discard(ports.stacks, &prepared).await?;
                return Err(refused);
            }
        }
        let stack = deploying::execute(ports.stacks, &prepared, &mut lines).await?;
        tell(context.ui(), name, opened.region.as_str(), changed, stack.as_ref())?;
        Ok(ExitCode::Done)
    })
}

/// Whoever is asked sees what about, in spite of `--quiet`.
fn show_changes(ui: &Ui, prepared: &Prepared, confirm: ConfirmArgs) -> Result<(), CommandError> {
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

fn question(prepared: &Prepared, account: &str, region: &str) -> String {
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

fn tell(ui: &Ui, name: &str, region: &str, changed: bool, stack: Option<&Stack>) -> Result<(), CommandError> {
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
