//! A journal that is not what was written, or not only: what is told of it.

use insta::assert_snapshot;

use crate::{
    harness::{COMPLETE, Home},
    journal::{home_with_a_completed_operation, journal_bytes},
};

#[test]
fn an_operation_that_cannot_be_read_is_named_and_hides_no_other() {
    let (home, scenario) = home_with_a_completed_operation();
    home.begun_by_a_newer_version(&scenario, "op-20271121-080000-0001");
    assert_snapshot!(home.screen(&["list"]), @r#"
    $ aurora-restore list
    OPERATION                TARGET   STATUS       STEP               UPDATED
    op-20261121-080000-7f3a  staging  COMPLETED                       2026-11-21 12:32:23Z
    --- stderr
    error: the journal of operation op-20271121-080000-0001 is refused: its state was written in form 99 by a newer version; this one knows forms up to 1
    hint: If a newer version wrote it, use that one; if it was altered, bring it back from an export or a backup. Nothing was changed.
    --- exit 1
    "#);
    assert_snapshot!(home.screen(&["--json", "list", "--limit", "1"]), @r#"
    $ aurora-restore --json list --limit 1
    {
      "version": 1,
      "operations": [],
      "refused": [
        {
          "operation_id": "op-20271121-080000-0001",
          "reason": "its state was written in form 99 by a newer version; this one knows forms up to 1"
        }
      ]
    }
    --- stderr
    error: the journal of operation op-20271121-080000-0001 is refused: its state was written in form 99 by a newer version; this one knows forms up to 1
    hint: If a newer version wrote it, use that one; if it was altered, bring it back from an export or a backup. Nothing was changed.
    --- exit 1
    "#);
    assert_snapshot!(home.screen(&["status", "latest"]), @r#"
    $ aurora-restore status latest
    --- stderr
    error: the journal of operation op-20271121-080000-0001 is refused: its state was written in form 99 by a newer version; this one knows forms up to 1
    hint: If a newer version wrote it, use that one; if it was altered, bring it back from an export or a backup. Nothing was changed.
    --- exit 3
    "#);
}

#[test]
fn a_journal_that_was_altered_is_refused() {
    let (home, _) = home_with_a_completed_operation();
    let alter = "UPDATE entries SET body = replace(body, 'prod', 'drop') WHERE sequence = 1;";
    let guard = "CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'an entry of the journal is never changed');
END";
    sqlite(&home, &format!("DROP TRIGGER entries_are_never_changed; {alter} {guard};"));
    assert_snapshot!(home.screen(&["report"]), @r#"
    $ aurora-restore report
    --- stderr
    error: the journal of operation op-20261121-080000-7f3a is refused: entry 1 was altered after it was written
    hint: Nothing is done with a journal that cannot be trusted: bring it back from a backup.
    --- exit 3
    "#);
}

#[test]
fn a_journal_of_a_newer_version_is_refused_and_left_alone() {
    let (home, _) = home_with_a_completed_operation();
    sqlite(&home, "PRAGMA user_version = 4711");
    let before = journal_bytes(&home.files());
    assert_snapshot!(home.screen(&["status"]), @r#"
    $ aurora-restore status
    --- stderr
    error: the journal at <home>/.local/state/aurora-restore/journal.sqlite cannot be used: a newer aurora-restore laid it out (form 4711, this one knows forms up to 4); install the newer one
    hint: Nothing was changed. Another file can be named with `--set journal.path=…`, other tables with `journal.state-table` and `journal.audit-table`.
    --- exit 3
    "#);
    assert_eq!(journal_bytes(&home.files()), before);
}

#[test]
fn a_file_that_is_no_journal_is_refused() {
    let home = Home::with_config(&format!("{COMPLETE}\n[journal]\npath = \"notes.txt\"\n"));
    std::fs::write(home.path("notes.txt"), "dear diary").unwrap();
    assert_snapshot!(home.screen(&["status"]), @r#"
    $ aurora-restore status
    --- stderr
    error: the journal at notes.txt cannot be used: it is not a SQLite database; move the file away or name another one
    hint: Nothing was changed. Another file can be named with `--set journal.path=…`, other tables with `journal.state-table` and `journal.audit-table`.
    --- exit 3
    "#);
}

#[test]
fn a_directory_is_no_journal_and_no_trouble_of_the_disk() {
    let home = Home::with_config(&format!("{COMPLETE}\n[journal]\npath = \".\"\n"));
    assert_snapshot!(home.screen(&["status"]), @r#"
    $ aurora-restore status
    --- stderr
    error: the journal at . cannot be used: it is a directory; name a file in it
    hint: Nothing was changed. Another file can be named with `--set journal.path=…`, other tables with `journal.state-table` and `journal.audit-table`.
    --- exit 3
    "#);
}

/// Changes the file behind the back of the program.
fn sqlite(home: &Home, sql: &str) {
    rusqlite::Connection::open(home.journal_path()).unwrap().execute_batch(sql).unwrap();
}
