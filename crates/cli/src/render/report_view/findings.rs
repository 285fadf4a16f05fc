//! What was found and done: checks, users, settings, resources, incidents.

use aurora_restore_core::{
    plan::{Outline, Verb},
    ports::UserSetupOutcome,
    report::Report,
    settings::SettingComparison,
    verification::{CheckOutcome, CheckResult},
};
use jiff::SignedDuration;

use super::{Tone, shown};
use crate::render::words::{duration, number, time};

/// The name of the check whose details are the rows of each table.
const ROW_COUNTS: &str = "row counts";

/// One check.
pub(crate) struct CheckRow {
    pub(crate) name: String,
    pub(crate) outcome: &'static str,
    pub(crate) tone: Tone,
    pub(crate) found: String,
    pub(crate) expected: String,
    pub(crate) took: String,
    pub(crate) details: Vec<(String, String)>,
}

/// What became of the logins.
pub(crate) struct UsersView {
    /// What was done, and to which logins; only what was done to any.
    pub(crate) groups: Vec<(&'static str, Vec<String>)>,
    /// The proofs, those that do not hold first.
    pub(crate) proofs: Vec<ProofRow>,
}

impl UsersView {
    /// How many proofs do not hold.
    pub(crate) fn broken(&self) -> usize {
        self.proofs.iter().filter(|proof| !proof.holds).count()
    }

    /// Whether every proof holds.
    pub(crate) fn all_hold(&self) -> bool {
        self.broken() == 0
    }
}

/// One attempt to do something that must work, or must not.
pub(crate) struct ProofRow {
    pub(crate) claim: String,
    pub(crate) holds: bool,
    pub(crate) detail: String,
}

/// One setting, wished and found.
pub(crate) struct SettingRow {
    pub(crate) object: String,
    pub(crate) field: String,
    pub(crate) wished: String,
    pub(crate) found: String,
    pub(crate) same: bool,
}

/// One thing that was made or taken over.
pub(crate) struct ResourceRow {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) fate: String,
}

/// One line of the plan.
pub(crate) struct PlanRow {
    pub(crate) step: &'static str,
    pub(crate) verb: &'static str,
    pub(crate) object: String,
    /// Whether nothing after this line is undone by itself.
    pub(crate) last_before_no_return: bool,
}

/// Every check.
pub(super) fn checks(report: &Report) -> Vec<CheckRow> {
    report.checks.iter().map(check_row).collect()
}

/// The rows of each table.
pub(super) fn row_counts(report: &Report) -> Vec<(String, String)> {
    report.checks.iter().filter(|check| check.name == ROW_COUNTS).flat_map(details).collect()
}

/// The users, if they were set up.
pub(super) fn users(outcome: &UserSetupOutcome) -> UsersView {
    let groups = [
        ("made", &outcome.created),
        ("set anew", &outcome.updated),
        ("locked", &outcome.locked),
        ("kept as they were", &outcome.kept),
    ];
    let row = |proof: &aurora_restore_core::ports::AccessProof| ProofRow {
        claim: shown(&proof.claim),
        holds: proof.holds,
        detail: proof.detail.as_deref().map(shown).unwrap_or_default(),
    };
    let (holding, broken): (Vec<_>, Vec<_>) = outcome.proofs.iter().map(row).partition(|proof| proof.holds);
    UsersView {
        groups: groups
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| (what, names.iter().map(|name| shown(name)).collect()))
            .collect(),
        proofs: broken.into_iter().chain(holding).collect(),
    }
}

/// The settings, differences first.
pub(super) fn settings(rows: &[SettingComparison]) -> Vec<SettingRow> {
    let row = |row: &SettingComparison| SettingRow {
        object: shown(&row.object),
        field: shown(&row.field).replace('_', " "),
        wished: shown(&row.wished),
        found: shown(&row.found),
        same: row.same,
    };
    let (same, different): (Vec<_>, Vec<_>) = rows.iter().map(row).partition(|row| row.same);
    different.into_iter().chain(same).collect()
}

/// What was made or taken over.
pub(super) fn resources(report: &Report) -> Vec<ResourceRow> {
    let row = |line: &aurora_restore_core::report::ResourceLine| ResourceRow {
        kind: line.kind,
        name: shown(&line.name),
        fate: shown(&line.fate),
    };
    report.resources.iter().map(row).collect()
}

/// What was planned.
pub(super) fn plan(outline: &Outline) -> Vec<PlanRow> {
    let last = outline.lines.iter().rposition(|line| !line.step.is_after_point_of_no_return());
    let row = |(place, line): (usize, &aurora_restore_core::plan::OutlineLine)| PlanRow {
        step: line.step.as_str(),
        verb: match line.verb {
            Verb::Make => "make",
            Verb::Change => "change",
            Verb::Delete => "delete",
            Verb::Read => "read",
        },
        object: shown(&line.object),
        last_before_no_return: Some(place) == last,
    };
    outline.lines.iter().enumerate().map(row).collect()
}

/// What happened besides the steps.
pub(super) fn incidents(report: &Report) -> Vec<(String, String)> {
    report.incidents.iter().map(|incident| (time(incident.at), shown(&incident.text))).collect()
}

fn check_row(check: &CheckResult) -> CheckRow {
    let (outcome, tone) = match check.outcome {
        CheckOutcome::Passed => ("passed", Tone::Good),
        CheckOutcome::Failed => ("failed", Tone::Bad),
        CheckOutcome::Noted => ("noted", Tone::Quiet),
    };
    CheckRow {
        name: shown(&check.name),
        outcome,
        tone,
        found: shown(&check.found),
        expected: check.expected.as_deref().map(shown).unwrap_or_default(),
        took: duration(SignedDuration::from_millis(i64::try_from(check.took_ms).unwrap_or(i64::MAX))),
        // The rows of each table have a table of their own.
        details: if check.name == ROW_COUNTS { Vec::new() } else { details(check).collect() },
    }
}

fn details(check: &CheckResult) -> impl Iterator<Item = (String, String)> {
    check.details.iter().map(|detail| {
        let value = detail.value.parse().map_or_else(|_| shown(&detail.value), number);
        (shown(&detail.subject), value)
    })
}
