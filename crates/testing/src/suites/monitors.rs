//! The conformance suite of the monitors port.

use std::collections::BTreeMap;

use aurora_restore_ops::ports::{AlarmSettings, Metric, Monitors, SavedQuery};
use serde_json::{Value, json};

use super::{Broken, Case, CaseResult, Verdict, holds, same, verdict};

const PREFIX: &str = "suite-watch-";

/// Runs every case. `no_queries` says why queries cannot be saved there.
pub async fn run(monitors: &dyn Monitors, no_queries: Option<&'static str>) -> Vec<CaseResult> {
    let queries = match no_queries {
        None => verdict(saved(monitors).await),
        Some(reason) => Verdict::Skipped(reason),
    };
    vec![
        CaseResult {
            case: "an alarm has the settings that it was given last, and there is one of each name",
            verdict: verdict(put(monitors).await),
        },
        CaseResult { case: "tags are given to a new alarm", verdict: verdict(tagged(monitors).await) },
        CaseResult { case: "an alarm that is deleted is gone", verdict: verdict(deleted(monitors).await) },
        CaseResult { case: "a dashboard has the body that it was given last", verdict: verdict(shown(monitors).await) },
        CaseResult { case: "a query is saved once and changed by its id", verdict: queries },
    ]
}

fn settings(threshold: f64) -> AlarmSettings {
    AlarmSettings {
        about: "Größe: one of the suite.".to_owned(),
        metric: Metric::new("Suite", "Errors", &[("Environment", "suite"), ("Step", "notify")]),
        statistic: "Sum".to_owned(),
        comparison: "GreaterThanOrEqualToThreshold".to_owned(),
        missing_data: "notBreaching".to_owned(),
        threshold,
        period_secs: 300,
        periods: 3,
        actions: vec!["arn:aws:sns:eu-central-1:111122223333:suite".to_owned()],
    }
}

async fn put(monitors: &dyn Monitors) -> Case {
    let (name, tags) = (format!("{PREFIX}one"), BTreeMap::new());
    same("the alarms before", &monitors.alarms(PREFIX).await?, &Vec::new())?;
    monitors.put_alarm(&name, &settings(2.0), &tags).await?;
    monitors.put_alarm(&name, &settings(2.5), &tags).await?;
    monitors.put_alarm("suite-other", &settings(1.0), &tags).await?;
    let found = monitors.alarms(PREFIX).await?;
    let names: Vec<&str> = found.iter().map(|alarm| alarm.name.as_str()).collect();
    same("their names", &names, &vec![name.as_str()])?;
    same("its settings", &found[0].settings, &settings(2.5))?;
    holds("it tells", found[0].tells)
}

async fn tagged(monitors: &dyn Monitors) -> Case {
    let name = format!("{PREFIX}tagged");
    let tags: BTreeMap<String, String> = [("aurora-restore:monitoring".to_owned(), "suite".to_owned())].into();
    monitors.put_alarm(&name, &settings(1.0), &tags).await?;
    let found = monitors.alarms(&name).await?;
    let alarm = found.first().ok_or_else(|| Broken("it is not there".to_owned()))?;
    same("its tags", &monitors.alarm_tags(&alarm.arn).await?, &tags)
}

async fn deleted(monitors: &dyn Monitors) -> Case {
    let name = format!("{PREFIX}gone");
    monitors.put_alarm(&name, &settings(1.0), &BTreeMap::new()).await?;
    monitors.delete_alarm(&name).await?;
    monitors.delete_alarm(&name).await?;
    same("what is left of it", &monitors.alarms(&name).await?, &Vec::new())
}

async fn shown(monitors: &dyn Monitors) -> Case {
    const NAME: &str = "suite-dashboard";
    same("the dashboard before", &monitors.dashboard(NAME).await?, &None)?;
    let widget = |text: &str| {
        let properties = json!({ "markdown": text });
        json!({ "widgets": [{ "type": "text", "x": 0, "y": 0, "width": 6, "height": 6, "properties": properties }] })
    };
    for text in ["one", "two"] {
        monitors.put_dashboard(NAME, &widget(text).to_string()).await?;
        let body = monitors.dashboard(NAME).await?.unwrap_or_default();
        let body: Value = serde_json::from_str(&body)?;
        same("its body", &body, &widget(text))?;
    }
    Ok(())
}

async fn saved(monitors: &dyn Monitors) -> Case {
    let query = |id: Option<String>, text: &str| SavedQuery {
        id,
        name: "suite/query".to_owned(),
        text: text.to_owned(),
        groups: Vec::new(),
    };
    monitors.put_query(&query(None, "limit 1")).await?;
    let first = monitors.queries("suite/").await?;
    holds("it is there once", first.len() == 1)?;
    monitors.put_query(&query(first[0].id.clone(), "limit 2")).await?;
    let second = monitors.queries("suite/").await?;
    same("what it is now", &second, &vec![query(first[0].id.clone(), "limit 2")])
}
