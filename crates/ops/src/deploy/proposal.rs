//! A change set as a proposal: what would be different, and a digest of all that it is made from.

use std::collections::BTreeMap;

use crate::{
    change::{ChangeKind, Proposal},
    package::digest,
    ports::{Action, Change, NewChangeSet, ParameterValue, Stack},
};

/// The most bytes of a parameter's value that are shown.
const SHOWN_BYTES_MAX: usize = 120;

/// What a proposal is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proposed {
    diff: Vec<String>,
    covered: String,
}

impl Proposed {
    pub(super) fn of(template: &str, found: Option<&Stack>, new: &NewChangeSet, changes: &[Change]) -> Self {
        let parameters = resolved(found, new);
        let before = found.map(|stack| stack.parameters.clone()).unwrap_or_default();
        let mut changes = changes.to_vec();
        changes.sort();
        let mut diff = of_parameters(&before, &parameters);
        diff.extend(changes.iter().map(line));
        let template = digest(template.as_bytes());
        let stack = (&new.stack, found.map(|stack| &stack.id), new.kind);
        let covered = format!("{stack:?}\n{template}\n{before:?}\n{parameters:?}\n{changes:?}");
        Self { diff, covered }
    }

    pub(super) fn proposal(&self, why: Option<&str>) -> Proposal {
        Proposal::new(ChangeKind::StackDeploy, self.diff.clone(), &self.covered, why)
    }
}

/// Every parameter with the value that it would have.
fn resolved(found: Option<&Stack>, new: &NewChangeSet) -> BTreeMap<String, String> {
    let value = |(name, value): (&String, &ParameterValue)| {
        let value = match value {
            ParameterValue::Given(value) => Some(value.clone()),
            ParameterValue::Previous => found.and_then(|stack| stack.parameters.get(name)).cloned(),
        };
        (name.clone(), value.unwrap_or_default())
    };
    new.parameters.iter().map(value).collect()
}

fn of_parameters(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let changed = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
    changed
        .map(|(name, value)| match before.get(name) {
            Some(before) => format!("parameter {name}: {} -> {}", shown(before), shown(value)),
            None => format!("parameter {name}: {}", shown(value)),
        })
        .collect()
}

/// A value as it is, or how long it is and its digest where nobody would read it on one line.
fn shown(value: &str) -> String {
    if value.len() <= SHOWN_BYTES_MAX && !value.contains('\n') {
        return if value.is_empty() { "(empty)".to_owned() } else { value.to_owned() };
    }
    let digest = digest(value.as_bytes());
    format!("({} bytes, SHA-256 {}…)", value.len(), digest.get(..12).unwrap_or_default())
}

fn line(change: &Change) -> String {
    let word = match change.action {
        Action::Add => "add",
        Action::Modify => "change",
        Action::Replace => "REPLACE",
        Action::MayReplace => "change, perhaps REPLACE",
        Action::Remove => "REMOVE",
        Action::Other => "other",
    };
    let properties =
        if change.properties.is_empty() { String::new() } else { format!(": {}", change.properties.join(", ")) };
    format!("{word} {} ({}){properties}", change.resource, change.kind)
}
