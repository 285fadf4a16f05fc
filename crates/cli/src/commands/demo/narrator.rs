//! Tells the story on stdout, for people only: with `--json` nothing is told and the summary alone is written.

use std::{
    fmt,
    io::{self, Write as _},
};

use super::summary::{Login, Summary};
use crate::{
    render::words::{duration, number},
    ui::{DONE, ERROR, FAINT, Format, HEADING, HINT},
};

/// Who tells it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Narrator {
    format: Format,
    colourless: bool,
}

impl Narrator {
    pub(super) fn new(format: Format, colourless: bool) -> Self {
        Self { format, colourless }
    }

    /// Whether the story is told.
    pub(super) fn is_told(self) -> bool {
        self.format == Format::Text
    }

    /// The flags for commands that speak in our place.
    pub(super) fn flags(self) -> Vec<&'static str> {
        let colour = if self.colourless { vec!["--color", "never"] } else { Vec::new() };
        let talk = if self.is_told() { Vec::new() } else { vec!["--quiet"] };
        [colour, talk].concat()
    }

    pub(super) fn chapter(self, title: &str) {
        self.line(format_args!("\n{HEADING}━━ {title}{HEADING:#}"));
    }

    pub(super) fn say(self, text: impl fmt::Display) {
        self.line(format_args!("   {text}"));
    }

    pub(super) fn typed(self, command: &str) {
        self.line(format_args!("{FAINT}${FAINT:#} {HINT}{command}{HINT:#}\n"));
    }

    /// What was proven, and what can be done now.
    pub(super) fn proof(self, summary: &Summary) {
        self.say(format_args!("before  {}", summary.before));
        self.claim(
            summary.content_is_new(),
            format_args!("now     {}", summary.after.as_deref().unwrap_or("the same")),
        );
        self.line(format_args!("\n{HEADING}   rows{HEADING:#}                     production      staging"));
        for table in &summary.tables {
            let text = format!("{:<20} {:>14} {:>12}", table.name, number(table.production), number(table.staging));
            self.claim(table.production == table.staging, text);
        }
        self.line(format_args!("\n{HEADING}   who gets in{HEADING:#}"));
        for Login { claim, holds } in &summary.logins {
            self.claim(*holds, claim);
        }
        let client = &summary.client;
        self.line(format_args!("\n{HEADING}   the application of staging{HEADING:#}"));
        self.claim(
            client.wrong_answers == 0,
            format_args!(
                "{} queries, {} failed, {} wrong answers; longest time without an answer {}",
                client.queries,
                client.failures,
                client.wrong_answers,
                millis(client.longest_gap_ms)
            ),
        );
        self.figures(summary);
    }

    fn figures(self, summary: &Summary) {
        self.line(format_args!("\n{HEADING}   figures{HEADING:#}"));
        self.say(format_args!("recovery time   {:<10} from the request to the proven name", summary.recovery_time));
        self.say(format_args!("recovery point  {:<10} age of the snapshot", summary.recovery_point));
        self.say(format_args!("checks          {} of {} passed", summary.checks_passed, summary.checks_total));
        self.say(format_args!("settings        {} of {} as wished", summary.settings_same, summary.settings_total));
        for difference in &summary.settings_different {
            self.say(format_args!("                {difference}"));
        }
        self.say(format_args!(
            "the demo took   {:<10} of which at least {} imitate the time that RDS takes",
            millis(summary.total_ms),
            millis(summary.imitated_ms)
        ));
        self.line(format_args!("\n{HEADING}   to look at{HEADING:#}"));
        self.say(format_args!("report   {HINT}{}{HINT:#}", summary.report.display()));
        self.say(format_args!("query    {HINT}{}{HINT:#}", summary.psql));
        self.say(format_args!("undo     {HINT}{}{HINT:#}", summary.undo));
        self.say(format_args!("remove   {HINT}{}{HINT:#}", summary.clean));
        self.line(format_args!(""));
    }

    fn claim(self, holds: bool, text: impl fmt::Display) {
        match holds {
            true => self.line(format_args!(" {DONE}✓{DONE:#} {text}")),
            false => self.line(format_args!(" {ERROR}✗ {text}{ERROR:#}")),
        }
    }

    fn line(self, text: fmt::Arguments<'_>) {
        if self.is_told() {
            // Whoever reads the story may go; the demo is played to its end and leaves a whole stage.
            let _ = writeln!(anstream::AutoStream::auto(io::stdout().lock()), "{text}");
        }
    }
}

fn millis(millis: u64) -> String {
    duration(jiff::SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)))
}
