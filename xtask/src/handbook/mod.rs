//! The operator's handbook: an entry for every error code and every alarm.
//!
//! What an entry says of the code's own knowledge is written by `cargo xtask generate`; what a person adds below the mark stays
//! as it is. `aurora-restore explain` prints the same entries.

mod alarms;
mod errors;

use std::{collections::BTreeMap, fs, path::Path};

use crate::findings::Finding;

/// What separates the generated part of an entry from the part that a person wrote.
const MARK: &str = "<!-- written by hand below this line, and kept -->";

/// One of the two pages.
struct Page {
    file: &'static str,
    head: &'static str,
    entries: Vec<Entry>,
    /// What the written part of every entry has to name.
    labels: &'static [&'static str],
}

/// An entry: its name, and what the code knows.
struct Entry {
    name: String,
    generated: String,
    /// Whether a runbook elsewhere says what a person would have to add.
    has_runbook: bool,
}

/// Both pages, brought up to date.
pub(crate) fn pages(root: &Path) -> Result<Vec<(String, String)>, String> {
    let page = |page: Page| Ok((page.file.to_owned(), page.text(&read(root, page.file))));
    all(root)?.into_iter().map(page).collect()
}

/// Entries in which a person has to write something yet.
pub(crate) fn findings(root: &Path) -> Result<Vec<Finding>, String> {
    Ok(all(root)?.iter().flat_map(|page| page.findings(&read(root, page.file))).collect())
}

/// The names of all alarms, without the stack's prefix.
pub(crate) fn alarm_names() -> Vec<String> {
    alarms::page().entries.into_iter().map(|entry| entry.name).collect()
}

fn all(root: &Path) -> Result<[Page; 2], String> {
    Ok([errors::page(root)?, alarms::page()])
}

/// A page that is not there yet is an empty one.
fn read(root: &Path, file: &str) -> String {
    fs::read_to_string(root.join(file)).unwrap_or_default()
}

/// What people wrote, by the name of the entry.
fn written(text: &str) -> BTreeMap<&str, &str> {
    let sections = text.split("\n## ").skip(1);
    sections
        .filter_map(|section| {
            let (name, _) = section.split_once('\n')?;
            let (_, written) = section.split_once(MARK)?;
            Some((name.trim(), written.trim()))
        })
        .collect()
}

impl Page {
    /// The page, with what people wrote in its present text.
    fn text(&self, present: &str) -> String {
        let written = written(present);
        let entry = |entry: &Entry| {
            let kept = written.get(entry.name.as_str()).copied().unwrap_or_default();
            let text = format!("\n## {}\n\n{}\n\n{MARK}\n\n{kept}", entry.name, entry.generated);
            format!("{}\n", text.trim_end())
        };
        self.entries.iter().map(entry).fold(self.head.to_owned(), |text, entry| text + &entry)
    }

    fn findings(&self, present: &str) -> Vec<Finding> {
        let written = written(present);
        let mut findings = Vec::new();
        for entry in &self.entries {
            let place = format!("{}: {}", self.file, entry.name);
            match written.get(entry.name.as_str()) {
                None => findings.push(Finding::fault(
                    place,
                    "has no entry",
                    "`cargo xtask generate`, then write what it lacks",
                )),
                Some(&"") if !entry.has_runbook => {
                    findings.push(Finding::fault(
                        place,
                        "nobody wrote what an operator does",
                        "write it below the mark",
                    ));
                }
                Some(text) => {
                    let unsaid = self.labels.iter().filter(|label| !text.contains(**label));
                    findings.extend(unsaid.map(|label| {
                        Finding::fault(&place, format!("does not say `{label}`"), "write it below the mark")
                    }));
                }
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        let entry = |name: &str, has_runbook| Entry {
            name: name.to_owned(),
            generated: format!("What {name} is."),
            has_runbook,
        };
        Page { file: "x.md", head: "# Page\n", entries: vec![entry("one", false), entry("two", true)], labels: &[] }
    }

    #[test]
    fn what_a_person_wrote_survives_and_what_the_code_says_is_renewed() {
        let first = page().text("");
        assert_eq!(first, format!("# Page\n\n## one\n\nWhat one is.\n\n{MARK}\n\n## two\n\nWhat two is.\n\n{MARK}\n"));
        let edited =
            first.replacen(MARK, &format!("{MARK}\n\nLook at it.\n\nThen again."), 1).replace("What one is", "Old");
        let renewed = page().text(&edited);
        assert!(
            renewed.contains(&format!("What one is.\n\n{MARK}\n\nLook at it.\n\nThen again.\n\n## two")),
            "{renewed}"
        );
        assert_eq!(page().text(&renewed), renewed);
    }

    #[test]
    fn an_entry_that_is_missing_or_empty_or_says_too_little_is_found() {
        let told = |page: &Page, text: &str| page.findings(text).into_iter().map(|one| one.what).collect::<Vec<_>>();
        let text = page().text("");
        assert_eq!(told(&page(), &text), ["nobody wrote what an operator does"]);
        let whole = text.replacen(MARK, &format!("{MARK}\n\nLook at it."), 1);
        assert_eq!(told(&page(), &whole), [] as [&str; 0]);
        assert_eq!(told(&page(), &whole.replace("## two", "## three")), ["has no entry"]);
        let strict = Page { labels: &["Command:"], ..page() };
        assert_eq!(told(&strict, &whole), ["does not say `Command:`"; 2]);
    }
}
