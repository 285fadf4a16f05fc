//! Whether alarms are what they should be: by what was measured over weeks, and by what a stack consists of. Pure.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::ports::{AlarmState, Day, LiveAlarm, StackResource};

/// With less of the past than this nothing is said of a threshold.
pub const PAST_MIN: SignedDuration = SignedDuration::from_hours(14 * 24);
/// As much of the past is looked at.
pub const PAST: SignedDuration = SignedDuration::from_hours(35 * 24);
/// An alarm that went off on more of a hundred days than this is noise.
const NOISE_DAYS_OF_100: usize = 10;
/// A value that was reached in fewer than one of so many periods is unusual.
const UNUSUAL_ONE_OF: usize = 1_000;
/// A threshold that is so many times what was ever measured may as well not be there.
const FAR: f64 = 10.0;
/// What is proposed then is so many times what was ever measured.
const ABOVE: f64 = 2.0;

/// What is wrong with an alarm, or with what has none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Remark {
    /// It goes off so often that nobody listens.
    Noisy {
        /// The alarm.
        alarm: String,
        /// From which value on it goes off.
        threshold: f64,
        /// On how many days it would have.
        days: usize,
        /// Of how many.
        of_days: usize,
        /// From which value on it should.
        proposed: f64,
    },
    /// Nothing that was measured comes near its threshold.
    Deaf {
        /// The alarm.
        alarm: String,
        /// From which value on it goes off.
        threshold: f64,
        /// The greatest value of the past.
        greatest: f64,
        /// From which value on it should.
        proposed: f64,
    },
    /// What it watches was not measured once in the time that was looked at.
    WithoutData {
        /// The alarm.
        alarm: String,
    },
    /// It says that there is no data, for so long that it cannot be the beginning.
    NeverJudged {
        /// The alarm.
        alarm: String,
        /// Since when.
        since: Timestamp,
    },
    /// It tells nobody.
    Silent {
        /// The alarm.
        alarm: String,
    },
    /// A part that restores depend on is watched by no alarm.
    Unwatched {
        /// Its name in the template.
        resource: String,
        /// What it is.
        what: String,
    },
    /// There is too little of the past to say anything of thresholds.
    TooYoung {
        /// How many whole days there are.
        days: i64,
    },
}

/// An alarm with what its metric was, in its own periods and by its own statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured<'a> {
    /// The alarm.
    pub alarm: &'a LiveAlarm,
    /// The periods.
    pub periods: &'a [Day],
}

/// What restores depend on.
const CRITICAL: [&str; 4] = [
    "AWS::Lambda::Function",
    "AWS::StepFunctions::StateMachine",
    "AWS::DynamoDB::Table",
    "AWS::Scheduler::ScheduleGroup",
];

/// Judges every alarm, and looks for parts without one. `since` is from when on was looked at.
pub fn review(measured: &[Measured<'_>], resources: &[StackResource], since: Timestamp, now: Timestamp) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let first = measured.iter().filter_map(|one| one.periods.first()).map(|period| period.begins).min();
    let past = first.map_or(SignedDuration::ZERO, |first| now.duration_since(first));
    if past < PAST_MIN {
        remarks.push(Remark::TooYoung { days: past.as_hours() / 24 });
    }
    for one in measured {
        let alarm = one.alarm;
        if !alarm.tells || alarm.settings.actions.is_empty() {
            remarks.push(Remark::Silent { alarm: alarm.name.clone() });
        }
        if let (AlarmState::Unknown, Some(at)) = (alarm.state, alarm.since)
            && now.duration_since(at) >= PAST_MIN
        {
            remarks.push(Remark::NeverJudged { alarm: alarm.name.clone(), since: at });
        }
        if one.periods.is_empty() {
            remarks.push(Remark::WithoutData { alarm: alarm.name.clone() });
        } else if past >= PAST_MIN {
            remarks.extend(of_threshold(*one, since.max(first.unwrap_or(since)), now));
        }
    }
    remarks.extend(unwatched(measured, resources));
    remarks
}

fn unwatched(measured: &[Measured<'_>], resources: &[StackResource]) -> Vec<Remark> {
    let watched: BTreeSet<&str> =
        measured.iter().flat_map(|one| one.alarm.settings.metric.dimensions.values()).map(String::as_str).collect();
    let critical = resources.iter().filter(|resource| CRITICAL.contains(&resource.kind.as_str()));
    let without = critical.filter(|resource| !watched.contains(resource.physical.as_str()));
    let remark = |resource: &StackResource| Remark::Unwatched {
        resource: resource.logical.clone(),
        what: format!("{} {}", resource.kind, resource.physical),
    };
    without.map(remark).collect()
}

/// What its past says of a threshold. Only alarms that go off from a value on are judged, and only by single periods: an alarm that
/// wants several in a row is quieter than this.
fn of_threshold(one: Measured<'_>, since: Timestamp, now: Timestamp) -> Option<Remark> {
    let (alarm, threshold) = (one.alarm, one.alarm.settings.threshold);
    let mut values: Vec<f64> = one.periods.iter().map(|period| period.value).collect();
    values.sort_by(f64::total_cmp);
    let greatest = values.last().copied()?;
    let day = |at: Timestamp| at.as_second().div_euclid(24 * 3600);
    let days: BTreeSet<i64> =
        one.periods.iter().filter(|period| period.value >= threshold).map(|period| day(period.begins)).collect();
    let of_days = usize::try_from(day(now) - day(since) + 1).unwrap_or(1);
    if days.len() * 100 > of_days * NOISE_DAYS_OF_100 {
        let place = values.len().saturating_sub(1 + values.len() / UNUSUAL_ONE_OF);
        let usual = values.get(place).copied().unwrap_or(greatest);
        let proposed = (usual.max(threshold) + 1.0).floor();
        let name = alarm.name.clone();
        return Some(Remark::Noisy { alarm: name, threshold, days: days.len(), of_days, proposed });
    }
    let proposed = (greatest * ABOVE).ceil().max(1.0);
    let is_deaf = greatest > 0.0 && greatest * FAR < threshold && proposed < threshold;
    is_deaf.then(|| Remark::Deaf { alarm: alarm.name.clone(), threshold, greatest, proposed })
}
