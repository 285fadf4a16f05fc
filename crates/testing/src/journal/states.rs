//! What maintenance needs beside entries, in memory.

use async_trait::async_trait;
use aurora_restore_core::{
    ids::OperationId,
    journal::{SealedEntry, StateItem},
    ports::{JournalError, RefusedOperation, TargetKey},
};
use aurora_restore_ops::ports::{
    Forgotten, Lock, RecordedPage, Restoration, Restored, STATES_PAGE_MAX, States, StatesPage, StoredState, Unchanged,
    WholePage,
};

use super::{MemoryJournal, Record, Store, cursor, place_of_cursor};

impl Record {
    fn as_seen(&self) -> StoredState {
        StoredState { state: self.state.clone(), token: self.token, executor: self.executor.to_string() }
    }
}

#[async_trait]
impl States for MemoryJournal {
    async fn unchanged(&self, query: &Unchanged) -> Result<StatesPage, JournalError> {
        let store = self.lock();
        let mut items: Vec<StoredState> = store.records.values().map(Record::as_seen).collect();
        items.retain(|stored| stored.state.status == query.status && stored.state.last_updated_at <= query.until);
        items.sort_by_key(|stored| (stored.state.last_updated_at, stored.state.operation_id.clone()));
        if let Some((micros, id)) = query.cursor.as_deref().and_then(place_of_cursor) {
            items.retain(|stored| {
                let state = &stored.state;
                (state.last_updated_at.as_microsecond(), state.operation_id.as_str()) > (micros, id)
            });
        }
        let limit = query.limit.clamp(1, STATES_PAGE_MAX);
        let next = (items.len() > limit).then(|| cursor(&items[limit - 1].state));
        items.truncate(limit);
        Ok(StatesPage { items, cursor: next, ..StatesPage::default() })
    }

    async fn page(&self, _cursor: Option<&str>) -> Result<WholePage, JournalError> {
        let store = self.lock();
        let lock = |(target, holder): (&TargetKey, &OperationId)| Lock {
            target: target.to_string(),
            holder: Some(holder.clone()),
        };
        let refused: Vec<_> = store.records.keys().filter_map(|id| store.refused(id)).collect();
        let is_legible = |(id, _): &(&OperationId, &Record)| !store.unreadable.contains(*id);
        let items = store.records.iter().filter(is_legible).map(|(_, record)| record.as_seen()).collect();
        let states = StatesPage { items, refused, ..StatesPage::default() };
        Ok(WholePage { states, locks: store.locks.iter().map(lock).collect() })
    }

    async fn recorded(&self, _cursor: Option<&str>) -> Result<RecordedPage, JournalError> {
        let store = self.lock();
        let operations = store.records.keys().chain(store.forgotten.keys()).cloned().collect();
        Ok(RecordedPage { operations, cursor: None })
    }

    async fn forget(&self, seen: &StoredState) -> Result<Forgotten, JournalError> {
        let mut store = self.lock();
        let id = &seen.state.operation_id;
        let Some(record) = store.records.get(id) else { return Ok(Forgotten::Missing) };
        let state = &record.state;
        let may_go = state.status.has_ended() && !state.holds_target && state.retire_after.is_none();
        if !may_go || record.as_seen() != *seen {
            return Ok(Forgotten::Kept);
        }
        let entries = record.entries.clone();
        store.records.remove(id);
        store.forgotten.insert(id.clone(), entries);
        Ok(Forgotten::Gone)
    }

    async fn unlock(&self, seen: &Lock) -> Result<Forgotten, JournalError> {
        let mut store = self.lock();
        let found = store.locks.iter().find(|(target, _)| target.to_string() == seen.target);
        let Some((target, holder)) = found.map(|(target, holder)| (target.clone(), holder.clone())) else {
            return Ok(Forgotten::Missing);
        };
        let is_held = store.records.get(&holder).is_some_and(|record| record.state.holds_target);
        if is_held || seen.holder.as_ref() != Some(&holder) {
            return Ok(Forgotten::Kept);
        }
        store.locks.remove(&target);
        Ok(Forgotten::Gone)
    }

    async fn restore(&self, what: &Restoration) -> Result<Restored, JournalError> {
        let mut store = self.lock();
        let id = what.state.operation_id.clone();
        let there = store.entries_of(&id);
        if there.iter().zip(&what.entries).any(|(there, entry)| there != entry) {
            return Ok(differs("the journal has other entries of it"));
        }
        match store.records.contains_key(&id) {
            true if there.len() == what.entries.len() => return Ok(Restored::Same),
            true => return Ok(differs("it is there, and stands elsewhere")),
            false if there.len() > what.entries.len() => return Ok(differs("it was forgotten, and went on")),
            false => {}
        }
        if what.state.holds_target
            && let Err(JournalError::TargetBusy { target, holder }) = store.require_free(&what.state.target_key, &id)
        {
            return Ok(differs(&format!("operation {holder} holds its target {target}")));
        }
        let (entries, state) = (what.entries.clone(), what.state.clone());
        store.settle_lock(&state);
        store.forgotten.remove(&id);
        store.records.insert(id, Record { entries, state, token: what.token, executor: what.executor.clone() });
        Ok(Restored::Written)
    }
}

/// What somebody does who writes into the store by hand.
impl MemoryJournal {
    /// Changes what is stored of an operation.
    ///
    /// # Panics
    /// If there is none.
    pub fn tamper(&self, operation: &OperationId, change: impl FnOnce(&mut Vec<SealedEntry>, &mut StateItem)) {
        let mut store = self.lock();
        let record = store.records.get_mut(operation).expect("it is there");
        change(&mut record.entries, &mut record.state);
    }

    /// The item of an operation becomes one of a newer version.
    pub fn make_unreadable(&self, operation: &OperationId) {
        self.lock().unreadable.insert(operation.clone());
    }

    /// Loses all items and locks, as a table that is deleted does. Entries stay.
    pub fn lose_items(&self) {
        let mut store = self.lock();
        let lost = std::mem::take(&mut store.records);
        store.forgotten.extend(lost.into_iter().map(|(id, record)| (id, record.entries)));
        store.locks.clear();
    }

    /// Gives a lock to somebody, or to nobody.
    pub fn tamper_with_lock(&self, target: &TargetKey, holder: Option<&OperationId>) {
        let mut store = self.lock();
        match holder {
            Some(holder) => store.locks.insert(target.clone(), holder.clone()),
            None => store.locks.remove(target),
        };
    }
}

impl Store {
    /// Why the item of an operation cannot be read, if it cannot.
    pub(super) fn refused(&self, id: &OperationId) -> Option<RefusedOperation> {
        let reason = || "its item is of version 99, which this program does not know".to_owned();
        self.unreadable.contains(id).then(|| RefusedOperation { operation: id.clone(), reason: reason() })
    }

    fn entries_of(&self, id: &OperationId) -> Vec<SealedEntry> {
        let record = self.records.get(id).map(|record| &record.entries);
        record.or_else(|| self.forgotten.get(id)).cloned().unwrap_or_default()
    }
}

fn differs(reason: &str) -> Restored {
    Restored::Differs { reason: reason.to_owned() }
}
