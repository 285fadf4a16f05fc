//! The answer to a query as a table, or as JSON.

use std::{collections::BTreeMap, io::Write as _};

use aurora_restore_ops::insights::Answer;
use serde::Serialize;

use crate::{
    error::CommandError,
    render::{printable::printable, words},
    ui::{Format, HEADING, Ui, unless_gone},
};

/// What stands where a line has no such field.
const ABSENT: &str = "-";
/// A wider column is not aligned to: one long message would push everything else off the screen.
const WIDTH_MAX: usize = 40;

#[derive(Serialize)]
struct AnswerDocument<'a> {
    version: u32,
    columns: &'a [String],
    rows: Vec<BTreeMap<&'a str, &'a str>>,
    looked_at: u64,
    matched: u64,
}

/// Tells an answer.
pub(super) fn tell(ui: &Ui, answer: &Answer) -> Result<(), CommandError> {
    unless_gone(match ui.format() {
        Format::Json => ui.json(&document(answer)),
        Format::Text => text(ui, answer),
    })?;
    let rows = words::plural(answer.rows.len(), "row");
    ui.say(format_args!("{rows}; {} of {} lines matched.", answer.matched, answer.looked_at));
    Ok(())
}

fn document(answer: &Answer) -> AnswerDocument<'_> {
    AnswerDocument {
        version: 1,
        columns: &answer.columns,
        rows: answer.rows.iter().map(|row| fields(&answer.columns, row)).collect(),
        looked_at: answer.looked_at,
        matched: answer.matched,
    }
}

/// The fields of a row that have a value.
fn fields<'a>(columns: &'a [String], row: &'a [Option<String>]) -> BTreeMap<&'a str, &'a str> {
    columns.iter().zip(row).filter_map(|(column, value)| Some((column.as_str(), value.as_deref()?))).collect()
}

fn text(ui: &Ui, answer: &Answer) -> Result<(), CommandError> {
    if answer.rows.is_empty() {
        return Ok(());
    }
    let shown = |value: &Option<String>| printable(value.as_deref().unwrap_or(ABSENT)).trim().to_owned();
    let rows: Vec<Vec<String>> = answer.rows.iter().map(|row| row.iter().map(shown).collect()).collect();
    let width = |column: usize| {
        let of_rows = rows.iter().filter_map(|row| row.get(column)).map(|value| value.chars().count());
        let heading = answer.columns.get(column).map_or(0, |name| name.chars().count());
        of_rows.max().unwrap_or(0).max(heading).min(WIDTH_MAX)
    };
    let widths: Vec<usize> = (0..answer.columns.len()).map(width).collect();
    let line = |values: &[String]| {
        let padded = values.iter().zip(&widths).map(|(value, width)| format!("{value:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut out = ui.data();
    writeln!(out, "{HEADING}{}{HEADING:#}", line(&answer.columns))?;
    for row in &rows {
        writeln!(out, "{}", line(row))?;
    }
    Ok(())
}
