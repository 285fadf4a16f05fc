//! Two faults in one operation, all pairs.

use std::time::{Duration, Instant};

use crate::{
    checks::{
        Coverage, FailsAt, Trial, crash_around_every_call_of_every_undo, crash_while_recovering_from_a_crash,
        failure_at_every_call_of_every_undo, lost_reply_then_throttling,
    },
    faults::Fault,
};

/// A kind of pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairKind {
    /// A crash while somebody recovers from a crash.
    CrashAndCrash,
    /// A crash while the operation is undone because a call was denied.
    DeniedAndCrash,
    /// A failure, passing or for good, while the operation is undone because a call was denied.
    DeniedAndFailure,
    /// A lost reply, and a later call of the same step throttled.
    LostAndThrottled,
}

impl PairKind {
    /// Every kind.
    pub const ALL: [Self; 4] =
        [Self::CrashAndCrash, Self::DeniedAndCrash, Self::DeniedAndFailure, Self::LostAndThrottled];

    /// What it is.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CrashAndCrash => "crash, and crash while recovering",
            Self::DeniedAndCrash => "denied, and crash while undoing",
            Self::DeniedAndFailure => "denied, and failure while undoing",
            Self::LostAndThrottled => "reply lost, and throttled later in the step",
        }
    }

    /// Tries all pairs of this kind, on every core.
    pub fn try_all(self, trial: &Trial) -> Coverage {
        match self {
            Self::CrashAndCrash => crash_while_recovering_from_a_crash(trial),
            Self::DeniedAndCrash => crash_around_every_call_of_every_undo(trial, FailsAt::EveryCall),
            Self::DeniedAndFailure => {
                let faults = [Fault::Fails, Fault::Denied, Fault::ReplyLost, Fault::ShowsTerminal];
                failure_at_every_call_of_every_undo(trial, FailsAt::EveryCall, &faults)
            }
            Self::LostAndThrottled => lost_reply_then_throttling(trial),
        }
    }
}

/// What was covered in one kind of pair.
#[derive(Debug, Clone)]
pub struct PairRow {
    /// The kind.
    pub kind: PairKind,
    /// All pairs.
    pub coverage: Coverage,
    /// How long it took, on every core.
    pub took: Duration,
}

/// Tries all pairs of every kind.
pub fn try_pairs(trial: &Trial) -> Vec<PairRow> {
    PairKind::ALL
        .into_iter()
        .map(|kind| {
            let began = Instant::now();
            let coverage = kind.try_all(trial);
            PairRow { kind, coverage, took: began.elapsed() }
        })
        .collect()
}
