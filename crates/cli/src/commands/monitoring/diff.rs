//! `monitoring diff`: what the stack has, against what is declared.

use clap::Args;

use super::{DeclarationArgs, opened::Opened, steps};
use crate::{
    context::Context,
    error::CommandResult,
    exit_code::ExitCode,
    ui::{Format, unless_gone},
};

/// Show how what watches the stack differs from what is declared
///
/// Compares what the services have and not what the template says, so that changes by hand show. Ends with 6 if there is a
/// difference.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    #[command(flatten)]
    declaration: DeclarationArgs,
}

pub(super) fn run(context: &Context, args: &DiffArgs) -> CommandResult {
    context.block_on(async {
        let opened = Opened::open(context, &args.declaration).await?;
        let plan = opened.plan().await?;
        let ui = context.ui();
        unless_gone(match ui.format() {
            Format::Json => ui.json(&steps::PlanDocument::of(&opened.stack.name, &plan)),
            Format::Text => steps::write(&mut ui.data(), &plan).map_err(Into::into),
        })?;
        steps::tell_left(ui, &plan);
        if plan.steps.is_empty() && plan.refused.is_empty() {
            ui.say(format_args!("stack {} is watched as it is declared.", opened.stack.name));
            return Ok(ExitCode::Done);
        }
        ui.hint("`aurora-restore monitoring apply` brings it in line.");
        Ok(ExitCode::PlanHasChanges)
    })
}
