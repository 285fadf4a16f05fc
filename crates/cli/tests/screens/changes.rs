//! The commands of changes: what is refused, and what is told where nothing was recorded yet.

use aurora_restore_testing::stand_in::StandIn;
use insta::assert_snapshot;

use crate::{
    harness::Home,
    stack::{home_on, stack},
};

#[test]
fn changes_are_looked_for_in_the_tables_of_the_stack() {
    let server = StandIn::ministack().entered_with("444455556666");
    stack(&server);
    let home = home_on(&server);
    assert_snapshot!(home.screen(&["change", "list"]), @r#"
    $ aurora-restore change list
    --- stderr
    no changes match.
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["change", "show", "chg-9"]), @r#"
    $ aurora-restore change show chg-9
    --- stderr
    error: change chg-9 is not among the changes of this stack
    hint: `aurora-restore --stack ours change list` shows the changes of this stack.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["change", "approve", "chg-9", "--yes"]), @r#"
    $ aurora-restore change approve chg-9 --yes
    --- stderr
    error: change chg-9 is not among the changes of this stack
    hint: `aurora-restore --stack ours change list` shows the changes of this stack.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["--stack", "theirs", "change", "list"]), @r#"
    $ aurora-restore --stack theirs change list
    --- stderr
    error: stack theirs does not exist in eu-central-1
    hint: Deploy it with `aurora-restore stack deploy`, or correct `--stack`, the Region or the account.
    --- exit 3
    "#);
}

#[test]
fn only_what_applies_something_can_be_proposed() {
    let home = Home::new();
    assert_snapshot!(home.screen(&["change", "open", "--why", "because", "--", "status", "op-1"]), @r#"
    $ aurora-restore change open --why because -- status op-1
    --- stderr
    error: `status op-1` applies nothing to a stack, so there is nothing to propose
    hint: `stack deploy` and the commands whose help names --propose do.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["change", "open", "--why", "because", "--", "stack", "depoly"]), @r#"
    $ aurora-restore change open --why because -- stack depoly
    --- stderr
    error: `stack depoly`: unrecognized subcommand 'depoly'
    hint: Behind `--` stands a command with its own options; those of every command stand before `change`.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["functions", "tune", "notify", "--why", "because"]), @r#"
    $ aurora-restore functions tune notify --why because
    --- stderr
    error: --why is about giving the function a size, and without --apply it is only measured
    hint: Add --apply, or --propose for somebody else to approve what is found. Nothing was measured.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["change", "show", "17"]), @r#"
    $ aurora-restore change show 17
    --- stderr
    error: invalid value '17' for '<CHANGE>': `17` is not the id of a change: one looks like chg-17

    For more information, try '--help'.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["change", "approve", "chg-1", "--good-for", "31d"]), @r#"
    $ aurora-restore change approve chg-1 --good-for 31d
    --- stderr
    error: invalid value '31d' for '--good-for <TIME>': it is longer than nothing and at most 30d; the usual is 24h

    For more information, try '--help'.
    --- exit 2
    "#);
}
