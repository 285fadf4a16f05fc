//! `drill`: whether a recovery was rehearsed in the last quarter, and went well.

use async_trait::async_trait;
use aurora_restore_core::ids::OperationId;
use jiff::{SignedDuration, Timestamp};

use super::super::{
    check::{Check, Period},
    finding::{Finding, Level, Seen, Unlooked},
    site::{Reach, Site},
};

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
    /// The restored data were verified.
    Passed {
        /// How long it took until then, where that is on record.
        recovery_time: Option<SignedDuration>,
    },
    /// They were not.
    Failed {
        /// Why.
        reason: String,
    },
}

/// A restore whose only purpose was evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drill {
    /// The operation.
    pub operation: OperationId,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How.
    pub result: DrillResult,
}

/// The drills that were held.
#[async_trait]
pub trait Drills: Send + Sync {
    /// The last one that has ended and says something of whole restores: one that rehearsed a whole restore, or one that did not
    /// pass. `None` where there never was one.
    ///
    /// # Errors
    /// [`Unlooked`] where the record cannot be read.
    async fn last(&self) -> Result<Option<Drill>, Unlooked>;
}

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.drills.as_ref().then(|drills| judge(site, drills.as_ref())).await
}

async fn judge(site: &Site<'_>, drills: &dyn Drills) -> Result<Seen, Unlooked> {
    let rehearse = site.command("drill run");
    let Some(last) = drills.last().await? else {
        let what = "no drill is on record: nobody has shown that a recovery works";
        let findings = vec![Finding::new(Level::Warning, what, rehearse)];
        return Ok(Seen { looked_at: "no drill".to_owned(), findings });
    };
    let id = &last.operation;
    let mut findings = Vec::new();
    if let DrillResult::Failed { reason } = &last.result {
        let what = format!("the last drill {id} failed: {reason}");
        findings.push(Finding::new(Level::Error, what, site.command(&format!("report {id}"))).about([id.clone()]));
    }
    if site.now.duration_since(last.ended_at) > Period::Quarterly.length() {
        let what = "the last drill is older than a quarter";
        findings.push(Finding::new(Level::Warning, what, rehearse).with("ended", last.ended_at).about([id.clone()]));
    }
    Ok(Seen { looked_at: format!("drill {id} of {}{}", last.ended_at.strftime("%Y-%m-%d"), took(&last)), findings })
}

fn took(drill: &Drill) -> String {
    match &drill.result {
        DrillResult::Passed { recovery_time: Some(time) } => format!(", data proven after {time:#}"),
        DrillResult::Passed { recovery_time: None } | DrillResult::Failed { .. } => String::new(),
    }
}
