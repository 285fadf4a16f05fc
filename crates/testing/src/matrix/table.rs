//! The figures of the matrix as text.

use aurora_restore_core::request::Strategy;

use crate::{checks::Coverage, scenario::TargetIs};

use super::{AfterwardsRow, PairRow, Row};

/// A table of all cells, with a line of totals.
pub fn table(rows: &[Row]) -> String {
    let named = rows.iter().map(|row| {
        let (strategy, target) = (strategy(row.cell.strategy), target(row.cell.target));
        (format!("{strategy:<13} {:<25} {target}", row.cell.source.as_str()), row.total())
    });
    of_lines(&format!("{:<13} {:<25} target", "strategy", "source"), named)
}

/// A table of what people start afterwards, with a line of totals.
pub fn table_of_afterwards(rows: &[AfterwardsRow]) -> String {
    of_lines("afterwards", rows.iter().map(|row| (row.name.clone(), row.coverage.clone())))
}

/// A table of pairs of faults, with a line of totals.
pub fn table_of_pairs(rows: &[PairRow]) -> String {
    of_lines("pairs", rows.iter().map(|row| (row.kind.as_str().to_owned(), row.coverage.clone())))
}

fn of_lines(head: &str, rows: impl Iterator<Item = (String, Coverage)>) -> String {
    let figures = ["points", "positions", "done", "undone", "refused", "stuck"].map(ToOwned::to_owned);
    let mut text = line(head, &figures);
    let mut total = Coverage::default();
    for (name, coverage) in rows {
        text.push_str(&line(&name, &figures_of(&coverage)));
        total += coverage;
    }
    text.push_str(&line("all", &figures_of(&total)));
    text
}

fn figures_of(sum: &Coverage) -> [String; 6] {
    [sum.points, sum.positions, sum.done, sum.undone, sum.refused, sum.stuck].map(|figure| figure.to_string())
}

fn line(name: &str, figures: &[String; 6]) -> String {
    let figures: String = figures.iter().map(|figure| format!(" {figure:>9}")).collect();
    format!("{name:<50}{figures}\n")
}

/// The word for a strategy.
pub(super) fn strategy(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Swap => "swap",
        Strategy::SideBySide => "side-by-side",
        Strategy::Replace => "replace",
    }
}

/// The word for a target.
pub(super) fn target(target: TargetIs) -> &'static str {
    match target {
        TargetIs::Absent => "absent",
        TargetIs::Present => "present",
        TargetIs::Protected => "protected",
    }
}
