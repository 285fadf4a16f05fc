//! The state of operations that somebody altered or lost: what is told, and what can be had back.

use insta::assert_snapshot;

use crate::state::{DONE, OPEN, home};

#[test]
fn an_item_that_is_gone_is_written_anew_from_its_entries() {
    let (home, _) = home();
    assert_eq!(home.exit(&["state", "purge", "--status", "COMPLETED", "--older-than", "1h", "--yes"]), 0);
    assert_snapshot!(home.screen(&["state", "rebuild", "--plan"]), @r"
    $ aurora-restore state rebuild --plan
    --- stderr
    operation op-20261121-080000-7f3a is COMPLETED at its entry 24 and has no item; its target is 222222222222/eu-central-1/staging
    done: 1 item would be written.
    --- exit 0
    ");
    assert_snapshot!(home.screen(&["state", "rebuild", "--unfinished", "--yes"]), @r"
    $ aurora-restore state rebuild --unfinished --yes
    --- stderr
    not wanted, because nobody has to know of it any more: 1 operation
    done: no item is to be written; already there: 1.
    --- exit 0
    ");
    assert_snapshot!(home.screen(&["state", "rebuild"]), @r"
    $ aurora-restore state rebuild
    --- stderr
    operation op-20261121-080000-7f3a is COMPLETED at its entry 24 and has no item; its target is 222222222222/eu-central-1/staging
    error: nobody can be asked to confirm: this is not a terminal
    hint: Give --yes to go on without a question. Nothing was changed.
    --- exit 2
    ");
    assert_snapshot!(home.screen(&["--json", "state", "rebuild", "--yes"]), @r#"
    $ aurora-restore --json state rebuild --yes
    {"kind":"version","version":1}
    {"kind":"lost","operation_id":"op-20261121-080000-7f3a","status":"COMPLETED","target":"222222222222/eu-central-1/staging","sequence":24}
    {"kind":"rebuild","there":1,"not_wanted":0,"lost":1,"unusable":0,"written":1,"same":0,"differs":0}
    --- stderr
    operation op-20261121-080000-7f3a is COMPLETED at its entry 24 and has no item; its target is 222222222222/eu-central-1/staging
    done: wrote 1 item; already there: 1.
    --- exit 0
    "#);
    assert_eq!(home.exit(&["state", "audit"]), 0);
    assert_eq!(home.exit(&["status", DONE]), 0);
}

/// What a purge would leave is left by its plan, too.
#[test]
fn a_purge_is_planned_for_what_its_entries_bear_out() {
    let (home, _) = home();
    let journal = rusqlite::Connection::open(home.journal_path()).unwrap();
    let guard: String = journal
        .query_row("SELECT sql FROM sqlite_schema WHERE name = 'entries_are_never_changed'", [], |row| row.get(0))
        .unwrap();
    let alter = format!("UPDATE entries SET body = body || ' ' WHERE operation_id = '{DONE}' AND sequence = 3");
    journal.execute_batch(&format!("DROP TRIGGER entries_are_never_changed; {alter}; {guard};")).unwrap();
    drop(journal);
    let plan = ["state", "purge", "--status", "COMPLETED", "--older-than", "1h", "--plan"];
    assert_snapshot!(home.screen(&plan), @r"
    $ aurora-restore state purge --status COMPLETED --older-than 1h --plan
    0 COMPLETED operations would be purged
    --- stderr
    op-20261121-080000-7f3a stays: broken-chain op-20261121-080000-7f3a: entry 3 was altered after it was written
    hint: Entries are not purged. Run it without --plan to export and delete.
    --- exit 0
    ");
}

/// One operation of a target that cannot be read hides no other one of it, and is shown with what is wrong.
#[test]
fn an_item_that_was_altered_hides_no_other() {
    let (home, _) = home();
    let journal = rusqlite::Connection::open(home.journal_path()).unwrap();
    journal.execute("UPDATE operations SET seal = 'none' WHERE operation_id = ?1", [OPEN]).unwrap();
    drop(journal);
    assert_snapshot!(home.screen(&["state", "show", DONE]), @r"
    $ aurora-restore state show op-20261121-080000-7f3a
    op-20261121-080000-7f3a
      target     staging (222222222222/eu-central-1/staging)
      status     COMPLETED
      updated    2026-11-21 11:06:13Z
      ended      2026-11-21 10:52:13Z
      lock       not known: the journal of operation op-20261121-200000-00ff is refused: its state was altered after it was written; keep the file and restore it from a backup
      executor   first
      token      1
      entries    24, the newest f6680660fdd93ae3def8cad7f75b27da1adc7c9c330e87000efcdcf9067464cc
      verdict    sound: the chain holds, and the item is what it says
    --- exit 0
    ");
    assert_snapshot!(home.screen(&["state", "show", OPEN]), @r"
    $ aurora-restore state show op-20261121-200000-00ff
    --- stderr
    error: the journal of operation op-20261121-200000-00ff is refused: its state was altered after it was written; keep the file and restore it from a backup
    hint: If a newer version wrote it, use that one; if it was altered, bring it back from an export or a backup. Nothing was changed.
    --- exit 3
    ");
    assert_snapshot!(home.screen(&["--json", "state", "audit"]), @r#"
    $ aurora-restore --json state audit
    {"kind":"version","version":1}
    {"kind":"finding","finding":"unreadable","operation":"op-20261121-200000-00ff","evidence":"its state was altered after it was written; keep the file and restore it from a backup","since":null,"action":"If a newer version wrote it, use that one; if it was altered, bring it back from an export or a backup."}
    {"kind":"end","operations":1,"entries":24,"locks":1,"findings":1,"troubles":0}
    --- exit 1
    "#);
}
