//! The report as text for a terminal or a log. Styles are written as ANSI codes; whoever prints takes them away where
//! they are not wanted.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use aurora_restore_core::report::Report;

use super::report_view::{FailureText, ReportView, StepRow, Tone, UsersView};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// How many characters a bar of the timeline has.
const BAR_WIDTH: usize = 32;

/// Renders the text.
pub(crate) fn report_text(report: &Report) -> String {
    let view = ReportView::of(report);
    let mut page = Page { text: String::with_capacity(4_096) };
    page.verdict(&view);
    page.timeline(&view);
    page.pairs("What else happened", &view.incidents);
    page.checks(&view);
    page.pairs("Rows of each table", &view.rows);
    if let Some(users) = &view.users {
        page.users(users);
    }
    page.settings(&view);
    page.resources(&view);
    page.section("Journal");
    page.line(format_args!("  {} entries, the last has the hash {}", view.journal_entries, view.journal_hash));
    page.text
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Good => AnsiColor::Green.on_default(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
        Tone::Attention => AnsiColor::Yellow.on_default(),
        Tone::Quiet => DIM,
    }
}

fn mark(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "✓",
        Tone::Bad => "✗",
        Tone::Attention => "!",
        Tone::Quiet => "·",
    }
}

struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").expect("writing to a String cannot fail");
    }

    fn section(&mut self, title: &str) {
        self.line(format_args!("\n{BOLD}{title}{BOLD:#}"));
    }

    fn verdict(&mut self, view: &ReportView) {
        let tone = style(view.verdict.tone);
        self.line(format_args!("{BOLD}{}{BOLD:#}  {tone}{}{tone:#}", view.target, view.verdict.word));
        self.line(format_args!("{}", view.verdict.sentence));
        self.line(format_args!(""));
        for figure in &view.figures {
            let tone = if figure.tone == Tone::Quiet { BOLD } else { style(figure.tone) };
            self.line(format_args!(
                "  {:<15} {tone}{:<14}{tone:#} {DIM}{}{DIM:#}",
                figure.label, figure.value, figure.note
            ));
        }
        self.line(format_args!(""));
        for (label, value) in &view.facts {
            self.line(format_args!("  {label:<15} {value}"));
        }
        if let Some(failure) = &view.failure {
            self.section("What went wrong");
            self.failure(failure, "  ");
        }
        if !view.warnings.is_empty() {
            self.section("To know");
            for warning in &view.warnings {
                self.line(format_args!("  - {warning}"));
            }
        }
    }

    fn failure(&mut self, failure: &FailureText, indent: &str) {
        let bad = style(Tone::Bad);
        self.line(format_args!("{indent}{bad}{}{bad:#} {}", failure.code, failure.message));
        for hint in &failure.hints {
            self.line(format_args!("{indent}  hint: {hint}"));
        }
    }

    fn timeline(&mut self, view: &ReportView) {
        self.section("Timeline");
        for step in &view.steps {
            let tone = style(step.tone);
            let line = format!(
                "  {tone}{}{tone:#} {:<17} {:<13} {:>10}  {DIM}{}{DIM:#}",
                mark(step.tone),
                step.name,
                step.status,
                step.took,
                bar(step)
            );
            self.line(format_args!("{}", line.trim_end()));
            if !step.note.is_empty() {
                self.line(format_args!("      {}", step.note));
            }
            if step.has_story() {
                self.attempts(step);
            }
        }
    }

    fn attempts(&mut self, step: &StepRow) {
        for attempt in &step.attempts {
            self.line(format_args!("      {} at {}, {}", attempt.label, attempt.began, attempt.took));
            if let Some(failure) = &attempt.failure {
                self.line(format_args!("        {} {}", failure.code, failure.message));
            }
        }
    }

    fn checks(&mut self, view: &ReportView) {
        if view.checks.is_empty() {
            return;
        }
        self.section("Checks of the restored data");
        for check in &view.checks {
            let tone = style(check.tone);
            let expected =
                if check.expected.is_empty() { String::new() } else { format!("  (expected: {})", check.expected) };
            self.line(format_args!(
                "  {tone}{}{tone:#} {:<20} {}{expected}  {DIM}{}{DIM:#}",
                mark(check.tone),
                check.name,
                check.found,
                check.took
            ));
            // The single figures of a check that failed say where to look.
            for (subject, value) in check.details.iter().filter(|_| check.tone == Tone::Bad) {
                self.line(format_args!("      {subject}: {value}"));
            }
        }
    }

    fn pairs(&mut self, title: &str, pairs: &[(String, String)]) {
        if pairs.is_empty() {
            return;
        }
        self.section(title);
        let left = width(pairs.iter().map(|(left, _)| left));
        let right = width(pairs.iter().map(|(_, right)| right)).min(16);
        let figures = pairs.iter().all(|(_, value)| value.chars().all(|c| c.is_ascii_digit() || c == ','));
        for (name, value) in pairs {
            match figures {
                true => self.line(format_args!("  {name:<left$}  {value:>right$}")),
                false => self.line(format_args!("  {name:<left$}  {value}")),
            }
        }
    }

    fn users(&mut self, users: &UsersView) {
        self.section("Logins, and their proofs");
        for (what, names) in &users.groups {
            self.line(format_args!("  {what}: {}", names.join(", ")));
        }
        for proof in &users.proofs {
            let tone = if proof.holds { Tone::Good } else { Tone::Bad };
            let colour = style(tone);
            let detail =
                if proof.detail.is_empty() { String::new() } else { format!("  {DIM}{}{DIM:#}", proof.detail) };
            self.line(format_args!("  {colour}{}{colour:#} {}{detail}", mark(tone), proof.claim));
        }
    }

    fn settings(&mut self, view: &ReportView) {
        if view.settings.is_empty() {
            return;
        }
        self.section("Settings, wished and found");
        let different: Vec<_> = view.settings.iter().filter(|row| !row.same).collect();
        for row in &different {
            let bad = style(Tone::Bad);
            self.line(format_args!(
                "  {bad}✗{bad:#} {} of {}: wished {}, found {bad}{}{bad:#}",
                row.field, row.object, row.wished, row.found
            ));
        }
        self.line(format_args!("  {} as wished", view.settings.len() - different.len()));
    }

    fn resources(&mut self, view: &ReportView) {
        if view.resources.is_empty() {
            return;
        }
        self.section("What was made, and what became of it");
        let names = width(view.resources.iter().map(|row| &row.name));
        for row in &view.resources {
            self.line(format_args!("  {:<15} {:<names$}  {}", row.kind, row.name, row.fate));
        }
        for text in &view.later {
            self.line(format_args!("  {text}"));
        }
    }
}

fn width<'a>(texts: impl Iterator<Item = &'a String>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or_default()
}

/// The step's attempts on the axis of the whole operation.
fn bar(step: &StepRow) -> String {
    let mut cells = [' '; BAR_WIDTH];
    for attempt in &step.attempts {
        let cell = |thousandths: u32| usize::try_from(thousandths).unwrap_or(0) * BAR_WIDTH / 1_000;
        let from = cell(attempt.from).min(BAR_WIDTH - 1);
        let to = cell(attempt.from + attempt.long).clamp(from + 1, BAR_WIDTH);
        cells[from..to].fill('█');
    }
    cells.iter().collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::report_sample::{completed, failed, hostile};

    fn plain(report: &Report) -> String {
        anstream::adapter::strip_str(&report_text(report)).to_string()
    }

    #[test]
    fn the_whole_text_of_a_report() {
        insta::assert_snapshot!(plain(&completed()));
    }

    #[test]
    fn the_whole_text_of_a_failed_restore() {
        insta::assert_snapshot!(plain(&failed()));
    }

    #[test]
    fn hostile_texts_do_not_reach_the_terminal() {
        let text = report_text(&hostile());
        assert!(!text.contains("\u{1b}[31m\\"), "{text:?}");
        assert!(!plain(&hostile()).chars().any(|c| c != '\n' && c.is_control()));
        assert!(!text.contains('\u{202e}'));
    }
}
