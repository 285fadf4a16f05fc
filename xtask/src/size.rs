//! How large what is shipped may be: a start of a function reads all of its package, and a command is copied to every machine.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use crate::{
    findings::{Finding, Findings, Form},
    package,
};

/// What the command may have at most, as released.
const COMMAND_MAX: u64 = 40_000_000;

/// What to look at
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only one of them
    #[arg(value_enum)]
    what: Option<What>,

    #[command(flatten)]
    form: Form,
}

/// What is shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// The packages of the functions, in dist/.
    Package,
    /// The command, as `cargo build --release` makes it.
    Command,
}

pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<(), String> {
    let all = [What::Package, What::Command];
    let wanted: Vec<What> = all.into_iter().filter(|what| arguments.what.is_none_or(|only| only == *what)).collect();
    findings(root, &wanted)?.tell(arguments.form)
}

/// Looks at what is built, and builds nothing.
pub(crate) fn findings(root: &Path, wanted: &[What]) -> Result<Findings, String> {
    let mut findings = Vec::new();
    let mut looked_at = Vec::new();
    for what in wanted {
        let files = what.files(root)?;
        if files.is_empty() {
            findings.push(Finding::fault(what.name(), "is not built", what.build()));
        }
        for file in files {
            let bytes = fs::metadata(&file).map_err(|error| format!("{}: {error}", file.display()))?.len();
            looked_at.push(format!("{} of {bytes} bytes, at most {}", what.name(), what.budget()));
            findings.extend(over(&file, bytes, what.budget()));
        }
    }
    let looked_at = if looked_at.is_empty() { "nothing".to_owned() } else { looked_at.join("; ") };
    Ok(Findings::new("size", looked_at, findings))
}

fn over(file: &Path, bytes: u64, budget: u64) -> Option<Finding> {
    let what = format!("has {bytes} bytes, {} more than its budget", bytes.saturating_sub(budget));
    let mend =
        "`cargo tree --edges normal` tells what it links by now; a budget is raised with its reason in the commit";
    (bytes > budget).then(|| Finding::fault(file.display().to_string(), what, mend))
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Package => "the functions' package",
            Self::Command => "the command",
        }
    }

    fn build(self) -> &'static str {
        match self {
            Self::Package => "`cargo xtask package`",
            Self::Command => "`cargo build --release --package aurora-restore-cli`",
        }
    }

    fn budget(self) -> u64 {
        match self {
            Self::Package => package::BYTES_MAX as u64,
            Self::Command => COMMAND_MAX,
        }
    }

    fn files(self, root: &Path) -> Result<Vec<PathBuf>, String> {
        match self {
            Self::Package => packages(&root.join("dist")),
            Self::Command => {
                let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
                let command = target.join("release/aurora-restore");
                Ok(command.is_file().then_some(command).into_iter().collect())
            }
        }
    }
}

fn packages(dist: &Path) -> Result<Vec<PathBuf>, String> {
    if !dist.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(dist).map_err(|error| format!("{}: {error}", dist.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "zip") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: Option<u64>) -> Vec<String> {
        let place = tempfile::tempdir().unwrap();
        if let Some(bytes) = bytes {
            fs::create_dir(place.path().join("dist")).unwrap();
            let file = fs::File::create(place.path().join("dist/aurora-restore-lambda-arm64.zip")).unwrap();
            file.set_len(bytes).unwrap();
        }
        let found = findings(place.path(), &[What::Package]).unwrap().findings;
        found.into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_package_over_its_budget_and_one_that_is_not_built_are_found() {
        let budget = package::BYTES_MAX as u64;
        assert_eq!(told(Some(budget)), [] as [&str; 0]);
        assert_eq!(told(Some(budget + 1)), [format!("has {} bytes, 1 more than its budget", budget + 1)]);
        assert_eq!(told(None), ["is not built"]);
    }
}
