//! Figures over time, one value for each day.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::ServiceResult;

const DAY_SECS: i32 = 24 * 60 * 60;

/// A metric: what is measured, of what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// Whose it is, such as `AuroraRestore`.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Of what it is a figure.
    pub dimensions: BTreeMap<String, String>,
}

impl Metric {
    /// A metric with these dimensions.
    pub fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let dimensions = dimensions.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Self { namespace: namespace.to_owned(), name: name.to_owned(), dimensions }
    }
}

/// How the values of a day become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// Added up.
    Sum,
    /// Their mean.
    Average,
    /// The least of them.
    Minimum,
    /// The greatest of them.
    Maximum,
    /// How many there are.
    SampleCount,
}

/// The metric of which the days are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyQuery {
    /// The metric.
    pub metric: Metric,
    /// How the values of a day become one.
    pub statistic: Statistic,
}

/// The metric of which the periods of a certain length are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodQuery {
    /// The metric.
    pub metric: Metric,
    /// How the values of a period become one.
    pub statistic: Statistic,
    /// How long a period is: whole minutes.
    pub period_secs: i32,
}

/// The value of one day (UTC), or of one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    /// Its first moment.
    pub begins: Timestamp,
    /// The value.
    pub value: f64,
}

/// Metrics.
#[async_trait]
pub trait Metrics: Send + Sync {
    /// The metrics of a namespace that have had a value of late, those with this dimension.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn list(&self, namespace: &str, dimension: (&str, &str)) -> ServiceResult<Vec<Metric>>;

    /// The days of each query from `since` on and before `until`, both at midnight, in the order of the queries and of time.
    /// A day without a value is not among them.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn daily(&self, queries: &[DailyQuery], since: Timestamp, until: Timestamp) -> ServiceResult<Vec<Vec<Day>>> {
        let by_day = |query: &DailyQuery| PeriodQuery {
            metric: query.metric.clone(),
            statistic: query.statistic,
            period_secs: DAY_SECS,
        };
        let queries: Vec<PeriodQuery> = queries.iter().map(by_day).collect();
        self.by_period(&queries, since, until).await
    }

    /// The periods of each query from `since` on and before `until`, both at full hours, in the order of the queries and of time.
    /// A period without a value is not among them.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn by_period(
        &self,
        queries: &[PeriodQuery],
        since: Timestamp,
        until: Timestamp,
    ) -> ServiceResult<Vec<Vec<Day>>>;
}
