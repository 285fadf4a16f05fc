//! Operations in progress that nobody goes on with, found by the index on status and time: from its old end, so that what has
//! not stalled is not read. Whoever names the journal has the entries of the few that have looked at, too: an item that somebody has
//! set to that status by hand is none of them, and the audit tells it as what it is.

use aurora_restore_core::{
    engine::look_at,
    ids::OperationId,
    journal::StateItem,
    operation::{Phase, Status},
    ports::{Journal, JournalError, RefusedOperation},
};
use jiff::{SignedDuration, Timestamp};

use super::{Finding, Kind, patience::patiently};
use crate::{
    executing::{Executing, executing},
    ports::{Executions, States, Unchanged},
};

/// How long an operation may be without news before it is called stalled.
pub const STALLED_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Bounds the pages: more operations are never in progress.
const PAGES_MAX: usize = 1_000;

/// The search for them.
pub struct StalledSearch<'a> {
    /// Whose entries tell what has ended, where more than the items may be read.
    pub journal: Option<&'a dyn Journal>,
    /// Where.
    pub states: &'a dyn States,
    /// Whom to ask whether an execution still runs; nobody where there is no state machine.
    pub executions: Option<&'a dyn Executions>,
    /// What time it is.
    pub now: Timestamp,
    /// Without news for so long or longer.
    pub older_than: SignedDuration,
    /// So many items are asked for at once.
    pub page: usize,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stalled {
    /// Its state.
    pub state: StateItem,
    /// Who should execute it.
    pub executor: String,
    /// What is known of that one; never that it runs.
    pub known: Executing,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StalledFound {
    /// The operations, the one that has stood longest first.
    pub stalled: Vec<Stalled>,
    /// Those without news whose execution runs: a long wait is no standstill.
    pub waiting: usize,
    /// Those whose item cannot be read.
    pub refused: Vec<RefusedOperation>,
    /// What could not be asked, each with the reason.
    pub troubles: Vec<String>,
    /// The read capacity that it took, in units, where the store counts it.
    pub read_units: Option<f64>,
}

impl StalledSearch<'_> {
    /// Finds them.
    ///
    /// # Errors
    /// Where the items cannot be read.
    pub async fn find(&self) -> Result<StalledFound, JournalError> {
        let mut found = StalledFound::default();
        let Ok(until) = self.now.checked_sub(self.older_than) else { return Ok(found) };
        let mut query = Unchanged { status: Status::InProgress, until, limit: self.page, cursor: None };
        for _ in 0..PAGES_MAX {
            let page = patiently(|| self.states.unchanged(&query)).await?;
            if let Some(units) = page.read_units {
                *found.read_units.get_or_insert(0.0) += units;
            }
            found.refused.extend(page.refused);
            for stored in page.items {
                match executing(self.executions, &stored.executor).await {
                    Ok(Executing::Runs(_)) => found.waiting += 1,
                    Ok(_) if self.has_ended(&stored.state.operation_id).await => {}
                    Ok(known) => {
                        found.stalled.push(Stalled { state: stored.state, executor: stored.executor, known });
                    }
                    Err(error) => found.troubles.push(format!("operation {}: {error}", stored.state.operation_id)),
                }
            }
            query.cursor = page.cursor;
            if query.cursor.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Whether the entries say that an operation has ended. Where they cannot be read, nothing speaks against its item.
    async fn has_ended(&self, id: &OperationId) -> bool {
        let Some(journal) = self.journal else { return false };
        look_at(journal, id).await.is_ok_and(|operation| matches!(operation.phase, Phase::Ended(_)))
    }
}

impl Stalled {
    /// As a finding of an audit.
    pub fn finding(&self) -> Finding {
        let step = self.state.step.map_or("no step", |step| step.as_str());
        let who = match &self.known {
            Executing::Ended(name, Some(status)) => format!("execution {name} has ended ({status:?})"),
            Executing::Ended(name, None) => format!("execution {name} is not there any more"),
            Executing::Runs(_) | Executing::NobodyKnows => format!("{} has written nothing", self.executor),
        };
        let evidence = format!("it has stood in {step} since {}, and {who}", self.state.last_updated_at);
        Finding {
            since: Some(self.state.last_updated_at),
            ..Finding::of(Kind::Stalled, &self.state.operation_id, evidence)
        }
    }
}
