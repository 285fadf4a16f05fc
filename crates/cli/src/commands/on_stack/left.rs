//! Whether an operation was left in its middle by the execution that was to go on with it: one that has ended, or of which Step
//! Functions knows nothing any more.

use aurora_restore_core::{
    engine::look_at,
    ids::OperationId,
    operation::{Operation, Phase, Status},
    ports::Journal,
};
use aurora_restore_ops::ports::{
    Execution, ExecutionName, ExecutionStatus, Executions, ExecutionsError, resumption_runs,
};

use super::{GLANCE, LOOK, TURNS_MAX};
use crate::error::CommandError;

/// So many looks in a row that find no execution of a name are believed: an answer may be a little older than its question.
/// Source: docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
const LOOKS_IN_VAIN_MAX: u32 = 30;
/// The same where the journal names the execution: it has written an entry, so it was there.
const LOOKS_FOR_WRITER_MAX: u32 = 2;

/// The status of an execution that is not there, and why it has none.
const UNKNOWN: &str = "UNKNOWN";
const NO_SUCH: &str = "the state machine has no execution of that name";

/// An execution that was to go on with an operation and does not.
pub(in crate::commands) struct Left {
    name: ExecutionName,
    /// Nothing where there is none of that name any more.
    record: Option<Execution>,
}

impl Left {
    /// Its name.
    pub(in crate::commands) fn name(&self) -> &ExecutionName {
        &self.name
    }

    /// How it stands, as Step Functions calls it.
    pub(in crate::commands) fn status(&self) -> &'static str {
        self.record.as_ref().map_or(UNKNOWN, |record| record.status.as_str())
    }

    /// Why it has ended, where that is told.
    pub(in crate::commands) fn why(&self) -> Option<String> {
        match &self.record {
            Some(record) => record.why(),
            None => Some(NO_SUCH.to_owned()),
        }
    }

    /// Both.
    pub(in crate::commands) fn told(&self) -> String {
        match &self.record {
            Some(record) => record.told(),
            None => format!("{UNKNOWN}: {NO_SUCH}"),
        }
    }

    fn sentence(&self, id: &OperationId) -> String {
        let name = &self.name;
        let Some(record) = &self.record else {
            return format!(
                "operation {id} has not ended, and the state machine knows nothing of its execution {name}"
            );
        };
        let why = match (record.why(), record.status) {
            (Some(why), _) => why,
            (None, ExecutionStatus::TimedOut) => "it took longer than it may".to_owned(),
            (None, ExecutionStatus::Aborted) => "somebody stopped it".to_owned(),
            (None, _) => "no error is named".to_owned(),
        };
        format!("execution {name} has ended in the middle of operation {id}: {why}")
    }
}

/// Counts the looks in a row that find no execution.
#[derive(Default)]
pub(in crate::commands) struct Unseen(u32);

impl Unseen {
    /// Notes what a look has found.
    ///
    /// # Errors
    /// [`CommandError`] where an execution that was started is not found for too long: waiting for it would have no end.
    pub(in crate::commands) fn look(
        &mut self,
        found: Option<&Execution>,
        name: &ExecutionName,
    ) -> Result<(), CommandError> {
        self.0 = if found.is_some() { 0 } else { self.0 + 1 };
        if self.0 < LOOKS_IN_VAIN_MAX {
            return Ok(());
        }
        Err(CommandError::failed(format!("execution {name} was started, and the state machine knows nothing of it"))
            .hint("Was the machine replaced, or its emulator begun anew? Look at `aurora-restore stack status`, then run it again."))
    }
}

/// Waits until an execution has left its operation in the middle. Why the watching cannot go on.
pub(super) async fn left_by(
    journal: &dyn Journal,
    id: &OperationId,
    executions: &dyn Executions,
    name: &ExecutionName,
) -> String {
    let mut name = name.clone();
    let mut unseen = 0;
    // Bounded by the execution, which ends by itself or is forgotten. An answer that does not come is asked for again: the journal
    // is what is being watched.
    loop {
        let Ok(record) = executions.describe(&name).await else {
            tokio::time::sleep(GLANCE).await;
            continue;
        };
        unseen = if record.is_some() { 0 } else { unseen + 1 };
        let has_left = record.as_ref().map_or(unseen >= LOOKS_FOR_WRITER_MAX, |found| found.status.has_ended());
        // Looked at after its end: whatever it has written is seen.
        if has_left && let Ok(operation) = look_at(journal, id).await {
            if let Ok(true) = nobody_goes_on(executions, &operation, &name).await {
                return Left { name, record }.sentence(id);
            }
            // Somebody may have resumed it.
            let executor = executed_by(&operation).filter(|executor| *executor != name);
            unseen = if executor.is_some() { 0 } else { unseen };
            name = executor.unwrap_or(name);
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// The execution of an operation that has ended without it, or is not there any more: nobody goes on.
pub(in crate::commands) async fn left_behind(
    executions: &dyn Executions,
    journal: &dyn Journal,
    operation: &Operation,
) -> Result<Option<Left>, CommandError> {
    let Some(name) = executed_by(operation).filter(|_| is_open(operation)) else { return Ok(None) };
    let mut record = executions.describe(&name).await?;
    // As in watching: one look that finds none is not believed.
    if record.is_none() {
        tokio::time::sleep(LOOK).await;
        record = executions.describe(&name).await?;
    }
    if record.as_ref().is_some_and(|record| !record.status.has_ended()) {
        return Ok(None);
    }
    // It may have come to its end since the operation was looked at.
    let operation = look_at(journal, &operation.id).await?;
    Ok(nobody_goes_on(executions, &operation, &name).await?.then_some(Left { name, record }))
}

/// Whether an operation was left by an execution that has ended. Until the first function of a resumption comes, the journal names the
/// execution before it.
async fn nobody_goes_on(
    executions: &dyn Executions,
    operation: &Operation,
    ended: &ExecutionName,
) -> Result<bool, ExecutionsError> {
    Ok(is_open(operation)
        && executed_by(operation).as_ref() == Some(ended)
        && !resumption_runs(executions, &operation.id, operation.sequence, TURNS_MAX).await?)
}

/// Whether somebody has to go on with it.
pub(super) fn is_open(operation: &Operation) -> bool {
    operation.status() == Status::InProgress || operation.phase == Phase::Retiring
}

/// The execution that goes on with an operation, if it is not a command that does.
pub(super) fn executed_by(operation: &Operation) -> Option<ExecutionName> {
    ExecutionName::new(operation.executor.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::{
        engine::Engine,
        operation::{StepKind, StepStatus},
    };
    use aurora_restore_testing::{
        MemoryExecutions, block_on,
        scenario::{Scenario, Stage},
        stories::{driven_until, step_is},
    };
    use serde_json::json;

    use super::*;

    /// An operation in its middle, whose executor is called `first`.
    fn in_its_middle(scenario: &Scenario) -> Operation {
        block_on(async {
            let engine = Engine::new(scenario.ports());
            let restoring = |session: &aurora_restore_core::engine::Session| {
                step_is(session, StepKind::RestoreSnapshot, StepStatus::Started)
            };
            let begun = ("op-1", scenario.swap());
            driven_until(scenario, &engine, begun, restoring).await.unwrap().0.operation().clone()
        })
    }

    #[tokio::test(start_paused = true)]
    async fn an_execution_that_is_not_known_any_more_goes_on_with_nothing() {
        let scenario = Scenario::new(Stage::default());
        let operation = in_its_middle(&scenario);
        let journal = scenario.ports().journal;
        let executions = MemoryExecutions::new(&scenario.clock);
        let left = async || left_behind(&executions, journal, &operation).await.unwrap();
        let told = left().await.expect("nobody knows it").told();
        assert_eq!(told, "UNKNOWN: the state machine has no execution of that name");
        let name = ExecutionName::new("first").unwrap();
        executions.start(&name, &json!({})).await.unwrap();
        assert!(left().await.is_none(), "it runs");
        executions.end(&name, ExecutionStatus::TimedOut);
        assert_eq!(left().await.expect("it has ended").status(), "TIMED_OUT");
    }

    #[tokio::test(start_paused = true)]
    async fn watching_ends_where_the_execution_is_not_known_any_more() {
        let scenario = Scenario::new(Stage::default());
        let operation = in_its_middle(&scenario);
        let executions = MemoryExecutions::new(&scenario.clock);
        let name = ExecutionName::new("first").unwrap();
        let watched = left_by(scenario.ports().journal, &operation.id, &executions, &name);
        let told = tokio::time::timeout(GLANCE * 10, watched).await.expect("it ends");
        assert_eq!(told, "operation op-1 has not ended, and the state machine knows nothing of its execution first");
    }

    #[test]
    fn an_execution_that_was_started_and_is_not_found_is_not_waited_for_for_ever() {
        let name = ExecutionName::new("first").unwrap();
        let mut unseen = Unseen::default();
        for _ in 1..LOOKS_IN_VAIN_MAX {
            unseen.look(None, &name).unwrap();
        }
        let error = unseen.look(None, &name).unwrap_err();
        assert!(error.message().contains("execution first was started"), "{error:?}");
    }
}
