//! The universal checks for each strategy: steps twice, undos twice, a fault and a crash at every call.

use aurora_restore_core::request::Request;
use aurora_restore_testing::{
    Fault, Witness,
    checks::{Coverage, Trial, every_step_twice, every_undo_twice, fault_at_every_call},
    scenario::{Scenario, Stage},
};
use jiff::SignedDuration;

/// Few looks, so that there are few calls: what happens between two looks is the same for every number of them.
fn rare_looks(mut request: Request) -> Request {
    request.limits.poll = SignedDuration::from_mins(10);
    request
}

fn require_clean(coverage: &Coverage) {
    let shown: Vec<&String> = coverage.findings.iter().take(8).collect();
    assert!(coverage.findings.is_empty(), "{} of {} points: {shown:#?}", coverage.findings.len(), coverage.points);
    assert!(coverage.points > 0);
}

fn swap(stage: Stage) -> Trial {
    let scenario = Scenario::new(stage);
    let request = rare_looks(scenario.swap());
    Trial::new(scenario, request, Witness::OfIdentity)
}

#[test]
fn swap_survives_a_crash_before_and_after_every_call() {
    require_clean(&fault_at_every_call(&swap(Stage::default()), &[Fault::CrashBefore, Fault::CrashAfter]));
}

#[test]
fn swap_completes_or_is_undone_when_any_call_fails() {
    let coverage = fault_at_every_call(&swap(Stage::default()), &[Fault::Fails, Fault::Denied, Fault::ReplyLost]);
    require_clean(&coverage);
    assert!(coverage.completed > 0 && coverage.undone > 0, "{coverage:?}");
}

#[test]
fn swap_executes_every_step_twice_to_the_same_end() {
    require_clean(&every_step_twice(&swap(Stage::default())));
}

#[test]
fn swap_executes_every_undo_twice_to_the_same_end() {
    require_clean(&every_undo_twice(&swap(Stage::default())));
}
