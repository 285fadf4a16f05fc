//! The universal checks for the plainest restores, so that a change of the engine is judged within a second. Every strategy,
//! source and target is tried by the matrix in the room `testing`.

use aurora_restore_core::request::Strategy;
use aurora_restore_testing::{
    checks::{
        Coverage, FAILURES, FailsAt, Trial, crash_around_every_call, every_step_twice, every_undo_twice,
        failure_at_every_call,
    },
    matrix::{self, Cell, SourceKind},
    scenario::TargetIs,
};

fn trial(strategy: Strategy) -> Trial {
    matrix::trial(Cell { strategy, source: SourceKind::SnapshotById, target: TargetIs::Present })
}

fn require_clean(coverage: &Coverage) {
    assert_eq!(coverage.complaint(), None);
    assert!(coverage.points > 0);
}

#[test]
fn swap_survives_a_crash_before_and_after_every_call() {
    require_clean(&crash_around_every_call(&trial(Strategy::Swap)));
}

#[test]
fn swap_completes_or_is_undone_when_any_call_fails() {
    let coverage = failure_at_every_call(&trial(Strategy::Swap), &FAILURES);
    require_clean(&coverage);
    assert!(coverage.done > 0 && coverage.undone > 0, "{coverage:?}");
}

#[test]
fn each_step_is_executed_twice_to_the_same_end() {
    for strategy in [Strategy::Swap, Strategy::SideBySide, Strategy::Replace] {
        require_clean(&every_step_twice(&trial(strategy)));
    }
}

#[test]
fn each_undo_is_executed_twice_to_the_same_end() {
    for strategy in [Strategy::Swap, Strategy::SideBySide, Strategy::Replace] {
        require_clean(&every_undo_twice(&trial(strategy), FailsAt::EndOfEachStep));
    }
}
