//! A review arranged for reading: the verdict first, then each check with what it found. Shared by the text and the page.

use aurora_restore_ops::review::{Finding, Level, Outcome, Period, Reviewed};
use jiff::Timestamp;

use super::{
    printable::printable,
    report_view::Tone,
    words::{plural, time},
};

/// What was reviewed.
pub(crate) struct Heading<'a> {
    pub(crate) period: Period,
    pub(crate) of: &'a str,
    pub(crate) at: Timestamp,
}

/// The review, arranged.
pub(crate) struct ReviewView {
    pub(crate) title: String,
    pub(crate) period: &'static str,
    pub(crate) of: String,
    pub(crate) made_at: String,
    pub(crate) verdict: String,
    pub(crate) tone: Tone,
    pub(crate) checks: Vec<CheckView>,
}

/// A check, arranged.
pub(crate) struct CheckView {
    pub(crate) name: &'static str,
    /// What it looks for: a sentence.
    pub(crate) about: String,
    pub(crate) verdict: String,
    pub(crate) tone: Tone,
    pub(crate) worst: Option<Level>,
    pub(crate) has_looked: bool,
    pub(crate) looked_at: String,
    pub(crate) took: String,
    pub(crate) findings: Vec<FindingView>,
}

/// A finding, arranged.
pub(crate) struct FindingView {
    pub(crate) level: Level,
    pub(crate) tone: Tone,
    pub(crate) what: String,
    pub(crate) evidence: Vec<(&'static str, String)>,
    pub(crate) operations: Vec<String>,
    pub(crate) mend: String,
}

impl ReviewView {
    /// Arranges a review.
    pub(crate) fn of(heading: &Heading<'_>, reviewed: &[Reviewed]) -> Self {
        let count = |level| reviewed.iter().map(|one| one.count(level)).sum();
        let (verdict, worst) = counted([count(Level::Error), count(Level::Warning), count(Level::Note)]);
        let looked = reviewed.iter().filter(|one| matches!(one.outcome, Outcome::Looked { .. })).count();
        Self {
            title: format!("{} review of {}", heading.period, printable(heading.of)),
            period: heading.period.as_str(),
            of: shown(heading.of),
            made_at: time(heading.at),
            verdict: format!("{verdict} in {}", plural(looked, "check")),
            tone: worst.map_or(Tone::Good, tone),
            checks: reviewed.iter().map(check).collect(),
        }
    }
}

/// So many of each level, the worst first, in words.
fn counted([errors, warnings, notes]: [usize; 3]) -> (String, Option<Level>) {
    let parts = [(errors, "error", Level::Error), (warnings, "warning", Level::Warning), (notes, "note", Level::Note)];
    let told: Vec<_> = parts.into_iter().filter(|(count, ..)| *count > 0).collect();
    let words: Vec<String> = told.iter().map(|(count, noun, _)| plural(*count, noun)).collect();
    let verdict = if words.is_empty() { "nothing was found".to_owned() } else { words.join(", ") };
    (verdict, told.first().map(|(_, _, level)| *level))
}

fn tone(level: Level) -> Tone {
    match level {
        Level::Error => Tone::Bad,
        Level::Warning => Tone::Attention,
        Level::Note => Tone::Quiet,
    }
}

fn check(one: &Reviewed) -> CheckView {
    let (told, worst) = counted([one.count(Level::Error), one.count(Level::Warning), one.count(Level::Note)]);
    let (verdict, looked_at, has_looked) = match &one.outcome {
        Outcome::Looked { at } if worst.is_none() => ("good".to_owned(), shown(at), true),
        Outcome::Looked { at } => (told, shown(at), true),
        Outcome::Unlooked => ("not looked at".to_owned(), String::new(), false),
        Outcome::NotHere { reason } => ("not here".to_owned(), shown(reason), false),
    };
    let otherwise = if has_looked { Tone::Good } else { Tone::Quiet };
    CheckView {
        name: one.check.name,
        about: format!("Looks for {}.", one.check.about),
        verdict,
        tone: worst.map_or(otherwise, tone),
        worst,
        has_looked,
        looked_at,
        took: format!("{:.1} s", one.took.as_secs_f64()),
        findings: one.findings.iter().map(finding).collect(),
    }
}

fn finding(finding: &Finding) -> FindingView {
    FindingView {
        level: finding.level,
        tone: tone(finding.level),
        what: shown(&finding.what),
        evidence: finding.evidence.iter().map(|one| (one.what, shown(&one.value))).collect(),
        operations: finding.operations.iter().map(ToString::to_string).collect(),
        mend: shown(&finding.mend),
    }
}

fn shown(text: &str) -> String {
    printable(text).into_owned()
}
