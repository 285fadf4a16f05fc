//! The [`Alarms`] port on CloudWatch (`DescribeAlarms`, `GetMetricStatistics`).

use async_trait::async_trait;
use aurora_restore_ops::ports::{Alarm, AlarmState, Alarms, ServiceResult};
use aws_sdk_cloudwatch::{
    Client,
    primitives::DateTime,
    types::{Datapoint, Dimension, MetricAlarm, StateValue, Statistic},
};
use jiff::Timestamp;

use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
    stack::Asked,
};

/// The most names in one call.
const NAMES_MAX: usize = 100;
/// Failed calls are counted by the minute.
const PERIOD_SECS: i32 = 60;

/// The [`Alarms`] port on CloudWatch.
#[derive(Debug, Clone)]
pub struct CloudWatchAlarms {
    client: Client,
}

impl CloudWatchAlarms {
    /// The alarms of that account and Region. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        Ok(Self { client: Client::new(&connection.to_service("CloudWatch", endpoint)?) })
    }
}

#[async_trait]
impl Alarms for CloudWatchAlarms {
    async fn named(&self, names: &[String]) -> ServiceResult<Vec<Alarm>> {
        let mut alarms = Vec::new();
        for some in names.chunks(NAMES_MAX) {
            let asked = Asked::about("cloudwatch:DescribeAlarms", some.first().map_or("*", String::as_str));
            let limit = i32::try_from(NAMES_MAX).unwrap_or(i32::MAX);
            let call = self.client.describe_alarms().set_alarm_names(Some(some.to_vec())).max_records(limit);
            let answer = call.send().await.map_err(|error| asked.failed(&error))?;
            alarms.extend(answer.metric_alarms().iter().filter_map(alarm));
        }
        Ok(alarms)
    }

    async fn errors(
        &self,
        function: &str,
        alias: &str,
        version: u64,
        since: Timestamp,
        until: Timestamp,
    ) -> ServiceResult<f64> {
        let asked = Asked::about("cloudwatch:GetMetricStatistics", function);
        let dimension = |name: &str, value: String| Dimension::builder().name(name).value(value).build();
        let period = i64::from(PERIOD_SECS);
        // Whole minutes, the one that goes on included.
        let begins = since.as_second().div_euclid(period) * period;
        let ends = (until.as_second().div_euclid(period) + 1) * period;
        let answer = self
            .client
            .get_metric_statistics()
            .namespace("AWS/Lambda")
            .metric_name("Errors")
            .dimensions(dimension("FunctionName", function.to_owned()))
            .dimensions(dimension("Resource", format!("{function}:{alias}")))
            .dimensions(dimension("ExecutedVersion", version.to_string()))
            .start_time(DateTime::from_secs(begins))
            .end_time(DateTime::from_secs(ends))
            .period(PERIOD_SECS)
            .statistics(Statistic::Sum)
            .send()
            .await
            .map_err(|error| asked.failed(&error))?;
        Ok(answer.datapoints().iter().filter_map(Datapoint::sum).sum())
    }
}

fn alarm(alarm: &MetricAlarm) -> Option<Alarm> {
    let state = match alarm.state_value() {
        Some(StateValue::Ok) => AlarmState::Quiet,
        Some(StateValue::Alarm) => AlarmState::Ringing,
        _ => AlarmState::Unknown,
    };
    let reason = alarm.state_reason().unwrap_or("no reason is given").to_owned();
    Some(Alarm { name: alarm.alarm_name()?.to_owned(), state, reason })
}
