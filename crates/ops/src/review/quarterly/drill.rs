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
        /// How long it took until then.
        recovery_time: SignedDuration,
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
    /// The last one that has ended; `None` where there never was one.
    ///
    /// # Errors
    /// [`Unlooked`] where the record cannot be read.
    async fn last(&self) -> Result<Option<Drill>, Unlooked>;
}

/// Where nobody records drills yet.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDrills;

#[async_trait]
impl Drills for NoDrills {
    async fn last(&self) -> Result<Option<Drill>, Unlooked> {
        Ok(None)
    }
}

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.drills.as_ref().then(|drills| judge(site, *drills)).await
}

async fn judge(site: &Site<'_>, drills: &dyn Drills) -> Result<Seen, Unlooked> {
    // A restore beside the cluster that serves proves the same and takes nothing away.
    let begin = if site.stack.is_some() { "start --on-aws" } else { "run" };
    let rehearse = site.command(&format!("{begin} --set restore.strategy=side-by-side"));
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
    Ok(Seen { looked_at: format!("drill {id} of {}", last.ended_at.strftime("%Y-%m-%d")), findings })
}
