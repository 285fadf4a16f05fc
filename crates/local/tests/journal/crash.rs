//! A process that is killed in the middle of its work.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};

use aurora_restore_core::{journal::SealedEntry, ports::Journal};
use aurora_restore_local::SqliteJournal;

use super::support::*;

const JOURNAL: &str = "AURORA_RESTORE_TEST_JOURNAL";

/// The body of the child: appends until it is killed. In an ordinary run there is no journal to work on.
#[tokio::test]
async fn the_child_appends_until_it_is_killed() {
    let Some(path) = env::var_os(JOURNAL) else {
        return;
    };
    let journal = SqliteJournal::open(Path::new(&path)).unwrap();
    let token = journal.acquire(&id("op-1"), &executor("child")).await.unwrap();
    let mut last = journal.entries(&id("op-1"), 0).await.unwrap().pop().unwrap();
    // Bounded, should nobody kill it.
    for _ in 0..100_000 {
        last = entry("op-1", last.sequence + 1, &last.hash);
        journal.append(token, &last, &state("op-1", "staging", last.sequence)).await.unwrap();
        // Not `println!`: the test harness would keep it.
        writeln!(std::io::stdout(), "appended {}", last.sequence).unwrap();
    }
}

/// Kills a child after so many appends that it has reported, and gives the number of the last of these.
fn killed_after(appends: usize, path: &Path) -> u64 {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["crash::the_child_appends_until_it_is_killed", "--exact", "--nocapture"])
        .env(JOURNAL, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reported = lines
        .map_while(Result::ok)
        .filter_map(|line| line.rsplit_once("appended ").and_then(|(_, number)| number.parse().ok()))
        .take(appends)
        .last();
    child.kill().unwrap();
    let _status = child.wait().unwrap();
    reported.unwrap()
}

fn check_chain(entries: &[SealedEntry]) {
    let mut previous = String::new();
    for (place, entry) in entries.iter().enumerate() {
        assert!(entry.open(place as u64 + 1, &previous).is_ok(), "entry {place} is broken");
        previous.clone_from(&entry.hash);
    }
}

#[tokio::test]
async fn what_was_promised_survives_a_kill_and_the_chain_is_whole() {
    let home = Home::new();
    let _token = home.begin("op-1", "staging").await;
    for appends in [1, 7, 25, 60] {
        let promised = killed_after(appends, &home.path());
        let journal = home.another();
        let entries = journal.entries(&id("op-1"), 0).await.unwrap();
        check_chain(&entries);
        let head = journal.head(&id("op-1")).await.unwrap();
        assert!(head.sequence >= promised, "{promised} was promised, {} is there", head.sequence);
        assert_eq!(entries.len() as u64, head.sequence);
        assert_eq!(journal.state(&id("op-1")).await.unwrap().sequence, head.sequence);
        assert_eq!(journal.holder(&target("staging")).await.unwrap(), Some(id("op-1")));
    }
}
