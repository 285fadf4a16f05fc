//! What watches a stack at the service: alarms, a dashboard, saved queries.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{AlarmState, Metric, ServiceResult};

/// What an alarm watches, and when it goes off.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmSettings {
    /// What a person reads who is woken by it.
    pub about: String,
    /// The metric.
    pub metric: Metric,
    /// How the values of a period become one: a word of the service.
    pub statistic: String,
    /// How they are compared: a word of the service.
    pub comparison: String,
    /// What a period without a value counts as: a word of the service.
    pub missing_data: String,
    /// With what they are compared.
    pub threshold: f64,
    /// How long a period is.
    pub period_secs: i64,
    /// How many periods in a row.
    pub periods: i64,
    /// Who is told: ARNs.
    pub actions: Vec<String>,
}

/// An alarm as it is seen.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveAlarm {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What it watches.
    pub settings: AlarmSettings,
    /// Whether it tells anybody.
    pub tells: bool,
    /// How it stands.
    pub state: AlarmState,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// A saved query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedQuery {
    /// Its id at the service; none for one that is not saved yet.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// The query.
    pub text: String,
    /// The groups that it asks.
    pub groups: Vec<String>,
}

/// What watches a stack.
#[async_trait]
pub trait Monitors: Send + Sync {
    /// The alarms on one metric whose names begin like this.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn alarms(&self, prefix: &str) -> ServiceResult<Vec<LiveAlarm>>;

    /// The tags of an alarm.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn alarm_tags(&self, arn: &str) -> ServiceResult<BTreeMap<String, String>>;

    /// Makes an alarm, or gives the one of that name these settings. Tags are given to a new one only.
    ///
    /// # Errors
    /// [`super::ServiceError`]; repeating it is safe.
    async fn put_alarm(&self, name: &str, alarm: &AlarmSettings, tags: &BTreeMap<String, String>) -> ServiceResult<()>;

    /// Deletes an alarm. One that was not there is no failure.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn delete_alarm(&self, name: &str) -> ServiceResult<()>;

    /// The body of a dashboard; `None` where there is none of that name.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn dashboard(&self, name: &str) -> ServiceResult<Option<String>>;

    /// Makes a dashboard, or gives the one of that name this body.
    ///
    /// # Errors
    /// [`super::ServiceError`]; repeating it is safe.
    async fn put_dashboard(&self, name: &str, body: &str) -> ServiceResult<()>;

    /// The saved queries whose names begin like this.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn queries(&self, prefix: &str) -> ServiceResult<Vec<SavedQuery>>;

    /// Saves a query, or gives the one of that id this name, text and groups.
    ///
    /// # Errors
    /// [`super::ServiceError`]; repeating it without an id may save it twice.
    async fn put_query(&self, query: &SavedQuery) -> ServiceResult<()>;
}
