//! The gate: everything that must hold before a change is merged, in the order in which it is cheapest to fail. `make test` and
//! CI run this list and no other.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use clap::Args;
use serde::Serialize;

use crate::generate::BUILT_COMMAND;

/// What to run
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only these steps
    #[arg(value_name = "STEP", value_parser = step)]
    only: Vec<&'static Step>,

    /// List the steps, and run none
    #[arg(long, conflicts_with = "only")]
    list: bool,

    /// Tell the list or the outcome as one JSON document, at the end
    #[arg(long)]
    json: bool,
}

/// One thing that must hold.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    /// How it is called.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) about: &'static str,
    /// The command after `cargo`.
    command: &'static [&'static str],
    #[serde(skip)]
    environment: &'static [(&'static str, &'static str)],
}

const DENY_WARNINGS: [&str; 3] = ["--", "--deny", "warnings"];

/// The steps. One that needs nothing built comes before one that does.
pub(crate) static STEPS: [Step; 12] = [
    plain("format", "every file is formatted", &["fmt", "--all", "--check"]),
    plain("tidy", "the house style, rooms and runbooks", &["xtask", "tidy"]),
    plain(
        "contracts",
        "the records of old versions are as they were written, and read by a test",
        &["xtask", "contracts"],
    ),
    plain("scan", "no secret in the repository, no policy wider than it need be", &["xtask", "scan"]),
    plain("unused", "no dependency that nobody uses", &["xtask", "deps", "unused"]),
    plain(
        "audit",
        "no known fault, no foreign licence or source; without a database of advisories, the latter only",
        &["xtask", "deps", "audit", "--may-lack-advisories"],
    ),
    plain(
        "lints",
        "the compiler and clippy have nothing to say",
        &["clippy", "--workspace", "--all-targets", "--quiet", DENY_WARNINGS[0], DENY_WARNINGS[1], DENY_WARNINGS[2]],
    ),
    plain(
        "lints-small",
        "the same for the command as `make demo` builds it",
        &["clippy", "--package", "aurora-restore-cli", "--no-default-features", "--quiet", "--", "--deny", "warnings"],
    ),
    Step {
        name: "reference",
        about: "every public item is documented, and every link in the code's documents goes somewhere",
        // With examples, because their dependencies are then those of the lints: nothing of others is checked twice.
        command: &["doc", "--workspace", "--lib", "--bins", "--examples", "--no-deps", "--quiet"],
        environment: &[("RUSTDOCFLAGS", "--deny warnings")],
    },
    plain("package", "the functions are packed, and the package is small enough", &["xtask", "package"]),
    plain("tests", "every test, those of the old records included", &["test", "--workspace", "--no-fail-fast"]),
    plain(
        "docs",
        "generated documents are current, links go somewhere, the handbook is whole",
        &["xtask", "docs", "check"],
    ),
];

const fn plain(name: &'static str, about: &'static str, command: &'static [&'static str]) -> Step {
    Step { name, about, command, environment: &[] }
}

fn step(name: &str) -> Result<&'static Step, String> {
    STEPS.iter().find(|step| step.name == name).ok_or_else(|| {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        format!("there is no such step; the steps are {}", names.join(", "))
    })
}

impl Step {
    /// The command as it is typed.
    pub(crate) fn typed(&self) -> String {
        format!("cargo {}", self.command.join(" "))
    }

    /// Runs it where its output is seen. `chores` is this very program: asked of cargo, it would be built once more, with the
    /// features that one package alone needs.
    fn run(&self, root: &Path, chores: &Path, surroundings: &[(&str, PathBuf)]) -> Result<(), String> {
        let (mut command, arguments) = match self.command {
            ["xtask", arguments @ ..] => (Command::new(chores), arguments),
            arguments => (crate::cargo(), arguments),
        };
        command.args(arguments);
        command.current_dir(root).envs(self.environment.iter().copied());
        let unset = surroundings.iter().filter(|(name, _)| std::env::var_os(name).is_none());
        let status = command.envs(unset.map(|(name, value)| (*name, value))).status();
        let status = status.map_err(|error| format!("{}: {error}", self.typed()))?;
        if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", self.typed())) }
    }
}

/// What tests and the references need to know about this machine, where nobody said otherwise.
fn surroundings(root: &Path) -> [(&'static str, PathBuf); 4] {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    [
        // The longest tests wait for servers more than they compute: measured on two cores, the end-to-end tests take a fifth
        // less time with four at once than with two.
        ("RUST_TEST_THREADS", PathBuf::from((2 * cores).to_string())),
        ("AURORA_RESTORE_TEST_VENV", root.join(".venv")),
        // The tests build the command; the test of the references asks that one for its help.
        (BUILT_COMMAND, target.join("debug/aurora-restore")),
        // The package is made by a step of its own, and the tests deploy it.
        ("AURORA_RESTORE_TEST_PACKAGED", PathBuf::from("1")),
    ]
}

#[derive(Serialize)]
struct Outcome {
    step: &'static str,
    passed: bool,
    seconds: f64,
}

pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<(), String> {
    if arguments.list {
        return list(arguments.json);
    }
    let wanted: Vec<&Step> = STEPS
        .iter()
        .filter(|step| arguments.only.is_empty() || arguments.only.iter().any(|only| only.name == step.name))
        .collect();
    let chores = std::env::current_exe().map_err(|error| format!("this program does not find itself: {error}"))?;
    let mut outcomes = Vec::new();
    let ended = wanted.iter().try_for_each(|step| {
        eprintln!("gate: {}: {}", step.name, step.about);
        let began = Instant::now();
        let ended = step.run(root, &chores, &surroundings(root));
        let outcome = Outcome { step: step.name, passed: ended.is_ok(), seconds: began.elapsed().as_secs_f64() };
        let ending = if outcome.passed { "passed" } else { "failed" };
        eprintln!("gate: {}: {ending} after {:.0} s", step.name, outcome.seconds);
        outcomes.push(outcome);
        ended
    });
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&outcomes).map_err(|error| error.to_string())?);
    }
    ended.map_err(|reason| format!("the gate is closed: {reason}"))
}

fn list(json: bool) -> Result<(), String> {
    if json {
        println!("{}", serde_json::to_string_pretty(&STEPS).map_err(|error| error.to_string())?);
        return Ok(());
    }
    for step in &STEPS {
        println!("{:<12} {}\n             {}", step.name, step.about, step.typed());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_chore_in_the_list_exists() {
        let chores = crate::chores();
        for step in STEPS.iter().filter(|step| step.command[0] == "xtask") {
            let words: Vec<&str> = step.command.iter().copied().take_while(|word| !word.starts_with('-')).collect();
            assert!(chores.contains(&format!("cargo {}", words.join(" "))), "{}", step.typed());
        }
    }

    #[test]
    fn what_people_and_ci_call_is_this_list_and_has_none_of_its_own() {
        let script = fs::read_to_string(crate::root().join("scripts/test.sh")).unwrap();
        assert!(script.contains("/debug/xtask\" gate"), "{script}");
        let built: Vec<&str> =
            script.lines().filter(|line| line.contains("cargo ") && !line.starts_with('#')).collect();
        assert_eq!(built, ["cargo build --quiet --workspace --bin xtask --examples"]);
    }

    #[test]
    fn a_step_that_fails_closes_the_gate_and_says_how_to_repeat_it() {
        let failing = Step { command: &["no-such-command-of-cargo"], ..plain("x", "fails", &[]) };
        let told = failing.run(&crate::root(), Path::new("no-chores"), &[]).unwrap_err();
        assert!(told.starts_with("`cargo no-such-command-of-cargo` ended with"), "{told}");
        let passing = plain("y", "passes", &["--version"]);
        assert_eq!(passing.run(&crate::root(), Path::new("no-chores"), &[]), Ok(()));
        let chore = plain("z", "is a chore", &["xtask", "--version"]);
        assert_eq!(chore.run(&crate::root(), Path::new("cargo"), &[]), Ok(()));
        assert!(step("lint").unwrap_err().contains("lints-small"));
    }
}
