//! `batch run`: reads the manifest, asks, and has the items done: by this process, or by the stack.

use std::path::PathBuf;

use aurora_restore_app::new_operation_id;
use aurora_restore_core::ids::OperationId;
use clap::Args;

use super::{
    items::{self, Item},
    local,
};
use crate::{
    commands::{confirm::ConfirmArgs, drill::require_no_drill},
    context::Context,
    error::{CommandError, CommandResult},
    render::words,
};

/// Do the restores of a manifest, a few at a time
///
/// The manifest is TOML: a section `defaults`, and `items` that each hold keys of a request and perhaps a name. An item overrides
/// the defaults, and these the configuration. An operation is called by the batch and the name: nightly-orders.
///
/// One that fails is undone and does not stop the others. Ctrl-C detaches; run the same manifest again with the same `--id`
/// to go on with what is left. With `--stack` the stack does it: an id is used once then, so give what has failed to another
/// batch.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The manifest
    #[arg(value_name = "FILE")]
    manifest: PathBuf,

    /// The id of the batch; one is made without it
    #[arg(long, value_name = "ID")]
    id: Option<OperationId>,

    /// How many are done at once; from here at most 100
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(super) concurrency: u16,

    /// The time between two beginnings, such as 2m; on the stack the first ones are spread by it
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    stagger: Option<u32>,

    /// Begin no more items once one has failed; not known to the stack's batches
    #[arg(long)]
    pub(super) stop_on_failure: bool,

    /// With a stack: stay until all of them have ended
    #[cfg(feature = "stack")]
    #[arg(long)]
    pub(super) watch: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

impl RunArgs {
    /// The time between two beginnings, in seconds.
    pub(super) fn stagger_seconds(&self) -> u32 {
        self.stagger.unwrap_or(0)
    }
}

/// Each item that is being done holds its journal and its connections open, and a process may have a thousand files.
const LOCAL_CONCURRENCY_MAX: u16 = 100;

/// A day between two beginnings is a schedule and not a stagger.
const STAGGER_SECONDS_MAX: u32 = 24 * 60 * 60;

fn seconds(text: &str) -> Result<u32, String> {
    let length = aurora_restore_app::config::parse_duration(text)?;
    let seconds = u32::try_from(length.as_secs()).ok().filter(|seconds| *seconds <= STAGGER_SECONDS_MAX);
    seconds.ok_or_else(|| "it is longer than a day".to_owned())
}

pub(super) fn run(context: &Context, args: &RunArgs) -> CommandResult {
    require_possible(context, args)?;
    let batch = args.id.clone().map_or_else(|| new_batch_id(context), Ok)?;
    let items = items::read(context, &args.manifest, &batch)?;
    confirm(context, args.confirm, &batch, &items)?;
    #[cfg(feature = "stack")]
    if context.stack_name().is_some() {
        return super::on_stack::run(context, args, &batch, &items);
    }
    local::run(context, args, &batch, items)
}

#[cfg(feature = "stack")]
fn is_on_stack(context: &Context) -> bool {
    context.stack_name().is_some()
}

#[cfg(not(feature = "stack"))]
fn is_on_stack(_: &Context) -> bool {
    false
}

/// What can be refused before anybody is asked.
fn require_possible(context: &Context, args: &RunArgs) -> Result<(), CommandError> {
    // The id of an item begins with that of its batch.
    require_no_drill(args.id.as_ref())?;
    let on_stack = is_on_stack(context);
    if on_stack && args.stop_on_failure {
        return Err(CommandError::usage("`--stop-on-failure` is not known to the stack's batches")
            .hint("Leave it out, or run the batch from here without `--stack`. Nothing was begun."));
    }
    if !on_stack && args.concurrency > LOCAL_CONCURRENCY_MAX {
        return Err(CommandError::usage(format!(
            "a batch from here does at most {LOCAL_CONCURRENCY_MAX} items at once, and not {}",
            args.concurrency
        ))
        .hint("Give a smaller `--concurrency`, or have a stack do it with `--stack`. Nothing was begun."));
    }
    Ok(())
}

fn new_batch_id(context: &Context) -> Result<OperationId, CommandError> {
    let internal = |error: aurora_restore_core::ids::InvalidId| CommandError::internal(error.to_string());
    let id = new_operation_id(context.now()).map_err(internal)?;
    let rest = id.as_str().trim_start_matches("op-");
    OperationId::new(format!("batch-{rest}")).map_err(internal)
}

fn confirm(context: &Context, confirm: ConfirmArgs, batch: &OperationId, items: &[Item]) -> Result<(), CommandError> {
    for item in items {
        let target = &item.request.target;
        context.ui().say(format_args!("{}: {} in {}", item.id, target.cluster, target.region));
    }
    let question = format!("{} of batch {batch} are begun.", words::plural(items.len(), "restore"));
    confirm.ask(context.ui(), &question, batch.as_str())
}
