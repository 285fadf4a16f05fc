//! The figures of the matrix as text.

use std::fmt::Write as _;

use aurora_restore_core::request::Strategy;

use crate::{checks::Coverage, scenario::TargetIs};

use super::Row;

/// A table of all cells, with a line of totals.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let head = ["strategy", "source", "target", "points", "positions", "done", "undone", "refused", "stuck"];
    line(&mut text, head.map(ToOwned::to_owned));
    let mut total = Coverage::default();
    for row in rows {
        let sum = row.total();
        let (strategy, target) = (strategy(row.cell.strategy), target(row.cell.target));
        line(&mut text, cells([strategy, row.cell.source.as_str(), target], &sum));
        total += sum;
    }
    line(&mut text, cells(["all", "", ""], &total));
    text
}

fn cells(names: [&str; 3], sum: &Coverage) -> [String; 9] {
    let [one, two, three] = names.map(ToOwned::to_owned);
    let figures = [sum.points, sum.positions, sum.done, sum.undone, sum.refused, sum.stuck];
    let [points, positions, done, undone, refused, stuck] = figures.map(|figure| figure.to_string());
    [one, two, three, points, positions, done, undone, refused, stuck]
}

fn line(text: &mut String, cells: [String; 9]) {
    let [strategy, source, target, figures @ ..] = cells;
    let figures = figures.iter().fold(String::new(), |mut all, figure| {
        // Writing to a String cannot fail.
        let _ = write!(all, " {figure:>9}");
        all
    });
    let _ = writeln!(text, "{strategy:<13} {source:<26} {target:<10}{figures}");
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
