//! `stack delete`: ends the stack once its name is typed back. What holds records stays.

use aurora_restore_ops::delete as deleting;
use clap::Args;
use serde::Serialize;

use super::{PlaceArgs, narrator::Lines, status};
use crate::{
    commands::confirm::ConfirmArgs, context::Context, error::CommandResult, exit_code::ExitCode, render::words,
    ui::Format,
};

/// Delete the stack; its tables and its bucket stay
///
/// The journal of operations stays in the tables, and the packages in the bucket; both are named, so that whoever does not
/// need them can delete them. Operations in progress stand where they stand; `aurora-restore resume` with the same tables
/// goes on with them.
#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    #[command(flatten)]
    place: PlaceArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

#[derive(Serialize)]
struct DeleteDocument<'a> {
    version: u32,
    stack: &'a str,
    stays: &'a [String],
}

pub(super) fn run(context: &Context, args: &DeleteArgs) -> CommandResult {
    let name = super::name(context);
    let region = context.stack_region(args.place.region.as_ref())?;
    context.block_on(async {
        let services = context.stack_services(&region).await?;
        let stack = deleting::look(services.stacks(), name).await?;
        let ui = context.ui();
        if let Ok(running) = status::in_progress(context, &services.as_deployed(&stack)).await
            && !running.is_empty()
        {
            let count = words::plural(running.len(), "operation");
            ui.warning(format_args!("{count} in progress will stand where they stand, until somebody resumes them"));
        }
        let stays = deleting::stays(&stack);
        let kept = if stays.is_empty() { String::new() } else { format!(" What stays: {}.", stays.join(", ")) };
        args.confirm.ask(ui, &format!("Stack {name} in {region} is DELETED.{kept}"), name)?;
        let mut left = deleting::run(services.stacks(), &stack, &mut Lines(ui)).await?;
        // The service has told most of it by itself.
        let is_new = |kept: &String| {
            let name = kept.rsplit(' ').next().unwrap_or(kept);
            !left.iter().any(|told| told.starts_with(&format!("{name} ")))
        };
        let more: Vec<String> = stays.into_iter().filter(is_new).collect();
        left.extend(more);
        if ui.format() == Format::Json {
            ui.json(&DeleteDocument { version: 1, stack: name, stays: &left })?;
        }
        ui.done(format_args!("stack {name} is deleted."));
        for kept in &left {
            ui.hint(format_args!("Still there: {kept}."));
        }
        Ok(ExitCode::Done)
    })
}
