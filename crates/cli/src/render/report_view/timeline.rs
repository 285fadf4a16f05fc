//! The timeline: every step and attempt, placed on the axis of the whole operation.

use aurora_restore_core::{
    operation::{Direction, StepStatus},
    report::{Attempt, Report, StepLine},
};
use jiff::{SignedDuration, Timestamp};

use super::{FailureText, Tone, failure_text, shown};
use crate::render::words::duration;

/// One step of the timeline.
pub(crate) struct StepRow {
    pub(crate) name: &'static str,
    pub(crate) status: &'static str,
    pub(crate) tone: Tone,
    pub(crate) took: String,
    pub(crate) note: String,
    pub(crate) attempts: Vec<AttemptRow>,
}

/// One attempt, placed on the axis of the whole operation.
pub(crate) struct AttemptRow {
    /// `attempt 2`, `undo 1`.
    pub(crate) label: String,
    pub(crate) tone: Tone,
    /// When it began, counted from the request.
    pub(crate) began: String,
    pub(crate) took: String,
    pub(crate) failure: Option<FailureText>,
    /// Where its bar begins, in thousandths of the axis.
    pub(crate) from: u32,
    /// How long its bar is, in thousandths of the axis.
    pub(crate) long: u32,
}

impl StepRow {
    /// Whether its attempts tell more than the row itself does.
    pub(crate) fn has_story(&self) -> bool {
        self.attempts.len() > 1 || self.attempts.iter().any(|attempt| attempt.failure.is_some())
    }
}

impl AttemptRow {
    /// Where its bar begins, in percent.
    pub(crate) fn left(&self) -> String {
        format!("{}.{}%", self.from / 10, self.from % 10)
    }

    /// How long its bar is, in percent.
    pub(crate) fn width(&self) -> String {
        format!("{}.{}%", self.long / 10, self.long % 10)
    }
}

pub(super) fn step_row(step: &StepLine, axis: &Axis) -> StepRow {
    let (status, tone) = match step.status {
        StepStatus::Pending => ("not begun", Tone::Quiet),
        StepStatus::Started => ("running", Tone::Attention),
        StepStatus::Retrying => ("trying again", Tone::Attention),
        StepStatus::Finished => ("done", Tone::Good),
        StepStatus::Skipped => ("skipped", Tone::Quiet),
        StepStatus::Failed => ("failed", Tone::Bad),
        StepStatus::Abandoned => ("given up", Tone::Bad),
        StepStatus::UndoStarted => ("being undone", Tone::Attention),
        StepStatus::UndoRetrying => ("undoing again", Tone::Attention),
        StepStatus::Undone => ("undone", Tone::Attention),
        StepStatus::UndoFailed => ("not undone", Tone::Bad),
        StepStatus::Waived => ("dealt with", Tone::Attention),
    };
    let (mut forth, mut back) = (0, 0);
    let attempts = step.attempts.iter().enumerate().map(|(place, attempt)| {
        let label = match attempt.direction {
            Direction::Forward => {
                forth += 1;
                format!("attempt {forth}")
            }
            Direction::Back => {
                back += 1;
                format!("undo {back}")
            }
        };
        let next = step.attempts.get(place + 1);
        attempt_row(attempt, next, label, axis)
    });
    StepRow {
        name: step.step.as_str(),
        status,
        tone,
        attempts: attempts.collect(),
        took: step.took.map_or_else(String::new, duration),
        note: step.note.as_deref().map(shown).unwrap_or_default(),
    }
}

fn attempt_row(attempt: &Attempt, next: Option<&Attempt>, label: String, axis: &Axis) -> AttemptRow {
    // An executor that died wrote no end: its bar reaches to the next attempt, or to now.
    let until = match (attempt.took, next) {
        (Some(took), _) => attempt.started_at.saturating_add(took).unwrap_or(axis.end),
        (None, Some(next)) => next.started_at,
        (None, None) => axis.end,
    };
    let (from, to) = (axis.place(attempt.started_at), axis.place(until));
    AttemptRow {
        label,
        tone: match (attempt.direction, &attempt.failure, attempt.took) {
            (_, Some(_), _) => Tone::Bad,
            (_, None, None) | (Direction::Back, None, Some(_)) => Tone::Attention,
            (Direction::Forward, None, Some(_)) => Tone::Good,
        },
        began: format!("+{}", duration(attempt.started_at.duration_since(axis.start))),
        took: match (attempt.took, next) {
            (Some(took), _) => duration(took),
            (None, Some(_)) => "interrupted".to_owned(),
            (None, None) => "not ended".to_owned(),
        },
        failure: attempt.failure.as_ref().map(failure_text),
        from,
        long: to.saturating_sub(from).max(3),
    }
}

/// The time from the request to the last thing that a step did.
pub(super) struct Axis {
    start: Timestamp,
    end: Timestamp,
}

impl Axis {
    pub(super) fn of(report: &Report) -> Self {
        let start = report.requested_at;
        let attempts = || report.timeline.iter().flat_map(|step| &step.attempts);
        let ends = attempts().map(|attempt| match attempt.took {
            Some(took) => attempt.started_at.saturating_add(took).unwrap_or(report.made_at),
            None => attempt.started_at,
        });
        let open = attempts().any(|attempt| attempt.took.is_none()) && report.ended_at.is_none();
        let end = ends.chain(open.then_some(report.made_at)).max().unwrap_or(report.made_at);
        Self { start, end: end.max(start) }
    }

    pub(super) fn length(&self) -> SignedDuration {
        self.end.duration_since(self.start)
    }

    fn place(&self, at: Timestamp) -> u32 {
        let whole = self.length().as_millis().max(1);
        let part = at.duration_since(self.start).as_millis().clamp(0, whole);
        u32::try_from(part * 1_000 / whole).unwrap_or(1_000)
    }
}
