//! The [`Logs`] port on CloudWatch Logs (`FilterLogEvents`).
//!
//! No filter is sent: what the functions write is told apart here, in one place, and the service's own patterns know nothing
//! of it. A page has at most ten thousand lines or one megabyte.

use async_trait::async_trait;
use aurora_restore_ops::ports::{LogLine, LogPage, LogQuery, Logs, ServiceResult};
use aws_sdk_cloudwatchlogs::{Client, types::FilteredLogEvent};
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
            .set_next_token(from.map(str::to_owned));
        let answer = call.send().await.map_err(|error| asked.failed(&error))?;
        let next = answer.next_token.filter(|next| !next.is_empty());
        let lines = answer.events.unwrap_or_default().into_iter().filter_map(read).collect();
        Ok(LogPage { lines, next })
    }
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
