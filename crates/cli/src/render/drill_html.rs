//! The drills as one self-contained page: no script, no request to anywhere, everything escaped by the template engine.

use askama::Template;
use aurora_restore_ops::drill::{History, Record, Verdict};
use jiff::Timestamp;

use super::{
    drill_text::{passed, time, why, word},
    printable::printable,
    report_view::Tone,
    words,
};

#[derive(Template)]
#[template(path = "drills.html")]
struct Page {
    tone: Tone,
    badge: &'static str,
    sentence: String,
    figures: Vec<(&'static str, String)>,
    quarters: Vec<[String; 5]>,
    drills: Vec<Row>,
    refused: Vec<(String, String)>,
    made_at: String,
}

struct Row {
    id: String,
    scenario: String,
    tone: Tone,
    word: &'static str,
    why: String,
    asked_for: String,
    recovery_time: String,
    recovery_point: String,
    checks: String,
    steps: Vec<(String, String)>,
    entries: u64,
    hash: String,
}

/// Renders the page.
///
/// # Errors
/// Only where the template itself is at fault.
pub(crate) fn drill_html(history: &History, now: Timestamp) -> Result<String, askama::Error> {
    let all = history.figures();
    let newest = history.drills.first();
    let (tone, badge) = newest.map_or((Tone::Attention, "never"), |drill| (tone(&drill.verdict), word(&drill.verdict)));
    let sentence = newest.map_or_else(
        || "There was no drill yet: nothing is known about how long a restore takes, nor whether it works.".to_owned(),
        |drill| {
            format!("The newest drill, `{}`, was asked for on {}.", drill.scenario, words::time(drill.requested_at))
        },
    );
    let quarters = history.quarters().into_iter().map(|quarter| {
        let of = &quarter.figures;
        [
            quarter.name.clone(),
            passed(of),
            time(of.recovery_time_median),
            time(of.recovery_time_max),
            time(of.recovery_point_median),
        ]
    });
    let refused = history.refused.iter().map(|one| (one.operation.to_string(), printable(&one.reason).into_owned()));
    Page {
        tone,
        badge,
        sentence,
        figures: vec![
            ("Passed", passed(&all)),
            ("Recovery time, median", time(all.recovery_time_median)),
            ("Recovery time, at most", time(all.recovery_time_max)),
            ("Age of the data, median", time(all.recovery_point_median)),
        ],
        quarters: quarters.collect(),
        drills: history.drills.iter().map(row).collect(),
        refused: refused.collect(),
        made_at: words::time(now),
    }
    .render()
}

fn row(drill: &Record) -> Row {
    let timed = drill.scenario.is_timed();
    Row {
        id: drill.operation_id.clone(),
        scenario: drill.scenario.to_string(),
        tone: tone(&drill.verdict),
        word: word(&drill.verdict),
        why: why(&drill.verdict),
        asked_for: words::time(drill.requested_at),
        recovery_time: time(drill.recovery_time.filter(|_| timed)),
        recovery_point: time(drill.recovery_point),
        checks: format!("{} of {}", drill.checks_passed, drill.checks_total),
        steps: drill.steps.iter().map(|step| (step.step.to_string(), words::duration(step.took))).collect(),
        entries: drill.journal_entries,
        hash: drill.journal_hash.clone(),
    }
}

fn tone(verdict: &Verdict) -> Tone {
    match verdict {
        Verdict::Passed => Tone::Good,
        Verdict::Failed { .. } => Tone::Bad,
        Verdict::Unfinished { .. } => Tone::Attention,
    }
}
