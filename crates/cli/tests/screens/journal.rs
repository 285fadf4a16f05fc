//! What is told about operations in a journal. They are real ones: the engine ran them over the simulated cloud.

use aurora_restore_core::operation::Status;
use aurora_restore_testing::{
    scenario::{Scenario, Stage},
    stories::stuck_without_a_way_back,
};
use insta::assert_snapshot;

use crate::harness::{COMPLETE, Home};

const DONE: &str = "op-20261121-080000-7f3a";
const FAILED: &str = "op-20261121-200000-00ff";

pub(crate) fn home_with_a_completed_operation() -> (Home, Scenario) {
    let home = Home::with_config(COMPLETE);
    let scenario = Scenario::new(Stage::across());
    assert_eq!(home.operation(&scenario, DONE, scenario.swap(), None), Status::Completed);
    (home, scenario)
}

fn home_with_a_failed_operation() -> Home {
    let home = Home::with_config(COMPLETE);
    let scenario = Scenario::new(Stage::default());
    let mut request = scenario.swap();
    request.verification.tables_min = 1_000_000;
    assert_eq!(home.operation(&scenario, FAILED, request, None), Status::Failed);
    home
}

/// Moves that bring an operation into the middle of a restore.
const HALFWAY: usize = 12;

fn home_with_an_operation_in_progress() -> (Home, Scenario) {
    let home = Home::with_config(COMPLETE);
    let scenario = Scenario::new(Stage::across());
    assert_eq!(home.operation(&scenario, DONE, scenario.swap(), Some(HALFWAY)), Status::InProgress);
    (home, scenario)
}

pub(crate) fn home_with_a_stuck_operation() -> (Home, Scenario) {
    let home = Home::with_config(COMPLETE);
    let scenario = Scenario::new(Stage::default());
    let status =
        home.recorded(&scenario, async |engine| stuck_without_a_way_back(&scenario, engine, FAILED).await.unwrap().1);
    assert_eq!(status, Status::Stuck);
    (home, scenario)
}

#[test]
fn a_stuck_operation_says_what_a_person_can_do() {
    let (home, _) = home_with_a_stuck_operation();
    assert_snapshot!(home.screen(&["status"]), @r#"
    $ aurora-restore status
    op-20261121-200000-00ff
      target     staging (222222222222/eu-central-1/staging)
      strategy   replace
      status     STUCK, in the undo of create-instances
      asked for  2026-11-21 09:47:00Z, 1d 00h ago
      updated    2026-11-21 10:50:10Z, 23h 24m ago
      ended      2026-11-21 10:50:10Z after 1h 03m
      failure    final snapshot staging-final-867ed8ff cannot be restored from: it is gone or not available [ARP-UNDO-001]

      snapshot-check    done       0ms
      copy-snapshot     skipped    0ms
      switch-over       done       14m 00s
      restore-snapshot  done       35m 00s
      create-instances  not undone 12m 30s
      apply-settings    undone     1m 40s
      setup-db-users    undone     0ms
      verify-restore    undone     0ms
      archive-snapshot  to do      
      notify            to do      
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["watch", "latest"]), @r#"
    $ aurora-restore watch latest
    --- stderr
    2026-11-21 09:47:00Z op-20261121-200000-00ff asked for: restore staging
    2026-11-21 09:47:00Z snapshot-check started
    2026-11-21 09:47:00Z snapshot-check done in 0ms
    2026-11-21 09:47:00Z copy-snapshot started
    2026-11-21 09:47:00Z copy-snapshot skipped: the snapshot can be restored from as it is
    2026-11-21 09:47:00Z switch-over started
    2026-11-21 10:01:00Z switch-over done in 14m 00s
    2026-11-21 10:01:00Z restore-snapshot started
    2026-11-21 10:36:00Z restore-snapshot done in 35m 00s
    2026-11-21 10:36:00Z create-instances started
    2026-11-21 10:48:30Z create-instances done in 12m 30s
    2026-11-21 10:48:30Z apply-settings started
    2026-11-21 10:50:10Z apply-settings done in 1m 40s
    2026-11-21 10:50:10Z setup-db-users started
    2026-11-21 10:50:10Z setup-db-users done in 0ms
    2026-11-21 10:50:10Z verify-restore started
    2026-11-21 10:50:10Z error: verify-restore failed: the restored data are refused: tables: 2 tables [ARP-VERIFY-001]
    2026-11-21 10:50:10Z warning: undoing because verify-restore failed
    2026-11-21 10:50:10Z undo of verify-restore started
    2026-11-21 10:50:10Z undo of verify-restore done: it only reads
    2026-11-21 10:50:10Z undo of setup-db-users started
    2026-11-21 10:50:10Z undo of setup-db-users done: the new cluster itself is deleted by the undo of restore-snapshot
    2026-11-21 10:50:10Z undo of apply-settings started
    2026-11-21 10:50:10Z undo of apply-settings done: the new cluster itself is deleted by the undo of restore-snapshot
    2026-11-21 10:50:10Z undo of create-instances started
    2026-11-21 10:50:10Z error: undo of create-instances failed: final snapshot staging-final-867ed8ff cannot be restored from: it is gone or not available [ARP-UNDO-001]
    2026-11-21 10:50:10Z error: stuck in the undo of create-instances: final snapshot staging-final-867ed8ff cannot be restored from: it is gone or not available [ARP-UNDO-001]
    error: operation op-20261121-200000-00ff is stuck: final snapshot staging-final-867ed8ff cannot be restored from: it is gone or not available [ARP-UNDO-001]
    hint: The cluster under the name is the only one left and stays.
    hint: Once the cause is gone, go on with `aurora-restore resume op-20261121-200000-00ff`.
    hint: Or deal with what that step made yourself, and go on with `aurora-restore resume op-20261121-200000-00ff --dealt-with "WHAT YOU DID"`.
    hint: See `aurora-restore report op-20261121-200000-00ff`.
    --- exit 4
    "#);
    assert_snapshot!(home.screen(&["undo", "latest", "--yes"]), @r#"
    $ aurora-restore undo latest --yes
    --- stderr
    error: operation op-20261121-200000-00ff cannot do that: it is stuck while being undone: resume it, or say how you dealt with it
    hint: `aurora-restore status op-20261121-200000-00ff` tells where it stands. Nothing was changed.
    --- exit 1
    "#);
}

#[test]
fn words_about_an_undo_that_is_not_stuck_are_refused_before_anybody_is_stopped() {
    let (home, _) = home_with_a_completed_operation();
    assert_snapshot!(home.screen(&["resume", "latest", "--dealt-with", "deleted it by hand"]), @r#"
    $ aurora-restore resume latest --dealt-with deleted it by hand
    --- stderr
    error: operation op-20261121-080000-7f3a cannot do that: it is not stuck while being undone
    hint: `aurora-restore status op-20261121-080000-7f3a` tells where it stands. Nothing was changed.
    --- exit 1
    "#);
    assert_snapshot!(home.screen(&["resume", "latest", "--dealt-with", ""]), @r#"
    $ aurora-restore resume latest --dealt-with 
    --- stderr
    error: a value is required for '--dealt-with <WORDS>' but none was supplied

    For more information, try '--help'.
    --- exit 2
    "#);
}

#[test]
fn an_empty_journal_is_no_failure_to_list_and_nothing_to_look_at() {
    let home = Home::new();
    assert_snapshot!(home.screen(&["list"]), @r#"
    $ aurora-restore list
    --- stderr
    no operations match.
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["--json", "list"]), @r#"
    $ aurora-restore --json list
    {
      "version": 1,
      "operations": [],
      "refused": []
    }
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["status"]), @r#"
    $ aurora-restore status
    --- stderr
    error: the journal has no operations yet
    hint: `aurora-restore run` begins an operation.
    --- exit 2
    "#);
    assert!(!home.journal_path().exists());
}

#[test]
fn a_completed_operation_is_told() {
    let (home, _) = home_with_a_completed_operation();
    assert_snapshot!(home.screen(&["status"]), @r#"
    $ aurora-restore status
    op-20261121-080000-7f3a
      target     staging (222222222222/eu-central-1/staging)
      strategy   swap
      status     COMPLETED
      asked for  2026-11-21 09:47:00Z, 1d 00h ago
      updated    2026-11-21 12:32:23Z, 21h 42m ago
      ended      2026-11-21 12:32:23Z after 2h 45m
      old        kept until 2026-11-22 12:20:10Z

      snapshot-check    done       0ms
      copy-snapshot     done       1h 40m
      restore-snapshot  done       35m 00s
      create-instances  done       12m 30s
      apply-settings    done       1m 40s
      setup-db-users    done       0ms
      verify-restore    done       0ms
      switch-over       done       16m 03s
      archive-snapshot  done       10s
      notify            done       0ms
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["list"]), @r#"
    $ aurora-restore list
    OPERATION                TARGET   STATUS       STEP               UPDATED
    op-20261121-080000-7f3a  staging  COMPLETED                       2026-11-21 12:32:23Z
    --- exit 0
    "#);
}

#[test]
fn a_failed_operation_is_told_with_its_failure() {
    let home = home_with_a_failed_operation();
    assert_snapshot!(home.screen(&["status", "op-20261121-2"]), @r#"
    $ aurora-restore status op-20261121-2
    op-20261121-200000-00ff
      target     staging (222222222222/eu-central-1/staging)
      strategy   swap
      status     FAILED
      asked for  2026-11-21 09:47:00Z, 1d 00h ago
      updated    2026-11-21 10:45:10Z, 23h 29m ago
      ended      2026-11-21 10:45:10Z after 58m 10s
      failure    the restored data are refused: tables: 2 tables [ARP-VERIFY-001]

      snapshot-check    undone     0ms
      copy-snapshot     skipped    0ms
      restore-snapshot  undone     35m 00s
      create-instances  undone     12m 30s
      apply-settings    undone     1m 40s
      setup-db-users    undone     0ms
      verify-restore    undone     0ms
      switch-over       to do      
      archive-snapshot  to do      
      notify            to do      
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["--quiet", "watch"]), @r#"
    $ aurora-restore --quiet watch
    --- stderr
    error: operation op-20261121-200000-00ff failed and was undone: the restored data are refused: tables: 2 tables [ARP-VERIFY-001]
    hint: Read which check failed; the old cluster keeps serving.
    hint: See `aurora-restore report op-20261121-200000-00ff`.
    --- exit 1
    "#);
}

#[test]
fn an_operation_in_progress_is_told_and_can_be_cancelled() {
    let (home, _) = home_with_an_operation_in_progress();
    assert_snapshot!(home.screen(&["status"]), @r#"
    $ aurora-restore status
    op-20261121-080000-7f3a
      target     staging (222222222222/eu-central-1/staging)
      strategy   swap
      status     IN_PROGRESS, copy-snapshot (2 of 10)
      progress   copy prod-2026-11-21-copy-8fc040de-1 is `copying`
      asked for  2026-11-21 09:47:00Z, 1d 00h ago
      updated    2026-11-21 09:47:00Z, 1d 00h ago

      snapshot-check    done       0ms
      copy-snapshot     running    1d 00h
      restore-snapshot  to do      
      create-instances  to do      
      apply-settings    to do      
      setup-db-users    to do      
      verify-restore    to do      
      switch-over       to do      
      archive-snapshot  to do      
      notify            to do      
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["cancel", "latest", "--reason", "wrong day"]), @r#"
    $ aurora-restore cancel latest --reason wrong day
    --- stderr
    done: operation op-20261121-080000-7f3a was asked to stop.
    hint: Watch it being undone with `aurora-restore watch op-20261121-080000-7f3a`.
    hint: If nobody executes it, `aurora-restore resume op-20261121-080000-7f3a` undoes it.
    --- exit 0
    "#);
    assert!(home.screen(&["report"]).contains("dba@bastion asked to cancel"));
}

#[test]
fn a_completed_operation_cannot_be_cancelled() {
    let (home, _) = home_with_a_completed_operation();
    assert_snapshot!(home.screen(&["cancel", DONE]), @r#"
    $ aurora-restore cancel op-20261121-080000-7f3a
    --- stderr
    error: operation op-20261121-080000-7f3a cannot do that: it has ended
    hint: `aurora-restore status op-20261121-080000-7f3a` tells where it stands. Nothing was changed.
    --- exit 1
    "#);
}

#[test]
fn the_beginning_of_an_id_is_enough_if_it_is_of_one_only() {
    let (home, scenario) = home_with_a_completed_operation();
    home.operation(&scenario, "op-20261121-080000-7f3b", scenario.swap(), None);
    assert_snapshot!(home.screen(&["status", "op-20261121-08"]), @r#"
    $ aurora-restore status op-20261121-08
    --- stderr
    error: more than one operation begins with `op-20261121-08`: op-20261121-080000-7f3b, op-20261121-080000-7f3a
    hint: Give more of the id.
    --- exit 2
    "#);
    assert_eq!(home.exit(&["status", DONE]), 0);
    assert_snapshot!(home.screen(&["status", "op-1999"]), @r#"
    $ aurora-restore status op-1999
    --- stderr
    error: no operation begins with `op-1999`
    hint: `aurora-restore list` shows the operations of this journal.
    --- exit 2
    "#);
}

#[test]
fn nothing_is_changed_without_a_yes_where_nobody_can_be_asked() {
    let (home, _) = home_with_a_completed_operation();
    let before = home.files();
    assert_snapshot!(home.screen(&["undo", DONE]), @r#"
    $ aurora-restore undo op-20261121-080000-7f3a
    --- stderr
    error: nobody can be asked to confirm: this is not a terminal
    hint: Give --yes to go on without a question. Nothing was changed.
    --- exit 2
    "#);
    assert_eq!(home.exit(&["retire", DONE, "--early"]), 2);
    assert_eq!(home.exit(&["retire", "--due"]), 0);
    assert_eq!(journal_bytes(&home.files()), journal_bytes(&before));
}

pub(crate) fn journal_bytes(files: &[(std::path::PathBuf, Vec<u8>)]) -> Vec<u8> {
    files.iter().find(|(path, _)| path.ends_with("journal.sqlite")).unwrap().1.clone()
}

#[test]
fn a_retired_cluster_is_not_ended_before_its_time() {
    let (mut home, _) = home_with_a_completed_operation();
    home.set("AURORA_RESTORE_TEST_NOW", "2026-11-21T18:00:00Z");
    assert_snapshot!(home.screen(&["retire", DONE, "--yes"]), @r#"
    $ aurora-restore retire op-20261121-080000-7f3a --yes
    --- stderr
    error: cluster staging-old-8fc040de is to be kept until 2026-11-22 12:20:10Z
    hint: Give --early to end it before its time; the restore cannot be undone after that.
    --- exit 1
    "#);
    assert_snapshot!(home.screen(&["retire", "--due", "--yes"]), @r#"
    $ aurora-restore retire --due --yes
    --- stderr
    no retired cluster has been kept long enough.
    --- exit 0
    "#);
}

#[test]
fn watching_an_operation_that_has_ended_tells_the_whole_of_it() {
    let (home, _) = home_with_a_completed_operation();
    assert_snapshot!(home.screen(&["watch"]), @r#"
    $ aurora-restore watch
    --- stderr
    2026-11-21 09:47:00Z op-20261121-080000-7f3a asked for: restore staging
    2026-11-21 09:47:00Z snapshot-check started
    2026-11-21 09:47:00Z snapshot-check done in 0ms
    2026-11-21 09:47:00Z copy-snapshot started
    2026-11-21 11:27:00Z copy-snapshot done in 1h 40m
    2026-11-21 11:27:00Z restore-snapshot started
    2026-11-21 12:02:00Z restore-snapshot done in 35m 00s
    2026-11-21 12:02:00Z create-instances started
    2026-11-21 12:14:30Z create-instances done in 12m 30s
    2026-11-21 12:14:30Z apply-settings started
    2026-11-21 12:16:10Z apply-settings done in 1m 40s
    2026-11-21 12:16:10Z setup-db-users started
    2026-11-21 12:16:10Z setup-db-users done in 0ms
    2026-11-21 12:16:10Z verify-restore started
    2026-11-21 12:16:10Z verify-restore done in 0ms
    2026-11-21 12:16:10Z switch-over started
    2026-11-21 12:32:13Z switch-over done in 16m 03s
    2026-11-21 12:32:13Z archive-snapshot started
    2026-11-21 12:32:23Z archive-snapshot done in 10s
    2026-11-21 12:32:23Z notify started
    2026-11-21 12:32:23Z notify done in 0ms
    2026-11-21 12:32:23Z completed
    done: staging is restored and verified at staging.cluster-aoj9l40xif5f.eu-central-1.rds.amazonaws.com:5432.
    hint: The old cluster is kept until 2026-11-22 12:20:10Z; `aurora-restore undo op-20261121-080000-7f3a` brings it back.
    hint: See `aurora-restore report op-20261121-080000-7f3a`.
    --- exit 0
    "#);
}

#[test]
fn a_stream_begins_with_its_version_and_ends_with_the_end() {
    let (home, _) = home_with_a_completed_operation();
    let screen = home.screen(&["--json", "--quiet", "watch"]);
    let lines: Vec<&str> = screen.lines().skip(1).filter(|line| line.starts_with('{')).collect();
    assert_eq!(lines[0], r#"{"kind":"version","version":1}"#);
    assert_snapshot!(lines[1..4].join("\n"), @r#"
    {"kind":"fact","sequence":1,"at":"2026-11-21T09:47:00Z","event":"requested","step":null,"text":"op-20261121-080000-7f3a asked for: restore staging","code":null}
    {"kind":"fact","sequence":2,"at":"2026-11-21T09:47:00Z","event":"step-started","step":"snapshot-check","text":"snapshot-check started","code":null}
    {"kind":"fact","sequence":3,"at":"2026-11-21T09:47:00Z","event":"step-finished","step":"snapshot-check","text":"snapshot-check done in 0ms","code":null}
    "#);
    assert_snapshot!(lines.last().unwrap(), @r#"{"kind":"end","operation_id":"op-20261121-080000-7f3a","status":"COMPLETED","exit_code":0}"#);
}

#[test]
fn a_report_is_given_as_text_json_and_page() {
    let (home, _) = home_with_a_completed_operation();
    assert!(home.screen(&["report"]).contains(DONE));
    let json = home.output(&["--json", "report"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((json["version"].as_u64(), json["status"].as_str()), (Some(1), Some("COMPLETED")));
    assert_snapshot!(home.screen(&["report", "--html", "r.html"]), @r#"
    $ aurora-restore report --html r.html
    --- stderr
    done: the report is in r.html
    --- exit 0
    "#);
    assert!(std::fs::read_to_string(home.path("r.html")).unwrap().contains(DONE));
}
