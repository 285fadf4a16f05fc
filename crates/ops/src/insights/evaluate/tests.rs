//! Queries on lines, with every row that has to come.

use super::{super::parse, *};
use crate::monitoring::Declaration;

fn lines() -> Vec<LogEvent> {
    let line = |second: u32, log: &str, message: &str| LogEvent {
        at: format!("2026-11-27T10:00:{second:02}Z").parse().unwrap(),
        log: log.to_owned(),
        message: message.to_owned(),
    };
    let report = |ms: &str, init: &str| {
        format!(
            "REPORT RequestId: r\tDuration: {ms} ms\tBilled Duration: 1 ms\tMemory Size: 256 MB\tMax Memory Used: 53 MB\t{init}"
        )
    };
    vec![
        line(1, "copy", r#"{"level":"INFO","message":"begun","operation_id":"op-1","step":"copy-snapshot"}"#),
        line(2, "copy", r#"{"level":"ERROR","message":"first","operation_id":"op-1","step":"copy-snapshot"}"#),
        line(4, "copy", r#"{"level":"ERROR","message":"last","operation_id":"op-2","step":"copy-snapshot"}"#),
        line(
            3,
            "undo",
            r#"{"level":"ERROR","message":"other","operation_id":"op-2","step":"undo","action":"rds:X","object":"c"}"#,
        ),
        line(5, "copy", &report("10", "Init Duration: 90.00 ms\t")),
        line(6, "copy", &report("30", "")),
        line(7, "undo", &report("20.5", "")),
        line(8, "undo", "not of ours"),
    ]
}

fn asked(text: &str) -> Answer {
    let query = parse(text).unwrap();
    let mut evaluation = Evaluation::of(&query);
    lines().iter().for_each(|line| evaluation.add(line).unwrap());
    evaluation.answer()
}

fn rows(text: &str) -> Vec<String> {
    let told = |row: Vec<Option<String>>| {
        row.into_iter().map(|value| value.unwrap_or_else(|| "-".to_owned())).collect::<Vec<_>>().join(" | ")
    };
    asked(text).rows.into_iter().map(told).collect()
}

fn saved(word: &str) -> String {
    Declaration::of_this_version().query(word).unwrap().text.clone()
}

#[test]
fn the_saved_queries_answer_as_they_are_meant() {
    let of_operation = saved("operation").replace("PUT THE OPERATION'S ID HERE", "op-2");
    assert_eq!(
        rows(&of_operation),
        ["2026-11-27 10:00:03.000 | undo | ERROR | other", "2026-11-27 10:00:04.000 | copy-snapshot | ERROR | last"]
    );
    assert_eq!(rows(&saved("errors")), ["copy-snapshot | 2 | last", "undo | 1 | other"]);
    assert_eq!(rows(&saved("changes")), ["2026-11-27 10:00:03.000 | op-2 | undo | rds:X | c"]);
    assert_eq!(rows(&saved("durations")), ["copy | 2 | 20 | 30 | 30", "undo | 1 | 20.5 | 20.5 | 20.5"]);
    assert_eq!(rows(&saved("memory")), ["copy | 53 | 256", "undo | 53 | 256"]);
    assert_eq!(rows(&saved("cold-starts")), ["copy | 1 | 90 | 90"]);
}

#[test]
fn without_a_command_that_says_otherwise_the_newest_lines_come_whole() {
    let answer = asked("limit 2");
    assert_eq!(answer.columns, ["@timestamp", "@message"]);
    assert_eq!((answer.looked_at, answer.matched), (8, 8));
    let first = answer.rows[0].iter().flatten().map(String::as_str).collect::<Vec<_>>();
    assert_eq!((answer.rows.len(), first), (2, vec!["2026-11-27 10:00:08.000", "not of ours"]));
}

#[test]
fn conditions_hold_as_they_are_written() {
    let count = |condition: &str| asked(&format!("filter {condition} | stats count(*)")).rows;
    for (condition, expected) in [
        ("level = \"ERROR\"", 3),
        ("level != \"ERROR\"", 1),
        ("not level = \"ERROR\"", 5),
        ("@duration > 10", 2),
        ("@duration >= 10 and @duration < 30", 2),
        ("level like /^E/ or @message like \"of ours\"", 4),
        ("level not like \"RR\" and ispresent(level)", 1),
        ("step in [\"undo\", \"retire\"]", 1),
        ("step not in [\"undo\"] and ispresent(step)", 3),
        ("(@duration + 10) * 2 / 4 - 1 = 9", 1),
        ("level =~ /INFO/", 1),
    ] {
        assert_eq!(count(condition), [[Some(expected.to_string())]], "{condition}");
    }
    assert_eq!(count("nothing = 1"), Vec::<Vec<Option<String>>>::new());
}

#[test]
fn groups_have_every_figure_and_can_be_filtered_sorted_and_cut() {
    let text = "stats count(level) as levels, count_distinct(operation_id) as ids, min(@duration), sum(@duration) as ms, \
                earliest(message) as first by @log | sort levels desc | filter levels > 1 | limit 5";
    let answer = asked(text);
    assert_eq!(answer.columns, ["@log", "levels", "ids", "min(@duration)", "ms", "first"]);
    assert_eq!(rows(text), ["copy | 3 | 2 | 10 | 40 | begun"]);
    assert_eq!(
        rows("stats count() by bin(4s)"),
        ["2026-11-27 10:00:00.000 | 3", "2026-11-27 10:00:04.000 | 4", "2026-11-27 10:00:08.000 | 1"]
    );
}

#[test]
fn what_is_absent_is_sorted_last_and_what_cannot_be_divided_is_absent() {
    let text = "fields @duration / 0 as broken, @duration as ms | sort ms desc, @log | limit 4";
    assert_eq!(rows(text), ["- | 30", "- | 20.5", "- | 10", "- | -"]);
}
