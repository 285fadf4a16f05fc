//! How things look: one file per reader. Renderers get plain values and a place to write to; they decide nothing.

pub(crate) mod printable;
pub(crate) mod report_html;
#[cfg(test)]
mod report_sample;
pub(crate) mod report_text;
mod report_view;
pub(crate) mod words;
