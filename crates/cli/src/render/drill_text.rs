//! Drills and their figures, for people.

use std::io::{self, Write};

use aurora_restore_ops::drill::{Figures, History, Record, Verdict};
use jiff::SignedDuration;

use crate::{
    render::{printable::printable, words},
    ui::{DONE, ERROR, HEADING, WARNING},
};

/// The word of a verdict.
pub(crate) fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed { .. } => "not passed",
        Verdict::Unfinished { .. } => "unfinished",
    }
}

/// Why a drill has not passed, in one line; empty if it has.
pub(crate) fn why(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Passed => String::new(),
        Verdict::Failed { reasons } => printable(&reasons.join("; ")).into_owned(),
        Verdict::Unfinished { stands } => printable(stands).into_owned(),
    }
}

/// A duration, or a dash where there is none.
pub(crate) fn time(duration: Option<SignedDuration>) -> String {
    duration.map_or_else(|| "-".to_owned(), words::duration)
}

/// Writes a line for each drill, and why it has not passed under it.
pub(crate) fn write_list(out: &mut dyn Write, drills: &[Record]) -> io::Result<()> {
    let id = drills.iter().map(|drill| drill.operation_id.len()).max().unwrap_or(0).max("DRILL".len());
    let heading = format!(
        "{:<id$}  {:<10}  {:<8}  {:<8}  {:<7}  {}",
        "DRILL", "VERDICT", "RECOVERY", "DATA AGE", "CHECKS", "ASKED FOR"
    );
    writeln!(out, "{HEADING}{heading}{HEADING:#}")?;
    for drill in drills {
        let colour = match drill.verdict {
            Verdict::Passed => DONE,
            Verdict::Failed { .. } => ERROR,
            Verdict::Unfinished { .. } => WARNING,
        };
        let timed = drill.scenario.is_timed();
        writeln!(
            out,
            "{:<id$}  {colour}{:<10}{colour:#}  {:<8}  {:<8}  {:<7}  {}",
            drill.operation_id,
            word(&drill.verdict),
            time(drill.recovery_time.filter(|_| timed)),
            time(drill.recovery_point),
            format!("{}/{}", drill.checks_passed, drill.checks_total),
            words::time(drill.requested_at),
        )?;
        let why = why(&drill.verdict);
        if !why.is_empty() {
            writeln!(out, "  {why}")?;
        }
    }
    Ok(())
}

/// Writes the figures of all drills and of each quarter.
pub(crate) fn write_figures(out: &mut dyn Write, history: &History) -> io::Result<()> {
    let all = history.figures();
    writeln!(out, "{HEADING}Drills{HEADING:#}")?;
    writeln!(out, "  passed          {}", passed(&all))?;
    let last = all.last_passed_at.map_or_else(|| "never".to_owned(), words::time);
    writeln!(out, "  last passed     {last}")?;
    writeln!(
        out,
        "  recovery time   {} median, {} at most",
        time(all.recovery_time_median),
        time(all.recovery_time_max)
    )?;
    writeln!(
        out,
        "  recovery point  {} median, {} at most",
        time(all.recovery_point_median),
        time(all.recovery_point_max)
    )?;
    for quarter in history.quarters() {
        let figures = &quarter.figures;
        writeln!(
            out,
            "  {:<14}  {}, recovery in {}",
            quarter.name,
            passed(figures),
            time(figures.recovery_time_median)
        )?;
    }
    Ok(())
}

/// How many have passed.
pub(crate) fn passed(figures: &Figures) -> String {
    let percent = figures.success_percent().map(|percent| format!(" ({percent} %)")).unwrap_or_default();
    format!("{} of {}{percent}", figures.passed, figures.ended)
}
