//! A review as text, and as lines of JSON.
//!
//! ```text
//!   {"kind":"version","version":1,"period":"weekly","of":"stack ours in eu-central-1","at":"…"}
//!   {"kind":"check","check":"logs","outcome":"looked","looked_at":"…","took_ms":120,"findings":1}
//!   {"kind":"finding","check":"logs","level":"error","what":"…","evidence":[{"what":"first","value":"…"}],"operations":["op-1"],"mend":"…"}
//!   {"kind":"end","errors":1,"warnings":0,"notes":0,"exit_code":1}
//! ```
//!
//! `outcome` is `looked`, `not-looked` or `not-here`. Who reads the lines ignores fields and kinds that it does not know.

use std::io::Write as _;

use aurora_restore_ops::review::{Finding, Level, Outcome, Reviewed};
use serde::Serialize;

use crate::{
    error::CommandError,
    exit_code::ExitCode,
    render::review_view::{CheckView, FindingView, Heading, ReviewView},
    ui::{DONE, ERROR, FAINT, HEADING, HINT, Ui, WARNING},
};

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Line<'a> {
    Version {
        version: u32,
        period: &'a str,
        of: &'a str,
        at: String,
    },
    Check {
        check: &'a str,
        outcome: &'a str,
        looked_at: &'a str,
        took_ms: u128,
        findings: usize,
    },
    Finding {
        check: &'a str,
        #[serde(flatten)]
        finding: &'a Finding,
    },
    End {
        errors: usize,
        warnings: usize,
        notes: usize,
        exit_code: u8,
    },
}

/// As lines of JSON.
pub(super) fn lines(
    ui: &Ui,
    heading: &Heading<'_>,
    reviewed: &[Reviewed],
    exit_code: ExitCode,
) -> Result<(), CommandError> {
    let Heading { period, of, at } = heading;
    ui.json_line(&Line::Version { version: 1, period: period.as_str(), of, at: at.to_string() })?;
    for one in reviewed {
        let check = one.check.name;
        let (outcome, looked_at) = match &one.outcome {
            Outcome::Looked { at } => ("looked", at.as_str()),
            Outcome::Unlooked => ("not-looked", ""),
            Outcome::NotHere { reason } => ("not-here", *reason),
        };
        let (took_ms, findings) = (one.took.as_millis(), one.findings.len());
        ui.json_line(&Line::Check { check, outcome, looked_at, took_ms, findings })?;
        for finding in &one.findings {
            ui.json_line(&Line::Finding { check, finding })?;
        }
    }
    let count = |level| reviewed.iter().map(|one| one.count(level)).sum();
    ui.json_line(&Line::End {
        errors: count(Level::Error),
        warnings: count(Level::Warning),
        notes: count(Level::Note),
        exit_code: exit_code.number(),
    })
}

/// As text.
pub(super) fn text(ui: &Ui, view: &ReviewView) -> Result<(), CommandError> {
    let mut out = ui.data();
    writeln!(out, "{HEADING}{}{HEADING:#}: {}", view.title, view.verdict)?;
    for check in &view.checks {
        writeln!(out)?;
        write_check(&mut out, check)?;
    }
    Ok(())
}

fn write_check(out: &mut impl std::io::Write, check: &CheckView) -> Result<(), CommandError> {
    let colour = match check.worst {
        Some(Level::Error) => ERROR,
        Some(Level::Warning) => WARNING,
        Some(Level::Note) => HINT,
        None if check.has_looked => DONE,
        None => FAINT,
    };
    let CheckView { name, verdict, looked_at, .. } = check;
    let looked_at = if looked_at.is_empty() { String::new() } else { format!("  {FAINT}{looked_at}{FAINT:#}") };
    writeln!(out, "{HEADING}{name:<11}{HEADING:#} {colour}{verdict}{colour:#}{looked_at}")?;
    for finding in &check.findings {
        write_finding(out, finding)?;
    }
    Ok(())
}

fn write_finding(out: &mut impl std::io::Write, finding: &FindingView) -> Result<(), CommandError> {
    let colour = match finding.level {
        Level::Error => ERROR,
        Level::Warning => WARNING,
        Level::Note => HINT,
    };
    writeln!(out, "  {colour}{:<8}{colour:#} {}", finding.level.as_str(), finding.what)?;
    for (what, value) in &finding.evidence {
        writeln!(out, "           {what}: {value}")?;
    }
    if !finding.operations.is_empty() {
        writeln!(out, "           operations: {}", finding.operations.join(", "))?;
    }
    Ok(writeln!(out, "           {HINT}mend:{HINT:#} {}", finding.mend)?)
}
