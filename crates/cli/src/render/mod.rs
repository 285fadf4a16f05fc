//! How things look: one file per reader. Renderers get plain values and a place to write to; they decide nothing.

pub(crate) mod advice;
pub(crate) mod bars;
pub(crate) mod drill_html;
pub(crate) mod drill_text;
pub(crate) mod fact;
pub(crate) mod json_lines;
pub(crate) mod lines;
pub(crate) mod plan_text;
pub(crate) mod printable;
pub(crate) mod report_html;
#[cfg(test)]
mod report_sample;
pub(crate) mod report_text;
mod report_view;
#[cfg(feature = "stack")]
pub(crate) mod review_html;
#[cfg(feature = "stack")]
pub(crate) mod review_view;
pub(crate) mod status_text;
pub(crate) mod words;

use crate::ui::{DONE, ERROR, WARNING};

/// A line of news in the colour of its tone.
pub(crate) fn toned(line: &fact::Line) -> String {
    let text = printable::printable(&line.text);
    match line.tone {
        fact::Tone::Plain => text.into_owned(),
        fact::Tone::Done => format!("{DONE}{text}{DONE:#}"),
        fact::Tone::Warning => format!("{WARNING}warning:{WARNING:#} {text}"),
        fact::Tone::Error => format!("{ERROR}error:{ERROR:#} {text}"),
    }
}
