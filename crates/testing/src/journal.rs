//! A journal in memory, with everything that the port promises: fencing, expected sequence numbers, target locks.

mod states;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{ExecutorId, OperationId},
    journal::{SealedEntry, StateItem},
    operation::Progress,
    ports::{
        FencingToken, Journal, JournalError, JournalHead, NewOperation, OperationFilter, OperationPage, TargetKey,
    },
};

/// The page size where none is asked for.
const PAGE_ITEMS: usize = 50;

/// A journal that lives as long as the test.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    store: Mutex<Store>,
}

#[derive(Debug, Default, Clone)]
struct Store {
    records: BTreeMap<OperationId, Record>,
    locks: BTreeMap<TargetKey, OperationId>,
    /// The entries of those whose state was forgotten.
    forgotten: BTreeMap<OperationId, Vec<SealedEntry>>,
    /// Those whose state a newer version wrote.
    unreadable: BTreeSet<OperationId>,
}

#[derive(Debug, Clone)]
struct Record {
    entries: Vec<SealedEntry>,
    state: StateItem,
    token: FencingToken,
    executor: ExecutorId,
}

impl Record {
    fn sequence(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.sequence)
    }
}

impl MemoryJournal {
    /// A journal of its own that begins as this one is now.
    pub fn fork(&self) -> Self {
        Self { store: Mutex::new(self.lock().clone()) }
    }

    /// All entries of an operation as they are stored; none if there is no such operation.
    pub fn stored(&self, operation: &OperationId) -> Vec<SealedEntry> {
        self.lock().records.get(operation).map(|record| record.entries.clone()).unwrap_or_default()
    }

    /// Alters a stored entry, as somebody would who can write where it is kept.
    pub fn alter(&self, operation: &OperationId, sequence: u64, change: impl FnOnce(&mut SealedEntry)) {
        let mut store = self.lock();
        let entries = store.records.get_mut(operation).map(|record| record.entries.iter_mut());
        if let Some(entry) = entries.and_then(|mut entries| entries.find(|entry| entry.sequence == sequence)) {
            change(entry);
        }
    }

    /// The fencing token of an operation, and its entries after a number of them.
    pub(crate) fn since(&self, operation: &OperationId, entries: usize) -> (Option<FencingToken>, Vec<SealedEntry>) {
        let store = self.lock();
        let Some(record) = store.records.get(operation) else { return (None, Vec::new()) };
        (Some(record.token), record.entries.iter().skip(entries).cloned().collect())
    }

    /// The entries of an operation after a sequence number, with its state and its token; nothing if there is no such
    /// operation.
    pub(crate) fn news(
        &self,
        operation: &OperationId,
        after: u64,
    ) -> Option<(Vec<SealedEntry>, StateItem, FencingToken)> {
        let store = self.lock();
        let record = store.records.get(operation)?;
        let fresh = record.entries.iter().filter(|entry| entry.sequence > after).cloned().collect();
        Some((fresh, record.state.clone(), record.token))
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    fn record(&self, operation: &OperationId) -> Result<&Record, JournalError> {
        let found = self.records.get(operation);
        found.ok_or_else(|| JournalError::UnknownOperation { operation: operation.clone() })
    }

    fn record_mut(&mut self, operation: &OperationId) -> Result<&mut Record, JournalError> {
        let found = self.records.get_mut(operation);
        found.ok_or_else(|| JournalError::UnknownOperation { operation: operation.clone() })
    }

    /// Refuses if somebody else holds the target.
    fn require_free(&self, target: &TargetKey, operation: &OperationId) -> Result<(), JournalError> {
        match self.locks.get(target).filter(|holder| *holder != operation) {
            Some(holder) => Err(JournalError::TargetBusy { target: target.clone(), holder: holder.clone() }),
            None => Ok(()),
        }
    }

    /// Holds or frees the target as the state says.
    fn settle_lock(&mut self, state: &StateItem) {
        if state.holds_target {
            self.locks.insert(state.target_key.clone(), state.operation_id.clone());
        } else if self.locks.get(&state.target_key) == Some(&state.operation_id) {
            self.locks.remove(&state.target_key);
        }
    }

    fn append(
        &mut self,
        token: Option<FencingToken>,
        entry: &SealedEntry,
        state: &StateItem,
    ) -> Result<(), JournalError> {
        let record = self.record(&entry.operation)?;
        if token.is_some_and(|token| token != record.token) {
            return Err(JournalError::Fenced { operation: entry.operation.clone() });
        }
        if record.sequence() + 1 != entry.sequence {
            let expected = entry.sequence.saturating_sub(1);
            return Err(JournalError::Conflict { operation: entry.operation.clone(), expected });
        }
        if state.holds_target {
            self.require_free(&state.target_key, &entry.operation)?;
        }
        let record = self.record_mut(&entry.operation)?;
        record.entries.push(entry.clone());
        record.state = state.clone();
        self.settle_lock(state);
        Ok(())
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn create(&self, operation: &NewOperation) -> Result<FencingToken, JournalError> {
        let mut store = self.lock();
        let id = &operation.first.operation;
        if store.records.contains_key(id) || store.forgotten.contains_key(id) {
            return Err(JournalError::OperationExists { operation: id.clone() });
        }
        store.require_free(&operation.target, id)?;
        let token = FencingToken(1);
        let record = Record {
            entries: vec![operation.first.clone()],
            state: operation.state.clone(),
            token,
            executor: operation.executor.clone(),
        };
        store.records.insert(id.clone(), record);
        store.settle_lock(&operation.state);
        Ok(token)
    }

    async fn acquire(&self, operation: &OperationId, executor: &ExecutorId) -> Result<FencingToken, JournalError> {
        let mut store = self.lock();
        let record = store.record_mut(operation)?;
        record.token.0 += 1;
        record.executor = executor.clone();
        Ok(record.token)
    }

    async fn append(&self, token: FencingToken, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError> {
        self.lock().append(Some(token), entry, state)
    }

    async fn append_as_bystander(&self, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError> {
        self.lock().append(None, entry, state)
    }

    async fn head(&self, operation: &OperationId) -> Result<JournalHead, JournalError> {
        let store = self.lock();
        let record = store.record(operation)?;
        Ok(JournalHead { sequence: record.sequence(), token: record.token })
    }

    async fn entries(&self, operation: &OperationId, after: u64) -> Result<Vec<SealedEntry>, JournalError> {
        let store = self.lock();
        if let Some(entries) = store.forgotten.get(operation).filter(|_| !store.records.contains_key(operation)) {
            return Ok(entries.iter().filter(|entry| entry.sequence > after).cloned().collect());
        }
        let record = store.record(operation)?;
        Ok(record.entries.iter().filter(|entry| entry.sequence > after).cloned().collect())
    }

    async fn state(&self, operation: &OperationId) -> Result<StateItem, JournalError> {
        let store = self.lock();
        let record = store.record(operation)?;
        match store.refused(operation) {
            None => Ok(record.state.clone()),
            Some(refused) => Err(refused.into()),
        }
    }

    async fn note_progress(
        &self,
        operation: &OperationId,
        token: FencingToken,
        progress: &Progress,
    ) -> Result<(), JournalError> {
        let mut store = self.lock();
        let record = store.record_mut(operation)?;
        if record.token != token {
            return Err(JournalError::Fenced { operation: operation.clone() });
        }
        record.state.progress = Some(progress.clone());
        Ok(())
    }

    async fn list(&self, filter: &OperationFilter) -> Result<OperationPage, JournalError> {
        let store = self.lock();
        let mut items: Vec<&StateItem> = store
            .records
            .values()
            .map(|record| &record.state)
            .filter(|state| filter.status.is_none_or(|status| state.status == status))
            .filter(|state| filter.target.as_ref().is_none_or(|target| state.target == *target))
            .collect();
        items.sort_by_key(|state| (std::cmp::Reverse(state.last_updated_at), state.operation_id.clone()));
        let begin = match filter.cursor.as_deref().and_then(place_of_cursor) {
            None => 0,
            Some((micros, id)) => items.partition_point(|state| {
                let at = state.last_updated_at.as_microsecond();
                at > micros || (at == micros && state.operation_id.as_str() <= id)
            }),
        };
        let size = if filter.limit == 0 { PAGE_ITEMS } else { filter.limit };
        let page: Vec<StateItem> = items.iter().skip(begin).take(size).map(|state| (*state).clone()).collect();
        let more = items.len() > begin + page.len();
        let next = page.last().filter(|_| more).map(cursor);
        Ok(OperationPage { items: page, refused: Vec::new(), cursor: next })
    }

    async fn ids_beginning_with(&self, prefix: &str, limit: usize) -> Result<Vec<OperationId>, JournalError> {
        let store = self.lock();
        let ids = store.records.keys().rev().filter(|id| id.as_str().starts_with(prefix));
        Ok(ids.take(limit).cloned().collect())
    }

    async fn holder(&self, target: &TargetKey) -> Result<Option<OperationId>, JournalError> {
        Ok(self.lock().locks.get(target).cloned())
    }
}

/// Says where an item stands in the list, so that a page stays right while others change.
fn cursor(state: &StateItem) -> String {
    format!("{}/{}", state.last_updated_at.as_microsecond(), state.operation_id)
}

fn place_of_cursor(cursor: &str) -> Option<(i64, &str)> {
    let (micros, id) = cursor.split_once('/')?;
    Some((micros.parse().ok()?, id))
}
