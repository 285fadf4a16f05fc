//! Measures, and prints figures: medians of several rounds, each ratio side by side in one run.
//!
//! Everything is measured in the release profile: called from a debug build, the chore calls itself anew in release.

mod command;
mod demo;
mod lambda;
mod review;
mod rotation;
mod sandbox;
mod simulation;
mod state;

use std::{path::Path, process::Command, time::Duration};

use clap::{Args, ValueEnum};

/// What to measure
#[derive(Args)]
pub(crate) struct Arguments {
    /// Which figures
    #[arg(value_enum, default_value = "all")]
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Simulated whole restores per second
    Sim,
    /// The sandbox's images and restores against `cp -r`, and its memory
    Sandbox,
    /// The start of the command
    Command,
    /// The demo from start to proof
    Demo,
    /// The functions: package, starts, polls, transitions
    Lambda,
    /// Purging and finding what stands still, on a stand-in for DynamoDB
    State,
    /// A weekly review of a stack with 1,000 operations and 100,000 lines of logs
    Review,
    /// Rotations of secrets with crashes: the logins that fail
    Rotation,
    /// All of them
    All,
}

pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<(), String> {
    let what = arguments.what;
    if cfg!(debug_assertions) {
        let name = what.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        return succeed(crate::cargo().current_dir(root).args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "xtask",
            "--",
            "bench",
            &name,
        ]));
    }
    let wanted = |one| what == one || what == What::All;
    machine();
    if wanted(What::Sim) {
        simulation::run();
    }
    if wanted(What::Command) {
        command::run(root)?;
    }
    if wanted(What::Sandbox) {
        sandbox::run()?;
    }
    if wanted(What::Demo) {
        demo::run(root)?;
    }
    if wanted(What::Lambda) {
        lambda::run(root)?;
    }
    if wanted(What::State) {
        state::run()?;
    }
    if wanted(What::Review) {
        review::run(root)?;
    }
    if wanted(What::Rotation) {
        rotation::run(root)?;
    }
    Ok(())
}

/// The machine that gives the figures.
fn machine() {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let model = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            line.split_once(':').map(|(_, name)| name.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    println!("machine: {cores} cores, {model}, {}", std::env::consts::OS);
}

/// Runs a command whose output the reader sees.
fn succeed(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}")) }
}

/// The median; of an even number the upper one of the two in the middle.
fn median<T: PartialOrd + Copy>(values: &mut [T]) -> Option<T> {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Prints one figure beside what is asked of it.
fn figure(name: &str, found: &str, asked: &str) {
    println!("{name:<58} {found:>14}   asked: {asked}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        assert_eq!(median(&mut [3, 1, 2]), Some(2));
        assert_eq!(median(&mut [4, 1, 2, 3]), Some(3));
        assert_eq!(median::<u8>(&mut []), None);
    }
}
