//! What is to be applied: the difference, its digest, and what it is called.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The most lines of a difference that are kept, and the most characters of one. The digest is over everything.
const LINES_MAX: usize = 400;
const LINE_CHARS_MAX: usize = 400;
/// The most characters of a reason or a note.
const WORDS_CHARS_MAX: usize = 2_000;

/// Named numbers that were measured, such as operations in progress.
pub type Figures = BTreeMap<String, f64>;

/// What a change is called: `chg-17`. Each stack counts its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChangeId(pub(super) u64);

/// Why a text is not the id of a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the id of a change: one looks like chg-17")]
pub struct InvalidChangeId {
    /// The text as given.
    pub text: String,
}

impl fmt::Display for ChangeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "chg-{}", self.0)
    }
}

impl FromStr for ChangeId {
    type Err = InvalidChangeId;

    fn from_str(text: &str) -> Result<Self, InvalidChangeId> {
        let number = text.strip_prefix("chg-").and_then(|digits| digits.parse().ok());
        number.map(Self).ok_or_else(|| InvalidChangeId { text: text.to_owned() })
    }
}

impl TryFrom<String> for ChangeId {
    type Error = InvalidChangeId;

    fn try_from(text: String) -> Result<Self, InvalidChangeId> {
        text.parse()
    }
}

impl From<ChangeId> for String {
    fn from(id: ChangeId) -> Self {
        id.to_string()
    }
}

/// Which command applies a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// `stack deploy`.
    StackDeploy,
    /// `functions deploy`.
    FunctionsDeploy,
    /// `functions rollback`.
    FunctionsRollback,
    /// `functions tune --apply`.
    FunctionsTune,
    /// `monitoring apply`.
    MonitoringApply,
    /// `capacity set`.
    CapacitySet,
    /// `indexes apply`.
    IndexesApply,
}

impl ChangeKind {
    /// The command, as it is typed.
    pub fn command(self) -> &'static str {
        match self {
            Self::StackDeploy => "stack deploy",
            Self::FunctionsDeploy => "functions deploy",
            Self::FunctionsRollback => "functions rollback",
            Self::FunctionsTune => "functions tune",
            Self::MonitoringApply => "monitoring apply",
            Self::CapacitySet => "capacity set",
            Self::IndexesApply => "indexes apply",
        }
    }
}

/// An alias that a change moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasMove {
    /// The whole name of the function.
    pub function: String,
    /// The version that served when this was decided.
    pub from: u64,
    /// The version that it is to serve; none where that is yet to be published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
}

/// What a command would apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Which command applies it.
    pub kind: ChangeKind,
    /// What would be different, for people: bounded.
    pub diff: Vec<String>,
    /// SHA-256, in hexadecimal, of all that would be applied and of what it would be applied to: where either is another now,
    /// an approval is stale.
    pub digest: String,
    /// Why, if somebody said so.
    pub why: Option<String>,
    /// The aliases that are moved: what a repeat goes on with, once some of them have been. Older records have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<AliasMove>,
}

impl Proposal {
    /// A proposal; `applied` is all that the digest has to cover, in whatever form, as long as the same gives the same.
    pub fn new(kind: ChangeKind, diff: Vec<String>, applied: &str, why: Option<&str>) -> Self {
        let left_out = diff.len().saturating_sub(LINES_MAX);
        let mut lines: Vec<String> =
            diff.into_iter().take(LINES_MAX).map(|line| bounded(&line, LINE_CHARS_MAX)).collect();
        if left_out > 0 {
            lines.push(format!("… and {left_out} more lines"));
        }
        let digest = hexadecimal(Sha256::digest(format!("{}\n{applied}", kind.command())));
        Self { kind, diff: lines, digest, why: why.map(words), moves: Vec::new() }
    }

    /// The same, with the aliases that it moves. What the digest covers has to tell them already.
    #[must_use]
    pub fn moving(self, moves: Vec<AliasMove>) -> Self {
        Self { moves, ..self }
    }
}

/// Words of a person, bounded.
pub(super) fn words(text: &str) -> String {
    bounded(text, WORDS_CHARS_MAX)
}

fn bounded(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    text.chars().take(chars_max).chain(['…']).collect()
}

pub(super) fn hexadecimal(digest: impl AsRef<[u8]>) -> String {
    use fmt::Write as _;

    digest.as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written_and_nothing_else_is() {
        assert_eq!("chg-17".parse(), Ok(ChangeId(17)));
        assert_eq!(ChangeId(17).to_string(), "chg-17");
        for text in ["17", "chg-", "chg--1", "chg-x", "CHG-1", ""] {
            assert!(text.parse::<ChangeId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_long_difference_is_cut_and_its_digest_is_not() {
        let lines = |last: &str| (0..1_000).map(|n| format!("line {n}")).chain([last.to_owned()]).collect::<Vec<_>>();
        let propose = |last: &str| {
            let diff = lines(last);
            let all = diff.join("\n");
            Proposal::new(ChangeKind::StackDeploy, diff, &all, None)
        };
        let (one, other) = (propose("one"), propose("other"));
        assert_eq!(one.diff, other.diff);
        assert_eq!(one.diff.last().map(String::as_str), Some("… and 601 more lines"));
        assert_ne!(one.digest, other.digest);
    }
}
