//! Waiting until a function is as it was asked to be.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::FunctionsError;
use crate::{
    follow::patiently,
    ports::{FunctionFacts, Functions, Readiness},
};

/// The time between two looks.
const POLL: Duration = Duration::from_secs(1);
/// A function in a network takes a minute or two.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Waits until a function, or a version of it, can be called. Gives it as it is then.
pub(super) async fn ready(
    functions: &dyn Functions,
    function: &str,
    version: Option<u64>,
) -> Result<FunctionFacts, FunctionsError> {
    let begun = Instant::now();
    let not_ready = |reason: String| FunctionsError::NotReady { function: function.to_owned(), reason };
    while begun.elapsed() < LIMIT {
        let found = patiently(|| functions.describe(function, version)).await?;
        let found = found.ok_or_else(|| FunctionsError::Missing { what: format!("function {function}") })?;
        match &found.readiness {
            Readiness::Ready => return Ok(found),
            Readiness::Failed { reason } => return Err(not_ready(reason.clone())),
            Readiness::Pending => sleep(POLL).await,
        }
    }
    Err(not_ready(format!("it took longer than {} minutes", LIMIT.as_secs() / 60)))
}
