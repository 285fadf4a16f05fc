//! The review as one self-contained page: no script, no request to anywhere, everything escaped by the template engine.

use askama::Template;

use super::review_view::ReviewView;

#[derive(Template)]
#[template(path = "review.html")]
struct Page<'a> {
    view: &'a ReviewView,
}

/// Renders the page.
///
/// # Errors
/// Only where the template itself is at fault.
pub(crate) fn review_html(view: &ReviewView) -> Result<String, askama::Error> {
    Page { view }.render()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aurora_restore_core::ids::OperationId;
    use aurora_restore_ops::review::{CHECKS, Finding, Level, Outcome, Period, Reviewed};

    use super::*;
    use crate::render::review_view::Heading;

    fn page(of: &str, findings: Vec<Finding>) -> String {
        let outcome = Outcome::Looked { at: format!("100 lines of {of}") };
        let looked = Reviewed { check: CHECKS[0], outcome, findings, took: Duration::from_millis(1_250) };
        let not_here = Outcome::NotHere { reason: "no stack is reviewed" };
        let other = Reviewed { check: CHECKS[1], outcome: not_here, findings: Vec::new(), took: Duration::ZERO };
        let at = "2026-11-22T10:15:00Z".parse().unwrap();
        review_html(&ReviewView::of(&Heading { period: Period::Weekly, of, at }, &[looked, other])).unwrap()
    }

    fn finding(text: &str) -> Finding {
        Finding::new(Level::Error, text, format!("aurora-restore report {text}"))
            .with("newest line", text)
            .about([OperationId::new("op-1").unwrap()])
    }

    #[test]
    fn the_page_says_the_verdict_first_and_tells_every_finding_with_its_command() {
        let page = page("stack ours", vec![finding("it broke")]);
        let body = page.split_once("<body>").unwrap().1;
        let places = |order: &[&str], within: &str| -> Vec<usize> {
            order.iter().map(|text| within.find(text).unwrap_or_else(|| panic!("{text} is missing"))).collect()
        };
        assert!(places(&["1 error", "logs", "100 lines", "not here"], body).is_sorted());
        let check = body.split_once("id=\"logs\"").unwrap().1;
        let order = ["1 error", "it broke", "newest line", "op-1", "aurora-restore report it broke", "not here"];
        assert!(places(&order, check).is_sorted(), "{check}");
    }

    #[test]
    fn a_clean_page_says_so() {
        let page = page("stack ours", Vec::new());
        assert!(page.contains("nothing was found") && page.contains(">good<"));
    }

    #[test]
    fn the_page_asks_nobody_for_anything_and_hostile_texts_stay_texts() {
        let hostile = "<script>alert('x')</script><b>\u{1b}[2J\u{202e}";
        let page = page(hostile, vec![finding(hostile)]);
        for text in
            ["http://", "https://", "url(", "@import", "<script", "src=", "<b>", "alert('x')", "\u{1b}", "\u{202e}"]
        {
            assert!(!page.contains(text), "{text} is in the page");
        }
    }
}
