//! Having the service answer a query, within a bound.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Answer;
use crate::{
    error::OpsError,
    follow::patiently,
    ports::{Insights, InsightsAnswer, InsightsQuery, InsightsRow},
};

/// The time between two looks.
const POLL: Duration = Duration::from_secs(1);
/// The longest that an answer is waited for.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Asks the service, and waits for the answer.
///
/// # Errors
/// [`OpsError::Unanswered`] where there is none within ten minutes, or none at all; nothing goes on then.
pub async fn ask(insights: &dyn Insights, query: InsightsQuery<'_>) -> Result<Answer, OpsError> {
    // Asked again after a lost reply, the first question goes on for nobody, and ends by itself.
    let id = patiently(|| insights.start(query)).await?;
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        match patiently(|| insights.answer(&id)).await? {
            InsightsAnswer::Complete { rows, looked_at, matched } => return Ok(as_table(rows, looked_at, matched)),
            InsightsAnswer::Failed { status } => {
                return Err(OpsError::Unanswered { reason: format!("it ended as {status}") });
            }
            InsightsAnswer::Running => sleep(POLL).await,
        }
    }
    patiently(|| insights.stop(&id)).await?;
    Err(OpsError::Unanswered { reason: format!("it was stopped after {} minutes", LIMIT.as_secs() / 60) })
}

/// Rows name their own fields, and leave out those without a value.
fn as_table(rows: Vec<InsightsRow>, looked_at: u64, matched: u64) -> Answer {
    let mut columns: Vec<String> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    let told = |row: InsightsRow| {
        let value = |column: &String| row.iter().find(|(name, _)| name == column).map(|(_, value)| value.clone());
        columns.iter().map(value).collect()
    };
    let rows = rows.into_iter().map(told).collect();
    // The service tells only what it has looked at.
    Answer { columns, rows, looked_at, with_fields: looked_at, matched }
}
