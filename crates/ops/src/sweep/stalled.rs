//! Operations that are in progress and that nobody goes on with.
//!
//! Long waits write no entries, so an operation without news is not stalled while an execution runs that is its executor.

use aurora_restore_core::{
    engine::{EngineError, look_at},
    journal::StateItem,
    operation::Status,
    ports::{Journal, JournalError},
};
use jiff::{SignedDuration, Timestamp};

use super::{Finding, Swept, list};
use crate::ports::{ExecutionName, Executions, ExecutionsError};

/// Finds them.
pub(super) async fn find(
    journal: &dyn Journal,
    executions: &dyn Executions,
    now: Timestamp,
    after: SignedDuration,
    swept: &mut Swept,
) -> Result<(), JournalError> {
    for item in list(journal, Status::InProgress, &mut swept.troubles).await? {
        let Ok(since) = item.last_updated_at.checked_add(after) else { continue };
        if since > now {
            continue;
        }
        match idle_executor(journal, executions, &item).await {
            Ok(None) => {}
            Ok(Some(executor)) => swept.findings.push(Finding::Stalled { state: Box::new(item), since, executor }),
            Err(reason) => swept.troubles.push(format!("operation {}: {reason}", item.operation_id)),
        }
    }
    Ok(())
}

/// Who should execute an operation and does not; nobody if it is executed.
async fn idle_executor(
    journal: &dyn Journal,
    executions: &dyn Executions,
    item: &StateItem,
) -> Result<Option<String>, String> {
    let operation = look_at(journal, &item.operation_id).await.map_err(|error: EngineError| error.to_string())?;
    let executor = operation.executor.to_string();
    // A process of the command has a name that no execution has: nobody can tell whether it still runs.
    let Ok(name) = ExecutionName::new(&executor) else { return Ok(Some(executor)) };
    let execution = executions.describe(&name).await.map_err(|error: ExecutionsError| error.to_string())?;
    let runs = execution.is_some_and(|execution| !execution.status.has_ended());
    Ok((!runs).then_some(executor))
}
