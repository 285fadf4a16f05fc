//! `logs`: errors and warnings of the week, grouped by function and code and counted, with the operations they belong to.
//!
//! A week may have millions of lines. They are read page by page, and only the groups are kept: so many of them, and so
//! many operations in each, at most.

mod groups;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;

use super::super::{
    check::{Check, Period},
    finding::{Finding, Seen, counted},
    site::Site,
};
use crate::{
    Level, Reach, Unlooked,
    follow::patiently,
    log_line,
    ports::{LogQuery, Logs, ServiceError},
};
use groups::{Group, Groups, Key};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "logs",
    period: Period::Weekly,
    about: "errors and warnings in the logs of the functions and the state machine",
    permissions: &["logs:FilterLogEvents", "cloudformation:ListStackResources"],
    look: |site| Box::pin(look(site)),
};

/// So many groups are read at once; more of them would wait for the service's rate.
const AT_ONCE: usize = 4;
/// The most pages of one group: ten million lines.
const PAGES_MAX: u32 = 1_000;
/// So many operations of a group are told.
const OPERATIONS_TOLD: usize = 10;
/// The most characters of a line that are told.
const SAMPLE_CHARS: usize = 240;

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.logs.as_ref().then(|(logs, groups)| read_all(site, *logs, groups)).await
}

/// What was read of one group.
struct Read {
    group: String,
    found: Groups,
    /// Why it ends before the group does.
    broken: Option<Broken>,
}

enum Broken {
    /// The group is gone.
    Gone,
    /// There are more lines than are read.
    TooLong,
    /// A page could not be had.
    Failed(ServiceError),
}

async fn read_all(site: &Site<'_>, logs: &dyn Logs, groups: &[String]) -> Result<Seen, Unlooked> {
    let (since, until) = (Period::Weekly.since(site.now), site.now);
    let reads: Vec<_> =
        groups.iter().map(|group| read(logs, LogQuery { group, since, until, containing: None })).collect();
    let reads: Vec<Read> = stream::iter(reads).buffered(AT_ONCE).collect().await;
    let lines: u64 = reads.iter().map(|read| read.found.lines).sum();
    let mut findings = Vec::new();
    for read in &reads {
        findings.extend(read.broken.as_ref().map(|broken| incomplete(site, &read.group, broken)));
        findings.extend(read.found.each().map(|(key, group)| told(site, &read.group, key, group, until)));
        findings.extend(strange(site, &read.group, &read.found));
        findings.extend((read.found.left_out > 0).then(|| crowded(site, &read.group, &read.found)));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let looked_at = format!("{lines} lines of {} since {}", counted(reads.len(), "log"), day(since));
    Ok(Seen { looked_at, findings })
}

async fn read(logs: &dyn Logs, query: LogQuery<'_>) -> Read {
    let mut found = Groups::default();
    let mut from: Option<String> = None;
    let mut broken = Some(Broken::TooLong);
    for _ in 0..PAGES_MAX {
        match patiently(|| logs.page(query, from.as_deref())).await {
            Ok(page) => {
                page.lines.iter().for_each(|line| found.take(line));
                // A marker that comes again would be read for ever.
                if page.next.is_none() || page.next == from {
                    broken = None;
                    break;
                }
                from = page.next;
            }
            Err(ServiceError::Missing { .. }) => {
                broken = Some(Broken::Gone);
                break;
            }
            Err(error) => {
                broken = Some(Broken::Failed(error));
                break;
            }
        }
    }
    Read { group: query.group.to_owned(), found, broken }
}

fn incomplete(site: &Site<'_>, group: &str, broken: &Broken) -> Finding {
    match broken {
        Broken::Gone if site.stack.is_none() => Finding::new(
            Level::Error,
            format!("there is no log {group}"),
            site.command("review weekly --only logs --logs FILE"),
        ),
        Broken::Gone => Finding::new(
            Level::Warning,
            format!("log group {group} does not exist: what its function writes has no retention any more"),
            site.command("stack deploy"),
        ),
        Broken::TooLong => Finding::new(
            Level::Error,
            format!("log {group} has more lines than are read; what came later was not looked at"),
            errors_of(site, group),
        )
        .with("pages read", PAGES_MAX),
        Broken::Failed(error) => {
            let mut finding = Unlooked::from(error.clone()).finding();
            finding.what = format!("log {group} {}", finding.what);
            finding
        }
    }
}

/// A log that is written by somebody else, or in another form, has nothing that could be found: that is no good news.
fn strange(site: &Site<'_>, group: &str, found: &Groups) -> Option<Finding> {
    if 2 * found.strange <= found.lines {
        return None;
    }
    let what = format!(
        "most lines of log {group} are none that a function or the state machine writes: nothing is found in them"
    );
    let mend = match site.stack {
        Some(_) => format!("aws logs filter-log-events --log-group-name {group} --limit 20"),
        None => site.command("review weekly --only logs --logs FILE"),
    };
    Some(Finding::new(Level::Warning, what, mend).with("lines", found.lines).with("not understood", found.strange))
}

/// The command that shows the errors of a log.
fn errors_of(site: &Site<'_>, log: &str) -> String {
    match site.stack {
        Some(_) => format!("aws logs filter-log-events --log-group-name {log} --filter-pattern ERROR"),
        None => site.command(&format!("logs query errors --file {log}")),
    }
}

fn crowded(site: &Site<'_>, group: &str, found: &Groups) -> Finding {
    Finding::new(
        Level::Warning,
        format!("log {group} has more kinds of errors and warnings than are told apart"),
        errors_of(site, group),
    )
    .with("lines not told apart", found.left_out)
}

fn told(site: &Site<'_>, log: &str, key: &Key, group: &Group, until: Timestamp) -> Finding {
    let (function, code) = (log.rsplit('/').next().unwrap_or(log), &key.code);
    let times = if group.count == 1 { "once".to_owned() } else { format!("{} times", group.count) };
    let what = match key.level {
        Level::Error => format!("{function} failed {times} with {code}"),
        Level::Warning => format!("{function} warned {times} of {code}"),
        Level::Note => format!("{function} told {times} of {code}"),
    };
    let sample: String = group.sample.chars().take(SAMPLE_CHARS).collect();
    let finding = Finding::new(key.level, what, mend(site, log, code, group, until))
        .with("first", second(group.first))
        .with("last", second(group.last))
        .with("newest line", sample);
    let more = group.operations.len().saturating_sub(OPERATIONS_TOLD);
    let finding = if more > 0 { finding.with("more operations", more) } else { finding };
    finding.about(group.operations.iter().take(OPERATIONS_TOLD).cloned())
}

fn mend(site: &Site<'_>, log: &str, code: &str, group: &Group, until: Timestamp) -> String {
    if log_line::is_code(code) {
        return site.command(&format!("explain {code}"));
    }
    match group.operations.first() {
        Some(operation) => site.command(&format!("report {operation}")),
        None if site.stack.is_none() => errors_of(site, log),
        None => format!(
            "aws logs filter-log-events --log-group-name {log} --start-time {} --end-time {}",
            group.first.as_millisecond(),
            until.as_millisecond()
        ),
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
