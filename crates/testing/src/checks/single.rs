//! One fault, everywhere: each step executed twice, a crash before and after every call, a failure at every call.

use crate::faults::{Fault, Hit};

use super::{
    coverage::{Coverage, Ending, Verdict},
    judge::Good,
    trial::{Judged, Recorded, Recording, Trial},
};

/// Everything that can befall a single call.
pub const FAILURES: [Fault; 5] =
    [Fault::Fails, Fault::Denied, Fault::ReplyLost, Fault::ShowsTerminal, Fault::EndsBadly];

/// A crash before and after every call of every port, the journal's and those of beginning and taking over included; then
/// somebody else goes on.
///
/// # Panics
/// If the untroubled run has no end.
pub fn crash_around_every_call(trial: &Trial) -> Coverage {
    with_recording(trial, |recorded, judged, coverage| {
        crashes_in(recorded, judged, |at, fault, call, verdict| {
            coverage.note(|| point(recorded, at, fault, call), verdict);
        });
    })
}

/// Every step executed twice: the executor dies when its work is done and the outcome is not yet recorded. These points
/// are among those of [`crash_around_every_call`].
///
/// # Panics
/// If the untroubled run has no end.
pub fn every_step_twice(trial: &Trial) -> Coverage {
    with_recording(trial, |recorded, judged, coverage| {
        for (at, call) in recorded.calls.iter().enumerate().filter(|(_, (hit, _))| *hit == Hit::JournalWrite) {
            let verdict = judged.judge(recorded.struck(at, Fault::CrashBefore, "second"), recorded);
            coverage.note(|| point(recorded, at, Fault::CrashBefore, *call), &verdict);
        }
    })
}

/// Each of these faults at every call where it makes a difference.
///
/// # Panics
/// If the untroubled run has no end.
pub fn failure_at_every_call(trial: &Trial, faults: &[Fault]) -> Coverage {
    with_recording(trial, |recorded, judged, coverage| {
        for (at, call) in recorded.calls.iter().enumerate() {
            for fault in faults.iter().copied().filter(|fault| fault.makes_sense_at(*call)) {
                let verdict = judged.judge(recorded.struck(at, fault, "second"), recorded);
                coverage.note(|| point(recorded, at, fault, *call), &not_turned_back(fault, judged, verdict));
            }
        }
    })
}

/// What passes by itself turns nothing back that would have been completed: whoever gives up at every lost reply would undo
/// every long restore.
fn not_turned_back(fault: Fault, judged: &Judged<'_>, verdict: Verdict) -> Verdict {
    let passes = match fault {
        Fault::Fails | Fault::ReplyLost | Fault::Throttled => true,
        Fault::Denied
        | Fault::ShowsTerminal
        | Fault::EndsBadly
        | Fault::Refused(_)
        | Fault::CrashBefore
        | Fault::CrashAfter => false,
    };
    match verdict.ending {
        Ok(Ending::Undone) if passes && judged.good.is_completed() => {
            let ending = Err("a fault that passes by itself turned it back".to_owned());
            Verdict { ending, ..verdict }
        }
        Ok(_) | Err(_) => verdict,
    }
}

fn with_recording(trial: &Trial, mut check: impl FnMut(&Recorded, &mut Judged<'_>, &mut Coverage)) -> Coverage {
    let recording = trial.record().unwrap_or_else(|reason| panic!("an untroubled run has no end: {reason}"));
    in_every_move(trial, &recording, &mut check)
}

/// Tries every move of a recording.
pub(super) fn in_every_move(
    trial: &Trial,
    recording: &Recording,
    check: &mut impl FnMut(&Recorded, &mut Judged<'_>, &mut Coverage),
) -> Coverage {
    let good = Good::of(trial, &recording.end);
    let mut coverage = Coverage::default();
    for recorded in &recording.moves {
        let mut judged = Judged::new(&good);
        check(recorded, &mut judged, &mut coverage);
        coverage.positions += judged.positions();
    }
    coverage
}

/// The crashes of one move. Between a call without effect and the next call nothing happens, so a crash on either side of
/// it leaves what the crash before it left, and shares its verdict.
pub(super) fn crashes_in(
    recorded: &Recorded,
    judged: &mut Judged<'_>,
    mut note: impl FnMut(usize, Fault, (Hit, &'static str), &Verdict),
) {
    let mut before = judged.judge(recorded.struck(0, Fault::CrashBefore, "second"), recorded);
    for (at, call) in recorded.calls.iter().enumerate() {
        note(at, Fault::CrashBefore, *call, &before);
        if call.0.may_have_effect() {
            before = judged.judge(recorded.struck(at, Fault::CrashAfter, "second"), recorded);
        }
        note(at, Fault::CrashAfter, *call, &before);
    }
}

/// Names a point so that it can be found again.
pub(super) fn point(recorded: &Recorded, at: usize, fault: Fault, (hit, what): (Hit, &'static str)) -> String {
    let step = recorded.start.operation().and_then(|operation| {
        operation.step_to_undo().filter(|_| operation.undo_reason.is_some()).or(operation.current_step())
    });
    let step = step.map_or("begin", |step| step.kind.as_str());
    format!("{fault:?} at call {at} ({hit:?} {what}) of a move in {step}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checks::{executor::Executor, judge, trial::end_of},
        matrix,
    };

    /// What lets positions share a verdict: a crash next to a call without effect ends as the crash before it.
    #[test]
    fn a_verdict_that_is_shared_is_the_one_that_each_point_would_get_alone() {
        let trial = matrix::trial(matrix::plainest());
        let recording = trial.record().unwrap_or_else(|reason| panic!("{reason}"));
        let good = Good::of(&trial, &recording.end);
        for recorded in &recording.moves {
            crashes_in(recorded, &mut Judged::new(&good), |at, fault, call, shared| {
                let alone = recorded
                    .struck(at, fault, "second")
                    .and_then(Executor::finish)
                    .and_then(|executor| end_of(executor, None, trial.witness))
                    .map(|end| judge::verdict(&end, &good));
                assert_eq!(alone.as_ref(), Ok(shared), "{}", point(recorded, at, fault, call));
            });
        }
    }
}
