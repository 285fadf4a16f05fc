//! What a release needs, as a list: what the repository can tell by itself is ticked, the rest is for people.

use std::{fs, path::Path, process::Command};

use clap::Args;
use semver::Version;
use serde::Serialize;

use crate::{docs, findings::Findings, gate, scan};

/// What to show
#[derive(Args)]
pub(crate) struct Arguments {
    /// Show the list; a release itself is made by people
    #[arg(long, required = true)]
    plan: bool,

    /// The version to be released, if not the one in Cargo.toml
    #[arg(long, value_name = "VERSION")]
    version: Option<Version>,

    /// Tell it as one JSON document
    #[arg(long)]
    json: bool,
}

/// One thing that has to be done.
#[derive(Debug, Serialize)]
pub(crate) struct Item {
    what: String,
    /// How it is done.
    by: String,
    /// Whether it is done, if the repository can tell; why not otherwise.
    done: Option<Result<(), String>>,
}

impl Item {
    fn of_people(what: &str, by: &str) -> Self {
        Self { what: what.to_owned(), by: by.to_owned(), done: None }
    }

    fn of_repository(what: &str, by: &str, done: Result<(), String>) -> Self {
        Self { done: Some(done), ..Self::of_people(what, by) }
    }

    /// As a line of a list.
    pub(crate) fn line(&self) -> String {
        let (mark, reason) = match &self.done {
            Some(Ok(())) => ('x', String::new()),
            Some(Err(reason)) => (' ', format!(" (open: {reason})")),
            None => (' ', String::new()),
        };
        format!("- [{mark}] {}: {}{reason}", self.what, self.by)
    }
}

pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<(), String> {
    debug_assert!(arguments.plan, "clap asks for it");
    let version = match &arguments.version {
        Some(version) => version.clone(),
        None => own_version(root)?,
    };
    let items = told(root, &version)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&items).map_err(|error| error.to_string())?);
    } else {
        println!("# Release {version}\n");
        items.iter().for_each(|item| println!("{}", item.line()));
    }
    let open = items.iter().filter(|item| matches!(item.done, Some(Err(_)))).count();
    if open == 0 { Ok(()) } else { Err(format!("{open} items are open that the repository can tell")) }
}

fn told(root: &Path, version: &Version) -> Result<Vec<Item>, String> {
    let verdict = |findings: Findings| findings.verdict();
    let mut items = vec![
        Item::of_repository("everything is committed", "`git status`", committed(root)),
        Item::of_repository("the version is in Cargo.toml", "edit `[workspace.package]`", has_version(root, version)),
        Item::of_repository("the changelog has its chapter", "edit CHANGELOG.md", has_chapter(root, version)?),
        Item::of_repository("no secret, no wide policy", "`cargo xtask scan`", verdict(scan::findings(root)?)),
        Item::of_repository(
            "the documents are current and whole",
            "`cargo xtask docs check`",
            verdict(docs::findings(root)?),
        ),
    ];
    items.extend(of_people());
    Ok(items)
}

/// What people do, in order.
pub(crate) fn of_people() -> Vec<Item> {
    let gate =
        format!("`cargo xtask gate` ({})", gate::STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", "));
    [
        ("known faults are looked up in today's advisories", "`cargo xtask deps audit --fetch`"),
        ("the gate is open", gate.as_str()),
        (
            "the packages are made for both architectures",
            "`cargo xtask package --arch x86_64`, `cargo xtask package --arch arm64`",
        ),
        (
            "command and packages are within their sizes",
            "`cargo build --release --package aurora-restore-cli`, `cargo xtask size`",
        ),
        (
            "the figures are measured on a quiet machine, and those of the documents are not worse",
            "`cargo xtask bench all`",
        ),
        ("the demo runs", "`make demo`"),
        (
            "a stack of tests is deployed, and a restore on it completes",
            "`aurora-restore stack deploy`, `aurora-restore start --on-aws`",
        ),
        ("the commit is tagged with the version", "`git tag`"),
        ("the SHA-256 beside each package is published with it", "`dist/*.sha256`"),
    ]
    .map(|(what, by)| Item::of_people(what, by))
    .into()
}

fn own_version(root: &Path) -> Result<Version, String> {
    let manifest: toml::Table =
        toml::from_str(&read(root, "Cargo.toml")?).map_err(|error| format!("Cargo.toml: {error}"))?;
    let version = manifest.get("workspace").and_then(|table| table.get("package")?.get("version")?.as_str());
    version.ok_or("Cargo.toml names no version")?.parse().map_err(|error| format!("Cargo.toml: {error}"))
}

fn has_version(root: &Path, version: &Version) -> Result<(), String> {
    let own = own_version(root)?;
    if own == *version { Ok(()) } else { Err(format!("it says {own}")) }
}

/// A chapter of the version with something in it.
fn has_chapter(root: &Path, version: &Version) -> Result<Result<(), String>, String> {
    let changelog = read(root, "CHANGELOG.md")?;
    let chapter = changelog.split("\n## ").find(|chapter| {
        chapter
            .trim_start_matches('[')
            .strip_prefix(&version.to_string())
            .is_some_and(|rest| !rest.starts_with(['.', '-']))
    });
    Ok(match chapter {
        None => Err(format!("there is no chapter {version}; its entries stand under Unreleased until now")),
        Some(chapter) if !chapter.contains("\n* ") => Err(format!("the chapter {version} has no entry")),
        Some(_) => Ok(()),
    })
}

fn committed(root: &Path) -> Result<(), String> {
    let done = Command::new("git").current_dir(root).args(["status", "--porcelain"]).output();
    let done = done.map_err(|error| format!("git cannot be run: {error}"))?;
    let changed = String::from_utf8_lossy(&done.stdout).lines().count();
    match (done.status.success(), changed) {
        (false, _) => Err(String::from_utf8_lossy(&done.stderr).trim().to_owned()),
        (true, 0) => Ok(()),
        (true, changed) => Err(format!("{changed} files are not")),
    }
}

fn read(root: &Path, name: &str) -> Result<String, String> {
    fs::read_to_string(root.join(name)).map_err(|error| format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(version: &str, changelog: &str) -> tempfile::TempDir {
        let place = tempfile::tempdir().unwrap();
        let manifest = format!("[workspace.package]\nversion = \"{version}\"\n");
        fs::write(place.path().join("Cargo.toml"), manifest).unwrap();
        fs::write(place.path().join("CHANGELOG.md"), changelog).unwrap();
        place
    }

    #[test]
    fn a_version_and_a_chapter_that_are_missing_stay_open() {
        let version = Version::new(1, 2, 0);
        let ready = repository("1.2.0", "# Changelog\n\n## 1.2.0 (2026-12-01)\n\n* It does.\n");
        assert_eq!(has_version(ready.path(), &version), Ok(()));
        assert_eq!(has_chapter(ready.path(), &version), Ok(Ok(())));
        let early = repository("1.1.0", "# Changelog\n\n## Unreleased\n\n* It does.\n\n## 1.2.0-rc.1\n\n* x\n");
        assert_eq!(has_version(early.path(), &version), Err("it says 1.1.0".to_owned()));
        assert!(has_chapter(early.path(), &version).unwrap().is_err());
        let empty = repository("1.2.0", "# Changelog\n\n## 1.2.0\n\n## 1.1.0\n\n* It does.\n");
        assert!(has_chapter(empty.path(), &version).unwrap().unwrap_err().contains("has no entry"));
    }

    #[test]
    fn an_item_is_ticked_only_when_it_is_known_to_be_done() {
        let line = |done| Item { what: "a".to_owned(), by: "b".to_owned(), done }.line();
        assert_eq!(line(None), "- [ ] a: b");
        assert_eq!(line(Some(Ok(()))), "- [x] a: b");
        assert_eq!(line(Some(Err("no".to_owned()))), "- [ ] a: b (open: no)");
    }
}
