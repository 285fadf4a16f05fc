//! What a check has covered, and what it found.

use std::ops::AddAssign;

use aurora_restore_core::operation::{Status, StepKind, StepStatus};

use super::trial::End;

/// How one point ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The restore, the undo or whatever was wanted was done.
    Done,
    /// Undone after a failure; the world is as before.
    Undone,
    /// Refused by the preflight; nothing was begun.
    Refused,
}

/// One point after it was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub ending: Result<Ending, String>,
    /// Whether the operation was stuck on the way, so that a person had to go on with it.
    pub was_stuck: bool,
}

/// What a check covered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Points tried.
    pub points: usize,
    /// Different positions of world and journal that they lead to; each was judged.
    pub positions: usize,
    /// How many points ended with what was wanted.
    pub done: usize,
    /// How many were undone to the world before.
    pub undone: usize,
    /// How many were refused before anything was changed.
    pub refused: usize,
    /// How many were stuck in between until a person went on.
    pub stuck: usize,
    /// What was wrong; one line each.
    pub findings: Vec<String>,
}

impl AddAssign for Coverage {
    fn add_assign(&mut self, other: Self) {
        self.points += other.points;
        self.positions += other.positions;
        self.done += other.done;
        self.undone += other.undone;
        self.refused += other.refused;
        self.stuck += other.stuck;
        self.findings.extend(other.findings);
    }
}

impl Coverage {
    pub(super) fn note(&mut self, point: impl FnOnce() -> String, verdict: &Verdict) {
        self.points += 1;
        self.stuck += usize::from(verdict.was_stuck);
        match &verdict.ending {
            Ok(Ending::Done) => self.done += 1,
            Ok(Ending::Undone) => self.undone += 1,
            Ok(Ending::Refused) => self.refused += 1,
            Err(reason) => self.findings.push(format!("{}: {reason}", point())),
        }
    }

    /// Counts every point so many times: so many first faults lead to the position from which all of them begin.
    pub(super) fn times(&mut self, times: usize) {
        for count in [&mut self.points, &mut self.done, &mut self.undone, &mut self.refused, &mut self.stuck] {
            *count *= times;
        }
    }

    /// What was wrong as one text, with the first few findings in full; nothing if nothing was.
    pub fn complaint(&self) -> Option<String> {
        let shown = self.findings.iter().take(6).cloned().collect::<Vec<_>>().join("\n");
        (!self.findings.is_empty()).then(|| format!("{} of {} points:\n{shown}", self.findings.len(), self.points))
    }
}

/// Whether an operation was refused by its preflight.
pub(super) fn is_refused(end: &End) -> bool {
    let check = end.operation.step(StepKind::SnapshotCheck);
    end.operation.status() == Status::Failed
        && check.is_some_and(|step| step.status == StepStatus::Undone)
        && end.operation.facts.plan.is_none()
}
