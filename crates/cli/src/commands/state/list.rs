//! `state list`: the items of operations, newest first, or those that have not changed for a while, oldest first.

use aurora_restore_app::JournalUse;
use aurora_restore_core::{
    ids::ClusterId,
    operation::Status,
    ports::{OperationFilter, OperationPage},
};
use aurora_restore_ops::ports::{STATES_PAGE_MAX, States, Unchanged};
use clap::Args;
use jiff::SignedDuration;

use super::{Records, age, status};
use crate::{
    commands::list as listing,
    context::Context,
    error::{CommandError, CommandResult},
    render::status_text,
    ui::Format,
};

/// List items, the one that was updated last first
///
/// With --older-than: those of one status without an entry since then, the oldest first. Both are found by an index.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only those with this status
    #[arg(long, value_name = "STATUS", value_parser = status)]
    status: Option<Status>,

    /// Only those for this target
    #[arg(long, value_name = "CLUSTER", conflicts_with = "older_than")]
    target: Option<ClusterId>,

    /// Only those without an entry for so long, such as 90d
    #[arg(long, value_name = "AGE", value_parser = age, requires = "status")]
    older_than: Option<SignedDuration>,

    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
}

pub(super) fn run(context: &Context, args: &ListArgs) -> CommandResult {
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let listed = context.block_on(async {
        let store = context.state(JournalUse::Read).await?;
        match (args.status, args.older_than) {
            (Some(status), Some(older_than)) => {
                unchanged(context, store.states.as_ref(), status, older_than, limit).await
            }
            (status, _) => {
                let filter = OperationFilter { status, target: args.target.clone(), limit, cursor: None };
                listing::collect(store.journal.as_ref(), filter).await
            }
        }
    })?;
    let ui = context.ui();
    match ui.format() {
        Format::Json => {
            let records = Records::begin(ui)?;
            listed.items.iter().try_for_each(|item| records.line("operation", item))?;
        }
        Format::Text if !listed.items.is_empty() => status_text::write_list(&mut ui.data(), &listed.items)?,
        Format::Text if listed.refused.is_empty() => ui.say("no operations match."),
        Format::Text => {}
    }
    Ok(listing::tell_refused(context, listed.refused))
}

async fn unchanged(
    context: &Context,
    states: &dyn States,
    status: Status,
    older_than: SignedDuration,
    limit: usize,
) -> Result<OperationPage, CommandError> {
    let mut all = OperationPage::default();
    let Ok(until) = context.now().checked_sub(older_than) else { return Ok(all) };
    let mut query = Unchanged { status, until, limit: limit.min(STATES_PAGE_MAX), cursor: None };
    // Bounded by the store, which ends, or by the limit.
    loop {
        let page = states.unchanged(&query).await?;
        all.items.extend(page.items.into_iter().map(|stored| stored.state));
        all.refused.extend(page.refused);
        query.cursor = page.cursor;
        if query.cursor.is_none() || all.items.len() + all.refused.len() >= limit {
            all.items.truncate(limit);
            return Ok(all);
        }
    }
}
