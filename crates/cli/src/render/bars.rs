//! Progress as a bar on stderr, for a person at a terminal: the facts scroll by, the bar stays below them.
//!
//! A percentage is shown where RDS gives one and as it gives it; otherwise a spinner with the elapsed time. Nothing is
//! drawn in the first quarter of a second, so that what is quick does not flicker.

use std::time::{Duration, Instant};

use aurora_restore_app::{History, Sink};
use aurora_restore_core::{
    journal::Entry,
    operation::{Operation, Progress},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use crate::{
    render::{fact, printable::printable, toned, words},
    ui::{self, WARNING},
};

/// Before this nothing is drawn.
const QUIET_AT_FIRST: Duration = Duration::from_millis(250);
/// The most drawings in a second.
const DRAWINGS_PER_SECOND: u8 = 10;

/// A bar below the facts.
pub(crate) struct Bars<'a> {
    history: &'a History,
    began: Instant,
    bar: ProgressBar,
    held_back: Vec<String>,
    text: Option<String>,
    has_percent: bool,
}

impl<'a> Bars<'a> {
    /// Draws on stderr.
    pub(crate) fn new(history: &'a History) -> Self {
        let bar = ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::hidden());
        bar.set_style(spinner());
        Self { history, began: Instant::now(), bar, held_back: Vec::new(), text: None, has_percent: false }
    }

    fn line(&mut self, line: String) {
        if self.bar.is_hidden() {
            self.held_back.push(line);
        } else {
            self.bar.println(line);
        }
    }

    fn draw(&mut self, operation: &Operation) {
        if self.bar.is_hidden() {
            if self.began.elapsed() < QUIET_AT_FIRST {
                return;
            }
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(DRAWINGS_PER_SECOND));
            ui::write_above(Some(self.bar.clone()));
            for line in std::mem::take(&mut self.held_back) {
                self.bar.println(line);
            }
        }
        let now = Timestamp::now();
        let elapsed = words::duration(now.duration_since(operation.requested_at));
        let left = self.history.remaining(operation, now);
        let left = left.map_or_else(String::new, |left| format!(", about {} left", words::duration(left)));
        let text = self.text.as_ref().map_or_else(String::new, |text| format!(": {}", printable(text)));
        // What is too long for the line is cut at its end, so the times stand before RDS's words.
        self.bar.set_message(format!("{}, {elapsed} elapsed{left}{text}", fact::place(operation)));
        self.bar.tick();
    }
}

/// What was held back is told even if the end came before the first drawing.
impl Drop for Bars<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        ui::write_above(None);
        for line in std::mem::take(&mut self.held_back) {
            ui::talk(format_args!("{line}"));
        }
    }
}

impl Sink for Bars<'_> {
    fn fact(&mut self, operation: &Operation, entry: &Entry) {
        self.line(toned(&fact::tell(operation, entry)));
        self.text = None;
        if self.has_percent {
            self.has_percent = false;
            self.bar.set_style(spinner());
        }
        self.draw(operation);
    }

    fn progress(&mut self, operation: &Operation, progress: &Progress) {
        self.text = Some(progress.text.clone());
        if let Some(percent) = progress.percent {
            if !self.has_percent {
                self.has_percent = true;
                self.bar.set_style(measured());
            }
            self.bar.set_position(u64::from(percent.min(100)));
        }
        self.draw(operation);
    }

    fn tick(&mut self, operation: &Operation) {
        self.draw(operation);
    }

    fn trouble(&mut self, text: &str) {
        self.line(format!("{WARNING}warning:{WARNING:#} {}", printable(text)));
    }
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner:.cyan} {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn measured() -> ProgressStyle {
    ProgressStyle::with_template("{bar:20.cyan} {pos:>3} % {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_bar())
}
