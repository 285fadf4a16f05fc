//! The report as one self-contained page: no script, no request to anywhere, everything escaped by the template engine.

use askama::Template;
use aurora_restore_core::report::Report;

use super::report_view::ReportView;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    view: &'a ReportView,
}

/// Renders the page.
///
/// # Errors
/// Only where the template itself is at fault.
pub(crate) fn report_html(report: &Report) -> Result<String, askama::Error> {
    Page { view: &ReportView::of(report) }.render()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::report_sample::{completed, failed, hostile};

    #[test]
    fn the_page_says_first_how_it_ended_and_holds_every_section() {
        let page = report_html(&completed()).unwrap();
        let body = page.split_once("<body>").unwrap().1;
        let order = [
            "completed",
            "Recovery time",
            "Timeline",
            "Checks of",
            "Rows of",
            "Logins",
            "Settings,",
            "What was made",
            "The plan",
            "hash",
        ];
        let places: Vec<usize> =
            order.iter().map(|text| body.find(text).unwrap_or_else(|| panic!("{text} is missing"))).collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(body.contains("19s") && body.contains("23h 05m") && body.contains("910ms"));
        assert!(body.contains(">200,000<"), "row counts have their thousands apart");
    }

    #[test]
    fn a_difference_in_settings_is_marked() {
        let page = report_html(&completed()).unwrap();
        assert!(page.contains("<mark>aurora</mark>"));
        assert_eq!(page.matches("as wished</span>").count(), 3);
    }

    #[test]
    fn a_failure_is_shown_with_its_hints() {
        let page = report_html(&failed()).unwrap();
        for text in
            ["ARP-VERIFY-001", "expected at least 200000", "look at the snapshot before you try again", "undo 1"]
        {
            assert!(page.contains(text), "{text} is missing");
        }
    }

    #[test]
    fn the_page_asks_nobody_for_anything() {
        for report in [completed(), failed(), hostile()] {
            let page = report_html(&report).unwrap();
            for text in ["http://", "https://", "url(", "@import", "<script", "src="] {
                assert!(!page.contains(text), "{text}");
            }
        }
    }

    #[test]
    fn hostile_texts_stay_texts() {
        let page = report_html(&hostile()).unwrap();
        for text in ["<script", "<b>", "alert('x')", "\u{1b}", "\u{202e}"] {
            assert!(!page.contains(text), "{text} is in the page");
        }
        assert!(page.contains("&#60;script&#62;"));
    }
}
