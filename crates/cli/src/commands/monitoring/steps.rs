//! What has to be done, as text and as JSON.

use std::io::{self, Write};

use aurora_restore_ops::monitoring::{Plan, Step};
use serde::Serialize;

use crate::{
    render::printable::printable,
    ui::{DONE, ERROR, Ui, WARNING},
};

/// One thing that has to be done.
#[derive(Debug, Serialize)]
pub(super) struct StepDocument {
    action: &'static str,
    what: &'static str,
    name: String,
    differences: Vec<String>,
}

/// What has to be done and what is not.
#[derive(Debug, Serialize)]
pub(super) struct PlanDocument<'a> {
    version: u32,
    stack: &'a str,
    steps: Vec<StepDocument>,
    left: &'a [String],
    refused: &'a [String],
}

impl<'a> PlanDocument<'a> {
    pub(super) fn of(stack: &'a str, plan: &'a Plan) -> Self {
        let steps = plan.steps.iter().map(document).collect();
        Self { version: 1, stack, steps, left: &plan.left, refused: &plan.refused }
    }
}

fn document(step: &Step) -> StepDocument {
    let one = |action, what, name: &str, differences: Vec<String>| StepDocument {
        action,
        what,
        name: name.to_owned(),
        differences,
    };
    match step {
        Step::AddAlarm(alarm) => one("add", "alarm", &alarm.name, Vec::new()),
        Step::ChangeAlarm(alarm, differences) => one("change", "alarm", &alarm.name, differences.clone()),
        Step::RemoveAlarm { name, .. } => one("remove", "alarm", name, Vec::new()),
        Step::PutDashboard { name, replaces: None, .. } => one("add", "dashboard", name, Vec::new()),
        Step::PutDashboard { name, .. } => one("change", "dashboard", name, vec!["it shows something else".to_owned()]),
        Step::PutQuery { query, replaces: None } => one("add", "query", &query.name, Vec::new()),
        Step::PutQuery { query, .. } => one("change", "query", &query.name, vec!["its text or its logs".to_owned()]),
        Step::Retain { days, other } => {
            let kept = |days: Option<i32>| days.map_or_else(|| "for ever".to_owned(), |days| format!("{days} days"));
            let differences = other.iter().map(|(group, found)| format!("{group} is kept {}", kept(*found)));
            one("change", "parameter", &format!("LogRetentionDays={days}"), differences.collect())
        }
    }
}

/// Writes what has to be done, one a line.
pub(super) fn write(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    for step in &plan.steps {
        let StepDocument { action, what, name, differences } = document(step);
        let (sign, colour) = match action {
            "add" => ("+", DONE),
            "remove" => ("-", ERROR),
            _ => ("~", WARNING),
        };
        writeln!(out, "{colour}{sign} {action:<6}{colour:#} {what} {name}")?;
        for difference in &differences {
            writeln!(out, "      {}", printable(difference))?;
        }
    }
    Ok(())
}

/// The same without colours, for a record.
pub(super) fn write_plain(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    for step in &plan.steps {
        let StepDocument { action, what, name, differences } = document(step);
        writeln!(out, "{action} {what} {name}")?;
        for difference in &differences {
            writeln!(out, "  {difference}")?;
        }
    }
    Ok(())
}

/// Tells what is left as it is.
pub(super) fn tell_left(ui: &Ui, plan: &Plan) {
    for left in &plan.left {
        ui.say(format_args!("{left}."));
    }
    for refused in &plan.refused {
        ui.warning(refused);
    }
}
