//! The [`Logs`] port on CloudWatch Logs (`FilterLogEvents`), and the [`Insights`] port (`StartQuery`).
//!
//! No filter is sent: what the functions write is told apart here, in one place, and the service's own patterns know nothing
//! of it. A page has at most ten thousand lines or one megabyte.

use async_trait::async_trait;
use aurora_restore_ops::ports::{
    Insights, InsightsAnswer, InsightsQuery, LogLine, LogPage, LogQuery, Logs, ServiceError, ServiceResult,
};
use aws_sdk_cloudwatchlogs::{
    Client,
    types::{FilteredLogEvent, QueryStatistics, QueryStatus, ResultField},
};
use jiff::Timestamp;

use super::service::Asked;
use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
};

/// About as many lines of ours are the megabyte of a page; whoever stands in for the service may know no such bound.
const PAGE_LINES: i32 = 4_000;

/// The [`Logs`] port on CloudWatch Logs.
#[derive(Debug, Clone)]
pub struct CloudWatchLogs {
    client: Client,
}

impl CloudWatchLogs {
    /// The logs of that account and Region. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        Ok(Self { client: Client::new(&connection.to_service("CloudWatch Logs", endpoint)?) })
    }
}

#[async_trait]
impl Logs for CloudWatchLogs {
    async fn page(&self, query: LogQuery<'_>, from: Option<&str>) -> ServiceResult<LogPage> {
        let asked = Asked::about("logs:FilterLogEvents", query.group);
        let call = self
            .client
            .filter_log_events()
            .log_group_name(query.group)
            .start_time(query.since.as_millisecond())
            // The end belongs to the range there.
            .end_time(query.until.as_millisecond() - 1)
            .limit(PAGE_LINES)
            .set_filter_pattern(query.containing.map(|text| format!("\"{text}\"")))
            .set_next_token(from.map(str::to_owned));
        let answer = call.send().await.map_err(|error| asked.failed(&error))?;
        let next = answer.next_token.filter(|next| !next.is_empty());
        let lines = answer.events.unwrap_or_default().into_iter().filter_map(read);
        // Not whoever stands in for the service understands patterns.
        let lines = lines.filter(|line| query.containing.is_none_or(|wanted| line.text.contains(wanted))).collect();
        Ok(LogPage { lines, next })
    }
}

/// A field that only the service's own console understands.
const POINTER: &str = "@ptr";

#[async_trait]
impl Insights for CloudWatchLogs {
    /// The service counts in whole seconds, the last of which belongs to the range.
    async fn start(&self, query: InsightsQuery<'_>) -> ServiceResult<String> {
        let named = query.groups.join(", ");
        let asked = Asked::about("logs:StartQuery", &named);
        let call = self
            .client
            .start_query()
            .set_log_group_names(Some(query.groups.to_vec()))
            .query_string(query.text)
            .start_time(query.since.as_second())
            .end_time(query.until.as_second());
        let answer = call.send().await.map_err(|error| asked.failed(&error))?;
        answer.query_id().map(str::to_owned).ok_or_else(|| asked.malformed("holds no id"))
    }

    async fn answer(&self, id: &str) -> ServiceResult<InsightsAnswer> {
        let asked = Asked::about("logs:GetQueryResults", id);
        let answer = self.client.get_query_results().query_id(id).send().await.map_err(|error| asked.failed(&error))?;
        let field = |field: &ResultField| Some((field.field()?.to_owned(), field.value()?.to_owned()));
        Ok(match answer.status() {
            Some(QueryStatus::Complete) => {
                let row =
                    |row: &Vec<ResultField>| row.iter().filter_map(field).filter(|(name, _)| name != POINTER).collect();
                let counted = |count: fn(&QueryStatistics) -> f64| {
                    answer.statistics().map_or(0, |statistics| whole(count(statistics)))
                };
                InsightsAnswer::Complete {
                    rows: answer.results().iter().map(row).collect(),
                    looked_at: counted(QueryStatistics::records_scanned),
                    matched: counted(QueryStatistics::records_matched),
                }
            }
            Some(status @ (QueryStatus::Failed | QueryStatus::Cancelled | QueryStatus::Timeout)) => {
                InsightsAnswer::Failed { status: status.as_str().to_owned() }
            }
            // A word that is not known is no end.
            Some(_) | None => InsightsAnswer::Running,
        })
    }

    async fn stop(&self, id: &str) -> ServiceResult<()> {
        let asked = Asked::about("logs:StopQuery", id);
        match self.client.stop_query().query_id(id).send().await.map_err(|error| asked.failed(&error)) {
            // One that has ended cannot be stopped, which is as good.
            Ok(_) | Err(ServiceError::Missing { .. } | ServiceError::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// A count that the service gives as a number with a point.
fn whole(count: f64) -> u64 {
    format!("{count:.0}").parse().unwrap_or(0)
}

fn read(event: FilteredLogEvent) -> Option<LogLine> {
    let at = Timestamp::from_millisecond(event.timestamp?).ok()?;
    Some(LogLine { at, text: event.message? })
}

#[cfg(test)]
mod tests {
    use aurora_restore_ops::ports::ServiceError;
    use serde_json::{Value, json};

    use super::*;
    use crate::replay::{answering, only_body, refusal};

    fn query(group: &str) -> LogQuery<'_> {
        LogQuery {
            group,
            since: "2026-11-15T00:00:00Z".parse().unwrap(),
            until: "2026-11-22T00:00:00Z".parse().unwrap(),
            containing: None,
        }
    }

    #[tokio::test]
    async fn a_page_is_asked_for_by_time_and_marker_and_read_in_order() {
        let answer = json!({
            "events": [
                {"timestamp": 1_763_200_000_000_i64, "message": "one", "logStreamName": "s", "eventId": "1"},
                {"timestamp": 1_763_200_000_001_i64, "message": "two", "logStreamName": "s", "eventId": "2"},
            ],
            "nextToken": "more",
        });
        let (connection, http) = answering([(200, answer.to_string())]);
        let logs = CloudWatchLogs::new(&connection, None).unwrap();
        let page = logs.page(query("/aws/lambda/a"), Some("here")).await.unwrap();
        let texts: Vec<&str> = page.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!((texts, page.next.as_deref()), (vec!["one", "two"], Some("more")));
        let sent: Value = serde_json::from_str(&only_body(&http)).unwrap();
        let expected = json!({
            "logGroupName": "/aws/lambda/a",
            "startTime": 1_794_700_800_000_i64,
            "endTime": 1_795_305_599_999_i64,
            "nextToken": "here",
            "limit": PAGE_LINES,
        });
        assert_eq!(sent, expected);
    }

    #[tokio::test]
    async fn a_group_that_is_gone_and_a_denial_are_told_apart() {
        let asked = async |status, code, text| {
            let (connection, _http) = answering([refusal(status, code, text)]);
            CloudWatchLogs::new(&connection, None).unwrap().page(query("g"), None).await.unwrap_err()
        };
        let gone = asked(400, "ResourceNotFoundException", "The specified log group does not exist.").await;
        assert!(matches!(gone, ServiceError::Missing { .. }), "{gone}");
        let denied = asked(400, "AccessDeniedException", "no").await;
        assert!(matches!(denied, ServiceError::Denied { action: "logs:FilterLogEvents", .. }), "{denied}");
        let busy = asked(400, "ThrottlingException", "Rate exceeded").await;
        assert!(busy.may_pass(), "{busy}");
    }
}
