//! What distinguishes two lockfiles, package by package.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use rustsec::Lockfile;
use semver::Version;
use serde::Serialize;

/// What becomes of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub(in crate::deps) enum Change {
    /// A newer version that promises to work where the old one did.
    Compatible { package: String, from: Version, to: Version },
    /// A version that promises nothing: its release notes are to be read.
    Incompatible { package: String, from: Version, to: Version },
    /// An older version.
    Back { package: String, from: Version, to: Version },
    /// A package, or a further version of one, that was not there before.
    Added { package: String, to: Version },
    /// A package, or one of its versions, that is not needed any more.
    Removed { package: String, from: Version },
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compatible { package, from, to } => write!(formatter, "compatible: {package} {from} -> {to}"),
            Self::Incompatible { package, from, to } => {
                write!(formatter, "incompatible: {package} {from} -> {to}: read its release notes")
            }
            Self::Back { package, from, to } => write!(formatter, "back: {package} {from} -> {to}"),
            Self::Added { package, to } => write!(formatter, "added: {package} {to}"),
            Self::Removed { package, from } => write!(formatter, "removed: {package} {from}"),
        }
    }
}

/// What has to be done to get from one lockfile to the other.
pub(super) fn between(before: &Lockfile, after: &Lockfile) -> Vec<Change> {
    let (before, after) = (versions(before), versions(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let none = BTreeSet::new();
    let of = |name: &String| {
        let (old, new) = (before.get(name).unwrap_or(&none), after.get(name).unwrap_or(&none));
        of_package(name, old.difference(new).cloned().collect(), new.difference(old).cloned().collect())
    };
    names.into_iter().flat_map(of).collect()
}

fn versions(lockfile: &Lockfile) -> BTreeMap<String, BTreeSet<Version>> {
    let mut versions: BTreeMap<String, BTreeSet<Version>> = BTreeMap::new();
    for package in &lockfile.packages {
        let _ = versions.entry(package.name.to_string()).or_default().insert(package.version.clone());
    }
    versions
}

/// Pairs what went with what came: within what is compatible first, then the rest in order.
fn of_package(name: &str, mut went: Vec<Version>, mut came: Vec<Version>) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut pair = |went: &mut Vec<Version>, came: &mut Vec<Version>, fits: fn(&Version, &Version) -> bool| {
        for from in std::mem::take(went) {
            match came.iter().position(|to| fits(&from, to)) {
                Some(at) => changes.push(moved(name, from, came.remove(at))),
                None => went.push(from),
            }
        }
    };
    pair(&mut went, &mut came, are_compatible);
    pair(&mut went, &mut came, |_, _| true);
    changes.extend(came.into_iter().map(|to| Change::Added { package: name.to_owned(), to }));
    changes.extend(went.into_iter().map(|from| Change::Removed { package: name.to_owned(), from }));
    changes
}

fn moved(name: &str, from: Version, to: Version) -> Change {
    let package = name.to_owned();
    if to < from {
        Change::Back { package, from, to }
    } else if are_compatible(&from, &to) {
        Change::Compatible { package, from, to }
    } else {
        Change::Incompatible { package, from, to }
    }
}

/// Whether cargo takes one for the other: the first number that is not zero is the same.
fn are_compatible(one: &Version, other: &Version) -> bool {
    match (one.major, one.minor) {
        (0, 0) => (other.major, other.minor, other.patch) == (0, 0, one.patch),
        (0, minor) => (other.major, other.minor) == (0, minor),
        (major, _) => other.major == major,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(went: &[&str], came: &[&str]) -> Vec<String> {
        let versions = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        of_package("a", versions(went), versions(came)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_first_number_that_is_not_zero_decides() {
        assert_eq!(changes(&["1.2.3"], &["1.9.0"]), ["compatible: a 1.2.3 -> 1.9.0"]);
        assert_eq!(changes(&["0.2.3"], &["0.2.4"]), ["compatible: a 0.2.3 -> 0.2.4"]);
        assert_eq!(changes(&["0.2.3"], &["0.3.0"]), ["incompatible: a 0.2.3 -> 0.3.0: read its release notes"]);
        assert_eq!(changes(&["0.0.3"], &["0.0.4"]), ["incompatible: a 0.0.3 -> 0.0.4: read its release notes"]);
        assert_eq!(changes(&["1.2.3"], &["1.2.2"]), ["back: a 1.2.3 -> 1.2.2"]);
    }

    #[test]
    fn versions_of_one_package_are_paired_with_those_they_fit() {
        assert_eq!(
            changes(&["1.0.0", "2.0.0"], &["2.1.0", "3.0.0"]),
            ["compatible: a 2.0.0 -> 2.1.0", "incompatible: a 1.0.0 -> 3.0.0: read its release notes"]
        );
        assert_eq!(changes(&["1.0.0"], &[]), ["removed: a 1.0.0"]);
        assert_eq!(changes(&[], &["1.0.0"]), ["added: a 1.0.0"]);
    }
}
