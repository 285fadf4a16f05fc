//! The way back: an operation fails for good, and then something happens while it is undone.

use std::sync::Arc;

use aurora_restore_core::operation::{Direction, Phase, StepKind, StepRecord, StepStatus};

use crate::{
    faults::{Fault, Hit},
    parallel,
    scenario::Scenario,
};

use super::{
    coverage::Coverage,
    executor::{Executor, Todo, Want},
    judge,
    position::Position,
    single::{crashes_in, in_every_move, point},
    trial::{Recorded, Recording, Trial, record},
};

/// Where the operation fails for good, so that it is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailsAt {
    /// At the end of each step, when it has made everything that it makes.
    EndOfEachStep,
    /// Wherever a step can stand when a call is denied: every half-way state of every step.
    EveryCall,
}

/// A crash before and after every call of every undo; then somebody else goes on.
///
/// # Panics
/// If the untroubled run has no end.
pub fn crash_around_every_call_of_every_undo(trial: &Trial, fails_at: FailsAt) -> Coverage {
    while_undone(trial, fails_at, |trial, undo| {
        in_every_move(trial, undo, &mut |recorded, judged, coverage| {
            crashes_in(recorded, judged, |at, fault, call, verdict| {
                coverage.note(|| point(recorded, at, fault, call), verdict);
            });
        })
    })
}

/// Every undo executed twice: the executor dies when its work is done and the outcome is not yet recorded. These points
/// are among those of [`crash_around_every_call_of_every_undo`].
///
/// # Panics
/// If the untroubled run has no end.
pub fn every_undo_twice(trial: &Trial, fails_at: FailsAt) -> Coverage {
    while_undone(trial, fails_at, |trial, undo| {
        in_every_move(trial, undo, &mut |recorded, judged, coverage| {
            let appends = recorded.calls.iter().enumerate().filter(|(_, (hit, _))| *hit == Hit::JournalWrite);
            for (at, call) in appends {
                let verdict = judged.judge(recorded.struck(at, Fault::CrashBefore, "second"), recorded);
                coverage.note(|| point(recorded, at, Fault::CrashBefore, *call), &verdict);
            }
        })
    })
}

/// Each of these faults at every call of every undo. An undo that is refused for good leaves the operation stuck; a person
/// goes on with it then.
///
/// # Panics
/// If the untroubled run has no end.
pub fn failure_at_every_call_of_every_undo(trial: &Trial, fails_at: FailsAt, faults: &[Fault]) -> Coverage {
    while_undone(trial, fails_at, |trial, undo| {
        in_every_move(trial, undo, &mut |recorded, judged, coverage| {
            for (at, call) in recorded.calls.iter().enumerate() {
                for fault in faults.iter().copied().filter(|fault| fault.makes_sense_at(*call)) {
                    let verdict = judged.judge(recorded.struck(at, fault, "second"), recorded);
                    coverage.note(|| point(recorded, at, fault, *call), &verdict);
                }
            }
        })
    })
}

/// The operation of a trial, stuck while it is undone: for each step whose undo makes changes, the world after the last of
/// them was denied.
///
/// # Errors
/// A line that says why the untroubled run has no end.
pub fn stuck_in_each_undo(trial: &Trial) -> Result<Vec<(StepKind, Trial)>, String> {
    let mut found = Vec::new();
    let recording = trial.record()?;
    for failed in failed(&recording, FailsAt::EndOfEachStep)? {
        stuck_while_undone(trial, &record(failed.executor, trial.witness)?, &mut found)?;
    }
    Ok(found)
}

/// The operation of a trial, stuck while it is undone because a person has cancelled it at the latest moment; as
/// [`stuck_in_each_undo`].
///
/// # Errors
/// A line that says why the untroubled run has no end.
pub fn stuck_in_each_undo_of_a_cancelled(trial: &Trial) -> Result<Vec<(StepKind, Trial)>, String> {
    let mut found = Vec::new();
    if let Some((_, cancelled)) = trial.cancelled_in_each_step()?.pop() {
        stuck_while_undone(trial, &cancelled.record()?, &mut found)?;
    }
    Ok(found)
}

/// Denies each change of an undo, and keeps for each step the last one after which the operation is stuck.
fn stuck_while_undone(trial: &Trial, undo: &Recording, found: &mut Vec<(StepKind, Trial)>) -> Result<(), String> {
    for recorded in &undo.moves {
        for (at, _) in recorded.calls.iter().enumerate().filter(|(_, (hit, _))| *hit == Hit::RdsChange) {
            let executor = recorded.struck(at, Fault::Denied, "second")?;
            let stuck = executor.operation().filter(|operation| operation.phase == Phase::Stuck(Direction::Back));
            let Some(step) = stuck.and_then(|operation| operation.step_to_undo()).map(|step| step.kind) else {
                continue;
            };
            found.retain(|(earlier, _)| *earlier != step);
            let before = trial.before.as_ref().map(Scenario::fork);
            found.push((step, Trial::afterwards(executor.world, Want::GoOn, trial.witness, before)));
        }
    }
    Ok(())
}

/// Of an operation that is stuck while it is undone: a person leaves what its step made, and whatever else cannot be undone
/// because of that. What comes of it without further trouble is judged here; the trial is whether it always does.
///
/// # Errors
/// A line that says why there was no end, or what is wrong with it.
pub fn waived(stuck: &Trial) -> Result<Trial, String> {
    let trial = |steps| Trial::afterwards(stuck.first.world.fork(), Want::Waive(steps), stuck.witness, None);
    let end = trial(StepKind::ALL.to_vec()).undisturbed()?;
    let before = stuck.before.as_ref().ok_or("nobody knows the world before")?;
    judge::only_waived_is_left(&end, before, stuck.witness)?;
    let is_waived = |step: &&StepRecord| step.status == StepStatus::Waived;
    Ok(trial(end.operation.steps.iter().filter(is_waived).map(|step| step.kind).collect()))
}

fn while_undone(trial: &Trial, fails_at: FailsAt, check: impl Fn(&Trial, &Recording) -> Coverage + Sync) -> Coverage {
    let recording = trial.record().unwrap_or_else(|reason| panic!("an untroubled run has no end: {reason}"));
    let mut total = Coverage::default();
    let failed = match failed(&recording, fails_at) {
        Ok(failed) => failed,
        Err(finding) => return Coverage { findings: vec![finding], ..total },
    };
    for coverage in parallel::each(&failed, |failed| check_one(trial, &recording, failed, &check)) {
        total += coverage;
    }
    total
}

fn check_one(
    trial: &Trial,
    forward: &Recording,
    failed: &Failed,
    check: &impl Fn(&Trial, &Recording) -> Coverage,
) -> Coverage {
    match record(failed.executor.fork(), trial.witness) {
        Ok(undo) => {
            let undo = Recording { moves: undo.moves, end: Arc::clone(&forward.end) };
            let mut coverage = check(trial, &undo);
            for finding in &mut coverage.findings {
                *finding = format!("denied in {} ({}), then {finding}", failed.step, failed.what);
            }
            coverage
        }
        Err(reason) => Coverage { points: 1, findings: vec![reason], ..Coverage::default() },
    }
}

/// An operation that has failed for good and is not undone yet.
struct Failed {
    pub executor: Executor,
    pub step: StepKind,
    pub what: &'static str,
}

/// Every position in which the operation fails for good because a call is denied; or why one could not be tried.
fn failed(recording: &Recording, fails_at: FailsAt) -> Result<Vec<Failed>, String> {
    let mut found: Vec<Failed> = Vec::new();
    for recorded in recording.moves.iter().filter(|recorded| is_forward(recorded)) {
        let entries = recorded.entries();
        let mut known: Vec<Position> = Vec::new();
        for (at, call) in recorded.calls.iter().enumerate().filter(|(_, call)| Fault::Denied.makes_sense_at(**call)) {
            let executor = recorded
                .struck(at, Fault::Denied, "second")
                .map_err(|reason| format!("{}: {reason}", point(recorded, at, Fault::Denied, *call)))?;
            let Some(step) = failed_step(&executor) else { continue };
            let position = Position::of(&executor, entries);
            if known.contains(&position) {
                continue;
            }
            known.push(position);
            if fails_at == FailsAt::EndOfEachStep {
                found.retain(|earlier| earlier.step != step);
            }
            found.push(Failed { executor, step, what: call.1 });
        }
    }
    Ok(found)
}

fn is_forward(recorded: &Recorded) -> bool {
    recorded.start.todo == Todo::Advance
        && recorded.start.operation().is_some_and(|operation| operation.phase == Phase::Forward)
}

fn failed_step(executor: &Executor) -> Option<StepKind> {
    let step = executor.operation()?.current_step()?;
    (step.status == StepStatus::Failed).then_some(step.kind)
}
