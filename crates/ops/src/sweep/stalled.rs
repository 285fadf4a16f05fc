//! Operations that are in progress and that nobody goes on with.
//!
//! Long waits write no entries, so an operation without news is not stalled while an execution runs that is its executor. Once
//! that has ended, however long after the last entry, this is news.

use aurora_restore_core::{
    engine::{EngineError, look_at},
    journal::StateItem,
    operation::{Phase, Status},
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
            Ok(Some(Idle { executor, ended_at })) => {
                let since = ended_at.map_or(since, |ended| ended.max(since));
                swept.findings.push(Finding::Stalled { state: Box::new(item), since, executor });
            }
            Err(reason) => swept.troubles.push(format!("operation {}: {reason}", item.operation_id)),
        }
    }
    Ok(())
}

/// Who should execute an operation and does not.
struct Idle {
    executor: String,
    /// When its execution ended, where that is known.
    ended_at: Option<Timestamp>,
}

/// The executor of an operation, if it does not execute it.
async fn idle_executor(
    journal: &dyn Journal,
    executions: &dyn Executions,
    item: &StateItem,
) -> Result<Option<Idle>, String> {
    let operation = look_at(journal, &item.operation_id).await.map_err(|error: EngineError| error.to_string())?;
    // Somebody has set its item by hand: the audit tells that, and nobody could go on with it.
    if matches!(operation.phase, Phase::Ended(_)) {
        return Ok(None);
    }
    let executor = operation.executor.to_string();
    let known = executing(Some(executions), &executor).await.map_err(|error| error.to_string())?;
    let ended_at = match known {
        Executing::Runs(_) => return Ok(None),
        Executing::Ended(_, None) | Executing::NobodyKnows => None,
        Executing::Ended(name, Some(_)) => {
            let found = executions.describe(&name).await.map_err(|error| error.to_string())?;
            found.and_then(|found| found.ended_at)
        }
    };
    Ok(Some(Idle { executor, ended_at }))
}
