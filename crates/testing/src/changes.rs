//! Records of changes that live in memory, with a store that can be made to fail.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use aurora_restore_core::ports::JournalError;
use aurora_restore_ops::ports::{Appended, Changes, SealedRecord};
use jiff::{SignedDuration, Timestamp};

/// Records of changes in memory.
#[derive(Debug, Default)]
pub struct MemoryChanges(Mutex<Store>);

#[derive(Debug, Default)]
struct Store {
    records: BTreeMap<String, BTreeMap<u64, SealedRecord>>,
    /// How many records are written without the writer hearing of it.
    lost_replies: u32,
    /// Whether nothing can be written.
    closed: bool,
}

impl MemoryChanges {
    /// Writes the next records and loses the replies.
    pub fn lose_replies(&self, count: u32) {
        self.store().lost_replies = count;
    }

    /// Lets nobody write from now on.
    pub fn close(&self) {
        self.store().closed = true;
    }

    /// Changes what is stored of a stack, as somebody does who writes into the store by hand.
    pub fn tamper(&self, stack: &str, change: impl FnOnce(&mut BTreeMap<u64, SealedRecord>)) {
        change(self.store().records.entry(stack.to_owned()).or_default());
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Changes for MemoryChanges {
    fn kept_for(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * 365)
    }

    async fn append(&self, record: &SealedRecord, _at: Timestamp) -> Result<Appended, JournalError> {
        let mut store = self.store();
        let text = |reason: &str| ("memory".to_owned(), reason.to_owned());
        if store.closed {
            let (store, reason) = text("access is denied");
            return Err(JournalError::Unusable { store, reason });
        }
        let row = store.records.entry(record.stack.clone()).or_default();
        if row.contains_key(&record.sequence) {
            return Ok(Appended::Taken);
        }
        row.insert(record.sequence, record.clone());
        if store.lost_replies > 0 {
            store.lost_replies -= 1;
            let (store, reason) = text("no answer in time");
            return Err(JournalError::Unavailable { store, reason });
        }
        Ok(Appended::Written)
    }

    async fn records(&self, stack: &str) -> Result<Vec<SealedRecord>, JournalError> {
        Ok(self.store().records.get(stack).map(|row| row.values().cloned().collect()).unwrap_or_default())
    }
}
