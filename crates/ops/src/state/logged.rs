//! What the functions of a stack wrote of an operation since it last moved: what stopped it once will stop it again.
//!
//! Only the group of the function that serves its place is read, only lines that name it, and of them only errors and
//! warnings. Logs that cannot be read are told, and keep nobody from anything.

use std::collections::VecDeque;

use aurora_restore_core::operation::{Direction, Operation, Phase};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Level, Reach,
    follow::patiently,
    log_line,
    ports::{LogLine, LogQuery, Logs, ServiceError},
};

/// So many lines are kept, the newest.
const LINES_MAX: usize = 5;
/// The most characters of a line that are kept.
const TEXT_CHARS: usize = 240;
/// The most pages that are read: whoever decides waits for them.
const PAGES_MAX: u32 = 100;
/// So long before its newest entry the call may have begun that wrote it: Lambda ends every call after that.
const CALL_MAX: SignedDuration = SignedDuration::from_mins(15);

/// What the logs say of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Logged {
    /// They were read.
    Read {
        /// The group of the function.
        group: String,
        /// Since when.
        since: Timestamp,
        /// The newest errors and warnings that name it, the newest last.
        lines: Vec<LoggedLine>,
        /// Whether there is more than was read.
        is_cut: bool,
    },
    /// They cannot be read.
    Unreadable {
        /// Why.
        reason: String,
    },
}

/// An error or a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedLine {
    /// When it was written.
    pub at: Timestamp,
    /// How bad it is.
    pub level: Level,
    /// What its kind is called, where that says more than its text.
    pub name: Option<String>,
    /// Its message.
    pub text: String,
}

/// Reads what there is.
pub(super) async fn look(
    logs: &Reach<(&dyn Logs, Vec<String>)>,
    operation: &Operation,
    now: Timestamp,
) -> Option<Logged> {
    let (logs, groups) = match logs {
        Reach::There((logs, groups)) => (*logs, groups),
        Reach::NotHere(_) => return None,
        Reach::Unreachable(why) => return Some(Logged::Unreadable { reason: why.reason.clone() }),
    };
    let function = function_of(operation)?;
    let Some(group) = groups.iter().find(|group| is_of(group, function)) else {
        return Some(Logged::Unreadable { reason: format!("the stack has no log group of the function {function}") });
    };
    let since = operation.updated_at.checked_sub(CALL_MAX).unwrap_or(Timestamp::MIN);
    let query = LogQuery { group, since, until: now, containing: Some(operation.id.as_str()) };
    Some(match read(logs, query, operation).await {
        Ok((lines, is_cut)) => Logged::Read { group: group.clone(), since, lines: lines.into(), is_cut },
        Err(error) => Logged::Unreadable { reason: error.to_string() },
    })
}

/// The function that serves the place where the operation stands, or stood when it got stuck. None once it has ended.
fn function_of(operation: &Operation) -> Option<&'static str> {
    match operation.phase {
        Phase::Forward | Phase::Stuck(Direction::Forward) => {
            operation.current_step().or(operation.steps.last()).map(|step| step.kind.as_str())
        }
        Phase::Back | Phase::Stuck(Direction::Back) => Some("undo"),
        Phase::Retiring => Some("retire"),
        Phase::Ended(_) => None,
    }
}

/// Functions are named after the stack's prefix and what they serve.
fn is_of(group: &str, function: &str) -> bool {
    let prefix = group.strip_prefix("/aws/lambda/").and_then(|name| name.strip_suffix(function));
    prefix.is_some_and(|prefix| prefix.ends_with('-'))
}

/// The newest lines, and whether there is more than was read.
async fn read(
    logs: &dyn Logs,
    query: LogQuery<'_>,
    operation: &Operation,
) -> Result<(VecDeque<LoggedLine>, bool), ServiceError> {
    let mut lines = VecDeque::new();
    let mut from: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let page = patiently(|| logs.page(query, from.as_deref())).await?;
        for line in page.lines.iter().filter_map(|line| told(line, operation)) {
            keep(&mut lines, line);
        }
        // A marker that comes again would be read for ever.
        if page.next.is_none() || page.next == from {
            return Ok((lines, false));
        }
        from = page.next;
    }
    Ok((lines, true))
}

fn told(line: &LogLine, operation: &Operation) -> Option<LoggedLine> {
    let told = log_line::read(&line.text)?;
    // The id of one may be the beginning of another's.
    if told.operation.as_ref() != Some(&operation.id) || told.level < Level::Warning {
        return None;
    }
    let name = told.name().map(str::to_owned);
    Some(LoggedLine { at: line.at, level: told.level, name, text: told.text.chars().take(TEXT_CHARS).collect() })
}

/// Lines are in order within their stream only.
fn keep(lines: &mut VecDeque<LoggedLine>, line: LoggedLine) {
    let place = lines.partition_point(|kept| kept.at <= line.at);
    lines.insert(place, line);
    if lines.len() > LINES_MAX {
        let _oldest = lines.pop_front();
    }
}
