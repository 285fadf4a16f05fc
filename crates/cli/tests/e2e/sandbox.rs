//! The sandbox commands: started, found, stopped, started again, removed.

use std::{net::TcpListener, process::Command};

use aurora_restore_testing::SmallDisk;

use crate::support::{Ended, directory, program};

fn sandbox(arguments: &[&str]) -> Ended {
    program().arg("sandbox").args(arguments).output().unwrap().into()
}

#[test]
fn it_starts_is_found_stops_and_is_removed() {
    let directory = directory();
    let place = directory.path().join("sandbox");
    let place = place.to_str().unwrap();
    let start = ["start", "--port", "0", "--any-database-ports", "--data-dir", place];
    sandbox(&["status", "--data-dir", place]).with_code(1);
    sandbox(&start).with_code(0);
    let again = sandbox(&start).with_code(0);
    assert!(again.err.contains("runs already"), "{}", again.err);
    let status = sandbox(&["status", "--data-dir", place, "--json"]).with_code(0);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    let shown = sandbox(&["status", "--data-dir", place]).with_code(0);
    assert!(shown.out.contains("aws rds describe-db-clusters --endpoint-url"), "{}", shown.out);

    let running = sandbox(&["reset", "--data-dir", place, "--yes"]).with_code(1);
    assert!(running.err.contains("sandbox stop"), "{}", running.err);
    sandbox(&["stop", "--data-dir", place]).with_code(0);
    // A process that has ended and whose parent has not asked how is a zombie, and runs no more.
    let gone = Command::new("ps").args(["-o", "stat=", "-p", &status["pid"].to_string()]).output().unwrap();
    assert!(gone.stdout.is_empty() || gone.stdout.starts_with(b"Z"), "{gone:?}");
    sandbox(&["stop", "--data-dir", place]).with_code(0);

    let unasked = sandbox(&["reset", "--data-dir", place]).with_code(2);
    assert!(unasked.err.contains("--yes"), "{}", unasked.err);
    sandbox(&["reset", "--data-dir", place, "--yes"]).with_code(0);
    assert_eq!(directory.path().read_dir().unwrap().count(), 0, "nothing is left, not even the log");
}

#[test]
fn a_port_in_use_and_missing_programs_are_told_with_a_hint() {
    let directory = directory();
    let place = directory.path().join("sandbox");
    let place = place.to_str().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = sandbox(&["start", "--port", &port, "--data-dir", place]).with_code(3);
    assert!(ended.err.contains(&port) && ended.err.contains("hint: "), "{}", ended.err);
    let ended = sandbox(&["start", "--port", "0", "--postgres-bin", "/nonexistent", "--data-dir", place]).with_code(3);
    assert!(ended.err.contains("/nonexistent") && ended.err.contains("hint: "), "{}", ended.err);
}

#[test]
fn a_directory_of_somebody_else_is_neither_used_nor_emptied() {
    let directory = directory();
    std::fs::write(directory.path().join("thesis.txt"), "years of work").unwrap();
    let place = directory.path().to_str().unwrap();
    sandbox(&["start", "--port", "0", "--data-dir", place]).with_code(3);
    sandbox(&["reset", "--data-dir", place, "--yes"]).with_code(3);
    assert_eq!(directory.path().read_dir().unwrap().count(), 1);
    let log = format!("{place}.log");
    assert!(!std::path::Path::new(&log).exists(), "no log is left beside it");
}

#[test]
fn a_full_disk_is_told_with_a_hint() {
    let directory = directory();
    let Some(disk) = SmallDisk::mount(directory.path(), 24 * 1_024) else { return };
    disk.fill();
    let place = disk.path().join("sandbox");
    let ended = sandbox(&["start", "--port", "0", "--any-database-ports", "--data-dir", place.to_str().unwrap()]);
    let stopped = sandbox(&["stop", "--data-dir", place.to_str().unwrap()]);
    assert_eq!(stopped.code, 0, "{}", stopped.err);
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert!(ended.err.contains("disk") && ended.err.contains("hint: "), "{}", ended.err);
}
