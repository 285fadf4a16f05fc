//! What the alarms of a stack watch, as it was measured over weeks.

use jiff::{SignedDuration, Timestamp};

use super::review::PAST;
use crate::{
    error::OpsError,
    follow::patiently,
    ports::{Day, LiveAlarm, Metrics, Monitors, PeriodQuery, Statistic},
};

/// Alarms with what was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurements {
    /// Each alarm with its metric in its own periods, by its own statistic.
    pub alarms: Vec<(LiveAlarm, Vec<Day>)>,
    /// From when on was looked at.
    pub since: Timestamp,
}

/// Reads what the alarms watch whose names begin like this. An alarm on a percentile is left out.
///
/// # Errors
/// [`OpsError`].
pub async fn measure(
    monitors: &dyn Monitors,
    metrics: &dyn Metrics,
    prefix: &str,
    now: Timestamp,
) -> Result<Measurements, OpsError> {
    const HOUR_SECS: i64 = 3600;
    let full = now.as_second() - now.as_second().rem_euclid(HOUR_SECS) + HOUR_SECS;
    let until = Timestamp::from_second(full).unwrap_or(now);
    let since = until - PAST - SignedDuration::from_hours(1);
    let alarms = patiently(|| monitors.alarms(prefix)).await?;
    let (alarms, queries): (Vec<LiveAlarm>, Vec<PeriodQuery>) =
        alarms.into_iter().filter_map(|alarm| query(&alarm).map(|query| (alarm, query))).unzip();
    let series = patiently(|| metrics.by_period(&queries, since, until)).await?;
    Ok(Measurements { alarms: alarms.into_iter().zip(series).collect(), since })
}

fn query(alarm: &LiveAlarm) -> Option<PeriodQuery> {
    let settings = &alarm.settings;
    let statistic = match settings.statistic.as_str() {
        "Sum" => Statistic::Sum,
        "Average" => Statistic::Average,
        "Minimum" => Statistic::Minimum,
        "Maximum" => Statistic::Maximum,
        "SampleCount" => Statistic::SampleCount,
        _ => return None,
    };
    Some(PeriodQuery {
        metric: settings.metric.clone(),
        statistic,
        period_secs: i32::try_from(settings.period_secs).ok()?,
    })
}
