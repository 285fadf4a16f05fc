//! Queries that the service of the logs answers itself.

use async_trait::async_trait;
use jiff::Timestamp;

use super::ServiceResult;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InsightsQuery<'a> {
    /// The groups that are asked; never none.
    pub groups: &'a [String],
    /// The query.
    pub text: &'a str,
    /// From this moment on.
    pub since: Timestamp,
    /// Before this moment.
    pub until: Timestamp,
}

/// A row of an answer: fields that have a value, in the order in which the service gives them.
pub type InsightsRow = Vec<(String, String)>;

/// How far an answer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InsightsAnswer {
    /// It is being found.
    Running,
    /// It is there.
    Complete {
        /// The rows.
        rows: Vec<InsightsRow>,
        /// How many lines were looked at, where that is told.
        looked_at: u64,
        /// How many of them matched.
        matched: u64,
    },
    /// There will be none.
    Failed {
        /// The service's word for it.
        status: String,
    },
}

/// Queries on logs.
#[async_trait]
pub trait Insights: Send + Sync {
    /// Begins to answer; gives the question's id.
    ///
    /// # Errors
    /// [`super::ServiceError::Missing`] where there is no such group; [`super::ServiceError::Refused`] where the query is not
    /// understood; [`super::ServiceError`] otherwise.
    async fn start(&self, query: InsightsQuery<'_>) -> ServiceResult<String>;

    /// Looks at an answer.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn answer(&self, id: &str) -> ServiceResult<InsightsAnswer>;

    /// Ends it. One that has ended is left as it is.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn stop(&self, id: &str) -> ServiceResult<()>;
}
