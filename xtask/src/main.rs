//! Repository chores in Rust: check, generate, bench. `cargo xtask help` lists them.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a chore talks to whoever runs it")]

mod bench;
mod fuzz;
mod generate;
mod matrix;
mod package;
mod reviews;
mod runbooks;
mod sim;
mod stack;
mod tidy;
mod torture;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

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
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("error: {text}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(PathBuf::from).expect("the chores live one level below the root")
}
