//! Licences, sources, packages that are banned, packages that are there twice: what `deny.toml` says.
//!
//! `cargo deny` reads the same file and knows more, such as the licences in the files themselves. This is what can be told from
//! the manifests, so that it holds wherever the code can be built.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

use super::{
    exceptions::FILE,
    metadata::{Metadata, Package},
};
use crate::findings::{Finding, Level};

/// What is allowed.
#[derive(Debug, Deserialize)]
pub(super) struct Policy {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Bans {
    multiple_versions: Answer,
    #[serde(default)]
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    package: String,
    reason: String,
    #[serde(default)]
    wrappers: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    unknown_git: Answer,
}

/// What is done about something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Allow,
    Warn,
    Deny,
}

impl Answer {
    fn level(self) -> Option<Level> {
        match self {
            Self::Allow => None,
            Self::Warn => Some(Level::Warning),
            Self::Deny => Some(Level::Fault),
        }
    }
}

impl Policy {
    /// The one of this repository.
    pub(super) fn of(root: &Path) -> Result<Self, String> {
        Self::parse(&fs::read_to_string(root.join(FILE)).map_err(|error| format!("{FILE}: {error}"))?)
    }

    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| format!("{FILE}: {error}"))
    }
}

/// What is not as it should be.
pub(super) fn findings(policy: &Policy, metadata: &Metadata) -> Vec<Finding> {
    let foreign = || metadata.packages.iter().filter(|package| package.source.is_some());
    let mut findings: Vec<Finding> = foreign().filter_map(|package| of_licence(&policy.licenses, package)).collect();
    findings.extend(foreign().filter_map(|package| of_source(&policy.sources, package)));
    findings.extend(foreign().filter_map(|package| of_bans(&policy.bans, metadata, package)));
    findings.extend(doubles(&policy.bans, foreign()));
    findings
}

fn named(package: &Package) -> String {
    format!("{} {}", package.name, package.version)
}

fn of_licence(licenses: &Licenses, package: &Package) -> Option<Finding> {
    let fault = |what: String| {
        let mend = format!("replace it, or allow the licence in {FILE} once somebody has read it");
        Some(Finding::fault(named(package), what, mend))
    };
    let Some(text) = &package.license else {
        return fault("its manifest names no licence".to_owned());
    };
    // Older manifests write a slash for `OR`.
    let Ok(expression) = Expression::parse_mode(text, ParseMode::LAX) else {
        return fault(format!("its licence `{text}` is no SPDX expression"));
    };
    let allowed: Vec<Licensee> = licenses.allow.iter().filter_map(|name| Licensee::parse(name).ok()).collect();
    if expression.evaluate(|wanted| allowed.iter().any(|licensee| licensee.satisfies(wanted))) {
        return None;
    }
    fault(format!("its licence `{text}` is not among those that are allowed"))
}

fn of_source(sources: &Sources, package: &Package) -> Option<Finding> {
    let level = sources.unknown_git.level()?;
    let source = package.source.as_deref().filter(|source| source.starts_with("git+"))?;
    let what = format!("comes from {source}, which nobody but its owner keeps");
    let mend = "use a published version".to_owned();
    Some(Finding { level, place: named(package), what, mend })
}

fn of_bans(bans: &Bans, metadata: &Metadata, package: &Package) -> Option<Finding> {
    let ban = bans.deny.iter().find(|ban| ban.package == package.name)?;
    let users = metadata.users(&package.id);
    let by: Vec<&str> = users.into_iter().filter(|user| !ban.wrappers.iter().any(|wrapper| wrapper == user)).collect();
    if by.is_empty() {
        return None;
    }
    let what = format!("is banned ({}) and used by {}", ban.reason, by.join(", "));
    Some(Finding::fault(named(package), what, "switch off the feature that brings it, or use another package"))
}

fn doubles<'a>(bans: &Bans, packages: impl Iterator<Item = &'a Package>) -> Vec<Finding> {
    let Some(level) = bans.multiple_versions.level() else { return Vec::new() };
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        let _ = versions.entry(&package.name).or_default().insert(&package.version);
    }
    let double = |(name, versions): (&str, BTreeSet<&str>)| {
        let what =
            format!("is built in {} versions: {}", versions.len(), versions.into_iter().collect::<Vec<_>>().join(", "));
        let mend = format!("`cargo tree --invert {name}` tells who uses which");
        Finding { level, place: name.to_owned(), what, mend }
    };
    versions.into_iter().filter(|(_, versions)| versions.len() > 1).map(double).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(packages: &[(&str, &str, &str, Option<&str>, &str)]) -> Vec<(Level, String)> {
        let package = |(id, name, version, license, source): &(&str, &str, &str, Option<&str>, &str)| json!({ "id": id, "name": name, "version": version, "license": license, "source": source, "manifest_path": "x" });
        let edge = |id: &str| json!({ "name": "x", "pkg": id, "dep_kinds": [{ "kind": null }] });
        let edges: Vec<_> = packages.iter().map(|(id, ..)| edge(id)).collect();
        let mut all: Vec<_> = packages.iter().map(package).collect();
        all.push(json!({ "id": "o", "name": "ours", "version": "0.1.0", "manifest_path": "x" }));
        let metadata = json!({
            "packages": all,
            "workspace_members": ["o"],
            "resolve": { "nodes": [{ "id": "o", "deps": edges }] },
        });
        let policy = Policy::parse(
            "[licenses]\nallow = [\"MIT\", \"Apache-2.0 WITH LLVM-exception\"]\n[bans]\nmultiple-versions = \"warn\"\n\
             deny = [{ crate = \"old-tls\", reason = \"slow\" }, { crate = \"dates\", wrappers = [\"ours\"], reason = \"two\" }]\n\
             [sources]\nunknown-git = \"deny\"\n",
        );
        let found = findings(&policy.unwrap(), &serde_json::from_value(metadata).unwrap());
        found.into_iter().map(|finding| (finding.level, format!("{}: {}", finding.place, finding.what))).collect()
    }

    #[test]
    fn what_is_allowed_gives_nothing() {
        let packages = [
            ("a", "a", "1.0.0", Some("MIT OR GPL-3.0"), "registry+x"),
            ("b", "b", "1.0.0", Some("Apache-2.0 WITH LLVM-exception AND MIT"), "registry+x"),
            ("c", "c", "1.0.0", Some("MIT/GPL-3.0"), "registry+x"),
            ("d", "dates", "1.0.0", Some("MIT"), "registry+x"),
        ];
        assert_eq!(judged(&packages), []);
    }

    #[test]
    fn a_licence_that_is_not_allowed_a_foreign_source_a_ban_and_a_double_are_found() {
        let found = |name: &str, version: &str, license: Option<&str>, source: &str| {
            judged(&[("a", "a", "1.0.0", Some("MIT"), "registry+x"), ("b", name, version, license, source)])
        };
        let fault = |text: &str| vec![(Level::Fault, text.to_owned())];
        assert_eq!(found("b", "1.0.0", None, "registry+x"), fault("b 1.0.0: its manifest names no licence"));
        assert_eq!(
            found("b", "1.0.0", Some("Apache-2.0 AND MIT"), "registry+x"),
            fault("b 1.0.0: its licence `Apache-2.0 AND MIT` is not among those that are allowed")
        );
        assert_eq!(
            found("b", "1.0.0", Some("see LICENSE"), "registry+x"),
            fault("b 1.0.0: its licence `see LICENSE` is no SPDX expression")
        );
        assert_eq!(
            found("b", "1.0.0", Some("MIT"), "git+https://example.com/b"),
            fault("b 1.0.0: comes from git+https://example.com/b, which nobody but its owner keeps")
        );
        assert_eq!(
            found("old-tls", "1.0.0", Some("MIT"), "registry+x"),
            fault("old-tls 1.0.0: is banned (slow) and used by ours")
        );
        let double = found("a", "2.0.0", Some("MIT"), "registry+x");
        assert_eq!(double, [(Level::Warning, "a: is built in 2 versions: 1.0.0, 2.0.0".to_owned())]);
    }
}
