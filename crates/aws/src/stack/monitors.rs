//! The [`Monitors`] port on CloudWatch and CloudWatch Logs.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aurora_restore_ops::ports::{
    AlarmSettings, AlarmState, LiveAlarm, Metric, Monitors, SavedQuery, ServiceError, ServiceResult,
};
use aws_sdk_cloudwatch::{
    operation::get_dashboard::GetDashboardError,
    types::{AlarmType, ComparisonOperator, Dimension, MetricAlarm, StateValue, Statistic, Tag},
};
use jiff::Timestamp;

use super::service::{Asked, PAGES_MAX};
use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
};

/// What a period without a value counts as where an alarm does not say so.
const MISSING_DATA: &str = "missing";

/// The [`Monitors`] port on AWS.
#[derive(Debug, Clone)]
pub struct AwsMonitors {
    alarms: aws_sdk_cloudwatch::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
}

impl AwsMonitors {
    /// Those of that account and Region. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        Ok(Self {
            alarms: aws_sdk_cloudwatch::Client::new(&connection.to_service("CloudWatch", endpoint)?),
            logs: aws_sdk_cloudwatchlogs::Client::new(&connection.to_service("CloudWatch Logs", endpoint)?),
        })
    }
}

/// The next page's marker, if the list goes on.
fn next(token: Option<&str>, before: Option<&String>, asked: Asked<'_>) -> ServiceResult<Option<String>> {
    let next = token.filter(|next| !next.is_empty()).map(str::to_owned);
    if next.is_some() && next.as_ref() == before {
        return Err(asked.malformed("does not go on: a page's marker is its own"));
    }
    Ok(next)
}

#[async_trait]
impl Monitors for AwsMonitors {
    async fn alarms(&self, prefix: &str) -> ServiceResult<Vec<LiveAlarm>> {
        let asked = Asked::about("cloudwatch:DescribeAlarms", prefix);
        let mut alarms = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let call = self.alarms.describe_alarms().alarm_name_prefix(prefix).alarm_types(AlarmType::MetricAlarm);
            let page = call.set_next_token(token.clone()).send().await.map_err(|error| asked.failed(&error))?;
            alarms.extend(page.metric_alarms().iter().filter_map(read));
            token = next(page.next_token(), token.as_ref(), asked)?;
            if token.is_none() {
                return Ok(alarms);
            }
        }
        Err(asked.malformed("has no end"))
    }

    async fn alarm_tags(&self, arn: &str) -> ServiceResult<BTreeMap<String, String>> {
        let asked = Asked::about("cloudwatch:ListTagsForResource", arn);
        let sent = self.alarms.list_tags_for_resource().resource_arn(arn).send().await;
        let answer = sent.map_err(|error| asked.failed(&error))?;
        let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()));
        Ok(answer.tags().iter().filter_map(pair).collect())
    }

    async fn put_alarm(&self, name: &str, alarm: &AlarmSettings, tags: &BTreeMap<String, String>) -> ServiceResult<()> {
        let asked = Asked::about("cloudwatch:PutMetricAlarm", name);
        let whole = |number: i64| i32::try_from(number).map_err(|_| asked.malformed("has a number that is too large"));
        let dimension = |(name, value): (&String, &String)| Dimension::builder().name(name).value(value).build();
        let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
        let call = self
            .alarms
            .put_metric_alarm()
            .alarm_name(name)
            .alarm_description(&alarm.about)
            .actions_enabled(true)
            .set_alarm_actions(Some(alarm.actions.clone()))
            .namespace(&alarm.metric.namespace)
            .metric_name(&alarm.metric.name)
            .set_dimensions(Some(alarm.metric.dimensions.iter().map(dimension).collect()))
            .statistic(Statistic::from(alarm.statistic.as_str()))
            .comparison_operator(ComparisonOperator::from(alarm.comparison.as_str()))
            .treat_missing_data(&alarm.missing_data)
            .threshold(alarm.threshold)
            .period(whole(alarm.period_secs)?)
            .evaluation_periods(whole(alarm.periods)?)
            .set_tags(Some(tags.iter().map(tag).collect()));
        call.send().await.map_err(|error| asked.failed(&error))?;
        Ok(())
    }

    async fn delete_alarm(&self, name: &str) -> ServiceResult<()> {
        let asked = Asked::about("cloudwatch:DeleteAlarms", name);
        match self.alarms.delete_alarms().alarm_names(name).send().await.map_err(|error| asked.failed(&error)) {
            Ok(_) | Err(ServiceError::Missing { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn dashboard(&self, name: &str) -> ServiceResult<Option<String>> {
        let asked = Asked::about("cloudwatch:GetDashboard", name);
        match self.alarms.get_dashboard().dashboard_name(name).send().await {
            Ok(answer) => Ok(answer.dashboard_body().map(str::to_owned)),
            Err(error) if error.as_service_error().is_some_and(GetDashboardError::is_dashboard_not_found_error) => {
                Ok(None)
            }
            Err(error) => match asked.failed(&error) {
                ServiceError::Missing { .. } => Ok(None),
                other => Err(other),
            },
        }
    }

    async fn put_dashboard(&self, name: &str, body: &str) -> ServiceResult<()> {
        let asked = Asked::about("cloudwatch:PutDashboard", name);
        let call = self.alarms.put_dashboard().dashboard_name(name).dashboard_body(body);
        call.send().await.map_err(|error| asked.failed(&error))?;
        Ok(())
    }

    async fn queries(&self, prefix: &str) -> ServiceResult<Vec<SavedQuery>> {
        let asked = Asked::about("logs:DescribeQueryDefinitions", prefix);
        let mut queries = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let call = self.logs.describe_query_definitions().query_definition_name_prefix(prefix);
            let page = call.set_next_token(token.clone()).send().await.map_err(|error| asked.failed(&error))?;
            queries.extend(page.query_definitions().iter().filter_map(|found| {
                Some(SavedQuery {
                    id: found.query_definition_id().map(str::to_owned),
                    name: found.name()?.to_owned(),
                    text: found.query_string()?.to_owned(),
                    groups: found.log_group_names().to_vec(),
                })
            }));
            token = next(page.next_token(), token.as_ref(), asked)?;
            if token.is_none() {
                return Ok(queries);
            }
        }
        Err(asked.malformed("has no end"))
    }

    async fn put_query(&self, query: &SavedQuery) -> ServiceResult<()> {
        let asked = Asked::about("logs:PutQueryDefinition", &query.name);
        let call = self
            .logs
            .put_query_definition()
            .name(&query.name)
            .query_string(&query.text)
            .set_query_definition_id(query.id.clone())
            .set_log_group_names(Some(query.groups.clone()));
        call.send().await.map_err(|error| asked.failed(&error))?;
        Ok(())
    }
}

/// An alarm on one metric. Those on expressions are none of ours.
fn read(found: &MetricAlarm) -> Option<LiveAlarm> {
    let pair = |dimension: &Dimension| Some((dimension.name()?.to_owned(), dimension.value()?.to_owned()));
    let metric = Metric {
        namespace: found.namespace()?.to_owned(),
        name: found.metric_name()?.to_owned(),
        dimensions: found.dimensions().iter().filter_map(pair).collect(),
    };
    let statistic = found.statistic().map(|statistic| statistic.as_str().to_owned());
    let settings = AlarmSettings {
        about: found.alarm_description().unwrap_or_default().to_owned(),
        metric,
        statistic: statistic.or_else(|| found.extended_statistic().map(str::to_owned))?,
        comparison: found.comparison_operator()?.as_str().to_owned(),
        missing_data: found.treat_missing_data().unwrap_or(MISSING_DATA).to_owned(),
        threshold: found.threshold()?,
        period_secs: found.period()?.into(),
        periods: found.evaluation_periods()?.into(),
        actions: found.alarm_actions().to_vec(),
    };
    let since = found.state_transitioned_timestamp().or_else(|| found.state_updated_timestamp());
    Some(LiveAlarm {
        name: found.alarm_name()?.to_owned(),
        arn: found.alarm_arn().unwrap_or_default().to_owned(),
        settings,
        tells: found.actions_enabled() != Some(false),
        state: match found.state_value() {
            Some(StateValue::Ok) => AlarmState::Quiet,
            Some(StateValue::Alarm) => AlarmState::Ringing,
            // A word that is not known says nothing either.
            Some(_) | None => AlarmState::Unknown,
        },
        since: since.and_then(|at| Timestamp::from_second(at.secs()).ok()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::replay::{answering, only_body, refusal};

    /// No stand-in saves queries, so what is sent is compared with the service's own words.
    #[tokio::test]
    async fn a_query_is_saved_under_its_id_with_its_groups() {
        let (connection, http) = answering([(200, json!({ "queryDefinitionId": "q-1" }).to_string())]);
        let monitors = AwsMonitors::new(&connection, None).unwrap();
        let query = SavedQuery {
            id: Some("q-1".to_owned()),
            name: "ours/errors".to_owned(),
            text: "limit 1".to_owned(),
            groups: vec!["/aws/lambda/a".to_owned()],
        };
        monitors.put_query(&query).await.unwrap();
        let mut sent: Value = serde_json::from_str(&only_body(&http)).unwrap();
        // The SDK's own, another one each time: a request that is sent twice saves one query.
        assert!(sent["clientToken"].is_string(), "{sent}");
        sent.as_object_mut().unwrap().remove("clientToken");
        assert_eq!(
            sent,
            json!({
                "queryDefinitionId": "q-1",
                "name": "ours/errors",
                "queryString": "limit 1",
                "logGroupNames": ["/aws/lambda/a"],
            })
        );
    }

    #[tokio::test]
    async fn saved_queries_are_read_to_their_last_page() {
        let page = |name: &str, next: Option<&str>| {
            let query =
                json!({ "queryDefinitionId": name, "name": name, "queryString": "limit 1", "logGroupNames": ["a"] });
            (200, json!({ "queryDefinitions": [query], "nextToken": next }).to_string())
        };
        let (connection, _http) = answering([page("ours/one", Some("more")), page("ours/two", None)]);
        let found = AwsMonitors::new(&connection, None).unwrap().queries("ours/").await.unwrap();
        let names: Vec<&str> = found.iter().map(|query| query.name.as_str()).collect();
        assert_eq!(names, ["ours/one", "ours/two"]);
        assert_eq!(found[0].groups, ["a"]);
        let (connection, _http) = answering([refusal(400, "AccessDeniedException", "no")]);
        let denied = AwsMonitors::new(&connection, None).unwrap().queries("ours/").await.unwrap_err();
        assert!(matches!(denied, ServiceError::Denied { action: "logs:DescribeQueryDefinitions", .. }), "{denied}");
    }
}
