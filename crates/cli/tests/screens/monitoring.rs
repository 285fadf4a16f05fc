//! Declarations, backups and capacities that are refused before anybody is asked.

use insta::assert_snapshot;

use crate::harness::{COMPLETE, Home};

fn home() -> Home {
    let mut home = Home::with_config(COMPLETE);
    // What is refused here is refused before anybody is asked: a port on which nobody listens.
    home.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    home.set("AWS_ACCESS_KEY_ID", "444455556666");
    home.set("AWS_SECRET_ACCESS_KEY", "not-checked");
    home
}

#[test]
fn a_declaration_with_a_slip_is_refused_with_its_place() {
    let home = home();
    let declared = String::from_utf8(home.output(&["monitoring", "show"]).stdout).unwrap();
    for (name, good, bad) in [
        ("key.toml", "at-least = 1", "at-leats = 1"),
        ("days.toml", "retention-days = 90", "retention-days = 91"),
        ("dimension.toml", "dimensions = { StateMachineArn = \"${StateMachine}\" }", "dimensions = {}"),
    ] {
        std::fs::write(home.path(name), declared.replacen(good, bad, 1)).unwrap();
    }
    let refused = |name: &str| home.screen(&["monitoring", "apply", "--declaration", name, "--yes"]);
    assert_snapshot!(refused("key.toml"), @r#"
    $ aurora-restore monitoring apply --declaration key.toml --yes
    --- stderr
    error: key.toml: line 26: unknown field `at-leats`, expected one of `id`, `name`, `about`, `namespace`, `metric`, `dimensions`, `statistic`, `at-least`, `at-least-fifths-of-timeout`, `period`, `periods`
    hint: `aurora-restore --stack aurora-restore monitoring show` writes one that is accepted. Nothing was changed.
    --- exit 3
    "#);
    assert_snapshot!(refused("days.toml"), @r#"
    $ aurora-restore monitoring apply --declaration days.toml --yes
    --- stderr
    error: days.toml: logs cannot be kept for 91 days: 90 or 120 is possible
    hint: `aurora-restore --stack aurora-restore monitoring show` writes one that is accepted. Nothing was changed.
    --- exit 3
    "#);
    assert_snapshot!(refused("dimension.toml"), @r#"
    $ aurora-restore monitoring apply --declaration dimension.toml --yes
    --- stderr
    error: dimension.toml: alarm executions-failed: it has no dimension: nobody writes such a metric, so it would say nothing for ever
    hint: `aurora-restore --stack aurora-restore monitoring show` writes one that is accepted. Nothing was changed.
    --- exit 3
    "#);
    assert_snapshot!(refused("none.toml"), @r#"
    $ aurora-restore monitoring apply --declaration none.toml --yes
    --- stderr
    error: the declaration none.toml cannot be read
      caused by: No such file or directory (os error 2)
    hint: `aurora-restore --stack aurora-restore monitoring show` writes the one of this version, to begin with.
    --- exit 2
    "#);
}

#[test]
fn a_backup_that_is_none_and_a_place_that_is_taken_are_refused() {
    let home = home();
    std::fs::write(home.path("other.json"), "{}\n{}\n").unwrap();
    assert_snapshot!(home.screen(&["stack", "backup", "--out", "other.json"]), @r#"
    $ aurora-restore stack backup --out other.json
    --- stderr
    error: other.json exists already
    hint: Name another file. Nothing was changed.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["stack", "backup", "verify", "other.json"]), @r#"
    $ aurora-restore stack backup verify other.json
    --- stderr
    error: other.json: it is not the backup of a stack: missing field `kind` at line 1 column 2
    hint: Take another copy of the backup: nothing of one that was cut or altered is believed. Nothing was changed.
    --- exit 1
    "#);
    assert_snapshot!(home.screen(&["stack", "restore", "none.json"]), @r#"
    $ aurora-restore stack restore none.json
    --- stderr
    error: the backup none.json cannot be read
      caused by: No such file or directory (os error 2)
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["stack", "backup"]), @r#"
    $ aurora-restore stack backup
    --- stderr
    error: the following required arguments were not provided:
      --out <PATH>

    Usage: aurora-restore stack backup --out <PATH>

    For more information, try '--help'.
    --- exit 2
    "#);
}

#[test]
fn a_capacity_has_to_be_said_in_one_way() {
    let home = home();
    assert_snapshot!(home.screen(&["capacity", "set", "--yes"]), @r#"
    $ aurora-restore capacity set --yes
    --- stderr
    error: the following required arguments were not provided:
      <--on-demand|--read <UNITS>|--autoscaling <MIN..MAX>>

    Usage: aurora-restore capacity set --yes <--on-demand|--read <UNITS>|--autoscaling <MIN..MAX>>

    For more information, try '--help'.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["capacity", "set", "--on-demand", "--read", "5", "--write", "5"]), @r#"
    $ aurora-restore capacity set --on-demand --read 5 --write 5
    --- stderr
    error: the argument '--on-demand' cannot be used with '--read <UNITS>'

    Usage: aurora-restore capacity set --write <UNITS> <--on-demand|--read <UNITS>|--autoscaling <MIN..MAX>>

    For more information, try '--help'.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["capacity", "set", "--autoscaling", "50..5"]), @r#"
    $ aurora-restore capacity set --autoscaling 50..5
    --- stderr
    error: invalid value '50..5' for '--autoscaling <MIN..MAX>': 50 is more than 5

    For more information, try '--help'.
    --- exit 2
    "#);
}
