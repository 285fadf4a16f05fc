//! Two faults, everywhere: a crash during the recovery from a crash, a failure during an undo, a lost reply that is
//! followed by throttling.

use std::sync::Arc;

use aurora_restore_core::operation::{StepKind, StepStatus};

use crate::{
    faults::{Fault, Hit},
    parallel,
};

use super::{
    coverage::Coverage,
    executor::Executor,
    judge::Good,
    position::Position,
    single::{crashes_in, in_every_move, point},
    trial::{Judged, Recorded, Recording, Trial, record},
};

/// A crash at every call, and while somebody else recovers from it, a crash at every call of that; a third goes on.
///
/// # Panics
/// If the untroubled run has no end.
pub fn crash_while_recovering_from_a_crash(trial: &Trial) -> Coverage {
    let recording = trial.record().unwrap_or_else(|reason| panic!("an untroubled run has no end: {reason}"));
    let (mut after_first, mut untried) = (Vec::new(), Coverage::default());
    for recorded in &recording.moves {
        match crashed(recorded) {
            Ok(found) => after_first.extend(found),
            Err(finding) => untried.findings.push(finding),
        }
    }
    let mut tried = sum(parallel::each(&after_first, |first| {
        let recovery = match record(first.executor.fork(), trial.witness) {
            Ok(recovery) => Recording { moves: recovery.moves, end: Arc::clone(&recording.end) },
            Err(reason) => return Coverage { points: 1, findings: vec![reason], ..Coverage::default() },
        };
        let mut coverage = in_every_move(trial, &recovery, &mut |recorded, judged, coverage| {
            crashes_in(recorded, judged, |at, fault, call, verdict| {
                coverage.note(|| format!("{}, then {}", first.point, point(recorded, at, fault, call)), verdict);
            });
        });
        // Each first point that leads to the position makes a pair with each second one.
        coverage.times(first.points);
        coverage
    }));
    tried += untried;
    tried
}

struct AfterFirst {
    executor: Executor,
    point: String,
    /// How many first points lead here.
    points: usize,
}

/// The different positions that the crashes of one move lead to; or why one of them could not be tried.
fn crashed(recorded: &Recorded) -> Result<Vec<AfterFirst>, String> {
    let entries = recorded.entries();
    let mut found: Vec<(Position, AfterFirst)> = Vec::new();
    let mut current = 0;
    let take = |at: usize, fault: Fault, found: &mut Vec<(Position, AfterFirst)>| -> Result<usize, String> {
        let point = point(recorded, at, fault, recorded.calls[at]);
        let executor = recorded.struck(at, fault, "second").map_err(|reason| format!("{point}: {reason}"))?;
        let position = Position::of(&executor, entries);
        if let Some(index) = found.iter().position(|(known, _)| *known == position) {
            return Ok(index);
        }
        found.push((position, AfterFirst { executor, point, points: 0 }));
        Ok(found.len() - 1)
    };
    for (at, (hit, _)) in recorded.calls.iter().enumerate() {
        if at == 0 {
            current = take(0, Fault::CrashBefore, &mut found)?;
        }
        let before = current;
        if hit.may_have_effect() {
            current = take(at, Fault::CrashAfter, &mut found)?;
        }
        for index in [before, current] {
            if let Some((_, first)) = found.get_mut(index) {
                first.points += 1;
            }
        }
    }
    Ok(found.into_iter().map(|(_, first)| first).collect())
}

/// The reply to a change is lost, and a later call of the same step is throttled.
///
/// # Panics
/// If the untroubled run has no end.
pub fn lost_reply_then_throttling(trial: &Trial) -> Coverage {
    let recording = trial.record().unwrap_or_else(|reason| panic!("an untroubled run has no end: {reason}"));
    let good = Good::of(trial, &recording.end);
    let lost: Vec<(&Recorded, usize)> = recording
        .moves
        .iter()
        .flat_map(|recorded| {
            let changes = recorded.calls.iter().enumerate().filter(|(_, (hit, _))| *hit == Hit::RdsChange);
            changes.map(move |(at, _)| (recorded, at))
        })
        .collect();
    sum(parallel::each(&lost, |(recorded, at)| {
        let first = point(recorded, *at, Fault::ReplyLost, recorded.calls[*at]);
        let mut coverage = Coverage::default();
        let step = recorded.start.operation().and_then(|operation| operation.current_step()).map(|step| step.kind);
        let after =
            recorded.struck(*at, Fault::ReplyLost, "second").and_then(|executor| record(executor, trial.witness));
        let (Ok(after), Some(step)) = (after, step) else {
            coverage.findings.push(format!("{first}: has no end"));
            return coverage;
        };
        for later in after.moves.iter().filter(|later| is_in(later, step)) {
            let mut judged = Judged::new(&good);
            let throttled = later.calls.iter().enumerate().filter(|(_, call)| Fault::Throttled.makes_sense_at(**call));
            for (at, call) in throttled {
                let verdict = judged.judge(later.struck(at, Fault::Throttled, "second"), later);
                coverage.note(|| format!("{first}, then {}", point(later, at, Fault::Throttled, *call)), &verdict);
            }
            coverage.positions += judged.positions();
        }
        coverage
    }))
}

/// Whether the move is one of this step on the way forward.
fn is_in(recorded: &Recorded, step: StepKind) -> bool {
    let status = recorded.start.operation().and_then(|operation| operation.step(step)).map(|step| step.status);
    matches!(status, Some(StepStatus::Started | StepStatus::Retrying))
}

fn sum(coverages: Vec<Coverage>) -> Coverage {
    let mut total = Coverage::default();
    for coverage in coverages {
        total += coverage;
    }
    total
}
