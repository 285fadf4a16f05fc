//! Whether functions answer: each is asked by its alias for an operation that has ended, or for one that nobody knows.
//!
//! It proves that the program starts on its runtime, reads its configuration and reaches its tables with its role, and changes
//! nothing but the fencing token of the operation that it asks for. It proves nothing about RDS or a database: a drill does.

use aurora_restore_core::ids::{ExecutorId, OperationId};
use serde::Serialize;
use serde_json::{Value, json};

use super::{ALIAS, FunctionName, FunctionsError};
use crate::ports::{CallAnswer, Called, Functions, ServiceError};

/// The functions that know of no operation: whoever calls the sweeper has it work, and the rotation of secrets refuses everybody
/// but Secrets Manager, which counts as a failure of which its alarm tells at once.
const KNOW_NO_OPERATION: [&str; 2] = ["sweep", "rotate"];
/// What functions say of an operation that they do not know.
const REFUSED: &str = "AuroraRestore.Refused";

/// What functions are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Smoke {
    /// An operation that has ended, in the name of its executor: it stands nowhere, so nobody moves it, and the answer is its end.
    Ended {
        /// The operation.
        operation: OperationId,
        /// Who executed it.
        executor: ExecutorId,
    },
    /// An operation that does not exist: it is refused, which counts as a failed call.
    Unknown(OperationId),
}

impl Smoke {
    /// The event.
    pub fn event(&self) -> Value {
        match self {
            Self::Ended { operation, executor } => {
                json!({ "executor": executor, "input": { "operation_id": operation } })
            }
            Self::Unknown(operation) => json!({ "executor": "smoke", "input": { "operation_id": operation } }),
        }
    }

    /// Why an answer is none that was hoped for.
    pub fn objection(&self, answer: &CallAnswer) -> Option<String> {
        match (self, answer) {
            (Self::Ended { .. }, CallAnswer::Answered(_)) => None,
            (Self::Unknown(_), CallAnswer::Failed { name, .. }) if name == REFUSED => None,
            (Self::Unknown(operation), CallAnswer::Answered(_)) => {
                Some(format!("it knows operation {operation}, which is not there"))
            }
            (_, CallAnswer::Failed { name, message }) => Some(format!("{name}: {message}")),
        }
    }
}

/// How a function has answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SmokeResult {
    /// What it serves.
    pub function: &'static str,
    /// What is wrong with the answer; nothing where it is as it should be.
    pub objection: Option<String>,
    /// What the call took, in milliseconds, as Lambda says.
    pub duration_ms: Option<f64>,
}

/// Whether a function can be asked at all.
pub fn can_be_asked(function: &FunctionName) -> bool {
    !KNOW_NO_OPERATION.contains(&function.place)
}

/// Asks functions by their alias. Those are left out that know of no operation.
///
/// # Errors
/// [`FunctionsError`] where a function cannot be called.
pub async fn smoke(
    functions: &dyn Functions,
    names: &[FunctionName],
    what: &Smoke,
) -> Result<Vec<SmokeResult>, FunctionsError> {
    let mut results = Vec::new();
    for name in names.iter().filter(|name| can_be_asked(name)) {
        let (objection, duration_ms) = match functions.call(&name.whole, ALIAS, &what.event()).await {
            Ok(Called { answer, report }) => (what.objection(&answer), report.map(|report| report.duration_ms)),
            // One that does not answer does not hide the others.
            Err(error @ ServiceError::Unavailable { .. }) => (Some(error.to_string()), None),
            Err(error) => return Err(error.into()),
        };
        results.push(SmokeResult { function: name.place, objection, duration_ms });
    }
    Ok(results)
}
