//! `metrics`: the last week against the weeks before it.
//!
//! | values | of | bad when | least spread |
//! |---|---|---|---|
//! | each day of the week | what counts failures; a day without a value is a zero | high | one a day |
//! | each day of the week | durations; a day without a value says nothing | high | a tenth of the median, one second |
//! | the whole week | operations that were completed | low | a tenth of the median, half an operation |
//!
//! A day or a week is unusual from 3.5 spreads on (see [`super::super::robust`]). Five weeks of the past are read; with less
//! than two weeks of it nothing is said.

use jiff::{SignedDuration, Timestamp};

use super::super::{
    check::{Check, Period},
    finding::{Finding, Seen},
    robust::{Bad, Judgement, Rule, Usual},
    site::{Deployed, Site},
};
use crate::{
    Level, Reach, Unlooked,
    follow::patiently,
    ports::{DailyQuery, Day, Metric, Metrics, Statistic},
};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "metrics",
    period: Period::Weekly,
    about: "metrics that are not what they were in the weeks before",
    permissions: &["cloudwatch:ListMetrics", "cloudwatch:GetMetricData", "cloudformation:ListStackResources"],
    look: |site| Box::pin(look(site)),
};

const DAY_SECS: i64 = 24 * 60 * 60;
/// Days of the week that is judged, and of the past that it is judged by.
const WEEK: usize = 7;
const PAST: usize = 35;
/// With less of the past than this nothing is said.
const PAST_MIN: usize = 14;
/// With fewer days on which a step ran nothing is said of its duration.
const DURATIONS_MIN: usize = 5;

const FAILURES: Rule = Rule { bad: Bad::High, floor_share: 0.0, floor: 1.0, past_min: PAST_MIN };
const DURATIONS: Rule = Rule { bad: Bad::High, floor_share: 0.1, floor: 1.0, past_min: DURATIONS_MIN };
const SUCCESSES: Rule = Rule { bad: Bad::Low, floor_share: 0.1, floor: 0.5, past_min: PAST_MIN / WEEK };

/// What the values of a metric are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// So many things went wrong on a day.
    Failures,
    /// Something took so many seconds on a day, on average.
    Durations,
    /// So many operations were completed.
    Successes,
}

impl Kind {
    /// Of our own metrics. What is neither is not judged: more retired clusters, say, are no better or worse than fewer.
    fn of(name: &str) -> Option<Self> {
        match name {
            "StepDuration" | "RecoveryTime" => Some(Self::Durations),
            "OperationsCompleted" => Some(Self::Successes),
            "StepFailures"
            | "FunctionErrors"
            | "OperationsFailed"
            | "OperationsStuck"
            | "RetirementsFailed"
            | "SweepTroubles"
            | "SweepLeftovers"
            | "SweepOperationsStalled" => Some(Self::Failures),
            _ => None,
        }
    }

    fn statistic(self) -> Statistic {
        match self {
            Self::Durations => Statistic::Average,
            Self::Failures | Self::Successes => Statistic::Sum,
        }
    }
}

/// What was unusual.
#[derive(Debug, Clone, PartialEq)]
struct Unusual {
    /// When, in words.
    when: String,
    value: f64,
    median: f64,
    spread: f64,
    score: f64,
    /// How many values of the week are.
    times: usize,
}

/// What is to be said of a metric.
#[derive(Debug, Clone, PartialEq)]
enum Verdict {
    /// Its past is too short.
    TooLittle,
    /// It is as it was.
    Usual,
    /// It is not.
    Unusual(Unusual),
}

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.metrics
        .as_ref()
        .and(site.deployed.as_ref())
        .then(|(metrics, deployed)| compare(site, *metrics, deployed))
        .await
}

async fn compare(site: &Site<'_>, metrics: &dyn Metrics, deployed: &Deployed) -> Result<Seen, Unlooked> {
    let wanted = wanted(metrics, deployed).await?;
    let queries: Vec<DailyQuery> = wanted
        .iter()
        .map(|(kind, metric)| DailyQuery { metric: metric.clone(), statistic: kind.statistic() })
        .collect();
    let until = midnight(site.now);
    let since = until - SignedDuration::from_hours(24 * i64::try_from(PAST + WEEK).unwrap_or(42));
    let series = patiently(|| metrics.daily(&queries, since, until)).await?;
    let slots: Vec<Vec<Option<f64>>> = series.iter().map(|days| in_slots(days, since)).collect();
    // Before the first value of any metric the stack was not there, and no failure says nothing.
    let begins = slots.iter().filter_map(|slots| slots.iter().position(Option::is_some)).min().unwrap_or(PAST);
    let verdicts: Vec<Verdict> =
        wanted.iter().zip(&slots).map(|((kind, _), days)| judge(*kind, days, begins)).collect();
    let findings = wanted.iter().zip(&verdicts).filter_map(|((_, metric), verdict)| match verdict {
        Verdict::Unusual(unusual) => Some(told(site, deployed, metric, unusual)),
        Verdict::TooLittle | Verdict::Usual => None,
    });
    let findings = findings.collect();
    let judged = verdicts.iter().filter(|verdict| **verdict != Verdict::TooLittle).count();
    let looked_at = format!("{judged} of {} metrics, the week before {}", wanted.len(), until.strftime("%Y-%m-%d"));
    Ok(Seen { looked_at, findings })
}

/// The metrics that are judged: our own of this environment, and those of our functions and machines.
async fn wanted(metrics: &dyn Metrics, deployed: &Deployed) -> Result<Vec<(Kind, Metric)>, Unlooked> {
    let environment = deployed.stack.outputs.get("Environment").map_or("", String::as_str);
    let own = patiently(|| metrics.list("AuroraRestore", ("Environment", environment))).await?;
    let mut wanted: Vec<(Kind, Metric)> =
        own.into_iter().filter_map(|metric| Some((Kind::of(&metric.name)?, metric))).collect();
    // That nothing at all is completed any more does not show in a list of what has values.
    let completed = Metric::new("AuroraRestore", "OperationsCompleted", &[("Environment", environment)]);
    if !wanted.iter().any(|(_, metric)| *metric == completed) {
        wanted.push((Kind::Successes, completed));
    }
    for function in deployed.names("AWS::Lambda::Function") {
        for name in ["Errors", "Throttles"] {
            wanted.push((Kind::Failures, Metric::new("AWS/Lambda", name, &[("FunctionName", function)])));
        }
    }
    for machine in deployed.names("AWS::StepFunctions::StateMachine") {
        for name in ["ExecutionsFailed", "ExecutionsTimedOut"] {
            wanted.push((Kind::Failures, Metric::new("AWS/States", name, &[("StateMachineArn", machine)])));
        }
    }
    wanted.sort_by(|(_, one), (_, other)| one.cmp(other));
    Ok(wanted)
}

fn midnight(at: Timestamp) -> Timestamp {
    let second = at.as_second() - at.as_second().rem_euclid(DAY_SECS);
    Timestamp::from_second(second).unwrap_or(at)
}

/// The value of each day, the oldest first; a day without one is empty.
fn in_slots(days: &[Day], since: Timestamp) -> Vec<Option<f64>> {
    let mut slots = vec![None; PAST + WEEK];
    for day in days {
        let number = (day.begins.as_second() - since.as_second()).div_euclid(DAY_SECS);
        if let Some(slot) = usize::try_from(number).ok().and_then(|number| slots.get_mut(number)) {
            *slot = Some(day.value);
        }
    }
    slots
}

/// Judges the last week by the days before it, those from `begins` on.
fn judge(kind: Kind, days: &[Option<f64>], begins: usize) -> Verdict {
    let (past, week) = days.split_at(days.len().saturating_sub(WEEK));
    let past = past.get(begins..).unwrap_or_default();
    if past.len() < PAST_MIN {
        return Verdict::TooLittle;
    }
    let or_zero = |days: &[Option<f64>]| days.iter().map(|day| day.unwrap_or(0.0)).collect::<Vec<f64>>();
    match kind {
        Kind::Failures => by_day(FAILURES, &or_zero(past), or_zero(week).into_iter().map(Some)),
        Kind::Durations => {
            let past: Vec<f64> = past.iter().copied().flatten().collect();
            by_day(DURATIONS, &past, week.iter().copied())
        }
        Kind::Successes => by_week(&or_zero(past), &or_zero(week)),
    }
}

/// Whole weeks, counted back from the one that is judged.
fn by_week(past: &[f64], week: &[f64]) -> Verdict {
    let weeks: Vec<f64> = past.rchunks_exact(WEEK).map(|week| week.iter().sum()).collect();
    let value: f64 = week.iter().sum();
    match SUCCESSES.judge(&weeks, value) {
        Judgement::TooLittle => Verdict::TooLittle,
        Judgement::Usual => Verdict::Usual,
        Judgement::Unusual { usual, score } => {
            let when = "in the whole week".to_owned();
            let Usual { median, spread } = usual;
            Verdict::Unusual(Unusual { when, value, median, spread, score, times: 1 })
        }
    }
}

/// The most unusual day.
fn by_day(rule: Rule, past: &[f64], week: impl Iterator<Item = Option<f64>>) -> Verdict {
    let Some(Usual { median, spread }) = rule.usual(past) else { return Verdict::TooLittle };
    let mut worst: Option<Unusual> = None;
    let mut times = 0;
    for (number, value) in week.enumerate() {
        let Some(value) = value else { continue };
        let Judgement::Unusual { score, .. } = rule.judge(past, value) else { continue };
        times += 1;
        if worst.as_ref().is_none_or(|worst| score > worst.score) {
            let when = match WEEK - number {
                1 => "yesterday".to_owned(),
                ago => format!("{ago} days ago"),
            };
            worst = Some(Unusual { when, value, median, spread, score, times });
        }
    }
    worst.map_or(Verdict::Usual, |worst| Verdict::Unusual(Unusual { times, ..worst }))
}

fn told(site: &Site<'_>, deployed: &Deployed, metric: &Metric, unusual: &Unusual) -> Finding {
    // The environment is the stack's own and says nothing here.
    let of: Vec<&str> = metric
        .dimensions
        .iter()
        .filter(|(key, _)| *key != "Environment")
        .map(|(_, value)| value.rsplit(':').next().unwrap_or(value))
        .collect();
    let of = if of.is_empty() { String::new() } else { format!(" of {}", of.join(", ")) };
    let Unusual { when, value, median, spread, score, times } = unusual;
    let what = format!("{}{of} was {} {when}, where {} is usual", metric.name, figure(*value), figure(*median));
    let dimensions: Vec<String> =
        metric.dimensions.iter().map(|(key, value)| format!("Name={key},Value={value}")).collect();
    let mend = if metric.namespace == "AuroraRestore" {
        site.command("review weekly --only logs")
    } else {
        let day = SignedDuration::from_hours(24 * 7);
        let since = midnight(site.now).checked_sub(day).unwrap_or(site.now);
        format!(
            "aws cloudwatch get-metric-statistics --namespace {} --metric-name {} --dimensions {} --start-time {since} \
             --end-time {} --period 3600 --statistics Sum",
            metric.namespace,
            metric.name,
            dimensions.join(" "),
            midnight(site.now),
        )
    };
    Finding::new(Level::Warning, what, mend)
        .with("stack", &deployed.stack.name)
        .with("spreads from the median", format!("{score:.1}"))
        .with("spread", figure(*spread))
        .with("unusual values", times)
}

fn figure(value: f64) -> String {
    if value.fract().abs() < 0.005 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn days(past: &[f64], week: &[f64]) -> Vec<Option<f64>> {
        past.iter().chain(week).copied().map(Some).collect()
    }

    fn unusual(kind: Kind, past: &[f64], week: &[f64]) -> Option<(f64, usize)> {
        match judge(kind, &days(past, week), 0) {
            Verdict::Unusual(unusual) => Some((unusual.value, unusual.times)),
            Verdict::TooLittle | Verdict::Usual => None,
        }
    }

    #[test]
    fn a_day_of_many_failures_is_found_and_a_few_are_not() {
        let quiet = [0.0; PAST];
        assert_eq!(unusual(Kind::Failures, &quiet, &[0.0, 1.0, 0.0, 3.0, 0.0, 0.0, 0.0]), None);
        assert_eq!(unusual(Kind::Failures, &quiet, &[0.0, 9.0, 0.0, 4.0, 0.0, 0.0, 0.0]), Some((9.0, 2)));
    }

    #[test]
    fn a_slow_day_is_found_and_a_fast_one_is_not() {
        let past: Vec<f64> = (0..PAST).map(|day| 600.0 + 10.0 * f64::from(u32::try_from(day % 5).unwrap())).collect();
        assert_eq!(unusual(Kind::Durations, &past, &[620.0, 5.0, 640.0, 700.0, 630.0, 600.0, 610.0]), None);
        assert_eq!(
            unusual(Kind::Durations, &past, &[620.0, 620.0, 2_000.0, 620.0, 620.0, 620.0, 620.0]),
            Some((2_000.0, 1))
        );
    }

    #[test]
    fn a_week_in_which_nothing_is_completed_is_found() {
        let nightly = [1.0; PAST];
        assert_eq!(unusual(Kind::Successes, &nightly, &[1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]), None);
        assert_eq!(unusual(Kind::Successes, &nightly, &[0.0; WEEK]), Some((0.0, 1)));
    }

    #[test]
    fn a_past_of_less_than_two_weeks_says_nothing() {
        let mut slots = vec![None; PAST + WEEK];
        slots[PAST + 2] = Some(1e6);
        assert_eq!(judge(Kind::Failures, &slots, PAST - 13), Verdict::TooLittle);
        assert!(matches!(judge(Kind::Failures, &slots, PAST - 14), Verdict::Unusual(_)), "it had never failed before");
    }

    #[test]
    fn a_week_without_a_value_is_not_slow() {
        let mut slots = days(&[600.0; PAST], &[]);
        slots.extend([None; WEEK]);
        assert_eq!(judge(Kind::Durations, &slots, 0), Verdict::Usual);
    }

    proptest! {
        #[test]
        fn a_week_like_the_past_is_never_unusual(value in 0.0..1e6_f64) {
            for kind in [Kind::Failures, Kind::Durations, Kind::Successes] {
                prop_assert_eq!(unusual(kind, &[value; PAST], &[value; WEEK]), None);
            }
        }

        #[test]
        fn in_another_unit_the_same_days_are_unusual(
            past in prop::collection::vec(100.0..200.0_f64, PAST),
            week in prop::collection::vec(100.0..400.0_f64, WEEK),
            scale in 1.0..1_000.0_f64,
        ) {
            let times = |values: &[f64]| values.iter().map(|value| value * scale).collect::<Vec<f64>>();
            let here = unusual(Kind::Durations, &past, &week).map(|(_, times)| times);
            let there = unusual(Kind::Durations, &times(&past), &times(&week)).map(|(_, times)| times);
            // What lies on the bound itself may fall on either side when it is rounded.
            prop_assert!(here.unwrap_or(0).abs_diff(there.unwrap_or(0)) <= 1);
        }

        #[test]
        fn slots_hold_what_they_are_given(numbers in prop::collection::btree_set(0_i64..42, 0..20)) {
            let since = Timestamp::UNIX_EPOCH;
            let given: Vec<Day> = numbers
                .iter()
                .map(|number| Day { begins: Timestamp::from_second(number * DAY_SECS).unwrap(), value: 1.0 })
                .collect();
            let slots = in_slots(&given, since);
            prop_assert_eq!(slots.iter().flatten().count(), numbers.len());
        }
    }
}
