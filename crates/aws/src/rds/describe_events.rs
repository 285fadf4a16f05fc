//! `DescribeEvents`: RDS's own words about a cluster or an instance, for the text of a failure.

use aurora_restore_core::ports::{RdsError, RdsErrorKind, RdsResult};
use aws_sdk_rds::types::{Event, SourceType};
use jiff::Timestamp;

use super::{
    AwsRds,
    pages::{self, PAGE_ITEMS, Page},
    reading::{text, timestamp},
};
use crate::failure::Call;

/// How far back, in minutes: a restore takes hours at most, and what is older explains nothing.
const MINUTES: i32 = 24 * 60;
/// The newest so many are given.
const EVENTS_MAX: usize = 20;

/// The newest events of the cluster and of the instance of that name, newest last.
pub(super) async fn recent(rds: &AwsRds, source: &str) -> RdsResult<Vec<String>> {
    let mut events = of_kind(rds, source, SourceType::DbCluster).await?;
    events.extend(of_kind(rds, source, SourceType::DbInstance).await?);
    events.sort();
    let surplus = events.len().saturating_sub(EVENTS_MAX);
    Ok(events
        .into_iter()
        .skip(surplus)
        .map(|(at, message)| match at {
            Some(at) => format!("{at} {message}"),
            None => message,
        })
        .collect())
}

async fn of_kind(rds: &AwsRds, source: &str, kind: SourceType) -> RdsResult<Vec<(Option<Timestamp>, String)>> {
    let call = Call::about("DescribeEvents", source);
    let events = pages::all(call, async |marker| {
        let answer = rds
            .client
            .describe_events()
            .source_identifier(source)
            .source_type(kind.clone())
            .duration(MINUTES)
            .max_records(PAGE_ITEMS)
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(Page { items: answer.events, marker: answer.marker })
    })
    .await;
    match events {
        Err(error) if knows_no_such_source(&error) => Ok(Vec::new()),
        other => Ok(other?.iter().filter_map(event).collect()),
    }
}

/// The name is a cluster's or an instance's, hardly ever both: one of the two calls may find nothing.
fn knows_no_such_source(error: &RdsError) -> bool {
    matches!(error.kind, RdsErrorKind::NotFound | RdsErrorKind::ReferenceNotFound | RdsErrorKind::InvalidRequest)
}

fn event(event: &Event) -> Option<(Option<Timestamp>, String)> {
    Some((timestamp(event.date()), text(event.message())?))
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::ports::RdsReads;

    use super::*;
    use crate::rds::replay::{Replay, refusal, reply};

    fn event(message: &str, date: &str) -> String {
        format!(
            "<Event><SourceIdentifier>staging</SourceIdentifier><Message>{message}</Message><Date>{date}</Date></Event>"
        )
    }

    #[tokio::test]
    async fn events_of_cluster_and_instance_are_merged_newest_last() {
        let cluster =
            [event("DB cluster created", "2026-11-22T10:00:00Z"), event("Storage failed", "2026-11-22T10:20:00Z")]
                .concat();
        let instance = event("DB instance restarted", "2026-11-22T10:10:00Z");
        let replay = Replay::answering([
            reply("DescribeEvents", &format!("<Events>{cluster}</Events>")),
            reply("DescribeEvents", &format!("<Events>{instance}</Events>")),
        ]);
        let events = replay.rds().recent_events("staging").await.unwrap();
        assert_eq!(
            events,
            [
                "2026-11-22T10:00:00Z DB cluster created",
                "2026-11-22T10:10:00Z DB instance restarted",
                "2026-11-22T10:20:00Z Storage failed",
            ]
        );
        let forms = replay.forms();
        assert!(forms[0].contains("SourceType=db-cluster"), "{}", forms[0]);
        assert!(forms[1].contains("SourceType=db-instance"), "{}", forms[1]);
    }

    #[tokio::test]
    async fn a_name_that_only_one_kind_knows_is_enough() {
        let replay = Replay::answering([
            refusal(404, "DBClusterNotFoundFault", "DBCluster staging-1 not found."),
            reply("DescribeEvents", &format!("<Events>{}</Events>", event("failed", "2026-11-22T10:00:00Z"))),
        ]);
        let events = replay.rds().recent_events("staging-1").await.unwrap();
        assert_eq!(events, ["2026-11-22T10:00:00Z failed"]);
    }

    #[tokio::test]
    async fn a_refusal_of_another_kind_is_passed_on() {
        let replay = Replay::answering([refusal(400, "Throttling", "Rate exceeded")]);
        let error = replay.rds().recent_events("staging").await.unwrap_err();
        assert_eq!(error.kind, RdsErrorKind::Throttled);
    }
}
