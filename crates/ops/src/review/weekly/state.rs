//! `state`: what the audit of the journal finds, and operations that wait for a person.
//!
//! Every journal is read from its first entry on, which proves its chain of hashes and that each entry was legal where it
//! stands; items and locks are held against what the entries say.

use aurora_restore_core::{
    journal::StateItem,
    operation::Status,
    ports::{Journal, OperationFilter},
};

use super::super::{
    check::{Check, Period},
    finding::{Finding, Seen, counted},
    site::Site,
};
use crate::{
    Level, Reach, Unlooked,
    ports::{Executions, States},
    state::{self, Audit, Kind, STALLED_AFTER},
};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "state",
    period: Period::Weekly,
    about: "operations that stand still or are stuck, journals that do not hold, items and locks that are not as they were written",
    permissions: &["dynamodb:Scan", "dynamodb:Query", "dynamodb:GetItem", "states:DescribeExecution"],
    look: |site| Box::pin(look(site)),
};

/// Operations on one page of a list, and the most pages.
const PAGE_ITEMS: usize = 100;
const PAGES_MAX: usize = 1_000;

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.journal
        .as_ref()
        .and(site.states.as_ref())
        .and(site.executions.as_ref())
        .then(|((journal, states), executions)| audit(site, *journal, *states, *executions))
        .await
}

async fn audit(
    site: &Site<'_>,
    journal: &dyn Journal,
    states: &dyn States,
    executions: &dyn Executions,
) -> Result<Seen, Unlooked> {
    let audit = Audit {
        journal,
        states,
        // Of a process on some machine nobody can be asked.
        executions: site.stack.map(|_| executions),
        now: site.now,
        stalled_after: STALLED_AFTER,
    };
    let audited = audit.run().await?;
    let mut findings = stuck(site, journal).await?;
    findings.extend(audited.findings.iter().map(|found| wrong(site, found)));
    findings.extend(
        audited.troubles.into_iter().map(|reason| Unlooked { reason, mend: site.command("state stalled") }.finding()),
    );
    let looked_at = format!(
        "{}, {} entries, {}",
        counted(audited.operations, "operation"),
        audited.entries,
        counted(audited.locks, "lock")
    );
    Ok(Seen { looked_at, findings })
}

fn wrong(site: &Site<'_>, found: &state::Finding) -> Finding {
    let level = match found.kind {
        // The entries count, and the next one sets it right.
        Kind::AlteredState => Level::Warning,
        Kind::Stalled
        | Kind::BrokenChain
        | Kind::Impossible
        | Kind::Unreadable
        | Kind::Orphaned
        | Kind::LockLeft
        | Kind::LockMissing => Level::Error,
    };
    let finding =
        Finding::new(level, found.to_string(), site.command(&found.command())).about(found.operation.iter().cloned());
    let finding = match found.since {
        Some(since) => finding.with("since", since),
        None => finding,
    };
    match &found.operation {
        // The command alone does nothing while the item is there.
        Some(id) if found.rebuild.is_some() => {
            finding.with("first", format!("delete the item of the state table whose `operation_id` is `{id}`"))
        }
        _ => finding,
    }
}

/// Operations that wait for a person.
async fn stuck(site: &Site<'_>, journal: &dyn Journal) -> Result<Vec<Finding>, Unlooked> {
    let mut filter = OperationFilter { limit: PAGE_ITEMS, status: Some(Status::Stuck), ..OperationFilter::default() };
    let mut findings = Vec::new();
    for _ in 0..PAGES_MAX {
        // What cannot be read is among what the audit finds.
        let page = journal.list(&filter).await?;
        findings.extend(page.items.iter().map(|item| is_stuck(site, item)));
        filter.cursor = page.cursor;
        if filter.cursor.is_none() {
            return Ok(findings);
        }
    }
    let reason = format!("more than {} operations are stuck", findings.len());
    Err(Unlooked { reason, mend: site.command("list --status stuck") })
}

fn is_stuck(site: &Site<'_>, state: &StateItem) -> Finding {
    let id = &state.operation_id;
    let what = format!("operation {id} is stuck: neither finished nor undone");
    let finding = Finding::new(Level::Error, what, site.command(&format!("report {id}")))
        .with("target", &state.target)
        .with("since", state.last_updated_at)
        .about([id.clone()]);
    match &state.failure {
        Some(failure) => finding.with("failure", failure),
        None => finding,
    }
}
