//! Alarms as they stand, and how often a version of a function has failed.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::ServiceResult;

/// Where an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmState {
    /// All is well.
    Quiet,
    /// It rings.
    Ringing,
    /// There is nothing to judge by, or the service's word is not known.
    Unknown,
}

/// An alarm as it is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub state: AlarmState,
    /// Why, as the service says.
    pub reason: String,
}

/// Alarms.
#[async_trait]
pub trait Alarms: Send + Sync {
    /// The alarms of these names that are there, in no order.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn named(&self, names: &[String]) -> ServiceResult<Vec<Alarm>>;

    /// How many calls by an alias have failed in one version since a time; what was not counted yet is not among them.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn errors(
        &self,
        function: &str,
        alias: &str,
        version: u64,
        since: Timestamp,
        until: Timestamp,
    ) -> ServiceResult<f64>;
}
