//! What a table used, as its metrics tell.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    follow::patiently,
    ports::{DailyQuery, Day, Metric, Metrics, ServiceResult, Statistic},
};

/// The dimension that names an index.
const INDEX: &str = "GlobalSecondaryIndexName";
/// A day that began longer ago says nothing of today.
const RECENT: SignedDuration = SignedDuration::from_hours(72);

/// Reading and writing, as the metrics call them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Reads.
    Read,
    /// Writes.
    Write,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Read, Self::Write];

    /// The metrics' word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Write => "Write",
        }
    }
}

/// What one side of a table used in a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Use {
    /// Units, all together.
    pub units: f64,
    /// Units of the busiest day.
    pub busiest: f64,
    /// Days on which anything was used.
    pub days: u32,
    /// The capacity, in units a second; zero for a table that is paid by request.
    pub provisioned: f64,
    /// Requests that were throttled.
    pub throttled: f64,
}

/// Reads what one side of a table, or of one of its indexes, used from `since` on and before `until`, both at midnight.
///
/// # Errors
/// [`crate::ports::ServiceError`].
pub async fn used(
    metrics: &dyn Metrics,
    table: &str,
    index: Option<&str>,
    side: Side,
    (since, until): (Timestamp, Timestamp),
) -> ServiceResult<Use> {
    let word = side.word();
    let mut dimensions = vec![("TableName", table)];
    dimensions.extend(index.map(|index| (INDEX, index)));
    let query =
        |name: String, statistic| DailyQuery { metric: Metric::new("AWS/DynamoDB", &name, &dimensions), statistic };
    let queries = [
        query(format!("Consumed{word}CapacityUnits"), Statistic::Sum),
        query(format!("Provisioned{word}CapacityUnits"), Statistic::Average),
        query(format!("{word}ThrottleEvents"), Statistic::Sum),
    ];
    let series = patiently(|| metrics.daily(&queries, since, until)).await?;
    let days = |number: usize| series.get(number).map(Vec::as_slice).unwrap_or_default();
    let sum = |days: &[Day]| days.iter().map(|day| day.value).sum::<f64>();
    let most = |days: &[Day]| days.iter().map(|day| day.value).fold(0.0, f64::max);
    Ok(Use {
        units: sum(days(0)),
        busiest: most(days(0)),
        days: u32::try_from(days(0).len()).unwrap_or(u32::MAX),
        // What it is now, and not what it was before somebody changed it: a table that is paid by request has no such days any more.
        provisioned: days(1)
            .last()
            .filter(|day| until.duration_since(day.begins) <= RECENT)
            .map_or(0.0, |day| day.value),
        throttled: sum(days(2)),
    })
}

/// The indexes of a table that have been used of late.
///
/// # Errors
/// [`crate::ports::ServiceError`].
pub async fn used_indexes(metrics: &dyn Metrics, table: &str) -> ServiceResult<BTreeSet<String>> {
    let found = patiently(|| metrics.list("AWS/DynamoDB", ("TableName", table))).await?;
    Ok(found.into_iter().filter_map(|mut metric| metric.dimensions.remove(INDEX)).collect())
}
