//! The loss of the version of the functions that serves, rehearsed: of each function the version before it is called by its number,
//! and has to answer as the one that serves does. No alias is moved, so nobody who starts a restore meanwhile notices; `functions
//! rollback` would move them to just these versions.
//!
//! What was found is recorded as that of a lost journal is: in the hash chain of the drill's own operation.

use aurora_restore_core::{operation::Operation, ports::Clock};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::recorded;
use crate::{
    follow::patiently,
    functions::{FunctionsError, Smoke, Standing, can_be_asked, previous},
    ports::{Functions, Readiness, ServiceError},
};

/// The version of the form that this program writes.
const VERSION: u32 = 1;
/// What a recorded finding begins with.
const MARK: &str = "earlier versions ";

/// What the versions before those that serve were like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierVersions {
    version: u32,
    /// When those that serve count as lost.
    pub lost_at: Timestamp,
    /// From then until the last one before them has answered.
    pub took: SignedDuration,
    /// How many answer as they should, or can be called where nobody may ask them.
    pub sound: u64,
    /// Those that do not, each with the reason.
    pub wrong: Vec<String>,
}

impl EarlierVersions {
    /// As it is recorded.
    ///
    /// # Errors
    /// Never in practice: everything in it has a JSON form.
    pub fn recorded(&self) -> Result<String, serde_json::Error> {
        recorded::text(MARK, self)
    }

    /// What a drill has recorded; `None` where it has not, or a newer version did.
    pub(super) fn of(operation: &Operation) -> Option<Self> {
        recorded::read(MARK, operation).filter(|found: &Self| found.version == VERSION)
    }
}

/// The versions that serve, which count as lost.
#[derive(Clone, Copy)]
pub struct LostVersions<'a> {
    /// The functions. None of them is changed.
    pub functions: &'a dyn Functions,
    /// What time it is.
    pub clock: &'a dyn Clock,
}

impl LostVersions<'_> {
    /// Asks the version before the one that serves, of each function. The rotation of secrets and the sweeper, which nobody may ask,
    /// are only looked at.
    ///
    /// # Errors
    /// Where the functions may not be asked at all.
    pub async fn rehearse(&self, standings: &[Standing], ask: &Smoke) -> Result<EarlierVersions, FunctionsError> {
        let lost_at = self.clock.now();
        let mut found =
            EarlierVersions { version: VERSION, lost_at, took: SignedDuration::ZERO, sound: 0, wrong: Vec::new() };
        for standing in standings {
            let objection = match previous(standing) {
                Ok(before) => self.objection(standing, before.version, ask).await?,
                Err(error) => Some(error.to_string()),
            };
            match objection {
                None => found.sound += 1,
                Some(objection) => found.wrong.push(objection),
            }
        }
        found.took = self.clock.now().duration_since(lost_at);
        Ok(found)
    }

    async fn objection(&self, standing: &Standing, before: u64, ask: &Smoke) -> Result<Option<String>, FunctionsError> {
        let name = &standing.function;
        let told = |reason: String| Some(format!("version {before} of function {name}: {reason}"));
        if !can_be_asked(name) {
            let facts = patiently(|| self.functions.describe(&name.whole, Some(before))).await?;
            let ready = facts.is_some_and(|facts| facts.readiness == Readiness::Ready);
            return Ok(if ready { None } else { told("it cannot be called".to_owned()) });
        }
        match self.functions.call(&name.whole, &before.to_string(), &ask.event()).await {
            Ok(called) => Ok(ask.objection(&called.answer).and_then(told)),
            // One that does not answer does not hide the others.
            Err(error @ ServiceError::Unavailable { .. }) => Ok(told(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}
