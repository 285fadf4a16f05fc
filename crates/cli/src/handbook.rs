//! The operator's handbook, as the command carries it: an entry for every error code and every alarm.
//!
//! The pages are those of `docs/operations/`. What is read here is what stands there; nothing is said twice.

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A failure that is recorded.
    Error,
    /// An alarm of the stack.
    Alarm,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What it is about.
    pub(crate) kind: Kind,
    /// The code, or the name of the alarm without the stack's prefix.
    pub(crate) name: &'static str,
    /// What it means.
    pub(crate) meaning: &'static str,
    /// What to do, when it goes off, what to look at: paragraphs, as text.
    pub(crate) text: Vec<String>,
}

const ERRORS: &str = include_str!("../../../docs/operations/errors.md");
const ALARMS: &str = include_str!("../../../docs/operations/alarms.md");

/// Every entry: the errors, then the alarms.
pub(crate) fn entries() -> Vec<Entry> {
    let errors = ERRORS.split("\n## ").skip(1).filter_map(|section| parse(Kind::Error, section));
    errors.chain(ALARMS.split("\n## ").skip(1).filter_map(|section| parse(Kind::Alarm, section))).collect()
}

/// The entry of a code or an alarm as people type it: in any case, an alarm also with the prefix of its stack.
pub(crate) fn find(typed: &str) -> Option<Entry> {
    let typed = typed.to_ascii_lowercase();
    let fits = |entry: &Entry| {
        let name = entry.name.to_ascii_lowercase();
        typed == name || (entry.kind == Kind::Alarm && typed.ends_with(&format!("-{name}")))
    };
    entries().into_iter().filter(fits).max_by_key(|entry| entry.name.len())
}

fn parse(kind: Kind, section: &'static str) -> Option<Entry> {
    let (name, body) = section.split_once('\n')?;
    let mut paragraphs = body.split("\n\n").map(str::trim).filter(|text| !text.is_empty() && !text.starts_with("<!--"));
    let meaning = paragraphs.next()?;
    Some(Entry { kind, name: name.trim(), meaning, text: paragraphs.map(plain).collect() })
}

/// A paragraph without the marks of Markdown; what is linked to is named.
fn plain(paragraph: &str) -> String {
    let mut text = String::new();
    let unmarked = paragraph.replace("**", "");
    let mut rest = unmarked.as_str();
    while let Some((before, label, target, after)) = next_link(rest) {
        text.push_str(&format!("{before}{label} ({})", place(target)));
        rest = after;
    }
    text + rest
}

/// What stands before the next link, its label, its target, and what comes after it.
fn next_link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (label, rest) = text.split_once("](")?;
    let (before, label) = label.rsplit_once('[')?;
    let (target, after) = rest.split_once(')')?;
    Some((before, label, target, after))
}

/// Where a target of a page of the handbook lies in the repository.
fn place(target: &str) -> String {
    target.strip_prefix("../").map_or_else(|| format!("docs/operations/{target}"), |below| format!("docs/{below}"))
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::catalogue::ErrorCode;

    use super::*;

    #[test]
    fn the_handbook_says_of_every_code_what_the_catalogue_says() {
        for code in ErrorCode::ALL {
            let entry = find(code.as_str()).unwrap();
            assert_eq!((entry.kind, entry.meaning), (Kind::Error, code.meaning()));
            assert_eq!(entry.text[0], code.action());
        }
        let errors = entries().into_iter().filter(|entry| entry.kind == Kind::Error).count();
        assert_eq!(errors, ErrorCode::ALL.len());
    }

    #[test]
    fn an_alarm_is_found_with_the_prefix_of_its_stack_and_without() {
        let entry = find("operations-stuck").unwrap();
        assert_eq!(entry.kind, Kind::Alarm);
        assert_eq!(find("Aurora-Restore-operations-stuck"), Some(entry));
        assert_eq!(find("operations"), None);
        assert_eq!(find("x-arp-kms-001"), None);
    }

    #[test]
    fn marks_and_links_become_text() {
        let text = plain("**First look:** [a](b.md#c), then [d](../guide/e.md).");
        assert_eq!(text, "First look: a (docs/operations/b.md#c), then d (docs/guide/e.md).");
    }
}
