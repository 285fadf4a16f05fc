//! Changes and outputs of a stack as text.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use aurora_restore_ops::ports::{Action, Change};

use crate::ui::{DONE, ERROR, HEADING, WARNING};

/// Writes changes, one a line.
pub(super) fn changes(out: &mut dyn Write, changes: &[Change]) -> io::Result<()> {
    for change in changes {
        let (sign, word, colour) = match change.action {
            Action::Add => ("+", "add", DONE),
            Action::Modify => ("~", "change", WARNING),
            Action::Replace => ("-/+", "REPLACE", ERROR),
            Action::MayReplace => ("-/+", "change, perhaps REPLACE", ERROR),
            Action::Remove => ("-", "REMOVE", ERROR),
            Action::Other => ("?", "other", WARNING),
        };
        let physical = change.physical.as_deref().map_or_else(String::new, |name| format!(" [{name}]"));
        let properties =
            if change.properties.is_empty() { String::new() } else { format!(": {}", change.properties.join(", ")) };
        let (resource, kind) = (&change.resource, &change.kind);
        writeln!(out, "{colour}{sign:<3} {word:<8}{colour:#} {resource} ({kind}){physical}{properties}")?;
    }
    Ok(())
}

/// Writes names and values, one pair a line.
pub(super) fn pairs(out: &mut dyn Write, heading: &str, pairs: &BTreeMap<String, String>) -> io::Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    writeln!(out, "{HEADING}{heading}{HEADING:#}")?;
    let width = pairs.keys().map(String::len).max().unwrap_or(0);
    for (name, value) in pairs {
        let mut lines = value.trim_end().lines();
        writeln!(out, "  {name:<width$}  {}", lines.next().unwrap_or_default())?;
        for line in lines {
            writeln!(out, "  {:<width$}  {line}", "")?;
        }
    }
    Ok(())
}
