//! `state`: operations that nobody goes on with, that wait for a person, or whose record does not hold.
//!
//! Every journal is read from its first entry on, which proves its chain of hashes and that each entry was legal where it
//! stands.

use aurora_restore_core::{
    engine::{EngineError, look_at},
    ids::OperationId,
    journal::StateItem,
    operation::Status,
    ports::{Journal, OperationFilter},
};
use futures_util::{StreamExt as _, stream};
use jiff::SignedDuration;

use super::super::{
    check::{Check, Period},
    finding::{Finding, Level, Seen, Unlooked, counted},
    site::{Reach, Site},
};
use crate::{
    ports::Executions,
    sweep::{Finding as Swept, stalled},
};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "state",
    period: Period::Weekly,
    about: "operations that stand still, that are stuck, or whose journal does not hold",
    permissions: &["dynamodb:Query", "dynamodb:GetItem", "states:DescribeExecution"],
    look: |site| Box::pin(look(site)),
};

/// An operation without news for longer than this, and without an execution that runs, has stalled.
const STALLED_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// So many journals are read at once.
const AT_ONCE: usize = 16;
/// Operations on one page of a list, and the most pages.
const PAGE_ITEMS: usize = 100;
const PAGES_MAX: usize = 1_000;

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.journal
        .as_ref()
        .and(site.executions.as_ref())
        .then(|(journal, executions)| audit(site, *journal, *executions))
        .await
}

/// What is there to be found, and how many operations were looked at. Whoever knows more of what can be wrong with a state
/// puts it here.
async fn audit(site: &Site<'_>, journal: &dyn Journal, executions: &dyn Executions) -> Result<Seen, Unlooked> {
    let mut findings = Vec::new();
    let items = all(site, journal, &mut findings).await?;
    findings.extend(items.iter().filter(|item| item.status == Status::Stuck).map(|item| stuck(site, item)));
    findings.extend(standing(site, journal, executions).await?);
    let reads: Vec<_> = items.iter().map(|item| proven(site, journal, item)).collect();
    let refused: Vec<Option<Finding>> = stream::iter(reads).buffered(AT_ONCE).collect().await;
    findings.extend(refused.into_iter().flatten());
    let entries: u64 = items.iter().map(|item| item.sequence).sum();
    Ok(Seen { looked_at: format!("{}, {entries} entries", counted(items.len(), "operation")), findings })
}

/// Every operation. Those whose state cannot be read are findings.
async fn all(site: &Site<'_>, journal: &dyn Journal, findings: &mut Vec<Finding>) -> Result<Vec<StateItem>, Unlooked> {
    let mut filter = OperationFilter { limit: PAGE_ITEMS, ..OperationFilter::default() };
    let mut items = Vec::new();
    for _ in 0..PAGES_MAX {
        let page = journal.list(&filter).await?;
        findings.extend(page.refused.iter().map(|refused| {
            unreadable(
                site,
                &refused.operation,
                format!("the state of operation {} is refused: {}", refused.operation, refused.reason),
            )
        }));
        items.extend(page.items);
        filter.cursor = page.cursor;
        if filter.cursor.is_none() {
            return Ok(items);
        }
    }
    let reason = format!("there are more than {} operations", items.len());
    Err(Unlooked { reason, mend: site.command("list") })
}

async fn standing(
    site: &Site<'_>,
    journal: &dyn Journal,
    executions: &dyn Executions,
) -> Result<Vec<Finding>, Unlooked> {
    let swept = stalled(journal, executions, site.now, STALLED_AFTER).await?;
    let found = swept.findings.iter().filter_map(|found| match found {
        Swept::Stalled { state, executor, .. } => Some(stands_still(site, state, executor)),
        Swept::Leftover { .. } => None,
    });
    let mut findings: Vec<Finding> = found.collect();
    findings.extend(
        swept
            .troubles
            .into_iter()
            .map(|reason| Unlooked { reason, mend: site.command("list --status in-progress") }.finding()),
    );
    Ok(findings)
}

fn stands_still(site: &Site<'_>, state: &StateItem, executor: &str) -> Finding {
    let id = &state.operation_id;
    let what = format!("operation {id} stands still, and {executor} does not go on with it");
    Finding::new(Level::Error, what, site.command(&format!("resume {id}")))
        .with("target", &state.target)
        .with("step", state.step.map_or("none", |step| step.as_str()))
        .with("last news", state.last_updated_at)
        .about([id.clone()])
}

fn stuck(site: &Site<'_>, state: &StateItem) -> Finding {
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

/// Reads a journal from its first entry; a finding if it does not hold.
async fn proven(site: &Site<'_>, journal: &dyn Journal, item: &StateItem) -> Option<Finding> {
    let id = &item.operation_id;
    match look_at(journal, id).await {
        Ok(operation) if operation.sequence >= item.sequence => None,
        Ok(operation) => {
            let what = format!("the journal of operation {id} ends before its state");
            Some(
                unreadable(site, id, what)
                    .with("entry of the state", item.sequence)
                    .with("last entry", operation.sequence),
            )
        }
        Err(EngineError::Refused { source, .. }) => {
            Some(unreadable(site, id, format!("the journal of operation {id} is refused: {source}")))
        }
        Err(error) => {
            let mend = site.command(&format!("report {id}"));
            Some(Unlooked { reason: error.to_string(), mend }.finding().about([id.clone()]))
        }
    }
}

fn unreadable(site: &Site<'_>, id: &OperationId, what: String) -> Finding {
    Finding::new(Level::Error, what, site.command(&format!("report {id}"))).about([id.clone()])
}
