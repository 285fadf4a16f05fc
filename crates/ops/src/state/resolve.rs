//! What a person decides about an operation that nobody goes on with: looked at, claimed, and given to the engine.
//!
//! Looking takes in the journal, the execution, the logs and RDS. The logs alone may fail to answer: they decide nothing.
//!
//! | stands | `Fail` | `Retry` |
//! |---|---|---|
//! | on its way forward | cancel | go on |
//! | past the point of no return | refused | go on |
//! | on its way back | go on undoing | go on undoing |
//! | stuck forward | undo | go on |
//! | stuck on its way back | go on undoing | go on undoing |
//! | ended | refused | refused |
//!
//! If we die after the claim and before the request, the operation stands where it stood, and its newest entry says who meant to
//! resolve it: it can be resolved again as any other whose executor is silent.

use aurora_restore_core::{
    engine::{EngineError, cancel_is_possible, claim, look_at},
    ids::{ExecutorId, InvalidId, OperationId},
    operation::{Direction, Operation, Phase},
    ports::{JournalError, Location, Ports, RdsError, Side, SnapshotQuery, Tags},
    steps::OPERATION_TAG,
};
use jiff::{SignedDuration, Timestamp};

use super::{
    logged::{self, Logged},
    patience::patiently,
};
use crate::{
    Reach,
    executing::{Executing, executing},
    ports::{ExecutionName, Executions, ExecutionsError, Logs},
};

/// The most characters of a note that a claim bears.
const NOTE_CHARS_MAX: usize = 400;

/// Why nobody can decide about what is over.
const HAS_ENDED: &str = "it has ended";
const ITEM_SAYS_OTHERWISE: &str = "it has ended by its entries, and somebody has set its item otherwise: `aurora-restore state verify` says how that is set right";

/// Which way a person wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is to be undone.
    Fail,
    /// It is to go on.
    Retry,
}

/// What is to be asked of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// Take it over and go on, in the direction that it is on.
    GoOn,
    /// Say to go on with what is stuck.
    Unstick,
    /// Ask for its end, take it over, and let it turn back.
    Cancel,
    /// Ask for its undo.
    Undo,
}

/// What was found out about an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Examination {
    /// As its entries say.
    pub operation: Operation,
    /// What is known of who should execute it.
    pub executing: Executing,
    /// What the function that serves its place wrote of it; none where there are no logs.
    pub logged: Option<Logged>,
    /// What bears its tag in RDS, each with its status.
    pub things: Vec<String>,
}

/// Why it is not resolved. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Somebody goes on with it.
    #[error("execution {execution} goes on with operation {operation}")]
    Runs {
        /// The operation.
        operation: OperationId,
        /// The execution.
        execution: ExecutionName,
    },
    /// Nobody can tell whether somebody goes on with it.
    #[error("operation {operation} had news at {at}, from {executor}, which nobody can ask whether it still runs")]
    MayRun {
        /// The operation.
        operation: OperationId,
        /// The time of its newest entry.
        at: Timestamp,
        /// Who wrote it.
        executor: String,
    },
    /// Somebody else was faster.
    #[error("somebody else has taken operation {operation} up since it was looked at")]
    TooLate {
        /// The operation.
        operation: OperationId,
    },
    /// It cannot be done as it stands, or its journal says no.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The state machine does not say.
    #[error(transparent)]
    Executions(#[from] ExecutionsError),
    /// RDS does not say what is there.
    #[error("what operation {operation} has made cannot be looked at: {source}")]
    Things {
        /// The operation.
        operation: OperationId,
        /// What RDS said.
        source: Box<RdsError>,
    },
    /// The name of whoever resolves it cannot be recorded.
    #[error(transparent)]
    Name(#[from] InvalidId),
}

/// Somebody who resolves operations.
pub struct Resolver<'a> {
    /// The ports of the domain.
    pub ports: Ports<'a>,
    /// The executions of the state machine; none where there is no stack.
    pub executions: Option<&'a dyn Executions>,
    /// The logs, and the groups of the stack; not here where there is no stack.
    pub logs: Reach<(&'a dyn Logs, Vec<String>)>,
    /// An executor that nobody can ask counts as gone after so long without news.
    pub silent_for: SignedDuration,
}

impl Resolver<'_> {
    /// Looks at the journal, the execution, the logs and the resources. Changes nothing.
    ///
    /// # Errors
    /// [`ResolveError`], above all where somebody goes on with it, or may, and where it has ended.
    pub async fn examine(&self, id: &OperationId) -> Result<Examination, ResolveError> {
        let operation = look_at(self.ports.journal, id).await?;
        // Whoever executed it has nothing to go on with, even if it still runs.
        if matches!(operation.phase, Phase::Ended(_)) {
            let item = patiently(|| self.ports.journal.state(id)).await;
            let is_set_otherwise = item.is_ok_and(|item| !item.status.has_ended());
            return Err(not_possible(&operation, if is_set_otherwise { ITEM_SAYS_OTHERWISE } else { HAS_ENDED }));
        }
        let executor = operation.executor.to_string();
        let executing = executing(self.executions, &executor).await?;
        match &executing {
            Executing::Runs(execution) => {
                return Err(ResolveError::Runs { operation: id.clone(), execution: execution.clone() });
            }
            Executing::NobodyKnows if !self.is_silent(&operation) => {
                return Err(ResolveError::MayRun { operation: id.clone(), at: operation.updated_at, executor });
            }
            Executing::Ended(..) | Executing::NobodyKnows => {}
        }
        let things = self.things(&operation).await;
        let things =
            things.map_err(|source| ResolveError::Things { operation: id.clone(), source: Box::new(source) })?;
        let logged = logged::look(&self.logs, &operation, self.ports.clock.now()).await;
        Ok(Examination { operation, executing, logged, things })
    }

    /// Whoever got stuck has stopped, unless somebody has taken it up since.
    fn is_silent(&self, operation: &Operation) -> bool {
        match operation.phase {
            Phase::Stuck(_) if operation.ended_at == Some(operation.updated_at) => true,
            Phase::Forward | Phase::Back | Phase::Stuck(_) | Phase::Ended(_) | Phase::Retiring => {
                self.ports.clock.now().duration_since(operation.updated_at) >= self.silent_for
            }
        }
    }

    /// Takes the operation up for whoever decided, if it still stands as it was examined.
    ///
    /// # Errors
    /// [`ResolveError::TooLate`] where somebody else was faster.
    pub async fn claim(&self, examined: &Examination, by: &str, note: &str) -> Result<(), ResolveError> {
        let id = &examined.operation.id;
        let executor = claimant(by, note)?;
        match claim(self.ports.journal, &examined.operation, &executor, self.ports.clock.now()).await {
            Err(EngineError::Journal(JournalError::Conflict { .. })) => {
                Err(ResolveError::TooLate { operation: id.clone() })
            }
            other => Ok(other?),
        }
    }

    /// Everything that bears the operation's tag, where it works.
    async fn things(&self, operation: &Operation) -> Result<Vec<String>, RdsError> {
        let target = Location { side: Side::Target, region: operation.request.target.region.clone() };
        let mut places = vec![target];
        let hops = operation.facts.plan.iter().flat_map(|plan| &plan.hops);
        for place in hops.map(|hop| hop.location.clone()) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let is_its = |tags: &Tags| tags.get(OPERATION_TAG).is_some_and(|id| id == operation.id.as_str());
        let mut things = Vec::new();
        for place in &places {
            let rds = self.ports.cloud.rds(place);
            let clusters = rds.clusters().await?.into_iter().filter(|cluster| is_its(&cluster.tags));
            things.extend(clusters.map(|it| format!("cluster {} in {place}: {:?}", it.id, it.status)));
            let instances = rds.instances(None).await?.into_iter().filter(|instance| is_its(&instance.tags));
            things.extend(instances.map(|it| format!("instance {} in {place}: {:?}", it.id, it.status)));
            let manual = SnapshotQuery { cluster: None, kinds: vec![aurora_restore_core::ports::SnapshotKind::Manual] };
            let snapshots = rds.snapshots(&manual).await?.into_iter().filter(|snapshot| is_its(&snapshot.tags));
            things.extend(snapshots.map(|it| format!("cluster snapshot {} in {place}: {:?}", it.id, it.status)));
        }
        Ok(things)
    }
}

impl Examination {
    /// What to ask of the engine, if that is possible as it stands.
    ///
    /// # Errors
    /// [`ResolveError::Engine`] with what to do instead.
    pub fn resolution(&self, way: Way) -> Result<Resolution, ResolveError> {
        let operation = &self.operation;
        Ok(match (operation.phase, way) {
            (Phase::Forward, Way::Fail) if operation.cancel.is_some() => Resolution::GoOn,
            (Phase::Forward, Way::Fail) => {
                cancel_is_possible(operation)?;
                Resolution::Cancel
            }
            (Phase::Forward, Way::Retry) | (Phase::Back, Way::Fail | Way::Retry) => Resolution::GoOn,
            (Phase::Stuck(Direction::Forward), Way::Fail) => Resolution::Undo,
            (Phase::Stuck(Direction::Forward), Way::Retry)
            | (Phase::Stuck(Direction::Back), Way::Fail | Way::Retry) => Resolution::Unstick,
            (Phase::Retiring, Way::Retry) => Resolution::GoOn,
            (Phase::Retiring, Way::Fail) => {
                return Err(not_possible(operation, "it is completed, and its retired cluster is being ended"));
            }
            (Phase::Ended(_), Way::Fail | Way::Retry) => return Err(not_possible(operation, HAS_ENDED)),
        })
    }
}

fn not_possible(operation: &Operation, reason: &str) -> ResolveError {
    EngineError::NotPossible { operation: operation.id.clone(), reason: reason.to_owned() }.into()
}

/// Who resolves it and why, as an executor: the entry that claims it has no other place for words, and an executor's id has
/// no spaces.
fn claimant(by: &str, note: &str) -> Result<ExecutorId, InvalidId> {
    let word = |text: &str| -> String {
        let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("_")
    };
    let note: String = word(note).chars().take(NOTE_CHARS_MAX).collect();
    ExecutorId::new(format!("resolve:{}:{note}", word(by)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_says_who_and_why_in_one_word() {
        let executor = claimant("dba@bastion", " the host\tof it\nwas  replaced ").unwrap();
        assert_eq!(executor.as_str(), "resolve:dba@bastion:the_host_of_it_was_replaced");
        let long = claimant("dba@bastion", &"ö".repeat(5_000)).unwrap();
        assert_eq!(long.as_str().chars().count(), "resolve:dba@bastion:".len() + NOTE_CHARS_MAX);
    }
}
