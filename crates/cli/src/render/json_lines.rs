//! What happens to an operation as lines of JSON on stdout. The first line tells the version; who reads them ignores
//! fields and kinds that it does not know.
//!
//! ```text
//!   {"kind":"version","version":1}
//!   {"kind":"fact","sequence":4,"at":"…","event":"step-finished","step":"copy-snapshot","text":"…","code":null}
//!   {"kind":"progress","step":"copy-snapshot","text":"copying, 40 % done","percent":40}
//!   {"kind":"trouble","text":"…"}
//!   {"kind":"end","operation_id":"…","status":"COMPLETED","exit_code":0}
//! ```

use aurora_restore_app::Sink;
use aurora_restore_core::{
    catalogue::ErrorCode,
    ids::OperationId,
    journal::Entry,
    operation::{Event, EventKind, Operation, Progress, Status, StepKind},
};
use jiff::Timestamp;
use serde::Serialize;

use crate::{exit_code::ExitCode, render::fact, ui::Ui};

/// The version of the stream.
const VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Record<'a> {
    Version {
        version: u32,
    },
    Fact {
        sequence: u64,
        at: Timestamp,
        event: &'static str,
        step: Option<StepKind>,
        text: String,
        code: Option<ErrorCode>,
    },
    Progress {
        step: StepKind,
        text: &'a str,
        percent: Option<u8>,
    },
    Trouble {
        text: &'a str,
    },
    End {
        operation_id: &'a OperationId,
        status: Status,
        exit_code: u8,
    },
}

/// Lines of JSON.
pub(crate) struct JsonLines<'a> {
    ui: &'a Ui,
}

impl<'a> JsonLines<'a> {
    /// Begins the stream, or goes on with the one that was begun.
    pub(crate) fn begin(ui: &'a Ui) -> Self {
        let lines = Self { ui };
        if ui.begins_stream() {
            lines.write(&Record::Version { version: VERSION });
        }
        lines
    }

    fn write(&self, record: &Record<'_>) {
        // Whoever read the stream has gone; the operation goes on, and the journal has it all.
        let _ = self.ui.json_line(record);
    }
}

/// Ends the stream.
pub(crate) fn end(ui: &Ui, id: &OperationId, status: Status, exit: ExitCode) {
    JsonLines { ui }.write(&Record::End { operation_id: id, status, exit_code: exit.number() });
}

impl Sink for JsonLines<'_> {
    fn fact(&mut self, operation: &Operation, entry: &Entry) {
        let text = fact::tell(operation, entry).text;
        let (event, step, code) = (kind(entry.event.kind()), entry.event.step(), code(&entry.event));
        self.write(&Record::Fact { sequence: entry.sequence, at: entry.at, event, step, text, code });
    }

    fn progress(&mut self, _operation: &Operation, progress: &Progress) {
        self.write(&Record::Progress { step: progress.step, text: &progress.text, percent: progress.percent });
    }

    fn tick(&mut self, _operation: &Operation) {}

    fn trouble(&mut self, text: &str) {
        self.write(&Record::Trouble { text });
    }
}

fn code(event: &Event) -> Option<ErrorCode> {
    match event {
        Event::StepFailed { failure, .. }
        | Event::StepAbandoned { failure, .. }
        | Event::StepUndoFailed { failure, .. }
        | Event::BecameStuck { failure, .. }
        | Event::RetireFailed { failure } => Some(failure.code),
        Event::Requested { .. }
        | Event::TakenOver { .. }
        | Event::StepStarted { .. }
        | Event::StepFinished { .. }
        | Event::StepSkipped { .. }
        | Event::CancelRequested { .. }
        | Event::UndoStarted { .. }
        | Event::StepUndoStarted { .. }
        | Event::StepUndone { .. }
        | Event::StepUndoWaived { .. }
        | Event::Unstuck { .. }
        | Event::Ended { .. }
        | Event::RetireStarted { .. }
        | Event::RetireFinished { .. } => None,
    }
}

/// The words are part of the contract of the stream.
fn kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Requested => "requested",
        EventKind::TakenOver => "taken-over",
        EventKind::StepStarted => "step-started",
        EventKind::StepFinished => "step-finished",
        EventKind::StepSkipped => "step-skipped",
        EventKind::StepFailed => "step-failed",
        EventKind::StepAbandoned => "step-abandoned",
        EventKind::CancelRequested => "cancel-requested",
        EventKind::UndoStarted => "undo-started",
        EventKind::StepUndoStarted => "step-undo-started",
        EventKind::StepUndone => "step-undone",
        EventKind::StepUndoFailed => "step-undo-failed",
        EventKind::StepUndoWaived => "step-undo-waived",
        EventKind::BecameStuck => "became-stuck",
        EventKind::Unstuck => "unstuck",
        EventKind::Ended => "ended",
        EventKind::RetireStarted => "retire-started",
        EventKind::RetireFinished => "retire-finished",
        EventKind::RetireFailed => "retire-failed",
    }
}
