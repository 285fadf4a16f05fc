//! Brings the lockfile to the newest versions that the manifests allow, proves that the product still works, and puts the old
//! lockfile back if it does not.

mod change;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Serialize;

use super::{lockfile, patches};
pub(super) use change::Change;

/// What to update
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only these packages, and what they need
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,

    /// Show what would change, and change nothing
    #[arg(long)]
    plan: bool,

    /// Tell the changes as one JSON document
    #[arg(long)]
    json: bool,
}

/// What must hold of the new versions: the whole workspace builds, its units work, old records are read, the functions still
/// count under the same names, and a restore of the demo succeeds.
const SMOKE: [&[&str]; 4] = [
    &["build", "--workspace", "--all-targets", "--locked", "--quiet"],
    &["test", "--workspace", "--locked", "--quiet", "--lib", "--bins"],
    &[
        "test",
        "--workspace",
        "--locked",
        "--quiet",
        "--test",
        "golden_journal",
        "--test",
        "golden_state",
        "--test",
        "bootstrap",
    ],
    &["test", "--workspace", "--locked", "--quiet", "--test", "e2e", "--", "the_demo"],
];

/// How new versions are tried.
struct Trial<'a> {
    commands: &'a [&'a [&'a str]],
    /// Where they are built, if not where cargo would.
    target: Option<PathBuf>,
}

#[derive(Serialize)]
struct Told<'a> {
    version: u32,
    changes: &'a [Change],
    /// What cargo says about versions that the manifests do not allow, in its own words.
    held_back: &'a [String],
    applied: bool,
}

pub(super) fn run(root: &Path, arguments: &Arguments) -> Result<(), String> {
    let kept = Kept::of(root)?;
    let held_back = resolve(root, &arguments.packages)?;
    let changes = kept.changes(root)?;
    if arguments.plan || changes.is_empty() {
        return tell(&changes, &held_back, false, arguments.json);
    }
    let trial = Trial { commands: &SMOKE, target: None };
    try_out(root, &trial)?;
    patches::record(
        root,
        &changes,
        "`cargo xtask deps update`: build, unit tests, golden records, the demo's restore",
    )?;
    kept.forget();
    tell(&changes, &held_back, true, arguments.json)
}

fn tell(changes: &[Change], held_back: &[String], applied: bool, json: bool) -> Result<(), String> {
    if json {
        let told = Told { version: 1, changes, held_back, applied };
        println!("{}", serde_json::to_string_pretty(&told).map_err(|error| error.to_string())?);
        return Ok(());
    }
    for change in changes {
        println!("{change}");
    }
    for line in held_back {
        println!("held back: {line}");
    }
    let verb = if applied { "changed and proven" } else { "would change" };
    println!("deps update: {} packages {verb}", changes.len());
    Ok(())
}

/// Has cargo write the lockfile anew, and gives what it says about newer versions that are not allowed.
fn resolve(root: &Path, packages: &[String]) -> Result<Vec<String>, String> {
    let mut cargo = crate::cargo();
    cargo.current_dir(root).args(["update", "--verbose", "--color", "never"]).args(packages);
    let done = cargo.output().map_err(|error| format!("{cargo:?}: {error}"))?;
    let told = String::from_utf8_lossy(&done.stderr);
    if !done.status.success() {
        return Err(format!("cargo update: {}", told.trim()));
    }
    let held_back = told.lines().filter_map(|line| line.trim().strip_prefix("Unchanged "));
    Ok(held_back.filter(|line| line.contains("(available")).map(str::to_owned).collect())
}

fn try_out(root: &Path, trial: &Trial<'_>) -> Result<(), String> {
    for command in trial.commands {
        let mut cargo = crate::cargo();
        cargo.current_dir(root).args(*command);
        if let Some(target) = &trial.target {
            cargo.env("CARGO_TARGET_DIR", target);
        }
        let done = cargo.output().map_err(|error| format!("{cargo:?}: {error}"))?;
        if !done.status.success() {
            let text = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
            return Err(format!(
                "the new versions do not pass `cargo {}`; the lockfile is as it was\n{}",
                command.join(" "),
                text.trim()
            ));
        }
    }
    Ok(())
}

/// The lockfile as it was. It comes back unless it is forgotten, also when something panics in between.
struct Kept {
    file: PathBuf,
    text: String,
    forgotten: bool,
}

impl Kept {
    fn of(root: &Path) -> Result<Self, String> {
        let file = root.join("Cargo.lock");
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self { file, text, forgotten: false })
    }

    fn changes(&self, root: &Path) -> Result<Vec<Change>, String> {
        let before = self.text.parse().map_err(|error| format!("{}: {error}", self.file.display()))?;
        Ok(change::between(&before, &lockfile::load(&root.join("Cargo.lock"))?))
    }

    fn forget(mut self) {
        self.forgotten = true;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if !self.forgotten
            && let Err(error) = fs::write(&self.file, &self.text)
        {
            eprintln!("error: {} cannot be put back: {error}; take it from git", self.file.display());
        }
    }
}

#[cfg(test)]
mod tests;
