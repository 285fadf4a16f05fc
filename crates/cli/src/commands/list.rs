//! `list`: the operations of the journal, newest first.

use aurora_restore_core::{
    ids::{ClusterId, OperationId},
    journal::StateItem,
    operation::Status,
    ports::{Journal, JournalError, OperationFilter, OperationPage, RefusedOperation},
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
///
/// An operation that the journal cannot tell, for instance because a newer version wrote it, is named as such; the others
/// are listed, and the command ends with 1.
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
    /// Those of which the journal cannot tell the state.
    refused: Vec<RefusedDocument<'a>>,
}

#[derive(Serialize)]
struct RefusedDocument<'a> {
    operation_id: &'a OperationId,
    reason: &'a str,
}

impl<'a> ListDocument<'a> {
    fn of(listed: &'a OperationPage) -> Self {
        let refused = listed.refused.iter();
        Self {
            version: 1,
            operations: &listed.items,
            refused: refused.map(|r| RefusedDocument { operation_id: &r.operation, reason: &r.reason }).collect(),
        }
    }
}

pub(super) fn run(context: &Context, args: &ListArgs) -> CommandResult {
    let target = args.target.as_deref().map(ClusterId::new).transpose();
    let target = target.map_err(|invalid| {
        CommandError::usage(format!("--target: {invalid}"))
            .hint("Give the whole name of the cluster, as `aurora-restore list` shows it.")
    })?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let filter = OperationFilter { status: args.status.map(StatusWord::status), target, limit, cursor: None };
    let listed = context.block_on(async {
        let journal = context.journal().await?;
        collect(journal.as_ref(), filter).await
    })?;
    let ui = context.ui();
    match ui.format() {
        Format::Json => ui.json(&ListDocument::of(&listed))?,
        Format::Text if !listed.items.is_empty() => status_text::write_list(&mut ui.data(), &listed.items)?,
        Format::Text if listed.refused.is_empty() => ui.say("no operations match."),
        Format::Text => {}
    }
    Ok(tell_refused(context, listed.refused))
}

/// Says which operations could not be read: the list is not whole then, and a script has to know.
pub(super) fn tell_refused(context: &Context, refused: Vec<RefusedOperation>) -> ExitCode {
    if refused.is_empty() {
        return ExitCode::Done;
    }
    for operation in refused {
        context.ui().error(&JournalError::from(operation).into());
    }
    ExitCode::Failed
}

/// Gathers pages until there are enough operations, those that cannot be read among them.
pub(super) async fn collect(journal: &dyn Journal, mut filter: OperationFilter) -> Result<OperationPage, CommandError> {
    let wanted = filter.limit;
    let mut all = OperationPage::default();
    // Bounded: every page has at least one operation or is the last one.
    loop {
        filter.limit = wanted - all.items.len() - all.refused.len();
        let page = journal.list(&filter).await?;
        let is_last = page.items.is_empty() && page.refused.is_empty() || page.cursor.is_none();
        all.items.extend(page.items);
        all.refused.extend(page.refused);
        if is_last || all.items.len() + all.refused.len() >= wanted {
            return Ok(all);
        }
        filter.cursor = page.cursor;
    }
}
