//! Queries on logs that are files, what is refused before anybody is asked, and how long the logs of a stack are kept.

use aurora_restore_testing::stand_in::StandIn;
use insta::assert_snapshot;
use serde_json::json;

use crate::{
    harness::{COMPLETE, Home},
    stack,
};

const LOG: &str = r#"{"timestamp":"2026-11-22T09:00:00Z","level":"INFO","message":"begun","operation_id":"op-1","step":"copy-snapshot"}
{"timestamp":"2026-11-22T09:00:05Z","level":"ERROR","message":"the copy is denied","operation_id":"op-1","step":"copy-snapshot"}
{"timestamp":"2026-11-22T09:01:00Z","level":"ERROR","message":"no answer","operation_id":"op-2","step":"undo"}
REPORT RequestId: 1b	Duration: 12.50 ms	Billed Duration: 13 ms	Memory Size: 256 MB	Max Memory Used: 53 MB	
"#;

fn home() -> Home {
    let mut home = Home::with_config(COMPLETE);
    // What is refused here is refused before anybody is asked: a port on which nobody listens.
    home.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    home.set("AWS_ACCESS_KEY_ID", "444455556666");
    home.set("AWS_SECRET_ACCESS_KEY", "not-checked");
    std::fs::write(home.path("a.log"), LOG).unwrap();
    home
}

#[test]
fn saved_queries_are_listed_and_answered_on_files() {
    let home = home();
    assert_snapshot!(home.screen(&["logs", "queries"]), @r#"
    $ aurora-restore logs queries
    operation    one operation in order of time
    errors       errors by step
    changes      changes in RDS
    durations    how long functions work
    memory       memory of functions
    cold-starts  cold starts
    --- stderr
    hint: Run one with `aurora-restore logs query NAME`, on a stack or with --file on files.
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["logs", "query", "errors", "--file", "a.log"]), @r#"
    $ aurora-restore logs query errors --file a.log
    step           errors  newest
    copy-snapshot  1       the copy is denied
    undo           1       no answer
    --- stderr
    2 rows; 2 of 4 lines matched.
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["logs", "query", "operation", "--operation", "op-1", "--file", "a.log"]), @r#"
    $ aurora-restore logs query operation --operation op-1 --file a.log
    @timestamp               step           level  message
    2026-11-22 09:00:00.000  copy-snapshot  INFO   begun
    2026-11-22 09:00:05.000  copy-snapshot  ERROR  the copy is denied
    --- stderr
    2 rows; 2 of 4 lines matched.
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["--json", "logs", "query", "durations", "--file", "a.log"]), @r#"
    $ aurora-restore --json logs query durations --file a.log
    {
      "version": 1,
      "columns": [
        "@log",
        "invocations",
        "ms_avg",
        "ms_p90",
        "ms_max"
      ],
      "rows": [
        {
          "@log": "a.log",
          "invocations": "1",
          "ms_avg": "12.5",
          "ms_max": "12.5",
          "ms_p90": "12.5"
        }
      ],
      "looked_at": 4,
      "matched": 1
    }
    --- stderr
    1 row; 1 of 4 lines matched.
    --- exit 0
    "#);
}

#[test]
fn a_file_that_is_no_log_of_the_functions_is_no_good_news() {
    let home = home();
    std::fs::write(home.path("other.log"), "2026-11-22 ERROR it failed\n2026-11-22 ERROR again\n").unwrap();
    assert_snapshot!(home.screen(&["logs", "query", "errors", "--file", "other.log"]), @r"
    $ aurora-restore logs query errors --file other.log
    --- stderr
    error: none of 2 lines is one that the functions write
    hint: Give lines of JSON, one of each, as they stand in CloudWatch: what an export puts around them is not read.
    --- exit 1
    ");
    std::fs::write(home.path("mixed.log"), format!("{LOG}somebody else was here\n")).unwrap();
    assert_snapshot!(home.screen(&["logs", "query", "errors", "--file", "mixed.log"]), @r"
    $ aurora-restore logs query errors --file mixed.log
    step           errors  newest
    copy-snapshot  1       the copy is denied
    undo           1       no answer
    --- stderr
    warning: 1 of 5 lines are none that the functions write
    2 rows; 2 of 5 lines matched.
    --- exit 0
    ");
}

#[test]
fn queries_that_are_not_known_or_lack_something_are_refused() {
    let home = home();
    assert_snapshot!(home.screen(&["logs", "query", "erors"]), @r#"
    $ aurora-restore logs query erors
    --- stderr
    error: there is no query `erors`
    hint: There are operation, errors, changes, durations, memory, cold-starts.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["logs", "query", "operation", "--file", "a.log"]), @r#"
    $ aurora-restore logs query operation --file a.log
    --- stderr
    error: the query `operation` is about one operation
    hint: Name it with `--operation OPERATION`; `aurora-restore list` shows them.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["logs", "query", "errors", "--operation", "op-1", "--file", "a.log"]), @r#"
    $ aurora-restore logs query errors --operation op-1 --file a.log
    --- stderr
    error: the query `errors` is about no single operation
    hint: Leave `--operation` out.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["logs", "query", "errors", "--file", "none.log"]), @r#"
    $ aurora-restore logs query errors --file none.log
    --- stderr
    error: none.log does not exist, says reading: No such file or directory (os error 2)
    --- exit 1
    "#);
}

#[test]
fn days_for_which_no_log_can_be_kept_are_refused_before_anybody_is_asked() {
    assert_snapshot!(home().screen(&["logs", "retention", "--days", "91", "--yes"]), @r#"
    $ aurora-restore logs retention --days 91 --yes
    --- stderr
    error: logs cannot be kept for 91 days: 90 or 120 is possible
    hint: Nothing was changed.
    --- exit 2
    "#);
}

/// The stack's parameter says so already, and somebody has changed one of the groups beside it.
#[test]
fn logs_that_somebody_keeps_otherwise_than_the_stack_says_are_told_where_there_is_nothing_to_change() {
    let server = StandIn::ministack().entered_with("444455556666");
    let group = |name: &str| {
        json!({"Type": "AWS::Logs::LogGroup", "Properties": {
            "LogGroupName": format!("/aws/lambda/ours-{name}"),
            "RetentionInDays": {"Ref": "LogRetentionDays"},
        }})
    };
    let template = stack::template(&json!({"UndoLogs": group("undo"), "NotifyLogs": group("notify")}));
    // The parameters of a template are read by its lines.
    let parameters = "Parameters:\n  LogRetentionDays:\n    Type: Number\n    Default: 90\n";
    stack::make(
        &server,
        &format!("{parameters}Resources: {}\nOutputs: {}\n", template["Resources"], template["Outputs"]),
    );
    let home = stack::home_on(&server);
    let keep = |name: &str, days: u32| {
        let body = json!({"logGroupName": format!("/aws/lambda/ours-{name}"), "retentionInDays": days});
        let _answer = server.json("logs", "Logs_20140328.PutRetentionPolicy", &body);
    };
    keep("undo", 90);
    keep("notify", 30);
    assert_snapshot!(home.screen(&["logs", "retention", "--days", "90", "--yes"]), @r#"
    $ aurora-restore logs retention --days 90 --yes
    --- stderr
    error: logs are kept otherwise than for the 90 days that the stack's parameter says: /aws/lambda/ours-notify for 30 days
    hint: Somebody changed them beside the stack: `aws logs put-retention-policy --retention-in-days 90 --log-group-name NAME`.
    --- exit 1
    "#);
    keep("notify", 90);
    assert_snapshot!(home.screen(&["logs", "retention", "--days", "90", "--yes"]), @r#"
    $ aurora-restore logs retention --days 90 --yes
    --- stderr
    done: nothing to change: logs are kept for 90 days.
    --- exit 0
    "#);
}
