//! Repository chores in Rust: check, generate, bench. `cargo xtask help` lists them.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a chore talks to whoever runs it")]

mod bench;
mod checklists;
mod contracts;
mod deps;
mod docs;
mod findings;
mod fuzz;
mod gate;
mod generate;
mod handbook;
mod matrix;
mod package;
mod release;
mod reviews;
mod runbooks;
mod scan;
mod sim;
mod size;
mod stack;
mod tidy;
mod torture;

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
};

use clap::{CommandFactory as _, Parser, Subcommand};

/// Repository chores
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Look for what the house style forbids
    Tidy,
    /// Write the generated references anew
    Generate,
    /// Try every crash and failure in every kind of restore, and print how many there are
    Matrix(matrix::Arguments),
    /// Play the engine in random worlds, each drawn from a seed
    Sim(sim::Arguments),
    /// Measure, and print figures side by side
    Bench(bench::Arguments),
    /// Build the functions' binary and pack it for Lambda into dist/
    Package(package::Arguments),
    /// Give any input to what reads the text of others
    Fuzz(fuzz::Arguments),
    /// Kill processes at random moments of whole restores, and look at every row afterwards
    Torture(torture::Arguments),
    /// Run everything that must hold before a change is merged, in order
    Gate(gate::Arguments),
    /// Look whether the records of old versions are as they were written
    Contracts(findings::Form),
    /// Look after the dependencies: known faults, licences, what is unused, what is newer
    Deps(deps::Arguments),
    /// Look whether what is shipped is within its size
    Size(size::Arguments),
    /// Look for secrets in the repository, and for policies that grant too much
    Scan(findings::Form),
    /// Look whether the documents are current and whole
    Docs(docs::Arguments),
    /// Show what a release needs, and what of it is done
    Release(release::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Tidy => tidy::run(&root()),
        Chore::Generate => generate::run(&root()),
        Chore::Matrix(arguments) => matrix::run(&arguments),
        Chore::Sim(arguments) => sim::run(&arguments),
        Chore::Bench(arguments) => bench::run(&root(), &arguments),
        Chore::Package(arguments) => package::run(&root(), &arguments),
        Chore::Fuzz(arguments) => fuzz::run(&root(), &arguments),
        Chore::Torture(arguments) => torture::run(&root(), &arguments),
        Chore::Gate(arguments) => gate::run(&root(), &arguments),
        Chore::Contracts(form) => contracts::run(&root(), form),
        Chore::Deps(arguments) => deps::run(&root(), &arguments),
        Chore::Size(arguments) => size::run(&root(), &arguments),
        Chore::Scan(form) => scan::run(&root(), form),
        Chore::Docs(arguments) => docs::run(&root(), &arguments),
        Chore::Release(arguments) => release::run(&root(), &arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("error: {text}");
            ExitCode::FAILURE
        }
    }
}

/// The names of all chores, as they are typed.
fn chores() -> Vec<String> {
    let mut names = Vec::new();
    let mut waiting = vec![("cargo xtask".to_owned(), Arguments::command())];
    while let Some((name, command)) = waiting.pop() {
        waiting.extend(command.get_subcommands().map(|below| (format!("{name} {}", below.get_name()), below.clone())));
        names.push(name);
    }
    names
}

/// Cargo as a shell finds it: with rustup that is its proxy, which sets one toolchain for all that is started. With the path of the
/// toolchain's own, `rustc` would ask the folder of each dependency, and some bring a `rust-toolchain` file.
fn cargo() -> Command {
    Command::new("cargo")
}

/// The root of the repository.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(PathBuf::from).expect("the chores live one level below the root")
}
