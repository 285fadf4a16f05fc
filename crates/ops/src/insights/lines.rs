//! Having a query answered here, on lines that are read page by page.

use jiff::Timestamp;
use thiserror::Error;

use super::{Answer, Evaluation, LogEvent, Query, TooMuch};
use crate::{
    follow::patiently,
    ports::{LogQuery, Logs, ServiceError},
};

/// Why lines could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LinesError {
    /// They cannot be read.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// There are too many.
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
}

/// Asks the lines of some logs from `since` on and before `until`.
///
/// # Errors
/// [`LinesError`].
pub async fn ask_lines(
    logs: &dyn Logs,
    groups: &[String],
    query: &Query,
    since: Timestamp,
    until: Timestamp,
) -> Result<Answer, LinesError> {
    let mut evaluation = Evaluation::of(query);
    for group in groups {
        let asked = LogQuery { group, since, until, containing: None };
        let mut from: Option<String> = None;
        // Bounded by the log, which ends; a marker that comes again would be read for ever.
        loop {
            let page = patiently(|| logs.page(asked, from.as_deref())).await?;
            for line in page.lines {
                evaluation.add(&LogEvent { at: line.at, log: group.clone(), message: line.text })?;
            }
            if page.next.is_none() || page.next == from {
                break;
            }
            from = page.next;
        }
    }
    Ok(evaluation.answer())
}
