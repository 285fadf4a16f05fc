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
    let wanted = What::value_variants().iter().filter(|one| **one != What::All && [**one, What::All].contains(&what));
    machine();
    // One that fails keeps nobody from seeing the others.
    let failed: Vec<String> = wanted.filter_map(|one| one.measure(root).err()).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
}

impl What {
    fn measure(self, root: &Path) -> Result<(), String> {
        match self {
            Self::Sim => simulation::run(),
            Self::Command => command::run(root),
            Self::Sandbox => sandbox::run(),
            Self::Demo => demo::run(root),
            Self::Lambda => lambda::run(root),
            Self::State => state::run(),
            Self::Review => review::run(root),
            Self::Rotation => rotation::run(root),
            Self::All => Ok(()),
        }
    }
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

/// What is asked of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asked {
    AtMost(f64),
    AtLeast(f64),
    Nothing,
}

impl Asked {
    fn is_met_by(self, found: f64) -> bool {
        match self {
            Self::AtMost(bound) => found <= bound,
            Self::AtLeast(bound) => found >= bound,
            Self::Nothing => true,
        }
    }

    fn with_unit(self, unit: &str) -> String {
        match self {
            Self::AtMost(bound) => format!("<= {bound}{unit}"),
            Self::AtLeast(bound) => format!(">= {bound}{unit}"),
            Self::Nothing => "nothing".to_owned(),
        }
    }
}

/// Prints one figure, with so many digits, beside what is asked of it. One that is not met is an error.
fn figure(name: &str, found: f64, (digits, unit): (usize, &str), asked: Asked) -> Result<(), String> {
    let shown = format!("{found:.digits$}{unit}");
    let wanted = asked.with_unit(unit);
    println!("{name:<58} {shown:>14}   asked: {wanted}");
    if asked.is_met_by(found) { Ok(()) } else { Err(format!("{}: {shown}, and asked is {wanted}", name.trim())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_is_not_met_is_an_error() {
        let judge = |found, asked| figure("one", found, (1, " ms"), asked);
        assert_eq!(judge(15.0, Asked::AtMost(15.0)), Ok(()));
        assert_eq!(judge(15.2, Asked::AtMost(15.0)).unwrap_err(), "one: 15.2 ms, and asked is <= 15 ms");
        assert_eq!(judge(99.0, Asked::AtLeast(100.0)).unwrap_err(), "one: 99.0 ms, and asked is >= 100 ms");
        assert_eq!(judge(f64::MAX, Asked::Nothing), Ok(()));
        assert!(judge(f64::NAN, Asked::AtMost(1.0)).is_err(), "what was not measured meets nothing");
    }

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        assert_eq!(median(&mut [3, 1, 2]), Some(2));
        assert_eq!(median(&mut [4, 1, 2, 3]), Some(3));
        assert_eq!(median::<u8>(&mut []), None);
    }
}
