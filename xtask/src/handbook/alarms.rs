//! The page of the alarms, from the stack's own.

use super::{Entry, Page};
use crate::stack::node::Node;

const FILE: &str = "docs/operations/alarms.md";

const HEAD: &str = "\
# Every alarm

The alarms that the stack makes, by their names without the stack's `NamePrefix`. What an alarm means and when it goes off is the
template's own text; what to look at first is written by people. `aurora-restore explain NAME` prints the same, with or without the
prefix. `--stack NAME` in a command stands for the name of your stack.
";

pub(super) fn page() -> Page {
    let entries = crate::stack::alarms().iter().map(|(_, alarm)| entry(alarm)).collect();
    Page { file: FILE, head: HEAD, entries, labels: &["**First look:**", "**Command:**", "**Runbook:**"] }
}

fn entry(alarm: &Node) -> Entry {
    let properties = alarm.get("Properties").expect("every alarm has properties");
    let text = |key: &str| properties.get(key).and_then(Node::as_text).unwrap_or_default();
    let number = |key: &str| match properties.get(key) {
        Some(Node::Number(number)) => *number,
        _ => 1,
    };
    let minutes = number("Period") / 60;
    let periods = match number("EvaluationPeriods") {
        1 => String::new(),
        periods => format!(", {periods} times in a row"),
    };
    let when = format!(
        "It goes off when the {} of `{}` of {} within {minutes} minutes is {}{periods}.",
        text("Statistic").to_lowercase(),
        text("MetricName"),
        text("Namespace"),
        bound(properties.get("Threshold")),
    );
    Entry { name: name(properties), generated: format!("{}\n\n{when}", text("AlarmDescription")), has_runbook: false }
}

fn bound(threshold: Option<&Node>) -> String {
    match threshold {
        Some(Node::Number(number)) => format!("{number} or more"),
        _ => "above the bound that follows from `RestoreTimeoutHours`".to_owned(),
    }
}

/// The name after the stack's prefix.
fn name(properties: &Node) -> String {
    let Some(Node::Call("Sub", name)) = properties.get("AlarmName") else {
        unreachable!("every alarm is named after the stack")
    };
    name.as_text().and_then(|name| name.strip_prefix("${NamePrefix}-")).expect("the prefix comes first").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alarm_has_an_entry_that_says_when_it_goes_off() {
        let page = page();
        assert_eq!(page.entries.len(), crate::stack::alarms().len());
        let said = |name: &str| page.entries.iter().find(|entry| entry.name == name).unwrap().generated.clone();
        assert!(said("operations-stuck").ends_with(
            "It goes off when the sum of `OperationsStuck` of AuroraRestore within 5 minutes is 1 or more."
        ));
        assert!(said("state-table-reads-throttled").ends_with("is 5 or more, 3 times in a row."));
        assert!(said("execution-long").contains("RestoreTimeoutHours"));
    }
}
