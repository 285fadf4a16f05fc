//! What an alias tells of itself, in its description: which versions served before the one that serves, and which were taken back.
//!
//! ```text
//!   aurora-restore: serves 6, before it 4 3, taken back 5
//! ```
//! It is written by the same call that moves the alias, so it is there or the alias was not moved, whoever dies. It names the version
//! that it is about: where the stack or a person has moved the alias since, what served before is not known any more, and what was
//! taken back still is.

use std::fmt;

use crate::ports::Alias;

/// What a description of ours begins with.
const MARK: &str = "aurora-restore: serves ";
const BEFORE: &str = ", before it";
const TAKEN_BACK: &str = ", taken back";
/// How many versions are kept of each: Lambda takes 256 characters.
const BEFORE_MAX: usize = 5;
const TAKEN_BACK_MAX: usize = 10;

/// What an alias tells of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Served {
    serves: u64,
    before: Vec<u64>,
    taken_back: Vec<u64>,
}

impl Served {
    /// What an alias tells; of one that was never moved by us, nothing.
    pub(super) fn of(alias: &Alias) -> Self {
        let known = read(&alias.description).unwrap_or_default();
        if known.serves == alias.pointing.version {
            return known;
        }
        Self { serves: alias.pointing.version, before: Vec::new(), taken_back: known.taken_back }
    }

    /// The versions that served before, the last one first.
    pub(super) fn before(&self) -> &[u64] {
        &self.before
    }

    /// Whether a version was taken back and has not served since.
    pub(super) fn is_taken_back(&self, version: u64) -> bool {
        self.taken_back.contains(&version)
    }

    /// What an alias tells once all its calls go to a version.
    pub(super) fn once_at(alias: &Alias, version: u64) -> Self {
        let mut told = Self::of(alias);
        let left = std::mem::replace(&mut told.serves, version);
        if let Some(shift) = alias.pointing.shift {
            told.taken_back.push(shift.version);
        }
        if left != version {
            match told.before.iter().position(|before| *before == version) {
                Some(at) => {
                    told.before.drain(..=at);
                    told.taken_back.push(left);
                }
                None if version < left => {
                    told.before.retain(|before| *before < version);
                    told.taken_back.push(left);
                }
                None => told.before.insert(0, left),
            }
        }
        told.settled()
    }

    /// The same, and a version that was published and will not serve.
    #[must_use]
    pub(super) fn without(mut self, version: u64) -> Self {
        self.taken_back.push(version);
        self.settled()
    }

    fn settled(mut self) -> Self {
        let serves = self.serves;
        self.taken_back.retain(|version| *version != serves);
        self.taken_back.sort_unstable_by(|one, other| other.cmp(one));
        self.taken_back.dedup();
        self.taken_back.truncate(TAKEN_BACK_MAX);
        self.before.truncate(BEFORE_MAX);
        self
    }
}

impl fmt::Display for Served {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{MARK}{}", self.serves)?;
        for (what, versions) in [(BEFORE, &self.before), (TAKEN_BACK, &self.taken_back)] {
            if !versions.is_empty() {
                formatter.write_str(what)?;
            }
            for version in versions {
                write!(formatter, " {version}")?;
            }
        }
        Ok(())
    }
}

/// Reads a description; none where it is not one of ours.
fn read(text: &str) -> Option<Served> {
    let rest = text.strip_prefix(MARK)?;
    let (rest, taken_back) = rest.split_once(TAKEN_BACK).unwrap_or((rest, ""));
    let (serves, before) = rest.split_once(BEFORE).unwrap_or((rest, ""));
    let numbers = |text: &str| text.split_whitespace().map(|word| word.parse().ok()).collect::<Option<Vec<u64>>>();
    Some(Served { serves: serves.parse().ok()?, before: numbers(before)?, taken_back: numbers(taken_back)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{Pointing, Shift};

    fn alias(version: u64, shift: Option<u64>, description: &str) -> Alias {
        let shift = shift.map(|version| Shift { version, part: 0.1 });
        Alias { pointing: Pointing { version, shift }, description: description.to_owned(), revision: String::new() }
    }

    #[track_caller]
    fn check(found: (u64, Option<u64>, &str), to: u64, expected: &str) {
        let told = Served::once_at(&alias(found.0, found.1, found.2), to);
        assert_eq!(told.to_string(), format!("aurora-restore: serves {expected}"));
        assert_eq!(read(&told.to_string()), Some(told));
    }

    #[test]
    fn what_arrives_is_put_before_and_what_is_left_is_taken_back() {
        let ours = "aurora-restore: serves 4, before it 3, taken back 2";
        check((4, None, "a person's words"), 5, "5, before it 4");
        check((4, Some(5), ours), 5, "5, before it 4 3, taken back 2");
        check((4, Some(5), ours), 4, "4, before it 3, taken back 5 2");
        check((4, Some(6), ours), 5, "5, before it 4 3, taken back 6 2");
        check((4, None, ours), 3, "3, taken back 4 2");
        check((4, None, ours), 2, "2, taken back 4");
        check((4, None, "aurora-restore: serves 4, before it 2 1"), 1, "1, taken back 4");
        check((6, None, ours), 7, "7, before it 6, taken back 2");
        check((3, None, "aurora-restore: serves 3, taken back 4"), 4, "4, before it 3");
    }

    #[test]
    fn what_is_too_long_loses_the_oldest() {
        let many: Vec<u64> = (1_000_000..1_000_100).rev().collect();
        let told = Served { serves: 2_000_000, before: many.clone(), taken_back: many }.settled().to_string();
        assert!(told.len() <= 256 && told.contains("before it 1000099 1000098"), "{told}");
    }

    #[test]
    fn what_is_not_ours_says_nothing() {
        for text in
            ["", "The version that everything calls", "aurora-restore: serves", "aurora-restore: serves 4, before it x"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
