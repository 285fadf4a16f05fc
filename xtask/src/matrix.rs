//! The matrix of crashes and failures, printed: every strategy, source and target, what people start afterwards, and pairs
//! of faults.

use std::time::Instant;

use aurora_restore_core::request::Strategy;
use aurora_restore_testing::{
    checks::Coverage,
    matrix::{self, Cell, PairRow},
};
use clap::Args;

/// What to try
#[derive(Args)]
pub(crate) struct Arguments {
    /// All pairs of faults for every swap as well, and not only for the plainest one
    #[arg(long)]
    pairs: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let began = Instant::now();
    let rows = matrix::try_all();
    print!("{}", matrix::table(&rows));
    let mut findings: Vec<String> = rows.iter().flat_map(|row| named(&row.cell, &row.total())).collect();
    println!("{:.1} s\n", began.elapsed().as_secs_f64());

    let began = Instant::now();
    let rows = matrix::try_afterwards()?;
    print!("{}", matrix::table_of_afterwards(&rows));
    findings.extend(rows.iter().flat_map(|row| named(&row.name, &row.coverage)));
    println!("{:.1} s\n", began.elapsed().as_secs_f64());

    let began = Instant::now();
    let swaps = matrix::cells().into_iter().filter(|cell| cell.strategy == Strategy::Swap);
    let cells: Vec<Cell> = swaps.filter(|cell| arguments.pairs || *cell == matrix::plainest()).collect();
    let mut total: Vec<PairRow> = Vec::new();
    for cell in &cells {
        for row in matrix::try_pairs(&matrix::trial(*cell)) {
            findings.extend(named(&(cell, row.kind), &row.coverage));
            match total.iter_mut().find(|sum| sum.kind == row.kind) {
                Some(sum) => sum.coverage += row.coverage,
                None => total.push(row),
            }
        }
    }
    print!("{}", matrix::table_of_pairs(&total));
    println!("{:.1} s, {} of the swaps\n", began.elapsed().as_secs_f64(), cells.len());

    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() { Ok(()) } else { Err(format!("{} findings", findings.len())) }
}

fn named(what: &impl std::fmt::Debug, coverage: &Coverage) -> Vec<String> {
    coverage.findings.iter().map(|finding| format!("{what:?}: {finding}")).collect()
}
