//! The sweep: what a pipeline needs somebody to look after now and then.
//!
//! * It **starts** the end of every retired cluster that has been kept long enough, as an execution that a person could
//!   have started.
//! * It **reports** operations that nobody goes on with, and things that bear our tag and that no journal accounts for.
//!
//! It deletes nothing itself. Deleting belongs to the engine, which proves under the fence of an operation that a thing is
//! its own; an operation that has ended has no executor that could hold that fence.

mod leftovers;
mod retire;
mod stalled;

use std::fmt;

use aurora_restore_core::{
    ids::OperationId,
    journal::StateItem,
    operation::Status,
    ports::{Journal, JournalError, Location, Notice, NoticeOutcome, OperationFilter, Ports},
};
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::ports::Executions;

/// The most pages of one list, and how many operations are on one.
const PAGES_MAX: usize = 100;
const PAGE_ITEMS: usize = 100;

/// Sweeps come a little late now and then: told twice is better than never.
const SLACK: SignedDuration = SignedDuration::from_hours(1);

/// The bounds of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// An operation without news for longer than this, and without an execution that runs, has stalled.
    pub stalled_after: SignedDuration,
    /// A thing may be on its way for so long after its operation has ended.
    pub leftover_after: SignedDuration,
    /// How often is swept: what came to be found within that time is news.
    pub period: SignedDuration,
    /// So many ends of retired clusters are started at most.
    pub retirements_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            stalled_after: SignedDuration::from_hours(24),
            leftover_after: SignedDuration::from_hours(1),
            period: SignedDuration::from_hours(24),
            retirements_max: 50,
        }
    }
}

/// A sweep for one stack.
pub struct Sweep<'a> {
    /// The stack as people know it, such as `pipeline (prod)`: a person may have several, and their notices come to one inbox.
    pub stack: &'a str,
    /// The ports of the domain.
    pub ports: Ports<'a>,
    /// The executions of the pipeline's state machine.
    pub executions: &'a dyn Executions,
    /// Where is looked for what was left.
    pub location: Location,
    /// Where copies of snapshots are made on their way: nothing else is looked for there.
    pub ways: Vec<Location>,
    /// The bounds.
    pub bounds: Bounds,
}

/// What was done and found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// The operations whose retired clusters are being ended now.
    pub started: Vec<OperationId>,
    /// What wants a person's look.
    pub findings: Vec<Finding>,
    /// What could not be done or looked at, each with the reason.
    pub troubles: Vec<String>,
}

impl Swept {
    /// The operations that nobody goes on with.
    pub fn stalled(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| matches!(finding, Finding::Stalled { .. }))
    }

    /// The things that were left.
    pub fn leftovers(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| matches!(finding, Finding::Leftover { .. }))
    }
}

/// Something that wants a person's look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// An operation that nobody goes on with.
    Stalled {
        /// Its state.
        state: Box<StateItem>,
        /// Since when it has been called so.
        since: Timestamp,
        /// Who should execute it.
        executor: String,
    },
    /// A thing of an operation that has ended, which its journal does not say is kept.
    Leftover {
        /// The state of the operation.
        state: Box<StateItem>,
        /// What it is, and where.
        what: String,
        /// The command that deletes it, in the account that it is in.
        deletion: String,
        /// Since when it has been called so.
        since: Timestamp,
    },
}

impl Finding {
    /// The operation.
    pub fn operation(&self) -> &OperationId {
        &self.state().operation_id
    }

    /// One word for what it is.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Stalled { .. } => "stalled",
            Self::Leftover { .. } => "leftover",
        }
    }

    fn state(&self) -> &StateItem {
        match self {
            Self::Stalled { state, .. } | Self::Leftover { state, .. } => state,
        }
    }

    fn since(&self) -> Timestamp {
        match self {
            Self::Stalled { since, .. } | Self::Leftover { since, .. } => *since,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stalled { state, executor, .. } => write!(
                formatter,
                "operation {id} has stood still since {at} in {step}, and {executor} does not go on with it; go on with \
                 `aurora-restore resume {id}`",
                id = state.operation_id,
                at = state.last_updated_at,
                step = state.step.map_or("no step", |step| step.as_str()),
            ),
            Self::Leftover { state, what, deletion, .. } => write!(
                formatter,
                "{what} was made by operation {id}, which is {status}, and its journal does not say that it is kept; look at \
                 `aurora-restore report {id}`, then delete it with `{deletion}`, or take its tags away",
                id = state.operation_id,
                status = state.status.as_str(),
            ),
        }
    }
}

/// Why nothing could be swept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SweepError {
    /// The journal cannot be read; without it nothing is known.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Sweep<'_> {
    /// Sweeps once. Repeatable: an execution is started under a name that is given once.
    ///
    /// # Errors
    /// [`SweepError`] where the journal cannot be listed. What else cannot be done is a trouble of the result, so that one
    /// thing does not keep the others from being looked after.
    pub async fn run(&self) -> Result<Swept, SweepError> {
        let mut swept = Swept::default();
        retire::start_due(self, &mut swept).await?;
        let now = self.ports.clock.now();
        stalled::find(self.ports.journal, self.executions, now, self.bounds.stalled_after, &mut swept).await?;
        leftovers::find(self, &mut swept).await;
        for trouble in &swept.troubles {
            tracing::warn!(reason = trouble, "something could not be swept");
        }
        self.tell(&mut swept).await;
        Ok(swept)
    }

    /// Looks for things that were left, and starts, deletes and tells nothing.
    pub async fn leftovers(&self) -> Swept {
        let mut swept = Swept::default();
        leftovers::find(self, &mut swept).await;
        swept
    }

    /// One notice about everything that is news: what has been found before was told before.
    async fn tell(&self, swept: &mut Swept) {
        let now = self.ports.clock.now();
        let news: Vec<&Finding> = swept
            .findings
            .iter()
            .filter(|finding| now.duration_since(finding.since()) <= self.bounds.period + SLACK)
            .collect();
        let Some(first) = news.first() else { return };
        let lines: Vec<String> = news.iter().map(ToString::to_string).collect();
        let notice = Notice {
            operation_id: first.operation().clone(),
            target: first.state().target.clone(),
            outcome: NoticeOutcome::Attention,
            times_stuck: 0,
            subject: format!("{} in stack {}", subject(&news), self.stack),
            body: format!("The sweeper of stack {} has found:\n\n{}", self.stack, lines.join("\n\n")),
        };
        if let Err(error) = self.ports.notifier.notify(&notice).await {
            swept.troubles.push(error.to_string());
        }
    }
}

/// The operations of a status, newest first.
async fn list(
    journal: &dyn Journal,
    status: Status,
    troubles: &mut Vec<String>,
) -> Result<Vec<StateItem>, JournalError> {
    let mut filter = OperationFilter { status: Some(status), limit: PAGE_ITEMS, ..OperationFilter::default() };
    let mut items = Vec::new();
    for _ in 0..PAGES_MAX {
        let page = journal.list(&filter).await?;
        items.extend(page.items);
        // One that cannot be read is in the list of every status.
        for trouble in page.refused.iter().map(ToString::to_string) {
            if !troubles.contains(&trouble) {
                troubles.push(trouble);
            }
        }
        filter.cursor = page.cursor;
        if filter.cursor.is_none() {
            return Ok(items);
        }
    }
    troubles.push(format!("there are more than {} operations that are {}", items.len(), status.as_str()));
    Ok(items)
}

fn subject(news: &[&Finding]) -> String {
    let stalled = news.iter().filter(|finding| matches!(finding, Finding::Stalled { .. })).count();
    let count = |number: usize, one: &str, many: &str| match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{number} {many}")),
    };
    let parts = [
        count(stalled, "operation stands still", "operations stand still"),
        count(news.len() - stalled, "thing was left behind", "things were left behind"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
