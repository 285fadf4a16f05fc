//! Progress as plain lines on stderr: one per fact, and one per ten seconds. For logs and pipes.

use std::time::{Duration, Instant};

use aurora_restore_app::{History, Sink};
use aurora_restore_core::{
    journal::Entry,
    operation::{Operation, Progress},
};
use jiff::Timestamp;

use crate::{
    render::{fact, printable::printable, toned, words},
    ui::Ui,
};

/// The time between two lines about the same wait.
const STILL: Duration = Duration::from_secs(10);

/// Plain lines.
pub(crate) struct Lines<'a> {
    ui: &'a Ui,
    history: &'a History,
    spoken: Instant,
    progress: Option<Progress>,
}

impl<'a> Lines<'a> {
    /// Writes to the terminal, or what stands in its place.
    pub(crate) fn new(ui: &'a Ui, history: &'a History) -> Self {
        Self { ui, history, spoken: Instant::now(), progress: None }
    }
}

impl Sink for Lines<'_> {
    fn fact(&mut self, operation: &Operation, entry: &Entry) {
        self.ui.say(format_args!("{} {}", words::time(entry.at), toned(&fact::tell(operation, entry))));
        self.spoken = Instant::now();
        self.progress = None;
    }

    fn progress(&mut self, _operation: &Operation, progress: &Progress) {
        self.progress = Some(progress.clone());
    }

    fn tick(&mut self, operation: &Operation) {
        if self.spoken.elapsed() < STILL {
            return;
        }
        self.spoken = Instant::now();
        let now = Timestamp::now();
        let place = fact::place(operation);
        let text =
            self.progress.as_ref().map_or_else(String::new, |progress| format!(": {}", printable(&progress.text)));
        let elapsed = words::duration(now.duration_since(operation.requested_at));
        let left = self.history.remaining(operation, now);
        let left = left.map_or_else(String::new, |left| format!(", about {} left", words::duration(left)));
        self.ui.say(format_args!("{} {place}, {elapsed} elapsed{left}{text}", words::time(now)));
    }

    fn trouble(&mut self, text: &str) {
        self.ui.warning(text);
    }
}
