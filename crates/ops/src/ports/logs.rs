//! The logs of the pipeline, read page by page: a week of them is larger than what anybody wants to hold.

use async_trait::async_trait;
use jiff::Timestamp;

use super::ServiceResult;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written.
    pub at: Timestamp,
    /// What was written.
    pub text: String,
}

/// Some lines of a log, in order within their stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogPage {
    /// The lines. A page may have none and yet be followed by others.
    pub lines: Vec<LogLine>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// Which lines are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogQuery<'a> {
    /// The group of one function or machine; a file where logs are files.
    pub group: &'a str,
    /// From this moment on.
    pub since: Timestamp,
    /// Before this moment.
    pub until: Timestamp,
    /// Only those with this in them, letter by letter; all without it. At most 200 characters, no quotes.
    pub containing: Option<&'a str>,
}

/// Logs.
#[async_trait]
pub trait Logs: Send + Sync {
    /// The page of a query that begins at `from`; the first one without it.
    ///
    /// # Errors
    /// [`super::ServiceError::Missing`] where there is no such group; [`super::ServiceError`] otherwise.
    async fn page(&self, query: LogQuery<'_>, from: Option<&str>) -> ServiceResult<LogPage>;
}
