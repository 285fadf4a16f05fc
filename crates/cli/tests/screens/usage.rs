//! The command line itself: help, wrong arguments, codes, completions, manual pages.

use insta::assert_snapshot;

use crate::harness::{COMPLETE, Home};

#[test]
fn the_short_help_lists_every_command() {
    let screen = Home::new().screen(&["-h"]);
    let commands = screen.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    assert_snapshot!(commands, @r#"

    plan         Show what a restore would make, change and delete, without changing anything
    run          Restore: plan, ask, and do it
    start        Have the stack do a restore
    status       Show where an operation stands
    list         List operations, the one that was updated last first
    watch        Watch an operation until it ends
    resume       Go on with an operation that was interrupted, or that is stuck
    cancel       Ask an operation to stop and to be undone
    undo         Take a completed or stuck restore back
    retire       End the cluster that had the name before
    report       Show the report of an operation: timeline, figures, checks, settings
    batch        Do many restores, a few at a time
    drill        Rehearse a restore for real, and show what the rehearsals have proven
    state        Look after the state of operations: stalled, old, exported, proven
    review       Review the operations and the stack: what is wrong, what shows it, what mends it
    keys         Look at the KMS keys that restores depend on
    secrets      Give the logins of a cluster new passwords
    stack        Deploy the pipeline to AWS, and keep it
    change       Changes to a stack: look at them, propose, approve
    functions    Functions of the stack: what they run, new code, the way back, memory
    monitoring   Keep what watches a stack as it is declared: alarms, dashboard, logs, queries
    logs         Ask the logs, of a stack or in files, and say how long they are kept
    capacity     See what the tables of a stack use, and change how they are paid for
    indexes      Compare the indexes of the state table with those that queries need
    config       Write, show or check the configuration
    doctor       Check the set-up: configuration, journal, secrets, accounts, RDS, certificates
    demo         Show a whole restore on this machine, from snapshot to proof
    sandbox      Run a local stand-in for Aurora: real PostgreSQL behind an RDS-compatible API
    explain      Explain an error code or an alarm, such as ARP-KMS-001
    completions  Print the completions for a shell
    man          Write the manual pages into a directory
    "#);
}

#[test]
fn a_misspelt_command_gets_a_suggestion() {
    assert_snapshot!(Home::new().screen(&["statsu"]), @r#"
    $ aurora-restore statsu
    --- stderr
    error: unrecognized subcommand 'statsu'

      tip: some similar subcommands exist: 'stack', 'start', 'state', 'status'

    Usage: aurora-restore [OPTIONS] <COMMAND>

    For more information, try '--help'.
    --- exit 2
    "#);
}

#[test]
fn a_code_is_explained_in_any_case_and_a_misspelt_one_gets_a_suggestion() {
    let home = Home::new();
    assert_snapshot!(home.screen(&["explain", "arp-copy-002"]), @r#"
    $ aurora-restore explain arp-copy-002
    ARP-COPY-002  The copy took longer than `limits.copy`.
      Raise the limit if the snapshot is large; a copy that is queued shows 0 % and is not stuck.

      Copies of Aurora's snapshots are full, never incremental, and queue behind each other. Look how long the last ones took
      (`aurora-restore report`), and set `limits.copy` to twice that.
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["explain", "ARP-COPY-02"]), @r#"
    $ aurora-restore explain ARP-COPY-02
    --- stderr
    error: there is no code or alarm `ARP-COPY-02`
    hint: Did you mean ARP-COPY-002?
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["explain", "nothing-of-this-kind"]), @r#"
    $ aurora-restore explain nothing-of-this-kind
    --- stderr
    error: there is no code or alarm `nothing-of-this-kind`
    hint: List all codes and alarms with `aurora-restore explain`.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["--json", "explain", "ARP-SNAPSHOT-004"]), @r#"
    $ aurora-restore --json explain ARP-SNAPSHOT-004
    {
      "version": 1,
      "codes": [
        {
          "kind": "error",
          "code": "ARP-SNAPSHOT-004",
          "meaning": "The date does not exist or lies in the future.",
          "action": "Give a day as YYYY-MM-DD, UTC, not later than today.",
          "entry": [
            "Days are those of UTC: in the first hours of a local day the date may still be tomorrow's there."
          ]
        }
      ]
    }
    --- exit 0
    "#);
}

#[test]
fn an_alarm_is_explained_by_the_name_that_the_mail_shows() {
    let home = Home::new();
    assert_snapshot!(home.screen(&["explain", "aurora-restore-operations-stalled"]), @r#"
    $ aurora-restore explain aurora-restore-operations-stalled
    operations-stalled  The sweeper found an operation that nobody executes: `aurora-restore resume`.
      It goes off when the sum of `SweepOperationsStalled` of AuroraRestore within 5 minutes is 1 or more.

      First look: whether its execution was stopped, timed out or could not be run; the operation holds its target meanwhile.

      Command: `aurora-restore --stack NAME resume ID`

      Runbook: when it does not work (docs/guide/deploy-to-aws.md#13-when-it-does-not-work)
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["explain", "operations-stall"]), @r#"
    $ aurora-restore explain operations-stall
    --- stderr
    error: there is no code or alarm `operations-stall`
    hint: Did you mean operations-stalled?
    --- exit 2
    "#);
}

#[test]
fn without_a_name_every_code_and_every_alarm_is_listed_in_one_line() {
    let home = Home::new();
    let screen = home.screen(&["explain"]);
    let listed = screen.lines().filter(|line| line.contains("  ")).count();
    assert!(screen.contains("\nARP-UNDO-001  A step could not be undone.\n"), "{screen}");
    assert!(screen.contains("\nschedule-dropped  A schedule could not start"), "{screen}");
    assert!(listed > 60 && listed == screen.lines().count() - 2, "{listed}: {screen}");
}

#[test]
fn a_plan_in_a_file_excludes_saying_otherwise() {
    assert_snapshot!(Home::with_config(COMPLETE).screen(&["run", "--plan", "p.json", "--target", "x"]), @r#"
    $ aurora-restore run --plan p.json --target x
    --- stderr
    error: the argument '--plan <FILE>' cannot be used with '--target <CLUSTER>'

    Usage: aurora-restore run --plan <FILE>

    For more information, try '--help'.
    --- exit 2
    "#);
}

#[test]
fn what_is_not_a_plan_is_refused() {
    let home = Home::with_config(COMPLETE);
    std::fs::write(home.path("p.json"), "{\"version\": 7}").unwrap();
    std::fs::write(home.path("q.json"), "hello").unwrap();
    assert_snapshot!(home.screen(&["run", "--plan", "p.json"]), @r#"
    $ aurora-restore run --plan p.json
    --- stderr
    error: the plan p.json was written by a newer version
    hint: Use that version, or make a new plan.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["run", "--plan", "q.json"]), @r#"
    $ aurora-restore run --plan q.json
    --- stderr
    error: q.json is not a plan of aurora-restore
      caused by: expected value at line 1 column 1
    hint: Write one with `aurora-restore plan --out FILE`.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["run", "--plan", "none.json"]), @r#"
    $ aurora-restore run --plan none.json
    --- stderr
    error: the plan none.json cannot be read
      caused by: No such file or directory (os error 2)
    --- exit 2
    "#);
}

#[test]
fn completions_and_manual_pages_are_made_for_every_shell_and_command() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = home.output(&["completions", shell]);
        assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("retire"), "{shell}");
    }
    assert_eq!(home.exit(&["--quiet", "man", "pages"]), 0);
    for page in ["aurora-restore.1", "aurora-restore-run.1", "aurora-restore-config-show.1"] {
        assert!(home.path("pages").join(page).is_file(), "{page}");
    }
}
