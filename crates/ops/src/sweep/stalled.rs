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
use crate::{
    executing::{Executing, executing},
    ports::Executions,
};

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
    let known = executing(Some(executions), &executor).await.map_err(|error| error.to_string())?;
    Ok(match known {
        Executing::Runs(_) => None,
        Executing::Ended(..) | Executing::NobodyKnows => Some(executor),
    })
}
