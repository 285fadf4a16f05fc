//! A report arranged for reading: verdict first, figures in words, times on one axis. Shared by the text and the page,
//! so that both say the same. It decides nothing about layout, and escapes nothing but what steers a display.

mod findings;
mod timeline;

use aurora_restore_core::{
    operation::{Failure, Status},
    report::Report,
    request::Strategy,
};
use jiff::SignedDuration;

use super::{
    printable::printable,
    words::{duration, time},
};
pub(crate) use findings::{CheckRow, PlanRow, ResourceRow, SettingRow, UsersView};
pub(crate) use timeline::StepRow;

/// How something is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Somebody should look.
    Attention,
    /// A fact.
    Quiet,
}

impl Tone {
    /// Its name in style sheets.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Attention => "attention",
            Self::Quiet => "quiet",
        }
    }
}

/// How it ended, in one word and one sentence.
pub(crate) struct Verdict {
    pub(crate) word: &'static str,
    pub(crate) tone: Tone,
    pub(crate) sentence: String,
}

/// One of the figures that people ask for first.
pub(crate) struct Figure {
    pub(crate) label: &'static str,
    pub(crate) value: String,
    pub(crate) note: &'static str,
    pub(crate) tone: Tone,
}

/// A failure with everything that helps.
pub(crate) struct FailureText {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) meaning: &'static str,
    pub(crate) hints: Vec<String>,
}

/// The report, arranged.
pub(crate) struct ReportView {
    pub(crate) target: String,
    pub(crate) verdict: Verdict,
    /// What was asked for, and when.
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) failure: Option<FailureText>,
    pub(crate) warnings: Vec<String>,
    pub(crate) steps: Vec<StepRow>,
    /// Where the axis of the timeline ends.
    pub(crate) axis_end: String,
    pub(crate) checks: Vec<CheckRow>,
    /// The rows of each table.
    pub(crate) rows: Vec<(String, String)>,
    pub(crate) users: Option<UsersView>,
    pub(crate) settings: Vec<SettingRow>,
    pub(crate) resources: Vec<ResourceRow>,
    pub(crate) plan: Vec<PlanRow>,
    /// What follows the operation.
    pub(crate) later: Vec<String>,
    pub(crate) incidents: Vec<(String, String)>,
    pub(crate) made_at: String,
    pub(crate) journal_hash: String,
    pub(crate) journal_entries: u64,
}

impl ReportView {
    /// Arranges a report.
    pub(crate) fn of(report: &Report) -> Self {
        let axis = timeline::Axis::of(report);
        Self {
            target: shown(&report.target),
            verdict: verdict(report),
            facts: facts(report),
            figures: figures(report),
            failure: failure(report),
            warnings: report.warnings.iter().map(|text| shown(text)).collect(),
            steps: report.timeline.iter().map(|step| timeline::step_row(step, &axis)).collect(),
            axis_end: duration(axis.length()),
            checks: findings::checks(report),
            rows: findings::row_counts(report),
            users: report.users.as_ref().map(findings::users),
            settings: findings::settings(&report.settings),
            resources: findings::resources(report),
            plan: report.outline.as_ref().map(findings::plan).unwrap_or_default(),
            later: later(report),
            incidents: findings::incidents(report),
            made_at: time(report.made_at),
            journal_hash: shown(&report.journal_hash),
            journal_entries: report.journal_entries,
        }
    }
}

impl ReportView {
    /// Whether a setting is not as wished.
    pub(crate) fn settings_differ(&self) -> bool {
        self.settings_same() < self.settings.len()
    }

    /// How many settings are as wished.
    pub(crate) fn settings_same(&self) -> usize {
        self.settings.iter().filter(|row| row.same).count()
    }
}

/// A part of a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Span<'a> {
    /// Its text.
    pub(crate) text: &'a str,
    /// Whether it is a name or a command: it stood between backticks.
    pub(crate) is_code: bool,
}

/// Takes a sentence apart into words and names. A backtick without its partner is a character like others.
pub(crate) fn spans(text: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let mut rest = text;
    // Bounded: each turn takes a pair of backticks.
    while let Some((before, after)) = rest.split_once('`')
        && let Some((name, after)) = after.split_once('`')
    {
        spans.push(Span { text: before, is_code: false });
        spans.push(Span { text: name, is_code: true });
        rest = after;
    }
    spans.push(Span { text: rest, is_code: false });
    spans.retain(|span| !span.text.is_empty());
    spans
}

/// What follows, where there is a restore that it can follow.
fn later(report: &Report) -> Vec<String> {
    let outline = report.outline.iter().filter(|_| report.status == Status::Completed);
    outline.flat_map(|outline| &outline.later).map(|text| shown(text)).collect()
}

fn shown(text: &str) -> String {
    printable(text).into_owned()
}

fn verdict(report: &Report) -> Verdict {
    let target = printable(&report.target);
    let (tone, sentence) = match (report.status, report.strategy) {
        (Status::Completed, Strategy::Swap) => {
            (Tone::Good, format!("The name {target} is served by the restored and verified cluster."))
        }
        (Status::Completed, Strategy::SideBySide) => {
            (Tone::Good, "The restored and verified cluster serves under a name of its own.".to_owned())
        }
        (Status::Completed, Strategy::Replace) => {
            (Tone::Good, format!("{target} was replaced by the restored and verified cluster."))
        }
        (Status::Failed, _) => (Tone::Bad, format!("The restore failed and was undone; {target} is as it was before.")),
        (Status::Cancelled, _) => {
            (Tone::Attention, format!("The restore was cancelled and undone; {target} is as it was before."))
        }
        (Status::Stuck, _) => (Tone::Bad, "The restore is neither finished nor undone: a person must act.".to_owned()),
        (Status::InProgress, _) => {
            (Tone::Attention, "The restore was still running when this report was made.".to_owned())
        }
    };
    let word = match report.status {
        Status::Completed => "completed",
        Status::Failed => "failed",
        Status::Cancelled => "cancelled",
        Status::Stuck => "stuck",
        Status::InProgress => "in progress",
    };
    Verdict { word, tone, sentence }
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let strategy = match report.strategy {
        Strategy::Swap => "swap: restored beside, proven, then renamed",
        Strategy::SideBySide => "side by side: nothing renamed, nothing deleted",
        Strategy::Replace => "replace: the old cluster was ended first, with a final snapshot",
    };
    let target = report.target_key.as_deref().unwrap_or(&report.target);
    let mut facts = vec![
        ("Operation", shown(&report.operation_id)),
        ("Source", shown(&report.source)),
        ("Target", shown(target)),
        ("Strategy", strategy.to_owned()),
        ("Requested", time(report.requested_at)),
    ];
    facts.extend(report.ended_at.map(|at| ("Ended", time(at))));
    facts.extend(report.endpoint.as_ref().map(|at| ("Endpoint", shown(&at.to_string()))));
    facts
}

fn figures(report: &Report) -> Vec<Figure> {
    let figures = &report.figures;
    let timed = |label, value: Option<SignedDuration>, note| Figure {
        label,
        value: value.map_or_else(|| "–".to_owned(), duration),
        note,
        tone: Tone::Quiet,
    };
    let counted = |label, good: usize, all: usize, otherwise, note| Figure {
        label,
        value: if all == 0 { "–".to_owned() } else { format!("{good} of {all}") },
        note,
        tone: match all {
            0 => Tone::Quiet,
            _ if good == all => Tone::Good,
            _ => otherwise,
        },
    };
    vec![
        timed("Recovery time", figures.recovery_time, "from the request to the proof that it serves"),
        timed("Recovery point", figures.recovery_point, "age of the data when they were asked for"),
        timed("Unanswered", figures.name_unanswered_max, "at most, while the name changed hands"),
        counted("Checks", figures.checks_passed, figures.checks_total, Tone::Bad, "passed, of the restored data"),
        // A difference fails nothing: somebody should look whether it matters.
        counted(
            "Settings",
            figures.settings_same,
            figures.settings_total,
            Tone::Attention,
            "as wished, field by field",
        ),
        timed("Total time", figures.total, "from the request to the end"),
    ]
}

fn failure(report: &Report) -> Option<FailureText> {
    let failure = report.failure.as_ref()?;
    let mut text = failure_text(failure);
    if report.status == Status::Stuck {
        let id = shown(&report.operation_id);
        text.hints.push(format!("Once the cause is gone, go on with `aurora-restore resume {id}`."));
        text.hints.push("What is there and what is not stands below, under what was made.".to_owned());
    }
    Some(text)
}

fn failure_text(failure: &Failure) -> FailureText {
    let own = failure.hints.iter().map(|hint| shown(hint));
    let hints = if failure.hints.is_empty() { vec![failure.code.action().to_owned()] } else { own.collect() };
    FailureText {
        code: failure.code.as_str(),
        message: shown(&failure.message),
        meaning: failure.code.meaning(),
        hints,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str) -> String {
        spans(text)
            .iter()
            .map(|span| if span.is_code { format!("<{}>", span.text) } else { span.text.to_owned() })
            .collect()
    }

    #[test]
    fn what_stands_between_backticks_is_a_name() {
        assert_eq!(marked("login `analyst` of `shop` may log in"), "login <analyst> of <shop> may log in");
        assert_eq!(marked("`dba`"), "<dba>");
        assert_eq!(marked("no names"), "no names");
        assert_eq!(marked("one ` alone, and `a` pair"), "one < alone, and >a` pair");
        assert_eq!(marked("an end that is `open"), "an end that is `open");
        assert_eq!(marked(""), "");
    }
}
