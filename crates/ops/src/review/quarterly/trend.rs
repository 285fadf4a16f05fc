//! `trend`: steps that take longer than they did, by the durations that the journals hold.
//!
//! The last thirty days are compared with the sixty before. A step has grown slower if the median of the one is above the
//! median of the other by more than a quarter, and by more than the other's own spread (MAD, as a standard deviation); with
//! fewer than five durations on either side nothing is said. Waiting for RDS belongs to a duration: what grows may be the
//! data.

use std::collections::BTreeMap;

use aurora_restore_core::{
    ids::OperationId,
    operation::{StepKind, StepStatus},
    ports::{Journal, OperationFilter},
    report::of_journal,
};
use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};

use super::super::{
    check::{Check, Period},
    finding::{Finding, Seen, counted},
    robust::{Bad, Rule, median},
    site::Site,
};
use crate::{Level, Reach, Unlooked};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "trend",
    period: Period::Quarterly,
    about: "steps that take a quarter longer than they did in the two months before",
    permissions: &["dynamodb:Query"],
    look: |site| Box::pin(look(site)),
};

const AT_ONCE: usize = 8;
const PAGE_ITEMS: usize = 100;
const PAGES_MAX: usize = 1_000;
/// The part of the quarter that is judged.
const LATELY: SignedDuration = SignedDuration::from_hours(24 * 30);
/// With fewer durations nothing is said.
const DURATIONS_MIN: usize = 5;
/// Longer by this share is slower, and by this many seconds at least.
const SLOWER_SHARE: f64 = 0.25;
const SLOWER_SECS: f64 = 5.0;
/// The spread of the past; its floor says nothing here.
const PAST: Rule = Rule { bad: Bad::High, floor_share: 0.0, floor: 0.0, past_min: DURATIONS_MIN };

/// The durations of a step, in seconds.
#[derive(Debug, Default, Clone, PartialEq)]
struct Durations {
    before: Vec<f64>,
    lately: Vec<f64>,
}

/// How a step has grown slower.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Slower {
    before: f64,
    lately: f64,
}

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.journal.as_ref().then(|journal| compare(site, *journal)).await
}

async fn compare(site: &Site<'_>, journal: &dyn Journal) -> Result<Seen, Unlooked> {
    let since = Period::Quarterly.since(site.now);
    let ids = of_the_quarter(journal, since).await?;
    let mut steps: BTreeMap<StepKind, Durations> = BTreeMap::new();
    let reads: Vec<_> = ids.iter().map(|id| durations(journal, id, site.now)).collect();
    let mut read = stream::iter(reads).buffer_unordered(AT_ONCE);
    let (mut told, mut refused) = (0_usize, 0_usize);
    while let Some(durations) = read.next().await {
        let Some(durations) = durations else {
            refused += 1;
            continue;
        };
        told += 1;
        for (step, ended_at, seconds) in durations.into_iter().filter(|(_, ended_at, _)| *ended_at >= since) {
            let of = steps.entry(step).or_default();
            let side = if site.now.duration_since(ended_at) <= LATELY { &mut of.lately } else { &mut of.before };
            side.push(seconds);
        }
    }
    let mut findings: Vec<Finding> = steps
        .iter()
        .filter_map(|(step, durations)| slower(durations).map(|slower| grown(site, *step, durations, slower)))
        .collect();
    if refused > 0 {
        let reason = format!("{} could not be read", counted(refused, "journal"));
        findings.push(Unlooked { reason, mend: site.command("review weekly --only state") }.finding());
    }
    Ok(Seen { looked_at: format!("{} since {}", counted(told, "operation"), since.strftime("%Y-%m-%d")), findings })
}

async fn of_the_quarter(journal: &dyn Journal, since: Timestamp) -> Result<Vec<OperationId>, Unlooked> {
    let mut filter = OperationFilter { limit: PAGE_ITEMS, ..OperationFilter::default() };
    let mut ids = Vec::new();
    for _ in 0..PAGES_MAX {
        let page = journal.list(&filter).await?;
        let is_old = page.items.last().is_some_and(|item| item.last_updated_at < since);
        ids.extend(page.items.into_iter().filter(|item| item.last_updated_at >= since).map(|item| item.operation_id));
        filter.cursor = page.cursor;
        // Newest first: what follows is older.
        if filter.cursor.is_none() || is_old {
            return Ok(ids);
        }
    }
    Err(Unlooked {
        reason: format!("there are more than {} operations", ids.len()),
        mend: "aurora-restore list".to_owned(),
    })
}

/// The finished steps of an operation: when each ended, and how many seconds it took.
async fn durations(journal: &dyn Journal, id: &OperationId, now: Timestamp) -> Option<Vec<(StepKind, Timestamp, f64)>> {
    let entries = journal.entries(id, 0).await.ok()?;
    let report = of_journal(&entries, now).ok()?;
    let finished = report.timeline.into_iter().filter(|line| line.status == StepStatus::Finished);
    Some(
        finished
            .filter_map(|line| {
                let took = line.took?;
                Some((line.step, line.started_at?.checked_add(took).ok()?, took.as_secs_f64()))
            })
            .collect(),
    )
}

fn slower(durations: &Durations) -> Option<Slower> {
    if durations.lately.len() < DURATIONS_MIN {
        return None;
    }
    let usual = PAST.usual(&durations.before)?;
    let lately = median(&durations.lately)?;
    let margin = (usual.median * SLOWER_SHARE).max(usual.spread).max(SLOWER_SECS);
    (lately > usual.median + margin).then_some(Slower { before: usual.median, lately })
}

fn grown(site: &Site<'_>, step: StepKind, durations: &Durations, slower: Slower) -> Finding {
    let what = format!("{} takes {:.0} s, and took {:.0} s before", step.as_str(), slower.lately, slower.before);
    Finding::new(Level::Warning, what, site.command("report latest"))
        .with("longer by", format!("{:.0} %", (slower.lately / slower.before.max(f64::MIN_POSITIVE) - 1.0) * 100.0))
        .with("durations of the last 30 days", durations.lately.len())
        .with("durations of the 60 days before", durations.before.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(before: &[f64], lately: &[f64]) -> Option<Slower> {
        slower(&Durations { before: before.to_vec(), lately: lately.to_vec() })
    }

    #[test]
    fn only_what_is_clearly_longer_is_slower() {
        let before = [600.0, 610.0, 620.0, 590.0, 605.0, 600.0];
        assert_eq!(of(&before, &[700.0; 5]), None, "a sixth more");
        assert!(of(&before, &[900.0; 5]).is_some());
        assert_eq!(of(&before, &[900.0; 4]), None, "too few");
        assert_eq!(of(&before, &[100.0; 5]), None, "faster");
        let varied = [100.0, 900.0, 200.0, 800.0, 500.0, 450.0];
        assert_eq!(of(&varied, &[700.0; 5]), None, "it always varied");
        assert_eq!(of(&[0.2; 6], &[0.9; 5]), None, "less than anybody would notice");
    }

    proptest! {
        #[test]
        fn the_same_durations_are_never_slower(durations in prop::collection::vec(0.1..1e5_f64, 5..40)) {
            prop_assert_eq!(of(&durations, &durations), None);
        }

        #[test]
        fn one_slow_run_is_no_trend(durations in prop::collection::vec(10.0..12.0_f64, 6..40), slow in 100.0..1e6_f64) {
            let mut lately = durations.clone();
            lately[0] = slow;
            prop_assert_eq!(of(&durations, &lately), None);
        }
    }
}
