//! Reviews: of the operations of a machine, and of a stack.

use aurora_restore_testing::stand_in::StandIn;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::{
    harness::{COMPLETE, Home},
    journal::{home_with_a_completed_operation, home_with_a_stuck_operation, journal_bytes},
    stack,
};

#[test]
fn a_clean_machine_says_what_was_looked_at() {
    let (home, _) = home_with_a_completed_operation();
    let before = journal_bytes(&home.files());
    assert_snapshot!(home.screen(&["review", "weekly", "--skip", "leftovers"]), @r"
    $ aurora-restore review weekly --skip leftovers
    weekly review of the operations of this machine: nothing was found in 1 check

    logs        not here  no log is named with --logs

    state       good  1 operation, 22 entries, 0 locks

    metrics     not here  the command writes no metrics
    --- exit 0
    ");
    assert_eq!(journal_bytes(&home.files()), before, "a review changes nothing");
}

#[test]
fn a_stuck_operation_fails_the_review_unless_nothing_shall() {
    let (home, _) = home_with_a_stuck_operation();
    assert_snapshot!(home.screen(&["review", "weekly", "--only", "state"]), @r"
    $ aurora-restore review weekly --only state
    weekly review of the operations of this machine: 1 error in 1 check

    state       1 error  1 operation, 27 entries, 1 lock
      error    operation op-20261121-200000-00ff is stuck: neither finished nor undone
               target: staging
               since: 2026-11-21T10:50:10Z
               failure: ARP-UNDO-001: final snapshot staging-final-867ed8ff cannot be restored from: it is gone or not available
               operations: op-20261121-200000-00ff
               mend: aurora-restore report op-20261121-200000-00ff
    --- exit 1
    ");
    assert_eq!(home.exit(&["review", "weekly", "--only", "state", "--fail-on", "warning"]), 1);
    assert_eq!(home.exit(&["review", "weekly", "--only", "state", "--fail-on", "never"]), 0);
}

#[test]
fn logs_are_read_from_files() {
    let home = Home::with_config(COMPLETE);
    let line = |second: u32, operation: &str| {
        format!(
            "{{\"timestamp\":\"2026-11-21T10:00:{second:02}Z\",\"level\":\"ERROR\",\"error_name\":\"AuroraRestore.Panic\",\
             \"message\":\"it broke\",\"operation_id\":\"{operation}\"}}\n"
        )
    };
    let quiet =
        "{\"timestamp\":\"2026-11-21T10:00:00Z\",\"level\":\"INFO\",\"message\":\"a step is done\"}\n".repeat(20);
    std::fs::write(home.path("copy.log"), quiet + &line(1, "op-1") + &line(2, "op-2")).unwrap();
    let arguments = ["review", "weekly", "--only", "logs", "--logs", "copy.log", "--logs", "none.log"];
    assert_snapshot!(home.screen(&arguments), @r#"
    $ aurora-restore review weekly --only logs --logs copy.log --logs none.log
    weekly review of the operations of this machine: 2 errors in 1 check

    logs        2 errors  22 lines of 2 logs since 2026-11-15 10:15Z
      error    copy.log failed 2 times with AuroraRestore.Panic
               first: 2026-11-21 10:00:01Z
               last: 2026-11-21 10:00:02Z
               newest line: it broke
               operations: op-1, op-2
               mend: aurora-restore report op-1
      error    there is no log none.log
               mend: aurora-restore review weekly --only logs --logs FILE
    --- exit 1
    "#);
}

#[test]
fn a_check_that_does_not_exist_is_refused_with_a_suggestion() {
    let home = Home::with_config(COMPLETE);
    assert_snapshot!(home.screen(&["review", "weekly", "--only", "logs,stat"]), @r#"
    $ aurora-restore review weekly --only logs,stat
    --- stderr
    error: there is no weekly check `stat`
    hint: Did you mean state?
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["review", "monthly", "--skip", "trend"]), @r#"
    $ aurora-restore review monthly --skip trend
    --- stderr
    error: there is no monthly check `trend`
    hint: It is a check of `aurora-restore review quarterly`.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["review", "weekly", "--only", "logs", "--skip", "logs"]), @r#"
    $ aurora-restore review weekly --only logs --skip logs
    --- stderr
    error: `--only` and `--skip` leave no check
    hint: Leave one of them out.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["review", "yearly"]), @r#"
    $ aurora-restore review yearly
    --- stderr
    error: invalid value 'yearly' for '<PERIOD>'
      [possible values: weekly, monthly, quarterly]

      tip: a similar value exists: 'quarterly'

    For more information, try '--help'.
    --- exit 2
    "#);
}

#[test]
fn lines_of_json_begin_with_the_version_and_end_with_the_exit_code() {
    let (home, _) = home_with_a_stuck_operation();
    let output = home.output(&["--json", "review", "weekly", "--only", "state,metrics"]);
    let lines: Vec<Value> =
        output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["version", "check", "finding", "check", "end"]);
    assert_eq!((&lines[0]["version"], &lines[0]["period"]), (&json!(1), &json!("weekly")));
    assert_eq!((&lines[1]["check"], &lines[1]["outcome"]), (&json!("state"), &json!("looked")));
    assert_eq!((&lines[2]["level"], &lines[2]["operations"]), (&json!("error"), &json!(["op-20261121-200000-00ff"])));
    assert_eq!((&lines[3]["check"], &lines[3]["outcome"]), (&json!("metrics"), &json!("not-here")));
    assert_eq!((&lines[4]["errors"], &lines[4]["exit_code"]), (&json!(1), &json!(1)));
}

#[test]
fn a_page_is_written_and_says_the_same() {
    let (home, _) = home_with_a_stuck_operation();
    assert_snapshot!(home.screen(&["review", "weekly", "--only", "state", "--html", "review.html"]), @r#"
    $ aurora-restore review weekly --only state --html review.html
    --- stderr
    done: the review is in review.html: 1 error in 1 check
    --- exit 1
    "#);
    let page = std::fs::read_to_string(home.path("review.html")).unwrap();
    assert!(page.contains("operation op-20261121-200000-00ff is stuck"));
}

#[test]
fn a_stack_is_reviewed_by_its_logs_its_tables_and_its_metrics() {
    let server = StandIn::ministack().entered_with("444455556666");
    stack::stack(&server);
    let home = stack::home_on(&server);
    assert_snapshot!(home.screen(&["review", "weekly"]), @r"
    $ aurora-restore review weekly
    weekly review of stack ours in eu-central-1: nothing was found in 4 checks

    logs        good  0 lines of 0 logs since 2026-11-15 10:15Z

    state       good  0 operations, 0 entries, 0 locks

    metrics     good  0 of 5 metrics, the week before 2026-11-22

    leftovers   good  everything with our tag in the target account in eu-central-1
    --- exit 0
    ");
    let monthly = home.screen(&["review", "monthly"]).replace(env!("CARGO_PKG_VERSION"), "<version>");
    assert_snapshot!(monthly, @r#"
    $ aurora-restore review monthly
    monthly review of stack ours in eu-central-1: 1 error, 1 warning, 1 note in 5 checks

    functions   1 warning  0 functions of version not told, stack CREATE_COMPLETE
      warning  stack ours is of version not told, and this program of <version>
               mend: aurora-restore --stack ours stack deploy

    parameters  not looked at
      error    could not be looked at: the stack is none of aurora-restore: it gives no output `ParameterName`
               mend: Look at `--stack`.

    drift       good  3 resources

    iam         good  0 statements of 0 roles, 0 questions put to IAM, 0 logs

    capacity    good  0 tables over 30 days

    cost        1 note  30 days by list prices of 2026-11-22: $0.00 by use, $0.00 by the month, RDS not counted
      note     the bill cannot be looked at: ce:GetCostAndUsage is refused for the bill: Http400: no text, HTTP status 400
               mend: aws ce get-cost-and-usage --granularity DAILY --metrics UnblendedCost --time-period Start=2026-09-21,End=2026-11-20
    --- exit 1
    "#);
    assert_snapshot!(home.screen(&["--stack", "theirs", "review", "weekly"]), @r#"
    $ aurora-restore --stack theirs review weekly
    --- stderr
    error: stack theirs does not exist in eu-central-1
    hint: Deploy it with `aurora-restore stack deploy`, or correct `--stack`, the Region or the account.
    --- exit 3
    "#);
}

#[test]
fn what_cannot_be_asked_is_an_error_and_the_rest_is_told() {
    let server = StandIn::ministack().entered_with("444455556666");
    stack::stack(&server);
    let mut home = stack::home_on(&server);
    // Credentials never cross a network in the clear.
    home.set("AWS_ENDPOINT_URL_CLOUDWATCH", "http://10.0.0.1");
    let screen = home.screen(&["review", "weekly", "--only", "state,metrics"]);
    assert!(screen.contains("metrics     not looked at"), "{screen}");
    assert!(screen.contains("could not be looked at: the endpoint `http://10.0.0.1/` cannot be used"), "{screen}");
    assert!(screen.contains("state       good"), "{screen}");
    assert!(screen.ends_with("--- exit 1"), "{screen}");
}

#[test]
fn a_review_of_nothing_is_no_good_news() {
    let home = Home::with_config(COMPLETE);
    assert_snapshot!(home.screen(&["review", "weekly", "--only", "metrics,logs"]), @r"
    $ aurora-restore review weekly --only metrics,logs
    --- stderr
    error: there is nothing here that these checks look at
    hint: Name a stack with `--stack NAME`, or files with `--logs FILE`; `review --help` says what each check looks at.
    --- exit 2
    ");
}
