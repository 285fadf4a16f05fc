//! `list`: the operations of the journal, newest first.

use aurora_restore_core::{
    ids::ClusterId,
    journal::StateItem,
    operation::Status,
    ports::{Journal, OperationFilter},
};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::status_text,
    ui::Format,
};

/// List operations, the one that was updated last first
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only those with this status
    #[arg(long, value_name = "STATUS")]
    status: Option<StatusWord>,

    /// Only those for this target
    #[arg(long, value_name = "CLUSTER")]
    target: Option<String>,

    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
}

/// A status as people type it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusWord {
    /// Being done or being undone
    InProgress,
    /// The name serves the verified new cluster
    Completed,
    /// Failed, and undone
    Failed,
    /// Cancelled, and undone
    Cancelled,
    /// A person must act
    Stuck,
}

impl StatusWord {
    fn status(self) -> Status {
        match self {
            Self::InProgress => Status::InProgress,
            Self::Completed => Status::Completed,
            Self::Failed => Status::Failed,
            Self::Cancelled => Status::Cancelled,
            Self::Stuck => Status::Stuck,
        }
    }
}

#[derive(Serialize)]
struct ListDocument<'a> {
    version: u32,
    operations: &'a [StateItem],
}

pub(super) fn run(context: &Context, args: &ListArgs) -> CommandResult {
    let target = args.target.as_deref().map(ClusterId::new).transpose();
    let target = target.map_err(|invalid| {
        CommandError::usage(format!("--target: {invalid}"))
            .hint("Give the whole name of the cluster, as `aurora-restore list` shows it.")
    })?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let filter = OperationFilter { status: args.status.map(StatusWord::status), target, limit, cursor: None };
    let items = context.block_on(async {
        let journal = context.journal().await?;
        collect(journal.as_ref(), filter).await
    })?;
    let ui = context.ui();
    match ui.format() {
        Format::Json => ui.json(&ListDocument { version: 1, operations: &items })?,
        Format::Text if items.is_empty() => ui.say("no operations match."),
        Format::Text => status_text::write_list(&mut ui.data(), &items)?,
    }
    Ok(ExitCode::Done)
}

/// Gathers pages until there are enough.
pub(super) async fn collect(
    journal: &dyn Journal,
    mut filter: OperationFilter,
) -> Result<Vec<StateItem>, CommandError> {
    let wanted = filter.limit;
    let mut items = Vec::new();
    // Bounded: every page has at least one item or is the last one.
    loop {
        filter.limit = wanted - items.len();
        let page = journal.list(&filter).await?;
        let is_last = page.items.is_empty() || page.cursor.is_none();
        items.extend(page.items);
        if is_last || items.len() >= wanted {
            items.truncate(wanted);
            return Ok(items);
        }
        filter.cursor = page.cursor;
    }
}
