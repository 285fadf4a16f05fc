//! The matrix: every strategy with every kind of source and every kind of target, each with all universal checks; and what
//! people start afterwards. Exhaustive, not sampled.

mod afterwards;
mod double;
mod source;
mod table;

pub use afterwards::{Afterwards, AfterwardsRow, afterwards, try_afterwards};
pub use double::{PairKind, PairRow, try_pairs};
pub use source::SourceKind;
pub use table::{table, table_of_afterwards, table_of_pairs};

use std::time::{Duration, Instant};

use aurora_restore_core::request::{Request, Strategy};
use jiff::SignedDuration;

use crate::{
    checks::{
        Coverage, FAILURES, FailsAt, Trial, crash_around_every_call, crash_around_every_call_of_every_undo,
        failure_at_every_call, failure_at_every_call_of_every_undo,
    },
    parallel,
    scenario::TargetIs,
    view::Witness,
};

/// One cell of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The strategy.
    pub strategy: Strategy,
    /// The source.
    pub source: SourceKind,
    /// The target.
    pub target: TargetIs,
}

/// What was covered in a cell.
#[derive(Debug, Clone)]
pub struct Row {
    /// The cell.
    pub cell: Cell,
    /// A crash before and after every call; each step executed twice is among them.
    pub crashes: Coverage,
    /// A failure at every call.
    pub failures: Coverage,
    /// A crash before and after every call of every undo; each undo executed twice is among them.
    pub undos: Coverage,
    /// A failure at every call of every undo.
    pub undo_failures: Coverage,
    /// How long it took on one core.
    pub took: Duration,
}

impl Row {
    /// All of it.
    pub fn total(&self) -> Coverage {
        let mut total = Coverage::default();
        for coverage in [&self.crashes, &self.failures, &self.undos, &self.undo_failures] {
            total += coverage.clone();
        }
        total
    }
}

/// Every cell.
pub fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for strategy in [Strategy::Swap, Strategy::SideBySide, Strategy::Replace] {
        for source in SourceKind::ALL.iter().copied() {
            for target in [TargetIs::Absent, TargetIs::Present, TargetIs::Protected] {
                cells.push(Cell { strategy, source, target });
            }
        }
    }
    cells
}

/// The plainest restore: a swap of a target that is there, from a snapshot of the same place.
pub fn plainest() -> Cell {
    Cell { strategy: Strategy::Swap, source: SourceKind::SnapshotById, target: TargetIs::Present }
}

/// The restore of a cell.
pub fn trial(cell: Cell) -> Trial {
    let scenario = cell.source.stage(cell.target);
    let request = rare_looks(cell.source.request(&scenario, cell.strategy));
    // What is deleted cannot come back with its old ids: there things count as the same if they are alike.
    let witness = if cell.strategy == Strategy::Replace { Witness::OfLikeness } else { Witness::OfIdentity };
    Trial::new(scenario, request, witness)
}

/// Few looks, so that there are few calls: what happens between two looks is the same for every number of them.
pub fn rare_looks(mut request: Request) -> Request {
    request.limits.poll = SignedDuration::from_mins(10);
    request
}

/// Tries one cell.
pub fn try_cell(cell: Cell) -> Row {
    let began = Instant::now();
    let trial = trial(cell);
    Row {
        cell,
        crashes: crash_around_every_call(&trial),
        failures: failure_at_every_call(&trial, &FAILURES),
        undos: crash_around_every_call_of_every_undo(&trial, FailsAt::EndOfEachStep),
        undo_failures: failure_at_every_call_of_every_undo(&trial, FailsAt::EndOfEachStep, &FAILURES),
        took: began.elapsed(),
    }
}

/// Tries every cell, on every core.
pub fn try_all() -> Vec<Row> {
    parallel::each(&cells(), |cell| try_cell(*cell))
}
