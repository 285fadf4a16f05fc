//! A journal that was recovered, compared with the one that it was recovered from.

use std::collections::BTreeSet;

use aurora_restore_core::{
    ids::OperationId,
    ports::{Journal, JournalError},
};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;

use super::{
    AT_ONCE, Finding, Kind,
    check::{Checked, check_operation},
    patience::patiently,
};
use crate::ports::States;

/// How the recovered journal compares with the one that is used.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Compared {
    /// Operations that are the same in both.
    pub same: u64,
    /// Operations that have gone on since.
    pub moved_on: u64,
    /// Operations that were begun since.
    pub begun_since: u64,
    /// Operations whose item has been forgotten since.
    pub forgotten_since: u64,
    /// When the newest entry in it was made; none where nothing came back.
    pub newest: Option<Timestamp>,
    /// What is wrong with the recovered journal.
    pub findings: Vec<Finding>,
    /// What is wrong with what is there now, one finding for each such operation: all of them came back sound.
    pub of_what_is_there: Vec<Finding>,
}

/// A journal with what it keeps beside its entries.
#[derive(Clone, Copy)]
pub struct WholeJournal<'a> {
    /// Its entries.
    pub journal: &'a dyn Journal,
    /// What it keeps beside them.
    pub states: &'a dyn States,
}

impl WholeJournal<'_> {
    /// Proves every operation of a journal that was recovered as of a time, and compares it with this one. Only reads.
    ///
    /// # Errors
    /// [`JournalError`] where one of the two journals cannot be asked.
    pub async fn compare(&self, recovered: WholeJournal<'_>, at: Timestamp) -> Result<Compared, JournalError> {
        let mut compared = Compared::default();
        let mut there = BTreeSet::new();
        let mut cursor: Option<String> = None;
        // Bounded by the store, which ends.
        loop {
            let page = patiently(|| recovered.states.page(cursor.as_deref())).await?.states;
            for refused in page.refused {
                compared.findings.push(Finding::of(Kind::Unreadable, &refused.operation, refused.reason));
                there.insert(refused.operation);
            }
            let mut checks = stream::iter(&page.items)
                .map(|stored| check_operation(recovered.journal, &stored.state))
                .buffer_unordered(AT_ONCE);
            while let Some(checked) = checks.next().await {
                let Some(checked) = checked? else { continue };
                there.insert(checked.state.operation_id.clone());
                self.compare_one(checked, &mut compared).await?;
            }
            drop(checks);
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        self.missing(&there, at, &mut compared).await?;
        compared.findings.sort();
        compared.of_what_is_there.sort();
        Ok(compared)
    }

    /// What is in both has to begin in the same way. That what is there now is damaged is told apart: it may be why the journal was
    /// recovered, and is no fault of what was.
    async fn compare_one(&self, recovered: Checked, compared: &mut Compared) -> Result<(), JournalError> {
        let id = &recovered.state.operation_id;
        if !recovered.findings.is_empty() {
            compared.findings.extend(recovered.findings);
            return Ok(());
        }
        compared.newest = compared.newest.max(Some(recovered.state.last_updated_at));
        let now = match patiently(|| self.journal.state(id)).await {
            Ok(state) => check_operation(self.journal, &state).await?,
            Err(JournalError::UnknownOperation { .. }) => None,
            Err(error @ JournalError::Refused { .. }) => {
                compared.of_what_is_there.push(Finding::of(Kind::Unreadable, id, error.to_string()));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let Some(Checked { entries: now, findings, .. }) = now else {
            compared.forgotten_since += 1;
            return Ok(());
        };
        if !findings.is_empty() {
            compared.of_what_is_there.extend(findings);
        } else if !now.starts_with(&recovered.entries) {
            let evidence = "its recovered entries are not a beginning of those that are there now";
            compared.findings.push(Finding::of(Kind::BrokenChain, id, evidence));
        } else if now.len() == recovered.entries.len() {
            compared.same += 1;
        } else {
            compared.moved_on += 1;
        }
        Ok(())
    }

    /// What is there now and was not recovered has to be younger than the point in time.
    async fn missing(
        &self,
        there: &BTreeSet<OperationId>,
        at: Timestamp,
        compared: &mut Compared,
    ) -> Result<(), JournalError> {
        let mut cursor: Option<String> = None;
        loop {
            let page = patiently(|| self.states.page(cursor.as_deref())).await?.states;
            for stored in page.items.iter().filter(|stored| !there.contains(&stored.state.operation_id)) {
                let state = &stored.state;
                if state.requested_at >= at {
                    compared.begun_since += 1;
                } else {
                    let evidence = format!("it was asked for at {}, and was not recovered", state.requested_at);
                    compared.findings.push(Finding::of(Kind::Orphaned, &state.operation_id, evidence));
                }
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }
}
