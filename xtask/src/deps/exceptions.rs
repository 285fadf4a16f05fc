//! Advisories that are known and not mended yet: `[advisories]` of `deny.toml`, with a reason and a last day.
//!
//! `cargo deny` reads the same entries. It knows no last day, so ours stands at the end of the reason: `… until 2026-12-31`.

use std::{fs, path::Path};

use jiff::civil::Date;
use serde::Deserialize;

/// The file that they stand in.
pub(super) const FILE: &str = "deny.toml";
/// What stands before the last day.
const UNTIL: &str = " until ";

/// An advisory that is not to be told until a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exception {
    /// The id, such as RUSTSEC-2026-0001.
    pub(super) id: String,
    /// Why it can wait, and how long; what is wrong with the entry otherwise.
    pub(super) grounds: Result<Grounds, String>,
}

/// Why it can wait, and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grounds {
    /// The reason.
    pub(super) reason: String,
    /// The last day on which it counts.
    pub(super) until: Date,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    advisories: Section,
}

#[derive(Default, Deserialize)]
struct Section {
    #[serde(default)]
    ignore: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    #[serde(default)]
    reason: String,
}

/// Those of this repository.
pub(super) fn of(root: &Path) -> Result<Vec<Exception>, String> {
    parse(&fs::read_to_string(root.join(FILE)).map_err(|error| format!("{FILE}: {error}"))?)
}

/// Reads them.
pub(super) fn parse(text: &str) -> Result<Vec<Exception>, String> {
    let document: Document = toml::from_str(text).map_err(|error| format!("{FILE}: {error}"))?;
    let exception = |entry: Entry| Exception { grounds: grounds(&entry.reason), id: entry.id };
    Ok(document.advisories.ignore.into_iter().map(exception).collect())
}

fn grounds(reason: &str) -> Result<Grounds, String> {
    let (reason, until) = reason.rsplit_once(UNTIL).ok_or("its reason does not end in `until YYYY-MM-DD`")?;
    if reason.trim().is_empty() {
        return Err("it gives no reason".to_owned());
    }
    let until = until.trim().parse().map_err(|error| format!("its last day `{until}` is none: {error}"))?;
    Ok(Grounds { reason: reason.trim().to_owned(), until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_needs_a_reason_and_a_last_day() {
        let entry = |reason: &str| {
            let text = format!("[advisories]\nignore = [{{ id = \"RUSTSEC-2026-0001\", reason = \"{reason}\" }}]\n");
            parse(&text).unwrap().remove(0).grounds
        };
        let good = entry("the parser is given our own files only, until 2027-01-31").unwrap();
        assert_eq!(good.until, jiff::civil::date(2027, 1, 31));
        assert_eq!(good.reason, "the parser is given our own files only,");
        for bad in ["", "no hurry", " until 2027-01-31", "x until 2027-13-01", "x until soon"] {
            assert!(entry(bad).is_err(), "{bad}");
        }
        assert_eq!(parse("[licenses]\nallow = []\n").unwrap(), []);
    }
}
