//! The items of every version that was ever written are read back for ever: states, entries and locks.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use super::*;

/// The states whose items are kept, as the domain has them.
const STATES: &str = include_str!("../../../../core/tests/golden/state-v1.jsonl");
const JOURNAL: &str = include_str!("../../../../core/tests/golden/journal-v2-swap.jsonl");

fn states() -> Vec<StateItem> {
    STATES.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn first_entry() -> SealedEntry {
    serde_json::from_str(JOURNAL.lines().next().unwrap()).unwrap()
}

/// An entry that is long enough to be packed.
fn long_entry() -> SealedEntry {
    let tables: Vec<String> = (0..1_500).map(|number| format!("shop.table_{number}: {number} rows")).collect();
    SealedEntry::over(&id("op-golden"), 1, "", tables.join(", "))
}

/// The items of this version in this file, one transaction to a line. `UPDATE_GOLDEN=1` writes them if they do not exist
/// yet; they are never written again.
async fn golden(name: &str, operations: &[NewOperation]) -> Vec<Vec<Value>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() && !path.exists() {
        let mut lines = String::new();
        for items in written_today(operations).await {
            lines.push_str(&format!("{}\n", Value::from(items)));
        }
        fs::write(&path, lines).unwrap();
    }
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What is sent when each of these begins: the state, the entry and the lock.
async fn written_today(operations: &[NewOperation]) -> Vec<Vec<Value>> {
    let mut written = Vec::new();
    for operation in operations {
        let replay = Replay::answering([done()]);
        let _token = replay.journal.create(operation).await.unwrap();
        let (_, body) = replay.sent().remove(0);
        let parts = body["TransactItems"].as_array().unwrap();
        written.push(parts.iter().map(|part| part["Put"]["Item"].clone()).collect());
    }
    written
}

fn beginning(first: SealedEntry, state: StateItem) -> NewOperation {
    let executor = ExecutorId::new("someone@a-host").unwrap();
    NewOperation { target: state.target_key.clone(), executor, first, state }
}

fn all() -> Vec<NewOperation> {
    states().into_iter().map(|state| beginning(first_entry(), state)).collect()
}

fn item(item: &Value) -> (u16, String) {
    (200, json!({ "Item": item }).to_string())
}

async fn entry_in(stored: &Value) -> SealedEntry {
    let page = (200, json!({ "Items": [stored], "Count": 1, "ScannedCount": 1 }).to_string());
    Replay::answering([page]).journal.entries(&id("op-golden"), 0).await.unwrap().remove(0)
}

#[tokio::test]
async fn items_of_every_version_are_read_back() {
    let golden = golden("items-v1.jsonl", &all()).await;
    assert_eq!(golden.len(), states().len());
    for (stored, state) in golden.iter().zip(states()) {
        let journal = Replay::answering([item(&stored[0]), item(&stored[0]), item(&stored[2])]).journal;
        assert_eq!(journal.state(&id("op-golden")).await.unwrap(), state);
        let head = journal.head(&id("op-golden")).await.unwrap();
        assert_eq!((head.sequence, head.token), (state.sequence, FencingToken(1)));
        assert_eq!(journal.holder(&state.target_key).await.unwrap(), Some(id("op-golden")));
        assert_eq!(entry_in(&stored[1]).await, first_entry());
    }
}

#[tokio::test]
async fn today_the_same_items_are_written() {
    assert_eq!(written_today(&all()).await, golden("items-v1.jsonl", &all()).await);
}

#[tokio::test]
async fn packed_entries_of_every_version_are_read_back() {
    let packed = golden("packed-v1.jsonl", &[beginning(long_entry(), states().remove(0))]).await;
    assert!(packed[0][1].get("body").is_none());
    assert_eq!(entry_in(&packed[0][1]).await, long_entry());
}

#[tokio::test]
async fn a_state_of_a_newer_version_is_refused_by_its_number() {
    let mut stored = golden("items-v1.jsonl", &all()).await.remove(1).remove(0);
    stored["version"]["N"] = json!("2");
    let error = Replay::answering([item(&stored)]).journal.state(&id("op-golden")).await.unwrap_err();
    assert!(matches!(&error, JournalError::Refused { reason, .. } if reason.contains("form 2")), "{error}");
}

#[tokio::test]
async fn an_entry_that_lacks_something_or_cannot_be_unpacked_is_refused() {
    let plain = golden("items-v1.jsonl", &all()).await.remove(0).remove(1);
    let packed = golden("packed-v1.jsonl", &[beginning(long_entry(), states().remove(0))]).await.remove(0).remove(1);
    let mut broken = Vec::new();
    for attribute in ["sequence", "previous_hash", "hash", "body"] {
        let mut lacking = plain.clone();
        let _taken_out = lacking.as_object_mut().unwrap().remove(attribute).unwrap();
        broken.push(lacking);
    }
    let cut = packed["body_deflated"]["B"].as_str().unwrap()[..400].to_owned();
    let mut shorter = packed.clone();
    shorter["body_deflated"]["B"] = json!(cut);
    broken.push(shorter);
    for stored in broken {
        let page = (200, json!({ "Items": [stored], "Count": 1, "ScannedCount": 1 }).to_string());
        let error = Replay::answering([page]).journal.entries(&id("op-golden"), 0).await.unwrap_err();
        assert!(matches!(error, JournalError::Refused { .. }), "{error}");
    }
}
