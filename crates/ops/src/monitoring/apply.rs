//! Looking at what watches a stack, and doing what a plan says.

use std::collections::BTreeMap;

use super::{
    Names,
    plan::{Step, Watched},
    wanted::Wanted,
};
use crate::{
    error::OpsError,
    follow::patiently,
    ports::{Monitors, Safeguards, StackResource},
};

/// The tag that tells which alarms were made for which stack.
const MARK: &str = "aurora-restore:monitoring";

/// Looks at everything that watches a stack.
///
/// # Errors
/// [`OpsError`].
pub async fn look(
    monitors: &dyn Monitors,
    safeguards: &dyn Safeguards,
    wanted: &Wanted,
    names: &Names,
    resources: &[StackResource],
) -> Result<Watched, OpsError> {
    let alarms = patiently(|| monitors.alarms(&wanted.prefix)).await?;
    let of_kind = |kind: &'static str| resources.iter().filter(move |resource| resource.kind == kind);
    let mut watched = Watched {
        of_stack: of_kind("AWS::CloudWatch::Alarm").map(|alarm| alarm.physical.clone()).collect(),
        dashboard: patiently(|| monitors.dashboard(&wanted.dashboard)).await?,
        ..Watched::default()
    };
    let stack = names.get("AWS::StackName")?;
    for alarm in alarms.iter().filter(|alarm| !watched.of_stack.contains(&alarm.name)) {
        let tags = patiently(|| monitors.alarm_tags(&alarm.arn)).await?;
        if tags.get(MARK).is_some_and(|of| of == stack) {
            let _new = watched.marked.insert(alarm.name.clone());
        }
    }
    watched.alarms = alarms;
    if !wanted.queries.is_empty() {
        let prefix = format!("{}/", names.get("NamePrefix")?);
        watched.queries = patiently(|| monitors.queries(&prefix)).await?;
    }
    for group in of_kind("AWS::Logs::LogGroup") {
        if let Some(guard) = patiently(|| safeguards.log(&group.physical)).await? {
            let _new = watched.retention.insert(group.physical.clone(), guard.retention_days);
        }
    }
    Ok(watched)
}

/// Does one step. How long logs are kept is a parameter of the stack and nothing that is done here.
///
/// # Errors
/// [`OpsError`]; the step may be done again.
pub async fn apply(monitors: &dyn Monitors, names: &Names, step: &Step) -> Result<(), OpsError> {
    match step {
        Step::AddAlarm(alarm) | Step::ChangeAlarm(alarm, _) => {
            let tags = marks(names)?;
            patiently(|| monitors.put_alarm(&alarm.name, &alarm.settings, &tags)).await?;
        }
        Step::RemoveAlarm { name, .. } => patiently(|| monitors.delete_alarm(name)).await?,
        Step::PutDashboard { name, body, .. } => patiently(|| monitors.put_dashboard(name, body)).await?,
        // Asked once: a query without an id that is saved twice is there twice.
        Step::PutQuery { query, .. } => monitors.put_query(query).await?,
        Step::Retain { .. } => {}
    }
    Ok(())
}

fn marks(names: &Names) -> Result<BTreeMap<String, String>, OpsError> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Ok([
        pair("Application", "AuroraRestore"),
        pair("Environment", names.get("Environment")?),
        pair(MARK, names.get("AWS::StackName")?),
    ]
    .into())
}
