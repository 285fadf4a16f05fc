//! `drill`: whether a recovery was rehearsed in the last quarter, and went well.

use async_trait::async_trait;
use aurora_restore_core::ids::OperationId;
use jiff::{SignedDuration, Timestamp};

use super::super::{
    check::{Check, Period},
    finding::{Finding, Seen, counted},
    site::Site,
};
use crate::{Level, Reach, Unlooked, drill::Scenario};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "drill",
    period: Period::Quarterly,
    about: "a quarter without a rehearsal of a recovery, and one that went wrong",
    permissions: &["dynamodb:Query"],
    look: |site| Box::pin(look(site)),
};

/// How a drill ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrillResult {
    /// What was rehearsed works.
    Passed {
        /// How long it took until then, where that is on record.
        recovery_time: Option<SignedDuration>,
    },
    /// It does not.
    Failed {
        /// Why.
        reason: String,
    },
}

/// A rehearsal that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drill {
    /// The operation.
    pub operation: OperationId,
    /// What was rehearsed.
    pub scenario: Scenario,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How.
    pub result: DrillResult,
}

/// The drills that were held.
#[async_trait]
pub trait Drills: Send + Sync {
    /// The newest of each scenario and target that has ended, the newest first.
    ///
    /// # Errors
    /// [`Unlooked`] where the record cannot be read.
    async fn newest(&self) -> Result<Vec<Drill>, Unlooked>;
}

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.drills.as_ref().then(|drills| judge(site, drills.as_ref())).await
}

async fn judge(site: &Site<'_>, drills: &dyn Drills) -> Result<Seen, Unlooked> {
    let newest = drills.newest().await?;
    // One that was mended passes: its newer drill is the one that is told.
    let mut findings: Vec<Finding> = newest.iter().filter_map(|drill| failed(site, drill)).collect();
    let rehearse = site.command("drill run");
    let Some(whole) = newest.iter().find(|drill| drill.scenario.is_whole_restore()) else {
        let what = "no drill of a whole restore is on record: nobody has shown that a recovery works";
        findings.push(Finding::new(Level::Warning, what, rehearse));
        return Ok(Seen { looked_at: counted(newest.len(), "drill"), findings });
    };
    let id = &whole.operation;
    if site.now.duration_since(whole.ended_at) > Period::Quarterly.length() {
        let what = "the last drill of a whole restore is older than a quarter";
        findings.push(Finding::new(Level::Warning, what, rehearse).with("ended", whole.ended_at).about([id.clone()]));
    }
    let looked_at = format!(
        "the newest of {}: of whole restores {id} of {}{}",
        counted(newest.len(), "scenario"),
        whole.ended_at.strftime("%Y-%m-%d"),
        took(whole)
    );
    Ok(Seen { looked_at, findings })
}

fn failed(site: &Site<'_>, drill: &Drill) -> Option<Finding> {
    let DrillResult::Failed { reason } = &drill.result else { return None };
    let Drill { operation: id, scenario, .. } = drill;
    let what = format!("the last drill `{scenario}`, {id}, failed: {reason}");
    Some(Finding::new(Level::Error, what, site.command(&format!("report {id}"))).about([id.clone()]))
}

fn took(drill: &Drill) -> String {
    match &drill.result {
        DrillResult::Passed { recovery_time: Some(time) } => {
            let millis = SignedDuration::from_millis(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
            format!(", data proven after {millis:#}")
        }
        DrillResult::Passed { recovery_time: None } | DrillResult::Failed { .. } => String::new(),
    }
}
