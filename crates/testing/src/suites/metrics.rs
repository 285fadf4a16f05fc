//! The conformance suite of the metrics port.

use async_trait::async_trait;
use aurora_restore_ops::ports::{DailyQuery, Day, Metric, Metrics, PeriodQuery, Statistic};
use jiff::{SignedDuration, Timestamp};

use super::{Case, CaseResult, holds, same, verdict};

const NAMESPACE: &str = "Suite";
const DAY_SECS: i64 = 24 * 60 * 60;

/// Metrics, and how values get into them.
#[async_trait]
pub trait MetricsFixture: Send + Sync {
    /// The metrics.
    fn metrics(&self) -> &dyn Metrics;

    /// Puts a value. After it returns it can be read.
    async fn put(&self, metric: &Metric, at: Timestamp, value: f64);
}

/// Runs every case. `now` is what time it is there.
pub async fn run(fixture: &dyn MetricsFixture, now: Timestamp) -> Vec<CaseResult> {
    let cases = [
        ("metrics are listed by their namespace and a dimension", listed(fixture, now).await),
        ("the values of a day become one, and a day without any is left out", by_day(fixture, now).await),
        ("what is not measured has no day", unknown(fixture, now).await),
        ("the values of a period become one, whichever way is asked for", by_period(fixture, now).await),
    ];
    cases.into_iter().map(|(case, result)| CaseResult { case, verdict: verdict(result) }).collect()
}

fn midnight(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second() - at.as_second().rem_euclid(DAY_SECS)).unwrap_or(at)
}

async fn listed(fixture: &dyn MetricsFixture, now: Timestamp) -> Case {
    let one = Metric::new(NAMESPACE, "Listed", &[("Environment", "listed"), ("Step", "copy-snapshot")]);
    let other = Metric::new(NAMESPACE, "Listed", &[("Environment", "another"), ("Step", "copy-snapshot")]);
    for metric in [&one, &other] {
        fixture.put(metric, now - SignedDuration::from_hours(2), 1.0).await;
    }
    let found = fixture.metrics().list(NAMESPACE, ("Environment", "listed")).await?;
    same("the metrics", &found, &vec![one])
}

async fn by_day(fixture: &dyn MetricsFixture, now: Timestamp) -> Case {
    let until = midnight(now);
    let day = |ago: i64| until - SignedDuration::from_hours(24 * ago);
    let hour = SignedDuration::from_hours(1);
    let metric = Metric::new(NAMESPACE, "Daily", &[("Environment", "daily")]);
    for (at, value) in [
        (day(4) + hour, 100.0),
        (day(3) + hour, 2.0),
        (day(3) + hour * 5, 4.0),
        (day(1) + hour, 8.0),
        (until + hour / 2, 100.0),
    ] {
        fixture.put(&metric, at, value).await;
    }
    let query = |statistic| DailyQuery { metric: metric.clone(), statistic };
    let queries = [query(Statistic::Average), query(Statistic::Sum)];
    let found = fixture.metrics().daily(&queries, day(3), until).await?;
    let value = |ago, value| Day { begins: day(ago), value };
    same("the means", &found[0], &vec![value(3, 3.0), value(1, 8.0)])?;
    same("the sums", &found[1], &vec![value(3, 6.0), value(1, 8.0)])
}

async fn by_period(fixture: &dyn MetricsFixture, now: Timestamp) -> Case {
    let until = midnight(now);
    let since = until - SignedDuration::from_hours(2);
    let minutes = SignedDuration::from_mins;
    let metric = Metric::new(NAMESPACE, "Periods", &[("Environment", "periods")]);
    for (at, value) in [(since, 2.0), (since + minutes(4), 4.0), (since + minutes(5), 8.0), (since + minutes(70), 1.0)]
    {
        fixture.put(&metric, at, value).await;
    }
    let query = |statistic| PeriodQuery { metric: metric.clone(), statistic, period_secs: 300 };
    let queries = [query(Statistic::Maximum), query(Statistic::Minimum), query(Statistic::SampleCount)];
    let found = fixture.metrics().by_period(&queries, since, until).await?;
    let period = |after: i64, value| Day { begins: since + minutes(after), value };
    same("the greatest", &found[0], &vec![period(0, 4.0), period(5, 8.0), period(70, 1.0)])?;
    same("the least", &found[1], &vec![period(0, 2.0), period(5, 8.0), period(70, 1.0)])?;
    same("how many", &found[2], &vec![period(0, 2.0), period(5, 1.0), period(70, 1.0)])
}

async fn unknown(fixture: &dyn MetricsFixture, now: Timestamp) -> Case {
    let metric = Metric::new(NAMESPACE, "Nobody", &[("Environment", "nobody")]);
    let until = midnight(now);
    let queries = [DailyQuery { metric, statistic: Statistic::Sum }];
    let found = fixture.metrics().daily(&queries, until - SignedDuration::from_hours(48), until).await?;
    holds("there is an answer without a day", found == [Vec::new()])
}
