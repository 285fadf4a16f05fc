//! The universal checks for each strategy: steps twice, undos twice, a fault and a crash at every call.

use aurora_restore_core::request::{Request, SourceSelector, Strategy};
use aurora_restore_testing::{
    Fault, Witness,
    checks::{Coverage, Trial, every_step_twice, every_undo_twice, fault_at_every_call},
    scenario::{Scenario, Stage, TargetIs},
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

const ALL_FAULTS: [Fault; 5] = [Fault::Fails, Fault::Denied, Fault::ReplyLost, Fault::CrashBefore, Fault::CrashAfter];

fn side_by_side(stage: Stage) -> Trial {
    let scenario = Scenario::new(stage);
    let request = scenario.request(Strategy::SideBySide, SourceSelector::Snapshot(scenario.snapshot()));
    Trial::new(scenario, rare_looks(request), Witness::OfIdentity)
}

/// What is deleted cannot come back with its old ids: here things count as the same if they are alike.
fn replace(stage: Stage) -> Trial {
    let scenario = Scenario::new(stage);
    let request = scenario.request(Strategy::Replace, SourceSelector::Snapshot(scenario.snapshot()));
    Trial::new(scenario, rare_looks(request), Witness::OfLikeness)
}

#[test]
fn swap_without_a_target_survives_every_fault() {
    let trial = swap(Stage::default().with_target(TargetIs::Absent));
    require_clean(&fault_at_every_call(&trial, &ALL_FAULTS));
}

#[test]
fn swap_across_accounts_survives_every_fault() {
    require_clean(&fault_at_every_call(&swap(Stage::across()), &ALL_FAULTS));
}

#[test]
fn side_by_side_survives_every_fault() {
    require_clean(&fault_at_every_call(&side_by_side(Stage::default()), &ALL_FAULTS));
}

#[test]
fn replace_survives_every_fault() {
    require_clean(&fault_at_every_call(&replace(Stage::default()), &ALL_FAULTS));
}

#[test]
fn replace_without_a_target_survives_every_fault() {
    let trial = replace(Stage::default().with_target(TargetIs::Absent));
    require_clean(&fault_at_every_call(&trial, &ALL_FAULTS));
}

#[test]
fn replace_executes_every_undo_twice_to_the_same_end() {
    require_clean(&every_undo_twice(&replace(Stage::default())));
}
