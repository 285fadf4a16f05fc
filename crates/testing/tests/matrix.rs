//! The matrix of all strategies, sources and targets, with every universal check.

use aurora_restore_core::request::Strategy;
use aurora_restore_testing::{
    matrix::{self, Row},
    scenario::TargetIs,
};

/// What is there to be tried at the least, a little less than it was when `docs/reliability.md` was last written: fewer points
/// mean that something is not tried any more. Of all cells the crashes, the failures, and both in the undos; of what people
/// start; of each kind of pair.
const CELLS_MIN: [usize; 4] = [43_900, 44_600, 115_700, 118_200];
const AFTERWARDS_MIN: usize = 8_750;
const PAIRS_MIN: [usize; 4] = [64_500, 4_900, 4_900, 169];

fn none_is_less(found: &[usize], wanted: &[usize]) {
    assert_eq!(found.len(), wanted.len());
    assert!(found.iter().zip(wanted).all(|(found, wanted)| found >= wanted), "{found:?} and not at least {wanted:?}");
}

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
        let undone = row.undos.undone + row.undo_failures.undone;
        assert!(refused || undone > 0, "{row:?}");
    }
    let sum = |of: fn(&Row) -> usize| rows.iter().map(of).sum::<usize>();
    let found = [
        sum(|row| row.crashes.points),
        sum(|row| row.failures.points),
        sum(|row| row.undos.points),
        sum(|row| row.undo_failures.points),
    ];
    none_is_less(&found, &CELLS_MIN);
}

#[test]
fn whatever_people_start_afterwards_survives_every_crash_and_failure() {
    let rows = matrix::try_afterwards().unwrap();
    println!("{}", matrix::table_of_afterwards(&rows));
    let complaints: Vec<String> =
        rows.iter().filter_map(|row| row.coverage.complaint().map(|text| format!("{}: {text}", row.name))).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    none_is_less(&[rows.iter().map(|row| row.coverage.points).sum()], &[AFTERWARDS_MIN]);
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
    none_is_less(&points, &PAIRS_MIN);
}

fn complaint(row: &Row) -> Option<String> {
    row.total().complaint().map(|text| format!("{:?}: {text}", row.cell))
}
