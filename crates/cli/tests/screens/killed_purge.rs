//! A purge whose process is killed wherever it is: nothing is gone that is not in an export, and the next one ends it.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    process::{Child, Stdio},
    time::Duration,
};

use aurora_restore_core::{ids::SnapshotId, operation::Status, ports::SnapshotAddress, request::SourceSelector};
use aurora_restore_testing::scenario::{Scenario, Stage};
use serde_json::Value;

use crate::harness::{COMPLETE, Home};

/// How many operations there are.
const OPERATIONS: usize = 48;
/// One pause between two looks, and the most looks.
const PAUSE: Duration = Duration::from_millis(1);
const LOOKS_MAX: u32 = 30_000;

/// Where the process is killed.
#[derive(Debug, Clone, Copy)]
enum At {
    /// Its export is being written.
    Draft,
    /// Its export is kept.
    Kept,
    /// So many items are gone.
    Gone(usize),
}

/// A home with operations that failed at once: the snapshot that they were to restore is not there.
fn home() -> (Home, BTreeSet<String>) {
    let home = Home::with_config(COMPLETE);
    let scenario = Scenario::new(Stage::default());
    let missing = SourceSelector::Snapshot(SnapshotAddress::Name(SnapshotId::new("nowhere").unwrap()));
    let ids = (0..OPERATIONS).map(|number| {
        let id = format!("op-{number:03}");
        let request = scenario.request(aurora_restore_core::request::Strategy::Swap, missing.clone());
        assert_eq!(home.operation(&scenario, &id, request, None), Status::Failed);
        id
    });
    let ids = ids.collect();
    (home, ids)
}

fn purge(export: &str) -> [&str; 9] {
    ["state", "purge", "--status", "FAILED", "--older-than", "1h", "--yes", "--export", export]
}

/// The operations that are listed.
fn listed(home: &Home) -> BTreeSet<String> {
    let file = rusqlite::Connection::open(home.journal_path()).unwrap();
    let mut all = file.prepare("SELECT operation_id FROM operations").unwrap();
    let ids = all.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>();
    ids.unwrap()
}

fn is_there(home: &Home, at: At, export: &str) -> bool {
    match at {
        At::Draft => std::fs::read_dir(home.path(""))
            .unwrap()
            .any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with(&format!(".{export}.draft"))),
        At::Kept => home.path(export).exists(),
        At::Gone(items) => listed(home).len() + items <= OPERATIONS,
    }
}

/// Kills the process once it is there. One that has come to its end before is as good: it had nothing left to be killed at.
fn kill_at(home: &Home, at: At, export: &str, mut child: Child) {
    for _ in 0..LOOKS_MAX {
        if child.try_wait().unwrap().is_some() || is_there(home, at, export) {
            // It may end at this very moment.
            let _ = child.kill();
            child.wait().unwrap();
            return;
        }
        std::thread::sleep(PAUSE);
    }
    child.kill().unwrap();
    panic!("it never came to {at:?}");
}

/// The operations of an export that was kept; none if it was not.
fn exported(path: &PathBuf) -> BTreeSet<String> {
    let Ok(text) = std::fs::read_to_string(path) else { return BTreeSet::new() };
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let operations = lines.filter(|line| line["kind"] == "operation");
    operations.map(|line| line["state"]["operation_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_a_killed_purge_has_deleted_is_in_its_export_and_the_next_one_ends_it() {
    let (home, all) = home();
    let places = [At::Draft, At::Kept, At::Gone(1), At::Gone(9), At::Gone(25)];
    let names: Vec<String> = (0..places.len()).map(|number| format!("export-{number}.jsonl")).collect();
    for (at, export) in places.into_iter().zip(&names) {
        let mut command = home.command(&purge(export));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        kill_at(&home, at, export, child);
        let kept: BTreeSet<String> = names.iter().flat_map(|name| exported(&home.path(name))).collect();
        let gone: BTreeSet<String> = all.difference(&listed(&home)).cloned().collect();
        assert!(gone.is_subset(&kept), "{at:?}: {:?} are gone", gone.difference(&kept));
        assert_eq!(home.exit(&["state", "verify"]), 0, "{at:?}");
    }
    assert_eq!(home.exit(&purge("last.jsonl")), 0);
    assert_eq!(listed(&home), BTreeSet::new());
    // All exports together bring all of them back.
    for name in names.iter().map(String::as_str).chain(["last.jsonl"]).filter(|name| home.path(name).exists()) {
        assert_eq!(home.exit(&["state", "import", name, "--yes"]), 0, "{name}");
    }
    assert_eq!(listed(&home), all);
    assert_eq!(home.exit(&["state", "verify"]), 0);
}
