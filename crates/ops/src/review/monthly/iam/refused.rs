//! What functions were refused in the last month, as their logs say: used, and not granted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::super::super::{
    check::Period,
    finding::{Finding, counted},
    site::{Deployed, Site},
};
use crate::{
    Level, Reach, Unlooked,
    follow::patiently,
    ports::{LogLine, LogQuery, Logs, ServiceError, ServiceResult},
};

/// What IAM's refusals say in every service, before the action.
const REFUSAL: &str = "is not authorized to perform: ";
/// The most pages of one log; each has only refusals.
const PAGES_MAX: u32 = 100;
/// The most functions that are told of an action.
const TOLD: usize = 5;

/// Refusals of one action.
#[derive(Debug)]
struct Refusals {
    count: u64,
    last: Timestamp,
    sample: String,
    logs: BTreeSet<String>,
}

/// Adds what it finds; gives what was looked at, in words.
pub(super) async fn look(site: &Site<'_>, deployed: &Deployed, findings: &mut Vec<Finding>) -> String {
    let (logs, groups) = match &site.logs {
        Reach::There(logs) => logs,
        Reach::NotHere(reason) => return (*reason).to_owned(),
        Reach::Unreachable(why) => {
            findings.push(why.clone().finding());
            return "no log".to_owned();
        }
    };
    let mut found = BTreeMap::new();
    for group in groups {
        if let Err(error) = read(*logs, group, site.now, &mut found).await {
            findings.push(Unlooked::from(error).finding());
        }
    }
    findings.extend(found.iter().map(|(action, refusals)| told(site, deployed, action, refusals)));
    counted(groups.len(), "log")
}

async fn read(
    logs: &dyn Logs,
    group: &str,
    now: Timestamp,
    found: &mut BTreeMap<String, Refusals>,
) -> ServiceResult<()> {
    let query = LogQuery { group, since: Period::Monthly.since(now), until: now, containing: Some(REFUSAL) };
    let mut from: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let page = match patiently(|| logs.page(query, from.as_deref())).await {
            // That a log is gone is said every week.
            Err(ServiceError::Missing { .. }) => return Ok(()),
            page => page?,
        };
        page.lines.iter().for_each(|line| take(group, line, found));
        if page.next.is_none() || page.next == from {
            return Ok(());
        }
        from = page.next;
    }
    let reason = "more refusals than are read".to_owned();
    Err(ServiceError::Refused { action: "logs:FilterLogEvents", object: group.to_owned(), reason })
}

fn take(group: &str, line: &LogLine, found: &mut BTreeMap<String, Refusals>) {
    let Some(action) = action(&line.text) else { return };
    let refusals = found.entry(action.to_owned()).or_insert_with(|| Refusals {
        count: 0,
        last: line.at,
        sample: String::new(),
        logs: BTreeSet::new(),
    });
    refusals.count += 1;
    refusals.logs.insert(group.to_owned());
    if refusals.sample.is_empty() || line.at > refusals.last {
        refusals.last = line.at;
        refusals.sample = resource(&line.text).to_owned();
    }
}

/// The action that was refused.
fn action(text: &str) -> Option<&str> {
    let begins = text.split_once(REFUSAL)?.1;
    let ends = begins.find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, ':' | '-')));
    let action = &begins[..ends.unwrap_or(begins.len())];
    action.contains(':').then_some(action)
}

/// What it was refused on, where the service says so.
fn resource(text: &str) -> &str {
    let Some((_, begins)) = text.split_once("on resource: ") else { return "not said" };
    let ends = begins.find(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\\' | ','));
    &begins[..ends.unwrap_or(begins.len())]
}

/// What was refused before the stack was changed last may be mended by that.
fn told(site: &Site<'_>, deployed: &Deployed, action: &str, refusals: &Refusals) -> Finding {
    let is_older = deployed.stack.changed_at.is_some_and(|changed| refusals.last < changed);
    let (level, when) = if is_older { (Level::Note, " before the stack was changed last") } else { (Level::Error, "") };
    let finding = Finding::new(level, format!("{action} was refused{when}"), site.command("stack diff"))
        .with("refusals", refusals.count)
        .with("last", refusals.last)
        .with("on", &refusals.sample);
    let finding = refusals.logs.iter().take(TOLD).fold(finding, |finding, log| finding.with("log", log));
    let more = refusals.logs.len().saturating_sub(TOLD);
    if more > 0 { finding.with("more logs", more) } else { finding }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_its_action_and_what_it_was_on() {
        let text = r#"{"message":"AccessDenied: User: arn:aws:sts::1:assumed-role/r/f is not authorized to perform: rds:DeleteDBCluster on resource: arn:aws:rds:eu-central-1:1:cluster:x because no identity-based policy allows it"}"#;
        assert_eq!(
            (action(text), resource(text)),
            (Some("rds:DeleteDBCluster"), "arn:aws:rds:eu-central-1:1:cluster:x")
        );
        let text = r"User: x is not authorized to perform: kms:Decrypt";
        assert_eq!((action(text), resource(text)), (Some("kms:Decrypt"), "not said"));
        assert_eq!(action("is not authorized to perform: this"), None);
        assert_eq!(action("is authorized to perform: a:B"), None);
    }
}
