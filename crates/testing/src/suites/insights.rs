//! The conformance suite of the port for queries on logs.

use async_trait::async_trait;
use aurora_restore_ops::{
    insights::{Answer, ask},
    ports::{Insights, InsightsQuery, ServiceError},
};
use jiff::{SignedDuration, Timestamp};

use super::{Broken, Case, CaseResult, same, verdict};

/// Logs, and how lines get into them.
#[async_trait]
pub trait InsightsFixture: Send + Sync {
    /// The queries.
    fn insights(&self) -> &dyn Insights;

    /// Makes a group and writes lines into it, in order of time. After it returns they can be asked for.
    async fn put(&self, group: &str, lines: Vec<(Timestamp, String)>);
}

/// Runs every case. `now` is what time it is there.
pub async fn run(fixture: &dyn InsightsFixture, now: Timestamp) -> Vec<CaseResult> {
    let cases = [
        ("lines of the time are sorted and cut", sorted(fixture, now).await),
        ("a group that is not there is told as missing", missing(fixture, now).await),
    ];
    cases.into_iter().map(|(case, result)| CaseResult { case, verdict: verdict(result) }).collect()
}

async fn sorted(fixture: &dyn InsightsFixture, now: Timestamp) -> Case {
    let groups = ["suite-insights".to_owned()];
    let at = |minutes: i64| now - SignedDuration::from_mins(minutes);
    let lines = [(90, "before"), (60, "one"), (50, "two"), (40, "three"), (10, "after")];
    let lines = lines.map(|(minutes, text)| (at(minutes), text.to_owned()));
    fixture.put(&groups[0], lines.to_vec()).await;
    let text = "fields @message | sort @timestamp desc | limit 2";
    let query = InsightsQuery { groups: &groups, text, since: at(70), until: at(30) };
    let Answer { columns, rows, .. } = ask(fixture.insights(), query).await?;
    let place = columns.iter().position(|column| column == "@message");
    let place = place.ok_or_else(|| Broken(format!("the columns are {columns:?}")))?;
    let found: Vec<Option<&str>> = rows.iter().map(|row| row[place].as_deref()).collect();
    same("the lines", &found, &vec![Some("three"), Some("two")])
}

async fn missing(fixture: &dyn InsightsFixture, now: Timestamp) -> Case {
    let groups = ["suite-nobody".to_owned()];
    let query =
        InsightsQuery { groups: &groups, text: "limit 1", since: now - SignedDuration::from_hours(1), until: now };
    match fixture.insights().start(query).await {
        Err(ServiceError::Missing { .. }) => Ok(()),
        other => Err(Broken(format!("the answer is {other:?}"))),
    }
}
