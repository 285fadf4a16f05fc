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
    state        Look after the state of operations: stalled, old, exported, proven
    stack        Deploy the pipeline to AWS, and keep it
    change       Changes to a stack: look at them, propose, approve
    functions    Functions of the stack: what they run, new code, the way back, memory
    config       Write, show or check the configuration
    doctor       Check the set-up: configuration, journal, secrets, accounts, RDS, certificates
    demo         Show a whole restore on this machine, from snapshot to proof
    sandbox      Run a local stand-in for Aurora: real PostgreSQL behind an RDS-compatible API
    explain      Explain a code such as ARP-KMS-001
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
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["explain", "ARP-COPY-02"]), @r#"
    $ aurora-restore explain ARP-COPY-02
    --- stderr
    error: there is no code `ARP-COPY-02`
    hint: Did you mean ARP-COPY-002?
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["--json", "explain", "ARP-COPY-002"]), @r#"
    $ aurora-restore --json explain ARP-COPY-002
    {
      "version": 1,
      "codes": [
        {
          "code": "ARP-COPY-002",
          "meaning": "The copy took longer than `limits.copy`.",
          "action": "Raise the limit if the snapshot is large; a copy that is queued shows 0 % and is not stuck."
        }
      ]
    }
    --- exit 0
    "#);
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
