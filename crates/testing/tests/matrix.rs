//! The matrix of all strategies, sources and targets, with every universal check.

use aurora_restore_core::request::Strategy;
use aurora_restore_testing::{
    matrix::{self, Row},
    scenario::TargetIs,
};

/// What is there to be tried at the least: fewer points mean that something is not tried any more. For each cell, for what
/// people start, and for each kind of pair.
const CRASHES_MIN: usize = 40;
const UNDOS_MIN: usize = 40;
const AFTERWARDS_MIN: usize = 30;
const PAIRS_MIN: [usize; 4] = [50_000, 4_000, 4_000, 100];

#[test]
fn every_strategy_source_and_target_survives_every_crash_and_failure() {
    let rows = matrix::try_all();
    println!("{}", matrix::table(&rows));
    let complaints: Vec<String> = rows.iter().filter_map(complaint).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    for row in &rows {
        let total = row.total();
        let refused = row.cell.strategy == Strategy::Replace && row.cell.target == TargetIs::Protected;
        assert_eq!(total.refused == total.points, refused, "{:?}", row.cell);
        // Whoever dies is followed by somebody who finishes: a crash alone turns nothing back.
        assert_eq!((row.crashes.undone, row.crashes.stuck, row.failures.stuck, row.undos.stuck), (0, 0, 0, 0));
        assert!(row.crashes.points >= CRASHES_MIN && row.failures.points > 0, "{row:?}");
        // What is refused at the start has nothing to undo but its first step.
        let undone = row.undos.undone + row.undo_failures.undone;
        assert!(refused || (row.undos.points >= UNDOS_MIN && row.undo_failures.points > 0 && undone > 0), "{row:?}");
    }
}

#[test]
fn whatever_people_start_afterwards_survives_every_crash_and_failure() {
    let rows = matrix::try_afterwards().unwrap();
    println!("{}", matrix::table_of_afterwards(&rows));
    let complaints: Vec<String> =
        rows.iter().filter_map(|row| row.coverage.complaint().map(|text| format!("{}: {text}", row.name))).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    assert!(rows.len() >= AFTERWARDS_MIN, "{} things that people start", rows.len());
    for row in &rows {
        assert!(row.coverage.points > 0 && row.coverage.positions > 0, "{row:?}");
    }
}

#[test]
fn a_swap_survives_all_pairs_of_faults() {
    let rows = matrix::try_pairs(&matrix::trial(matrix::plainest()));
    println!("{}", matrix::table_of_pairs(&rows));
    let complaints: Vec<String> = rows
        .iter()
        .filter_map(|row| row.coverage.complaint().map(|text| format!("{}: {text}", row.kind.as_str())))
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    let points: Vec<usize> = rows.iter().map(|row| row.coverage.points).collect();
    assert!(points.iter().zip(PAIRS_MIN).all(|(points, min)| *points >= min), "{points:?}");
    assert_eq!(points.len(), PAIRS_MIN.len());
}

fn complaint(row: &Row) -> Option<String> {
    row.total().complaint().map(|text| format!("{:?}: {text}", row.cell))
}
