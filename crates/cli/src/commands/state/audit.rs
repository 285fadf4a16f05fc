//! `state audit`: everything that is wrong with the state of operations.

use aurora_restore_app::JournalUse;
use aurora_restore_ops::state::Audit;
use clap::Args;
use jiff::SignedDuration;

use super::{age, findings};
use crate::{context::Context, error::CommandResult};

/// Find what is stalled, impossible, orphaned, altered or locked for nobody
///
/// Proves the chain of every operation, replays it, compares its item with what the entries say, and accounts for every lock. It
/// reads the whole state table and all entries. Ends with 1 if anything is found.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// An operation without an entry for so long or longer has stalled
    #[arg(long, value_name = "AGE", value_parser = age, default_value = "24h")]
    older_than: SignedDuration,
}

pub(super) fn run(context: &Context, args: &AuditArgs) -> CommandResult {
    let audited = context.block_on(async {
        let store = context.state_that_is_there(JournalUse::Read).await?;
        let executions = super::executions(context).await?;
        let audit = Audit {
            journal: store.journal.as_ref(),
            states: store.states.as_ref(),
            executions: executions.as_deref(),
            now: context.now(),
            stalled_after: args.older_than,
        };
        Ok(audit.run().await?)
    })?;
    findings::tell(context, &audited)
}
