//! What the stack and what restores left cost by the bill, as far as Cost Explorer may be asked.
//!
//! Told by tags, which have to be made ones that costs are told by: of the stack's things, of clusters that were retired, and of
//! copies and last snapshots. The cluster that serves is not among them: it is what its users pay for anyway.

use std::collections::BTreeMap;

use aurora_restore_core::steps::{RETIRED_BY_TAG, ROLE_TAG, Role};
use jiff::{ToSpan as _, civil::Date, tz::TimeZone};

use super::super::{
    finding::Finding,
    site::{Deployed, Site},
};
use crate::{
    Level, Reach, Unlooked,
    follow::patiently,
    ports::{Billed, BilledTag, Bills, ServiceError},
};

/// The tags of everything that a stack is made of, as its template has them.
const APPLICATION_TAG: (&str, &str) = ("Application", "AuroraRestore");
const ENVIRONMENT_TAG: &str = "Environment";

/// The last days of a bill still grow.
const GROWING_DAYS: i64 = 2;
/// Days of each of the two months.
const MONTH: i64 = 30;
/// A month before that lacks more of its first days than that is no month to compare with.
const LACKING_DAYS_MAX: i64 = 2;

/// What the bill tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What was looked at; empty where nothing was.
    pub(super) looked_at: String,
    /// Two months to compare, where the bill has them.
    pub(super) months: Option<Months>,
    /// Why there is no bill, where that wants a look.
    pub(super) finding: Option<Finding>,
}

/// Two months of a bill.
#[derive(Debug, PartialEq)]
pub(super) struct Months {
    /// The last one.
    pub(super) now: f64,
    /// The one before.
    pub(super) before: f64,
    /// The last one by service, the dearest first.
    pub(super) by_service: Vec<(String, f64)>,
    /// The currency.
    pub(super) currency: String,
}

/// Asks for it.
pub(super) async fn look(site: &Site<'_>, deployed: &Deployed) -> Told {
    match site.bills.as_ref() {
        Reach::There(bills) => ask(site, *bills, deployed).await,
        Reach::NotHere(_) => Told::default(),
        Reach::Unreachable(why) => Told { finding: Some(note(&why.reason, why.mend)), ..Told::default() },
    }
}

async fn ask(site: &Site<'_>, bills: &dyn Bills, deployed: &Deployed) -> Told {
    let today = site.now.to_zoned(TimeZone::UTC).date();
    let until = today.saturating_sub(GROWING_DAYS.days());
    let since = until.saturating_sub((2 * MONTH).days());
    let of = whose(deployed);
    match patiently(|| bills.daily(&of, since, until)).await {
        Ok(days) if days.iter().all(|day| day.amount == 0.0) => untold(&of),
        Ok(days) => read(&days, since, until),
        // Whoever may not see bills is not asked to.
        Err(ServiceError::Denied { action, .. }) => {
            Told { looked_at: format!("the bill not, {action} is not allowed"), ..Told::default() }
        }
        Err(error) => {
            let Unlooked { reason, .. } = error.into();
            let mend = "aws ce get-cost-and-usage --granularity DAILY --metrics UnblendedCost --time-period";
            Told { finding: Some(note(&reason, format!("{mend} Start={since},End={until}"))), ..Told::default() }
        }
    }
}

fn note(reason: &str, mend: String) -> Finding {
    Finding::new(Level::Note, format!("the bill cannot be looked at: {reason}"), mend)
}

/// The things that cost what is nobody's but the pipeline's.
fn whose(deployed: &Deployed) -> Vec<Vec<BilledTag>> {
    let (key, value) = APPLICATION_TAG;
    let environment = deployed.stack.outputs.get(ENVIRONMENT_TAG);
    let of_stack = [BilledTag::new(key, value)].into_iter();
    let of_stack = of_stack.chain(environment.map(|environment| BilledTag::new(ENVIRONMENT_TAG, environment)));
    let snapshots = [Role::Copy, Role::FinalSnapshot].map(|role| vec![BilledTag::new(ROLE_TAG, role.as_str())]);
    [of_stack.collect(), vec![BilledTag::any(RETIRED_BY_TAG)]].into_iter().chain(snapshots).collect()
}

/// A stack that is there costs something: at least its key.
fn untold(of: &[Vec<BilledTag>]) -> Told {
    let mut keys: Vec<&str> = of.iter().flatten().map(|tag| tag.key.as_str()).collect();
    keys.dedup();
    let statuses: Vec<String> = keys.iter().map(|key| format!("TagKey={key},Status=Active")).collect();
    let what = "the bill tells nothing by the tags of the stack: they are none that costs are told by";
    let mend =
        format!("aws ce update-cost-allocation-tags-status --cost-allocation-tags-status {}", statuses.join(" "));
    Told { finding: Some(Finding::new(Level::Note, what, mend).with("tags", keys.join(", "))), ..Told::default() }
}

fn read(days: &[Billed], since: Date, until: Date) -> Told {
    let middle = until.saturating_sub(MONTH.days());
    let currency = days.first().map(|day| day.currency.clone()).unwrap_or_default();
    let sum =
        |is_in: &dyn Fn(Date) -> bool| days.iter().filter(|day| is_in(day.day)).fold(0.0, |sum, day| sum + day.amount);
    let (now, before) = (sum(&|day| day >= middle), sum(&|day| day < middle));
    let first = days.iter().map(|day| day.day).min().unwrap_or(until);
    let mut looked_at = format!("by the bill {currency} {now:.2} for the 30 days before {until}");
    if first > since.saturating_add(LACKING_DAYS_MAX.days()) {
        looked_at.push_str(&format!(", nothing before {first}"));
        return Told { looked_at, ..Told::default() };
    }
    let last = days.iter().filter(|day| day.day >= middle).map(|day| (day.service.as_str(), day.amount));
    let months = Months { now, before, by_service: dearest_first(last), currency };
    Told { looked_at, months: Some(months), finding: None }
}

/// Added up by what it was paid for, the dearest first.
pub(super) fn dearest_first<'w>(costs: impl Iterator<Item = (&'w str, f64)>) -> Vec<(String, f64)> {
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    for (what, amount) in costs {
        *sums.entry(what).or_default() += amount;
    }
    let mut sums: Vec<(String, f64)> = sums.into_iter().map(|(what, sum)| (what.to_owned(), sum)).collect();
    sums.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    sums
}
