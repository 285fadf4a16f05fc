//! Runs checks, some at once.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, timeout};

use super::{check::Check, finding::Finding, site::Site};
use crate::{Level, Reach, Unlooked};

/// So many checks look at once.
const AT_ONCE: usize = 4;
/// No check looks for longer than this.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It looked.
    Looked {
        /// At what, with figures.
        at: String,
    },
    /// It could not look; why is its finding.
    Unlooked,
    /// There is nothing here that it could look at, and that is as it should be.
    NotHere {
        /// Why.
        reason: &'static str,
    },
}

/// A check and what it found.
#[derive(Debug)]
pub struct Reviewed {
    /// The check.
    pub check: &'static Check,
    /// How it ended.
    pub outcome: Outcome,
    /// What it found, the worst first.
    pub findings: Vec<Finding>,
    /// How long it looked.
    pub took: Duration,
}

impl Reviewed {
    /// How many findings are of a level.
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }

    /// The worst level among the findings.
    pub fn worst(&self) -> Option<Level> {
        self.findings.iter().map(|finding| finding.level).max()
    }
}

/// Runs the checks. What one of them does never stops another; the answers come in the order of the checks.
pub async fn review<'a>(site: &'a Site<'a>, checks: &[&'static Check]) -> Vec<Reviewed> {
    let looks: Vec<_> = checks.iter().map(|check| one(site, check)).collect();
    stream::iter(looks).buffered(AT_ONCE).collect().await
}

async fn one<'a>(site: &'a Site<'a>, check: &'static Check) -> Reviewed {
    let begun = Instant::now();
    let looked = timeout(LIMIT, (check.look)(site)).await.unwrap_or_else(|_| {
        let reason = format!("no end within {} minutes", LIMIT.as_secs() / 60);
        let mend = site.command(&format!("review {} --only {}", check.period, check.name));
        Reach::There(Err(Unlooked { reason, mend }))
    });
    let (outcome, mut findings) = match looked {
        Reach::There(Ok(seen)) => (Outcome::Looked { at: seen.looked_at }, seen.findings),
        Reach::There(Err(why)) | Reach::Unreachable(why) => (Outcome::Unlooked, vec![why.finding()]),
        Reach::NotHere(reason) => (Outcome::NotHere { reason }, Vec::new()),
    };
    for finding in &mut findings {
        finding.mend = site.whole(std::mem::take(&mut finding.mend));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    Reviewed { check, outcome, findings, took: begun.elapsed() }
}
