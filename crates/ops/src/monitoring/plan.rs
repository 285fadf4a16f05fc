//! What has to be done for a stack to be watched as it is declared. Pure.
//!
//! | an alarm of the declared name | is |
//! |---|---|
//! | is one of the stack's resources, or bears our mark | ours: it gets the settings that are declared |
//! | is neither | somebody else's: nothing is applied before it is gone or has another name |
//!
//! | an alarm that is not declared | is |
//! |---|---|
//! | bears our mark | ours and needed no more: it is deleted |
//! | is one of the stack's resources | left: CloudFormation would miss it |
//! | is neither | left, and not even told: it is not ours |

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::wanted::{Wanted, WantedAlarm};
use crate::ports::{AlarmSettings, LiveAlarm, SavedQuery};

/// What watches a stack now.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Watched {
    /// The alarms whose names begin with the stack's prefix.
    pub alarms: Vec<LiveAlarm>,
    /// The names of those that are resources of the stack.
    pub of_stack: BTreeSet<String>,
    /// The names of those that bear our mark of this stack.
    pub marked: BTreeSet<String>,
    /// The body of the dashboard, if it is there.
    pub dashboard: Option<String>,
    /// The saved queries.
    pub queries: Vec<SavedQuery>,
    /// How long each log of the stack is kept, in days; nothing for ever.
    pub retention: BTreeMap<String, Option<i32>>,
}

/// One thing that has to be done, with what it is done to: whoever agrees to it agrees to that, and to nothing that somebody has
/// made of it since.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// An alarm is made.
    AddAlarm(WantedAlarm),
    /// An alarm gets other settings; with what differs, in words.
    ChangeAlarm(WantedAlarm, Vec<String>),
    /// An alarm of ours that is not declared any more is deleted.
    RemoveAlarm {
        /// Its name.
        name: String,
        /// What it watched.
        settings: AlarmSettings,
    },
    /// The dashboard is made, or gets the body that is declared.
    PutDashboard {
        /// Its name.
        name: String,
        /// The body.
        body: String,
        /// The body that it has; none where it is not there yet.
        replaces: Option<String>,
    },
    /// A query is saved, or gets the text that is declared.
    PutQuery {
        /// As it is declared.
        query: SavedQuery,
        /// As it is; none where it is not there yet.
        replaces: Option<SavedQuery>,
    },
    /// Logs are kept for so many days: by the stack's parameter.
    Retain {
        /// The days.
        days: u32,
        /// The groups that are kept otherwise, with how long.
        other: BTreeMap<String, Option<i32>>,
    },
}

/// What has to be done, and what is not done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// What has to be done, in this order.
    pub steps: Vec<Step>,
    /// What is left as it is, in words.
    pub left: Vec<String>,
    /// What keeps everything from being done, in words.
    pub refused: Vec<String>,
}

/// Compares what watches a stack with what is declared.
pub fn plan(wanted: &Wanted, watched: &Watched) -> Plan {
    let mut plan = Plan::default();
    let live: BTreeMap<&str, &LiveAlarm> = watched.alarms.iter().map(|alarm| (alarm.name.as_str(), alarm)).collect();
    for alarm in &wanted.alarms {
        match live.get(alarm.name.as_str()) {
            None => plan.steps.push(Step::AddAlarm(alarm.clone())),
            Some(found) if !watched.of_stack.contains(&found.name) && !watched.marked.contains(&found.name) => {
                plan.refused
                    .push(format!("alarm {} is somebody else's: neither the stack nor we have made it", found.name));
            }
            Some(found) => {
                let differences = alarm_differences(&found.settings, &alarm.settings, found.tells);
                if !differences.is_empty() {
                    plan.steps.push(Step::ChangeAlarm(alarm.clone(), differences));
                }
            }
        }
    }
    let declared: BTreeSet<&str> = wanted.alarms.iter().map(|alarm| alarm.name.as_str()).collect();
    for found in watched.alarms.iter().filter(|found| !declared.contains(found.name.as_str())) {
        if watched.of_stack.contains(&found.name) {
            plan.left.push(format!("alarm {} is the stack's and is not declared: it stays", found.name));
        } else if watched.marked.contains(&found.name) {
            plan.steps.push(Step::RemoveAlarm { name: found.name.clone(), settings: found.settings.clone() });
        }
    }
    plan.steps.extend(dashboard(wanted, watched));
    plan.steps.extend(queries(wanted, watched));
    plan.steps.extend(retention(wanted, watched));
    plan
}

/// What differs, in words: what it is, and what it becomes.
fn alarm_differences(found: &AlarmSettings, wanted: &AlarmSettings, tells: bool) -> Vec<String> {
    let dimensions = |settings: &AlarmSettings| {
        let pairs = settings.metric.dimensions.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join(",")
    };
    let metric = |settings: &AlarmSettings| format!("{} {}", settings.metric.namespace, settings.metric.name);
    let mut differences = Vec::new();
    let mut compare = |what: &str, before: String, after: String| {
        if before != after {
            differences.push(format!("{what} {before} -> {after}"));
        }
    };
    compare("threshold", found.threshold.to_string(), wanted.threshold.to_string());
    compare("period", format!("{}s", found.period_secs), format!("{}s", wanted.period_secs));
    compare("periods", found.periods.to_string(), wanted.periods.to_string());
    compare("statistic", found.statistic.clone(), wanted.statistic.clone());
    compare("metric", metric(found), metric(wanted));
    compare("dimensions", dimensions(found), dimensions(wanted));
    compare("comparison", found.comparison.clone(), wanted.comparison.clone());
    compare("missing data", found.missing_data.clone(), wanted.missing_data.clone());
    compare("tells", found.actions.join(","), wanted.actions.join(","));
    compare("about", format!("`{}`", found.about), format!("`{}`", wanted.about));
    if !tells {
        differences.push("it tells nobody -> it tells".to_owned());
    }
    differences
}

fn dashboard(wanted: &Wanted, watched: &Watched) -> Option<Step> {
    let found = watched.dashboard.as_deref().map(serde_json::from_str::<Value>);
    match found {
        Some(Ok(body)) if body == wanted.dashboard_body => None,
        Some(_) | None => Some(Step::PutDashboard {
            name: wanted.dashboard.clone(),
            body: wanted.dashboard_body.to_string(),
            replaces: watched.dashboard.clone(),
        }),
    }
}

/// Queries that are not declared may be somebody's own: they stay.
fn queries<'w>(wanted: &'w Wanted, watched: &'w Watched) -> impl Iterator<Item = Step> + 'w {
    wanted.queries.iter().filter_map(|query| {
        let found = watched.queries.iter().find(|found| found.name == query.name);
        let sorted = |query: &SavedQuery| query.groups.iter().cloned().collect::<BTreeSet<_>>();
        let is_same = found.is_some_and(|found| found.text == query.text && sorted(found) == sorted(query));
        let id = found.and_then(|found| found.id.clone());
        (!is_same).then(|| Step::PutQuery { query: SavedQuery { id, ..query.clone() }, replaces: found.cloned() })
    })
}

fn retention(wanted: &Wanted, watched: &Watched) -> Option<Step> {
    let days = i32::try_from(wanted.retention_days).ok();
    let other = watched.retention.iter().filter(|(_, found)| **found != days);
    let other: BTreeMap<String, Option<i32>> = other.map(|(group, found)| (group.clone(), *found)).collect();
    (!other.is_empty()).then_some(Step::Retain { days: wanted.retention_days, other })
}
