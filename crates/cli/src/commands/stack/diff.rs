//! `stack diff`: what `stack deploy` would change. Changes nothing: the change set is made, shown and deleted.

use aurora_restore_ops::{
    deploy::{self as deploying, Purpose},
    ports::{Change, ChangeSetKind},
};
use clap::Args;
use serde::Serialize;

use super::{material::MaterialArgs, narrator::Lines, show};
use crate::{
    context::Context,
    error::CommandResult,
    exit_code::ExitCode,
    ui::{Format, unless_gone},
};

/// Show what `stack deploy` would change
///
/// A change set is made, shown and deleted again. The template is put into the bucket for that, so the first `stack deploy`
/// comes before the first `stack diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    #[command(flatten)]
    material: MaterialArgs,

    /// End with 6 if there are changes
    #[arg(long)]
    detailed_exitcode: bool,
}

#[derive(Serialize)]
struct DiffDocument<'a> {
    version: u32,
    stack: &'a str,
    kind: ChangeSetKind,
    changes: &'a [Change],
}

pub(super) fn run(context: &Context, args: &DiffArgs) -> CommandResult {
    let name = super::name(context);
    context.block_on(async {
        let opened = args.material.open(context, name).await?;
        let ports = opened.ports();
        let prepared = deploying::prepare(ports, &opened.deployment, Purpose::Show, &mut Lines(context.ui())).await?;
        // Forgotten before it is shown: the screen may be closed.
        deploying::discard(ports.stacks, &prepared).await?;
        let ui = context.ui();
        let changes = &prepared.changes;
        unless_gone(match ui.format() {
            Format::Json => ui.json(&DiffDocument { version: 1, stack: name, kind: prepared.kind, changes }),
            Format::Text => show::changes(&mut ui.data(), changes).map_err(Into::into),
        })?;
        if changes.is_empty() {
            ui.say(format_args!("nothing to change in stack {name}."));
        }
        let has_changes = args.detailed_exitcode && !changes.is_empty();
        Ok(if has_changes { ExitCode::PlanHasChanges } else { ExitCode::Done })
    })
}
