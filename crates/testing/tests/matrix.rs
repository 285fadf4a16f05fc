//! The matrix of all strategies, sources and targets, with every universal check.

use aurora_restore_core::request::Strategy;
use aurora_restore_testing::{
    matrix::{self, Row},
    scenario::TargetIs,
};

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
        assert_eq!(total.stuck, 0, "{:?}", row.cell);
    }
}

#[test]
fn whatever_people_start_afterwards_survives_every_crash_and_failure() {
    let rows = matrix::try_afterwards().unwrap();
    println!("{}", matrix::table_of_afterwards(&rows));
    let complaints: Vec<String> =
        rows.iter().filter_map(|row| row.coverage.complaint().map(|text| format!("{}: {text}", row.name))).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
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
}

fn complaint(row: &Row) -> Option<String> {
    row.total().complaint().map(|text| format!("{:?}: {text}", row.cell))
}
