//! Until when a version of an engine or of a runtime is supported: a table that is shipped as data, with its date and its
//! sources (`support.json`).

use jiff::civil::Date;
use serde::Deserialize;

const TABLE: &str = include_str!("support.json");

/// The table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Support {
    /// When it was written.
    pub(super) as_of: Date,
    /// From what.
    pub(super) sources: Vec<String>,
    /// How far it is to be relied on.
    pub(super) note: String,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Line {
    product: String,
    version: String,
    ends: Date,
}

impl Support {
    /// The table that is shipped.
    pub(super) fn shipped() -> Self {
        serde_json::from_str(TABLE).expect("the tests read it")
    }

    /// The day on which standard support of a version ends, if the table knows it. A version belongs to the longest line that
    /// it begins with: `16.4` to `16`, `8.0.mysql_aurora.3.05.2` to `8.0`.
    pub(super) fn ends(&self, product: &str, version: &str) -> Option<Date> {
        let is_of = |line: &&Line| {
            line.product == product
                && version.strip_prefix(&*line.version).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.lines.iter().filter(is_of).max_by_key(|line| line.version.len()).map(|line| line.ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_can_be_read_and_says_where_it_is_from() {
        let support = Support::shipped();
        assert!(!support.sources.is_empty() && !support.note.is_empty());
        assert!(support.lines.len() > 5);
    }

    #[test]
    fn a_version_belongs_to_its_line_and_to_no_other() {
        let support = Support::shipped();
        let ends = |product, version| support.ends(product, version).map(|day| day.to_string());
        assert_eq!(ends("aurora-postgresql", "16.4").as_deref(), Some("2029-02-28"));
        assert_eq!(ends("aurora-postgresql", "16"), ends("aurora-postgresql", "16.11"));
        assert_eq!(ends("aurora-mysql", "8.0.mysql_aurora.3.05.2").as_deref(), Some("2028-04-30"));
        assert_eq!(ends("lambda", "provided.al2023").as_deref(), Some("2029-06-30"));
        assert_eq!(ends("aurora-postgresql", "160.1"), None);
    }
}
