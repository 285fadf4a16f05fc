//! Deleting the items of old operations: looked at first, exported second, deleted last, each on condition that it is still as it
//! was exported.
//!
//! If we die while it is planned or exported, nothing has changed. If we die while items are deleted, those that are left are found
//! by the next purge, and those that are gone are in the export, which was kept before the first was deleted.

use aurora_restore_core::{
    ids::OperationId,
    operation::{Operation, Phase, Status},
    ports::{Journal, JournalError},
};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;

use super::{
    AT_ONCE, Exported, StateError,
    check::{Checked, check_operation},
    export::{Exporter, Shelf},
    patience::patiently,
};
use crate::ports::{Forgotten, STATES_PAGE_MAX, States, StoredState, Unchanged};

/// A purge.
pub struct Purge<'a> {
    /// The journal.
    pub journal: &'a dyn Journal,
    /// Its items.
    pub states: &'a dyn States,
    /// Whether drills are old operations like others. The history of drills is read from their items.
    pub drills: bool,
}

/// What a purge would delete.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PurgePlan {
    /// The items, the oldest first.
    pub due: Vec<StoredState>,
    /// Those that are old enough and stay.
    pub left: Vec<Left>,
    /// Whether there are more than were asked for.
    pub more: bool,
}

/// An operation that is old enough and stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The operation.
    pub operation: OperationId,
    /// Why it stays.
    pub reason: String,
}

/// Items that are in an export which was kept: only those can be deleted.
#[derive(Debug)]
pub struct Batch {
    items: Vec<StoredState>,
    /// What was exported.
    pub exported: Exported,
    /// Those of the plan that stay.
    pub left: Vec<Left>,
}

impl Batch {
    /// How many items.
    pub fn count(&self) -> usize {
        self.items.len()
    }
}

/// What was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Purged {
    /// How many items are gone now.
    pub gone: u64,
    /// How many were gone before: another purge, or their time.
    pub missing: u64,
    /// Those that changed since they were exported; they are as they were.
    pub changed: Vec<OperationId>,
}

impl Purge<'_> {
    /// Looks for what is old enough, at most so many. Reads their items and nothing else.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn plan(&self, status: Status, until: Timestamp, limit: usize) -> Result<PurgePlan, JournalError> {
        let mut plan = PurgePlan::default();
        let mut query = Unchanged { status, until, limit: STATES_PAGE_MAX, cursor: None };
        // Bounded by the store, which ends, or by the limit.
        loop {
            let page = patiently(|| self.states.unchanged(&query)).await?;
            let refused = page.refused.into_iter();
            plan.left.extend(refused.map(|refused| Left { operation: refused.operation, reason: refused.reason }));
            for stored in page.items {
                match self.stays(&stored) {
                    Some(reason) => {
                        plan.left.push(Left { operation: stored.state.operation_id, reason: reason.to_owned() });
                    }
                    None if plan.due.len() < limit => plan.due.push(stored),
                    None => {
                        plan.more = true;
                        return Ok(plan);
                    }
                }
            }
            query.cursor = page.cursor;
            if query.cursor.is_none() {
                return Ok(plan);
            }
        }
    }

    /// A plan of what the entries bear out: what they do not stays. Reads the entries of all that is due.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn proven(&self, plan: PurgePlan) -> Result<PurgePlan, JournalError> {
        let mut proven = PurgePlan { due: Vec::new(), ..plan };
        let mut checks = stream::iter(plan.due)
            .map(|stored| async move { (check_operation(self.journal, &stored.state).await, stored) })
            .buffered(AT_ONCE);
        while let Some((checked, stored)) = checks.next().await {
            // What was forgotten meanwhile is in neither list.
            let Some(checked) = checked? else { continue };
            match stays_when_checked(&stored, &checked) {
                Some(reason) => proven.left.push(Left { operation: stored.state.operation_id, reason }),
                None => proven.due.push(stored),
            }
        }
        Ok(proven)
    }

    /// Why an item stays, by what it says itself.
    fn stays(&self, stored: &StoredState) -> Option<&'static str> {
        let state = &stored.state;
        if !state.status.has_ended() {
            return Some("it has not ended");
        }
        if state.holds_target {
            return Some("it holds its target");
        }
        if state.operation_id.is_drill() && !self.drills {
            return Some("it is a drill, and the history of drills is read from it");
        }
        state.retire_after.map(|_| "its retired cluster is kept, and would be forgotten with it")
    }

    /// Exports what is due, and keeps the export. What the entries do not bear out stays.
    ///
    /// # Errors
    /// [`StateError`]; nothing is deleted then.
    pub async fn export(&self, plan: PurgePlan, shelf: Box<dyn Shelf>, now: Timestamp) -> Result<Batch, StateError> {
        let mut exporter = Exporter::begin(shelf, now).map_err(StateError::Write)?;
        let mut batch = Batch { items: Vec::new(), exported: Exported::default(), left: plan.left };
        let mut checks = stream::iter(plan.due)
            .map(|stored| async move { (check_operation(self.journal, &stored.state).await, stored) })
            .buffered(AT_ONCE);
        while let Some((checked, stored)) = checks.next().await {
            let Some(checked) = checked? else { continue };
            if let Some(reason) = stays_when_checked(&stored, &checked) {
                batch.left.push(Left { operation: checked.state.operation_id, reason });
            } else {
                exporter.add(&checked.state, &checked.entries).map_err(StateError::Write)?;
                batch.items.push(stored);
            }
        }
        batch.exported.summary = exporter.keep().map_err(StateError::Write)?;
        Ok(batch)
    }

    /// Deletes what was exported, several at once. `told` hears how many are done.
    ///
    /// # Errors
    /// Where the store cannot be written; what is gone then is in the export.
    pub async fn delete(&self, batch: &Batch, mut told: impl FnMut(usize)) -> Result<Purged, JournalError> {
        let mut purged = Purged::default();
        let mut deletes = stream::iter(&batch.items)
            .map(|stored| async move { (patiently(|| self.states.forget(stored)).await, &stored.state.operation_id) })
            .buffer_unordered(AT_ONCE);
        let mut done = 0;
        while let Some((forgotten, operation)) = deletes.next().await {
            match forgotten? {
                Forgotten::Gone => purged.gone += 1,
                Forgotten::Missing => purged.missing += 1,
                Forgotten::Kept => purged.changed.push(operation.clone()),
            }
            done += 1;
            told(done);
        }
        purged.changed.sort();
        Ok(purged)
    }
}

/// Why an item stays, now that its operation was proven.
fn stays_when_checked(stored: &StoredState, checked: &Checked) -> Option<String> {
    match (checked.findings.first(), &checked.operation) {
        (Some(finding), _) => Some(finding.to_string()),
        // An index may have shown what is not so any more.
        (None, Some(_)) if checked.state.sequence != stored.state.sequence => Some("it has moved meanwhile".to_owned()),
        (None, Some(operation)) => stays_by_entries(operation),
        (None, None) => Some("its entries cannot be read".to_owned()),
    }
}

/// Why an item stays, by what its entries say.
fn stays_by_entries(operation: &Operation) -> Option<String> {
    match operation.phase {
        Phase::Ended(_) if operation.keeps_retired_cluster() => Some("its retired cluster is kept".to_owned()),
        Phase::Ended(_) => None,
        Phase::Retiring => Some("its retired cluster is being ended".to_owned()),
        Phase::Forward | Phase::Back | Phase::Stuck(_) => Some("its entries say that it has not ended".to_owned()),
    }
}
