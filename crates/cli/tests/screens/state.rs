//! Looking after the state of operations on one machine: what is shown, what is refused, what is left as it was.

use aurora_restore_core::operation::Status;
use aurora_restore_testing::{
    run_to_end,
    scenario::{Scenario, Stage},
    stand_in::StandIn,
};
use insta::assert_snapshot;

use crate::{
    harness::{COMPLETE, Home},
    stack,
};

pub(crate) const DONE: &str = "op-20261121-080000-7f3a";
pub(crate) const OPEN: &str = "op-20261121-200000-00ff";
/// The account of their target.
const ITS_ACCOUNT: &str = "222222222222";

/// A home whose journal has one operation that is completed and retired, and one that stands in the middle.
pub(crate) fn home() -> (Home, Scenario) {
    let home = Home::with_config(COMPLETE);
    let scenario = Scenario::new(Stage::default());
    home.recorded(&scenario, async |engine| {
        let mut session = engine.begin(scenario.begin(DONE, scenario.swap())).await.unwrap();
        let status = run_to_end(engine, &mut session, &scenario.clock, 5_000).await.unwrap();
        assert_eq!(status, Status::Completed);
        engine.retire(&mut session, "dba@bastion").await.unwrap();
        run_to_end(engine, &mut session, &scenario.clock, 5_000).await.unwrap();
    });
    let halfway = home.operation(&scenario, OPEN, scenario.swap(), Some(12));
    assert_eq!(halfway, Status::InProgress);
    (home, scenario)
}

#[test]
fn what_the_journal_keeps_is_shown() {
    let (home, _) = home();
    assert_snapshot!(home.screen(&["state", "list"]), @r#"
    $ aurora-restore state list
    OPERATION                TARGET   STATUS       STEP               UPDATED
    op-20261121-200000-00ff  staging  IN_PROGRESS  restore-snapshot   2026-11-21 11:06:13Z
    op-20261121-080000-7f3a  staging  COMPLETED                       2026-11-21 11:06:13Z
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["--json", "state", "list", "--status", "COMPLETED", "--older-than", "1h"]), @r#"
    $ aurora-restore --json state list --status COMPLETED --older-than 1h
    {"kind":"version","version":1}
    {"kind":"operation","operation_id":"op-20261121-080000-7f3a","version":1,"status":"COMPLETED","step":"notify","target":"staging","target_key":{"account":"222222222222","region":"eu-central-1","cluster":"staging"},"holds_target":false,"requested_at":"2026-11-21T09:47:00Z","last_updated_at":"2026-11-21T11:06:13Z","ended_at":"2026-11-21T10:52:13Z","sequence":24,"progress":null,"failure":null,"retire_after":null,"ttl":1803034333}
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["state", "show", DONE]), @r#"
    $ aurora-restore state show op-20261121-080000-7f3a
    op-20261121-080000-7f3a
      target     staging (222222222222/eu-central-1/staging)
      status     COMPLETED
      updated    2026-11-21 11:06:13Z
      ended      2026-11-21 10:52:13Z
      lock       held by op-20261121-200000-00ff
      executor   first
      token      1
      entries    24, the newest f6680660fdd93ae3def8cad7f75b27da1adc7c9c330e87000efcdcf9067464cc
      verdict    sound: the chain holds, and the item is what it says
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["--json", "state", "show", OPEN]), @r#"
    $ aurora-restore --json state show op-20261121-200000-00ff
    {"kind":"version","version":1}
    {"kind":"operation","state":{"operation_id":"op-20261121-200000-00ff","version":1,"status":"IN_PROGRESS","step":"restore-snapshot","target":"staging","target_key":{"account":"222222222222","region":"eu-central-1","cluster":"staging"},"holds_target":true,"requested_at":"2026-11-21T11:06:13Z","last_updated_at":"2026-11-21T11:06:13Z","ended_at":null,"sequence":6,"progress":{"step":"restore-snapshot","text":"cluster staging-new-867ed8ff is `migrating`","percent":null},"failure":null,"retire_after":null,"ttl":null},"sequence":6,"token":1,"executor":"first","holder":"op-20261121-200000-00ff","entries":6,"newest_hash":"947f30599598eea9fb8b998541829b0f153a920edb9b9f5cc8675149273fb81d","findings":[]}
    --- exit 0
    "#);
}

#[test]
fn what_stands_still_is_found_by_its_age() {
    let (home, _) = home();
    assert_snapshot!(home.screen(&["state", "stalled"]), @r#"
    $ aurora-restore state stalled
    --- stderr
    nothing stands still.
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["state", "stalled", "--older-than", "1h"]), @r#"
    $ aurora-restore state stalled --older-than 1h
    OPERATION                STEP               UPDATED               AGO       EXECUTOR
    op-20261121-200000-00ff  restore-snapshot   2026-11-21 11:06:13Z  23h 08m   first
    --- stderr
    hint: Look into each with `aurora-restore state resolve OPERATION --retry --note WHY`, or `--fail` in its place.
    --- exit 1
    "#);
    assert_snapshot!(home.screen(&["--json", "state", "stalled", "--older-than", "1h"]), @r#"
    $ aurora-restore --json state stalled --older-than 1h
    {"kind":"version","version":1}
    {"kind":"stalled","operation_id":"op-20261121-200000-00ff","target":"staging","step":"restore-snapshot","last_updated_at":"2026-11-21T11:06:13Z","executor":"first"}
    {"kind":"end","stalled":1,"waiting":0,"read_units":null}
    --- exit 1
    "#);
}

#[test]
fn a_sound_journal_is_told_as_such() {
    let (home, _) = home();
    assert_snapshot!(home.screen(&["state", "audit"]), @r#"
    $ aurora-restore state audit
    sound: 2 operations, 30 entries, 1 lock
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["--json", "state", "verify"]), @r#"
    $ aurora-restore --json state verify
    {"kind":"version","version":1}
    {"kind":"end","operations":2,"entries":30,"locks":1,"findings":0,"troubles":0}
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["state", "verify", DONE]), @r#"
    $ aurora-restore state verify op-20261121-080000-7f3a
    sound: 1 operation, 24 entries, 0 locks
    --- exit 0
    "#);
}

#[test]
fn a_row_that_was_altered_is_found_and_named() {
    let (home, _) = home();
    let file = rusqlite::Connection::open(home.journal_path()).unwrap();
    // As whoever means it would: the guards are put back, so that only the row tells.
    let trigger: String = file
        .query_row("SELECT sql FROM sqlite_schema WHERE name = 'entries_are_never_changed'", [], |row| row.get(0))
        .unwrap();
    file.execute_batch("DROP TRIGGER entries_are_never_changed").unwrap();
    let altered =
        "UPDATE entries SET body = replace(body, 'staging', 'stagink') WHERE sequence = 1 AND operation_id = ?1";
    assert_eq!(file.execute(altered, [DONE]).unwrap(), 1);
    file.execute_batch(&trigger).unwrap();
    drop(file);
    assert_snapshot!(home.screen(&["state", "audit"]), @r#"
    $ aurora-restore state audit
    broken-chain op-20261121-080000-7f3a: entry 1 was altered after it was written
      hint: Nothing is done with a journal that cannot be trusted: keep what `aurora-restore state show op-20261121-080000-7f3a` shows, find out who wrote into the store, and bring the operation back from a backup or an export.
    1 finding in 2 operations, 30 entries, 1 lock
    --- exit 1
    "#);
    assert_snapshot!(home.screen(&["state", "show", DONE]), @r#"
    $ aurora-restore state show op-20261121-080000-7f3a
    op-20261121-080000-7f3a
      target     staging (222222222222/eu-central-1/staging)
      status     COMPLETED
      updated    2026-11-21 11:06:13Z
      ended      2026-11-21 10:52:13Z
      lock       held by op-20261121-200000-00ff
      token      1
      entries    24, the newest f6680660fdd93ae3def8cad7f75b27da1adc7c9c330e87000efcdcf9067464cc
    broken-chain op-20261121-080000-7f3a: entry 1 was altered after it was written
      hint: Nothing is done with a journal that cannot be trusted: keep what `aurora-restore state show op-20261121-080000-7f3a` shows, find out who wrote into the store, and bring the operation back from a backup or an export.
    --- exit 1
    "#);
    assert_snapshot!(home.screen(&["state", "export", "all.jsonl"]), @r#"
    $ aurora-restore state export all.jsonl
    --- stderr
    error: broken-chain op-20261121-080000-7f3a: entry 1 was altered after it was written [ARP-STATE-003]
    hint: Nothing is done with a journal that cannot be trusted: keep what `aurora-restore state show op-20261121-080000-7f3a` shows, find out who wrote into the store, and bring the operation back from a backup or an export.
    done: wrote 1 operation with 6 entries to all.jsonl; sha256 e586070f43f95cf975bbd5a0c075b1bf94a0ee27fd32b93e412b0c86486dea70
    --- exit 1
    "#);
}

#[test]
fn a_purge_shows_its_plan_and_changes_nothing_by_it() {
    let (home, _) = home();
    let before = home.files();
    assert_snapshot!(home.screen(&["state", "purge", "--status", "COMPLETED", "--older-than", "1h", "--plan"]), @r#"
    $ aurora-restore state purge --status COMPLETED --older-than 1h --plan
    1 COMPLETED operation would be purged
      oldest  op-20261121-080000-7f3a  updated 2026-11-21 11:06:13Z
      newest  op-20261121-080000-7f3a  updated 2026-11-21 11:06:13Z
    --- stderr
    hint: Entries are not purged. Run it without --plan to export and delete.
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["--json", "state", "purge", "--status", "completed", "--older-than", "1h", "--plan"]), @r#"
    $ aurora-restore --json state purge --status completed --older-than 1h --plan
    {"kind":"version","version":1}
    {"kind":"due","operation_id":"op-20261121-080000-7f3a","target":"staging","last_updated_at":"2026-11-21T11:06:13Z","sequence":24}
    {"kind":"plan","due":1,"left":0,"more":false}
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["state", "purge", "--status", "COMPLETED", "--older-than", "90d", "--yes"]), @r#"
    $ aurora-restore state purge --status COMPLETED --older-than 90d --yes
    --- stderr
    nothing is to be purged.
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["state", "purge", "--status", "COMPLETED", "--older-than", "1h"]), @r#"
    $ aurora-restore state purge --status COMPLETED --older-than 1h
    --- stderr
    error: nobody can be asked to confirm: this is not a terminal
    hint: Give --yes to go on without a question. Nothing was changed.
    --- exit 2
    "#);
    assert_eq!(journal(&home.files()), journal(&before));
}

/// The journal among files; what SQLite keeps beside it comes and goes.
fn journal(files: &[(std::path::PathBuf, Vec<u8>)]) -> Vec<&[u8]> {
    let is_it = |path: &std::path::Path| path.extension().is_some_and(|ending| ending == "sqlite");
    files.iter().filter(|(path, _)| is_it(path)).map(|(_, bytes)| bytes.as_slice()).collect()
}

#[test]
fn what_was_purged_is_in_the_export_and_comes_back_from_it() {
    let (home, _) = home();
    let purge = ["state", "purge", "--status", "COMPLETED", "--older-than", "1h", "--export", "old.jsonl", "--yes"];
    assert_snapshot!(home.screen(&purge), @r#"
    $ aurora-restore state purge --status COMPLETED --older-than 1h --export old.jsonl --yes
    --- stderr
    exported 1 operation to old.jsonl
    done: deleted 1 item; the export is old.jsonl, sha256 3d8fe218b37d41db12fdf9a3bf57ddb276d27342bbf0adf47c29a71a130f3be5
    hint: `aurora-restore state import old.jsonl` puts them back.
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["state", "list"]), @r#"
    $ aurora-restore state list
    OPERATION                TARGET   STATUS       STEP               UPDATED
    op-20261121-200000-00ff  staging  IN_PROGRESS  restore-snapshot   2026-11-21 11:06:13Z
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["status", DONE]), @r#"
    $ aurora-restore status op-20261121-080000-7f3a
    --- stderr
    error: no operation begins with `op-20261121-080000-7f3a`
    hint: `aurora-restore list` shows the operations of this journal.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["state", "verify", "--file", "old.jsonl"]), @r#"
    $ aurora-restore state verify --file old.jsonl
    --- stderr
    done: the export is what was written: 1 operation with 24 entries; sha256 3d8fe218b37d41db12fdf9a3bf57ddb276d27342bbf0adf47c29a71a130f3be5
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["state", "import", "old.jsonl", "--yes"]), @r#"
    $ aurora-restore state import old.jsonl --yes
    --- stderr
    done: put back 1 operation; already there: 0.
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["--json", "state", "import", "old.jsonl", "--yes"]), @r#"
    $ aurora-restore --json state import old.jsonl --yes
    {"kind":"version","version":1}
    {"kind":"import","written":0,"same":1,"differs":0,"operations":1,"entries":24,"left_out":0,"sha256":"3d8fe218b37d41db12fdf9a3bf57ddb276d27342bbf0adf47c29a71a130f3be5"}
    --- stderr
    done: put back 0 operations; already there: 1.
    --- exit 0
    "#);
    assert_eq!(home.exit(&["state", "audit"]), 0);
    assert_eq!(home.exit(&["status", DONE]), 0);
    // The export is not written over, and nothing is deleted without one.
    assert_snapshot!(home.screen(&purge), @r#"
    $ aurora-restore state purge --status COMPLETED --older-than 1h --export old.jsonl --yes
    --- stderr
    error: old.jsonl exists already
    hint: Name another file. Nothing was changed.
    --- exit 2
    "#);
    assert_eq!(home.exit(&["status", DONE]), 0);
}

#[test]
fn an_export_goes_into_another_home() {
    let (home, _) = home();
    assert_snapshot!(home.screen(&["state", "export", "all.jsonl"]), @r#"
    $ aurora-restore state export all.jsonl
    --- stderr
    done: wrote 2 operations with 30 entries to all.jsonl; sha256 f7664b5954e64e4a9e65ec87c5c4e06b6bf51846e7a5ce7f426debfb4c4b9629
    --- exit 0
    "#);
    let other = Home::with_config(COMPLETE);
    std::fs::copy(home.path("all.jsonl"), other.path("all.jsonl")).unwrap();
    assert_eq!(other.exit(&["state", "import", "all.jsonl", "--yes"]), 0);
    assert_eq!(other.output(&["state", "list"]).stdout, home.output(&["state", "list"]).stdout);
    assert_eq!(other.exit(&["state", "audit", "--older-than", "30d"]), 0);
}

#[test]
fn an_export_that_was_altered_changes_nothing() {
    let (home, _) = home();
    assert_eq!(home.exit(&["state", "export", "all.jsonl"]), 0);
    let text = std::fs::read_to_string(home.path("all.jsonl")).unwrap();
    std::fs::write(home.path("altered.jsonl"), text.replacen("snapshot-check", "snapshot-chuck", 1)).unwrap();
    std::fs::write(home.path("cut.jsonl"), &text[..text.len() / 2]).unwrap();
    let other = Home::with_config(COMPLETE);
    for name in ["altered.jsonl", "cut.jsonl"] {
        std::fs::copy(home.path(name), other.path(name)).unwrap();
    }
    assert_snapshot!(other.screen(&["state", "import", "altered.jsonl", "--yes"]), @r#"
    $ aurora-restore state import altered.jsonl --yes
    --- stderr
    error: operation op-20261121-080000-7f3a on line 2 is refused: entry 2 was altered after it was written [ARP-STATE-001]
    hint: Take another copy of the export: nothing of one that was cut or altered is believed.
    --- exit 1
    "#);
    assert_snapshot!(other.screen(&["state", "import", "cut.jsonl", "--yes"]), @r#"
    $ aurora-restore state import cut.jsonl --yes
    --- stderr
    error: its end is missing: it has 2 lines and no digest [ARP-STATE-001]
    hint: Take another copy of the export: nothing of one that was cut or altered is believed.
    --- exit 1
    "#);
    assert_snapshot!(other.screen(&["state", "import", "nowhere.jsonl", "--yes"]), @r#"
    $ aurora-restore state import nowhere.jsonl --yes
    --- stderr
    error: nowhere.jsonl cannot be read
      caused by: No such file or directory (os error 2)
    hint: Nothing was changed.
    --- exit 2
    "#);
    assert!(!other.journal_path().exists());
}

#[test]
fn an_operation_that_has_ended_is_nobodys_to_decide() {
    let (home, _) = home();
    // Longer ago than it had news: that it has ended is what counts.
    let screen = home.screen(&["state", "resolve", DONE, "--retry", "--note", "it hangs", "--older-than", "3000d"]);
    assert!(screen.contains("it has ended") && screen.ends_with("--- exit 1"), "{screen}");
}

/// A stack whose functions' logs are not there.
#[test]
fn logs_that_cannot_be_read_are_told_and_the_stack_is_asked_all_the_same() {
    let server = StandIn::ministack().entered_with(ITS_ACCOUNT);
    stack::stack(&server);
    let (here, _) = home();
    assert_eq!(here.exit(&["state", "export", "all.jsonl"]), 0);
    let mut home = stack::home_on(&server);
    home.set("AWS_ACCESS_KEY_ID", ITS_ACCOUNT);
    let export = here.path("all.jsonl").display().to_string();
    assert_eq!(home.exit(&["state", "import", &export, "--yes"]), 0);
    assert_snapshot!(home.screen(&["state", "resolve", OPEN, "--retry", "--note", "it hangs"]), @r"
    $ aurora-restore state resolve op-20261121-200000-00ff --retry --note it hangs
    --- stderr
    operation op-20261121-200000-00ff stands restore-snapshot (3 of 10)
      executor   execution first is not there any more
      logs       cannot be read: the stack has no log group of the function restore-snapshot
    execution op-20261121-200000-00ff-r7 of stack ours does it.
    error: execution op-20261121-200000-00ff-r7 ended without touching operation op-20261121-200000-00ff: AuroraRestore.Refused: the snapshot is gone
    hint: The operation is as it was.
    hint: Mend the cause and run the same command again.
    --- exit 1
    ");
}

#[test]
fn bad_input_is_refused_with_what_to_give() {
    let home = Home::with_config(COMPLETE);
    assert_snapshot!(home.screen(&["state", "purge", "--status", "IN_PROGRESS", "--older-than", "90d"]), @r#"
    $ aurora-restore state purge --status IN_PROGRESS --older-than 90d
    --- stderr
    error: invalid value 'IN_PROGRESS' for '--status <STATUS>': an operation that has not ended is never purged: it is one of COMPLETED, FAILED and CANCELLED

    For more information, try '--help'.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["state", "purge", "--status", "COMPLETED", "--older-than", "90"]), @r#"
    $ aurora-restore state purge --status COMPLETED --older-than 90
    --- stderr
    error: invalid value '90' for '--older-than <AGE>': `90` lacks a unit

    For more information, try '--help'.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["state", "resolve", "latest", "--fail", "--retry", "--note", "both"]), @r#"
    $ aurora-restore state resolve latest --fail --retry --note both
    --- stderr
    error: the argument '--fail' cannot be used with '--retry'

    Usage: aurora-restore state resolve --note <WHY> <--fail|--retry> <OPERATION>

    For more information, try '--help'.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["state", "resolve", "latest", "--fail"]), @r#"
    $ aurora-restore state resolve latest --fail
    --- stderr
    error: the following required arguments were not provided:
      --note <WHY>

    Usage: aurora-restore state resolve --note <WHY> <--fail|--retry> <OPERATION>

    For more information, try '--help'.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["state", "export", "all.jsonl"]), @r"
    $ aurora-restore state export all.jsonl
    --- stderr
    error: there is no journal at <home>/.local/state/aurora-restore/journal.sqlite
    hint: The first restore makes it. Name another one with `--set journal.path=…`, or a stack with `--stack NAME`.
    --- exit 3
    ");
    assert_eq!(home.exit(&["state", "audit"]), 3);
    assert!(!home.journal_path().exists());
}

#[test]
fn an_export_needs_somewhere_to_go() {
    let (home, _) = home();
    assert_snapshot!(home.screen(&["state", "export", "nowhere/all.jsonl"]), @r#"
    $ aurora-restore state export nowhere/all.jsonl
    --- stderr
    error: nowhere/all.jsonl cannot be made
      caused by: No such file or directory (os error 2)
    hint: Name a file in a directory that can be written. Nothing was changed.
    --- exit 2
    "#);
}
