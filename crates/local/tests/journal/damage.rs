//! A file that is not what was written: whatever it still tells is true, and the rest is refused with the reason.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use aurora_restore_core::{
    engine::look_at,
    ids::Region,
    journal::StateItem,
    operation::Status,
    ports::{Journal, JournalError, OperationFilter},
};
use aurora_restore_local::SqliteJournal;
use aurora_restore_testing::scenario::Scenario;
use rusqlite::Connection;

use super::{
    golden::{NEWEST, copy_of, elsewhere},
    support::*,
};

/// So many bytes of the file are flipped one by one, besides all of its head; `all` in this variable flips every one.
const FLIPS: usize = 500;
const FLIPS_VARIABLE: &str = "AURORA_RESTORE_TEST_FLIPS";
/// The head of the file, of which SQLite believes every byte.
const HEAD_BYTES: usize = 100;
const OPERATIONS: [&str; 3] = ["op-begun", "op-done", "op-stuck"];

/// Everything that a file tells, each answer by itself.
async fn told(path: &Path) -> Vec<Result<String, String>> {
    let journal = match SqliteJournal::open_to_read(path) {
        Ok(journal) => journal,
        Err(error) => return vec![Err(error.to_string())],
    };
    let mut answers = Vec::new();
    for operation in OPERATIONS.map(id) {
        answers.push(text(journal.head(&operation).await));
        answers.push(text(journal.state(&operation).await));
        let replayed = look_at(&journal, &operation).await;
        answers.push(replayed.map(|operation| format!("{operation:?}")).map_err(|error| error.to_string()));
    }
    for status in [None, Some(Status::InProgress), Some(Status::Stuck)] {
        let listed = journal.list(&OperationFilter { status, ..OperationFilter::default() }).await;
        // A list that says that it is not whole is a refusal.
        let refusal = listed.as_ref().ok().and_then(|page| page.refused.first().map(ToString::to_string));
        answers.push(refusal.map_or_else(|| text(listed), Err));
    }
    answers.push(text(journal.ids_beginning_with("op", 9).await));
    answers.push(text(journal.holder(&Scenario::target_key()).await));
    answers
}

fn text<T: std::fmt::Debug>(answer: Result<T, JournalError>) -> Result<String, String> {
    answer.map(|answer| format!("{answer:?}")).map_err(|error| error.to_string())
}

/// Requires that each answer is the true one or a refusal that blames the file. Tells whether anything was refused.
fn require_true_or_refused(found: &[Result<String, String>], truth: &[Result<String, String>], what: &str) -> bool {
    let refusals = found.iter().filter_map(|answer| answer.as_ref().err());
    for refusal in refusals.clone() {
        // It is there, so nobody may say that it is not.
        assert!(!refusal.contains("is not in the journal"), "{what}: {refusal}");
        assert!(refusal.contains("journal"), "{what}: {refusal}");
    }
    if found.len() == truth.len() {
        for (found, truth) in found.iter().zip(truth).filter(|(found, _)| found.is_ok()) {
            assert_eq!(found, truth, "{what}");
        }
    } else {
        assert!(matches!(found, [Err(_)]), "{what}: {found:?}");
    }
    refusals.count() > 0
}

/// Places spread over the whole file, with another bit at each.
fn places(bytes: usize) -> Vec<usize> {
    if std::env::var_os(FLIPS_VARIABLE).is_some_and(|flips| flips == "all") {
        return (0..bytes).collect();
    }
    // The stride shares no factor with the size of a page, so that every part of a page has its turn.
    let stride = (bytes / FLIPS) | 1;
    (0..HEAD_BYTES).chain((HEAD_BYTES..bytes).step_by(stride)).collect()
}

#[tokio::test]
async fn a_flipped_bit_anywhere_in_the_file_is_refused_or_harms_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = copy_of(NEWEST, directory.path()).await;
    let truth = told(&path).await;
    assert!(truth.iter().all(Result::is_ok), "{truth:?}");
    let bytes = fs::read(&path).unwrap();
    let mut refused = 0;
    let places = places(bytes.len());
    for &place in &places {
        let bit = place % 8;
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(&[bytes[place] ^ (1 << bit)], place as u64).unwrap();
        let found = told(&path).await;
        refused += usize::from(require_true_or_refused(&found, &truth, &format!("bit {bit} of byte {place}")));
        restore(&path, &bytes);
    }
    println!("{} of {} flips refused", refused, places.len());
    // Much of the file is unused space, but far from all of it.
    assert!(refused * 4 > places.len(), "{refused} of {}", places.len());
}

/// The file as it was, with nothing beside it.
fn restore(path: &Path, bytes: &[u8]) {
    for ending in ["-wal", "-shm", "-journal"] {
        let beside = PathBuf::from(format!("{}{ending}", path.display()));
        if beside.exists() {
            fs::remove_file(beside).unwrap();
        }
    }
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn what_is_written_to_a_damaged_file_destroys_nothing_that_was_sound() {
    let directory = tempfile::tempdir().unwrap();
    let path = copy_of(NEWEST, directory.path()).await;
    let truth = told(&path).await;
    let bytes = fs::read(&path).unwrap();
    for place in places(bytes.len()).into_iter().step_by(8) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << (place % 8);
        restore(&path, &damaged);
        let before = told(&path).await;
        let what = format!("byte {place}");
        if let Ok(journal) = SqliteJournal::open(&path) {
            // Refused or done: either is right, as long as nothing else suffers.
            let _done = journal.create(&new("sound", "another-target")).await;
        }
        let after = told(&path).await;
        let _refused = require_true_or_refused(&of_old_operations(&after), &of_old_operations(&truth), &what);
        for (before, after) in of_old_operations(&before).iter().zip(&of_old_operations(&after)) {
            assert!(before.is_err() || after.is_ok(), "{what}: {after:?}");
        }
    }
}

/// The answers about single operations: lists have the new one in them.
fn of_old_operations(answers: &[Result<String, String>]) -> Vec<Result<String, String>> {
    answers.iter().take(OPERATIONS.len() * 3).cloned().collect()
}

#[tokio::test]
async fn a_file_that_was_cut_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = copy_of(NEWEST, directory.path()).await;
    let truth = told(&path).await;
    let bytes = fs::read(&path).unwrap();
    for length in (0..bytes.len()).step_by(1_000).chain([1, 99, 511, 4_096, bytes.len() - 1]) {
        restore(&path, &bytes[..length]);
        let found = told(&path).await;
        assert!(require_true_or_refused(&found, &truth, &format!("cut to {length} bytes")), "{length}: {found:?}");
    }
}

/// What somebody might do to rows with a program of their own, and what is said about it.
const DEEDS: [(&str, &str); 9] = [
    ("DELETE FROM entries WHERE operation_id = 'op-done' AND sequence = 1", "entry 1 is missing"),
    ("DELETE FROM entries WHERE operation_id = 'op-done' AND sequence = 9", "entry 9 is missing"),
    ("DELETE FROM entries WHERE operation_id = 'op-done' AND sequence > 20", "its newest entries are missing"),
    ("DELETE FROM entries WHERE operation_id = 'op-done'", "its newest entries are missing"),
    (
        "INSERT INTO entries SELECT operation_id, 23, previous_hash, hash, body FROM entries
         WHERE operation_id = 'op-done' AND sequence = 22",
        "entry 23 does not follow the one before it",
    ),
    (
        "INSERT OR REPLACE INTO entries SELECT operation_id, 8, previous_hash, hash, body FROM entries
         WHERE operation_id = 'op-done' AND sequence = 7",
        "entry 8 does not follow the one before it",
    ),
    (
        "UPDATE entries SET sequence = -sequence WHERE operation_id = 'op-done' AND sequence IN (5, 6);
         UPDATE entries SET sequence = 11 + sequence WHERE sequence < 0",
        "entry 5 does not follow the one before it",
    ),
    ("UPDATE entries SET body = replace(body, 'staging', 'stating') WHERE sequence = 1", "entry 1 was altered"),
    ("UPDATE entries SET operation_id = 'op-done', sequence = 23 WHERE operation_id = 'op-begun'", "does not follow"),
];

#[tokio::test]
async fn rows_that_were_deleted_doubled_reordered_or_altered_are_refused_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    for (deed, reason) in DEEDS {
        let path = copy_of(NEWEST, directory.path()).await;
        behind_its_back(&path, deed);
        let journal = SqliteJournal::open(&path).unwrap();
        let error = look_at(&journal, &id("op-done")).await.unwrap_err().to_string();
        assert!(error.contains(reason) && error.contains("op-done"), "{deed}: {error}");
    }
}

#[tokio::test]
async fn a_state_that_was_altered_in_the_file_is_refused_for_that_operation_alone() {
    let directory = tempfile::tempdir().unwrap();
    for deed in ["status = 'FAILED'", "token = 0", "sequence = 21", "state = replace(state, 'staging', 'stating')"] {
        let path = copy_of(NEWEST, directory.path()).await;
        behind_its_back(&path, &format!("UPDATE operations SET {deed} WHERE operation_id = 'op-done'"));
        let journal = SqliteJournal::open(&path).unwrap();
        for error in [
            journal.head(&id("op-done")).await.map(|_| ()).unwrap_err(),
            journal.state(&id("op-done")).await.map(|_| ()).unwrap_err(),
            journal.acquire(&id("op-done"), &executor("x")).await.map(|_| ()).unwrap_err(),
        ] {
            let altered = |reason: &str| reason.contains("its state was altered after it was written");
            assert!(matches!(&error, JournalError::Refused { reason, .. } if altered(reason)), "{deed}: {error}");
        }
        assert!(journal.state(&id("op-stuck")).await.is_ok());
        let page = journal.list(&OperationFilter::default()).await.unwrap();
        let listed: Vec<&str> = page.items.iter().map(|item| item.operation_id.as_str()).collect();
        assert_eq!(listed, ["op-stuck", "op-begun"], "{deed}");
        let refused: Vec<&str> = page.refused.iter().map(|refused| refused.operation.as_str()).collect();
        assert_eq!(refused, ["op-done"], "{deed}");
    }
}

#[tokio::test]
async fn an_operation_whose_row_was_taken_away_is_not_said_to_be_unknown() {
    let directory = tempfile::tempdir().unwrap();
    let path = copy_of(NEWEST, directory.path()).await;
    behind_its_back(&path, "DELETE FROM operations WHERE operation_id = 'op-done'");
    let journal = SqliteJournal::open(&path).unwrap();
    for error in [
        journal.state(&id("op-done")).await.map(|_| ()).unwrap_err(),
        journal.entries(&id("op-done"), 0).await.map(|_| ()).unwrap_err(),
        journal.create(&new("op-done", "another-target")).await.map(|_| ()).unwrap_err(),
    ] {
        assert!(
            matches!(&error, JournalError::Refused { reason, .. } if reason.contains("state is missing")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_lock_that_was_taken_away_or_turned_over_lets_nobody_in() {
    let directory = tempfile::tempdir().unwrap();
    for deed in [
        "DELETE FROM target_locks WHERE operation_id = 'op-begun'",
        "UPDATE target_locks SET operation_id = 'op-done' WHERE operation_id = 'op-begun'",
        "INSERT OR REPLACE INTO target_locks SELECT account, region, cluster, 'op-new' FROM target_locks
         WHERE operation_id = 'op-begun'",
    ] {
        let path = copy_of(NEWEST, directory.path()).await;
        behind_its_back(&path, deed);
        let journal = SqliteJournal::open(&path).unwrap();
        let error = journal.holder(&Scenario::target_key()).await.unwrap_err();
        assert!(error.to_string().contains("its operations say: by op-begun"), "{deed}: {error}");
        let mut rival = new("op-new", "staging");
        rival.target = Scenario::target_key();
        rival.state.target_key = Scenario::target_key();
        let error = journal.create(&rival).await.unwrap_err();
        assert!(matches!(error, JournalError::TargetBusy { .. }), "{deed}: {error}");
        // The other one, in another Region, is as it was.
        assert_eq!(journal.holder(&elsewhere()).await.unwrap(), Some(id("op-stuck")));
    }
}

/// Two open operations on clusters of the same name, in two Regions.
#[tokio::test]
async fn an_open_operation_that_was_altered_stops_none_on_another_target_of_that_name() {
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = elsewhere();
    for (altered, other, held) in
        [("op-stuck", "op-begun", Scenario::target_key()), ("op-begun", "op-stuck", elsewhere.clone())]
    {
        let path = copy_of(NEWEST, directory.path()).await;
        behind_its_back(&path, &format!("UPDATE operations SET token = 0 WHERE operation_id = '{altered}'"));
        let journal = SqliteJournal::open(&path).unwrap();
        assert_eq!(journal.holder(&held).await.unwrap(), Some(id(other)), "{altered}");
        // The other one goes on.
        let token = journal.acquire(&id(other), &executor("x")).await.unwrap();
        let state = journal.state(&id(other)).await.unwrap();
        let last = journal.entries(&id(other), 0).await.unwrap().pop().unwrap();
        let next = entry(other, last.sequence + 1, &last.hash);
        let state = StateItem { sequence: next.sequence, ..state };
        journal.append(token, &next, &state).await.unwrap();
        // And a new one begins in a third place, but not where the altered one is.
        let mut new = new("op-new", "staging");
        new.target.region = Region::new("us-east-1").unwrap();
        new.state.target_key = new.target.clone();
        let _token = journal.create(&new).await.unwrap();
        let theirs = if altered == "op-stuck" { &elsewhere } else { &Scenario::target_key() };
        let error = journal.holder(theirs).await.unwrap_err();
        assert!(matches!(&error, JournalError::Refused { operation, .. } if operation.as_str() == altered), "{error}");
    }
}

#[tokio::test]
async fn a_file_whose_layout_was_altered_is_refused_with_what_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    for (deed, found) in [
        ("DROP TRIGGER entries_are_never_deleted", "`entries_are_never_deleted` of form 4 is missing"),
        ("DROP INDEX operations_by_status", "`operations_by_status` of form 4 is missing"),
        ("PRAGMA user_version = 1", "`operations` is not what it is in form 1"),
        ("PRAGMA user_version = 2; DROP INDEX operations_by_status", "`operations_by_status` of form 2 is missing"),
        (
            "DROP TRIGGER operations_are_sealed; DROP TRIGGER operations_begin_sealed;
             ALTER TABLE operations DROP COLUMN seal",
            "`operations` is not what it is in form 4",
        ),
    ] {
        let path = copy_of(NEWEST, directory.path()).await;
        Connection::open(&path).unwrap().execute_batch(deed).unwrap();
        for opened in [SqliteJournal::open(&path), SqliteJournal::open_to_read(&path)] {
            let error = opened.map(|_| ()).unwrap_err();
            assert!(
                matches!(&error, JournalError::Unusable { reason, .. } if reason.contains(found)),
                "{deed}: {error}"
            );
        }
    }
}

/// Does to a file what its triggers refuse, as somebody may who knows how to get round them.
fn behind_its_back(path: &Path, deed: &str) {
    let doer = Connection::open(path).unwrap();
    let triggers: Vec<(String, String)> = doer
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for (name, _) in &triggers {
        doer.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    let before = doer.total_changes();
    doer.execute_batch(deed).unwrap();
    assert!(doer.total_changes() > before, "{deed} changes nothing");
    for (_, sql) in &triggers {
        doer.execute_batch(sql).unwrap();
    }
}
