//! The lockfile: what is in it, and how it came there.

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
};

use rustsec::{
    Lockfile,
    package::{Name, Package},
};
use semver::Version;

/// Reads one.
pub(super) fn load(file: &Path) -> Result<Lockfile, String> {
    Lockfile::load(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// The shortest way from a package of ours to this one, ours first.
pub(super) fn way_to(lockfile: &Lockfile, wanted: &Package) -> Vec<String> {
    type Key<'a> = (&'a Name, &'a Version);
    let mut users: BTreeMap<Key<'_>, Vec<&Package>> = BTreeMap::new();
    for package in &lockfile.packages {
        for dependency in &package.dependencies {
            users.entry((&dependency.name, &dependency.version)).or_default().push(package);
        }
    }
    let mut from: BTreeMap<Key<'_>, Option<Key<'_>>> = BTreeMap::from([((&wanted.name, &wanted.version), None)]);
    let mut waiting = VecDeque::from([wanted]);
    // Bounded: each package is looked at once.
    while let Some(package) = waiting.pop_front() {
        let key = (&package.name, &package.version);
        if package.source.is_none() {
            let steps = std::iter::successors(Some(key), |step| from.get(step).copied().flatten());
            return steps.map(|(name, version)| format!("{name} {version}")).collect();
        }
        for user in users.get(&key).into_iter().flatten() {
            let user_key = (&user.name, &user.version);
            if let std::collections::btree_map::Entry::Vacant(vacant) = from.entry(user_key) {
                let _ = vacant.insert(Some(key));
                waiting.push_back(user);
            }
        }
    }
    vec![format!("{} {}", wanted.name, wanted.version)]
}
