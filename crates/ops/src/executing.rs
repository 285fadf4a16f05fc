//! Whether somebody goes on with an operation, as far as executions tell.

use crate::ports::{ExecutionName, ExecutionStatus, Executions, ExecutionsError};

/// What is known of an executor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Executing {
    /// An execution of that name runs.
    Runs(ExecutionName),
    /// It has ended, or its record has been kept long enough.
    Ended(ExecutionName, Option<ExecutionStatus>),
    /// A process of the command has a name that no execution has, and without a state machine nobody can be asked: nobody can
    /// tell whether it still runs.
    NobodyKnows,
}

/// Asks about an executor.
///
/// # Errors
/// [`ExecutionsError`].
pub async fn executing(executions: Option<&dyn Executions>, executor: &str) -> Result<Executing, ExecutionsError> {
    let (Some(executions), Ok(name)) = (executions, ExecutionName::new(executor)) else {
        return Ok(Executing::NobodyKnows);
    };
    Ok(match executions.describe(&name).await? {
        Some(found) if !found.status.has_ended() => Executing::Runs(name),
        found => Executing::Ended(name, found.map(|found| found.status)),
    })
}
