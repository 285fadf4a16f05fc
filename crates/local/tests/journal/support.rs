//! Operations and entries to write.

use std::path::{Path, PathBuf};

use aurora_restore_core::{
    ids::{ClusterId, ExecutorId, OperationId, Region},
    journal::{Entry, SealedEntry, StateItem},
    operation::{Event, Status},
    ports::{FencingToken, Journal, NewOperation, TargetKey},
};
use aurora_restore_local::SqliteJournal;
use jiff::{SignedDuration, Timestamp};

pub(crate) fn id(text: &str) -> OperationId {
    OperationId::new(text).unwrap()
}

pub(crate) fn executor(text: &str) -> ExecutorId {
    ExecutorId::new(text).unwrap()
}

pub(crate) fn target(cluster: &str) -> TargetKey {
    TargetKey {
        account: "111122223333".into(),
        region: Region::new("eu-central-1").unwrap(),
        cluster: ClusterId::new(cluster).unwrap(),
    }
}

/// The time of the entry with this number.
pub(crate) fn time(sequence: u64) -> Timestamp {
    let begin: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    begin + SignedDuration::from_secs(i64::try_from(sequence).unwrap())
}

/// An entry behind the one whose hash is given.
pub(crate) fn entry(operation: &str, sequence: u64, previous_hash: &str) -> SealedEntry {
    let entry = Entry {
        operation: id(operation),
        sequence,
        at: time(sequence),
        event: Event::TakenOver { executor: executor("test") },
    };
    SealedEntry::seal(&entry, previous_hash).unwrap()
}

/// The state after an entry of an operation that is in progress and holds its target.
pub(crate) fn state(operation: &str, cluster: &str, sequence: u64) -> StateItem {
    StateItem {
        operation_id: id(operation),
        version: StateItem::VERSION,
        status: Status::InProgress,
        step: None,
        target: ClusterId::new(cluster).unwrap(),
        target_key: target(cluster),
        holds_target: true,
        requested_at: time(0),
        last_updated_at: time(sequence),
        ended_at: None,
        sequence,
        progress: None,
        failure: None,
        retire_after: None,
        ttl: None,
    }
}

/// The state after the last entry: the target is free.
pub(crate) fn ended(operation: &str, cluster: &str, sequence: u64) -> StateItem {
    StateItem { status: Status::Completed, holds_target: false, ..state(operation, cluster, sequence) }
}

pub(crate) fn new(operation: &str, cluster: &str) -> NewOperation {
    NewOperation {
        target: target(cluster),
        executor: executor("first"),
        first: entry(operation, 1, ""),
        state: state(operation, cluster, 1),
    }
}

/// A directory with a journal in it.
pub(crate) struct Home {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) journal: SqliteJournal,
}

impl Home {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let journal = SqliteJournal::open(&directory.path().join("journal.db")).unwrap();
        Self { directory, journal }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.journal.path().to_owned()
    }

    /// The journal as another process has it.
    pub(crate) fn another(&self) -> SqliteJournal {
        SqliteJournal::open(&self.path()).unwrap()
    }

    pub(crate) async fn begin(&self, operation: &str, cluster: &str) -> FencingToken {
        self.journal.create(&new(operation, cluster)).await.unwrap()
    }
}

/// The names in a directory, sorted.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
