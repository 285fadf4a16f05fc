//! Whether functions answer: each is asked by its alias for an operation that has ended, or for one that nobody knows.
//!
//! It proves that the program starts on its runtime, reads its configuration and reaches its tables with its role, and changes
//! nothing but the fencing token of the operation that it asks for. It proves nothing about RDS or a database: a drill does.

use aurora_restore_core::{
    engine::{EngineError, look_at},
    ids::{ExecutorId, InvalidId, OperationId},
    operation::{Operation, Phase, Status},
    ports::{Journal, JournalError, OperationFilter},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{ALIAS, FunctionName, FunctionsError};
use crate::ports::{CallAnswer, Called, Functions, ServiceError};

/// The functions that know of no operation: whoever calls the sweeper has it work, and the rotation of secrets refuses everybody
/// but Secrets Manager, which counts as a failure of which its alarm tells at once.
const KNOW_NO_OPERATION: [&str; 2] = ["sweep", "rotate"];
/// How many operations that are completed are looked at for one that has ended: each look reads a journal.
const LOOKED_AT_MAX: usize = 20;
/// What functions say of an operation that they do not know.
const REFUSED: &str = "AuroraRestore.Refused";

/// The id of an operation that nobody has begun.
const NOBODYS: &str = "smoke-nobodys";

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
    /// What is asked for where no operation has ended.
    ///
    /// # Errors
    /// [`InvalidId`] never in practice.
    pub fn nobodys() -> Result<Self, InvalidId> {
        OperationId::new(NOBODYS).map(Self::Unknown)
    }

    /// Whether that was said of what functions are asked for only to see whether they answer, and is what was wanted.
    pub(crate) fn is_wanted(operation: &OperationId, name: &str, message: &str) -> bool {
        operation.as_str() == NOBODYS && says_unknown(operation, name, message)
    }

    /// What an operation is asked for with; none where a function would go on with it. One whose retired cluster is being ended is
    /// completed, and stands somewhere all the same.
    pub fn of(operation: &Operation) -> Option<Self> {
        match operation.phase {
            Phase::Ended(_) => {
                Some(Self::Ended { operation: operation.id.clone(), executor: operation.executor.clone() })
            }
            Phase::Forward | Phase::Back | Phase::Stuck(_) | Phase::Retiring => None,
        }
    }

    /// The newest operation that is completed and has ended, among the newest that are completed.
    ///
    /// # Errors
    /// What the journal says.
    pub async fn newest(journal: &dyn Journal) -> Result<Option<Self>, EngineError> {
        let filter =
            OperationFilter { status: Some(Status::Completed), limit: LOOKED_AT_MAX, ..OperationFilter::default() };
        for item in journal.list(&filter).await?.items {
            let ended = Self::of(&look_at(journal, &item.operation_id).await?);
            if ended.is_some() {
                return Ok(ended);
            }
        }
        Ok(None)
    }

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
            (Self::Unknown(operation), CallAnswer::Failed { name, message })
                if says_unknown(operation, name, message) =>
            {
                None
            }
            (Self::Unknown(operation), CallAnswer::Answered(_)) => {
                Some(format!("it knows operation {operation}, which is not there"))
            }
            (_, CallAnswer::Failed { name, message }) => Some(format!("{name}: {message}")),
        }
    }
}

/// Whether a function has said that it does not know the operation: it has read its configuration and asked its tables. By the same name
/// it refuses a configuration that it cannot use.
fn says_unknown(operation: &OperationId, name: &str, message: &str) -> bool {
    let unknown = JournalError::UnknownOperation { operation: operation.clone() };
    name == REFUSED && message.contains(&unknown.to_string())
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
