//! The engine in random worlds: plays seeds, prints what did not hold and how to see it again.

use std::time::Instant;

use aurora_restore_testing::sim::{self, Mutant, Options, Story};
use clap::Args;

/// Which worlds
#[derive(Args)]
pub(crate) struct Arguments {
    /// Play one world
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Tell the story of that world
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Play the worlds of a range, such as `0..200`
    #[arg(long, value_parser = range)]
    seeds: Option<(u64, u64)>,
    /// Break the engine in a known way, and see who notices
    #[arg(long, requires = "seed", value_parser = mutant)]
    mutant: Option<Mutant>,
    /// Break the engine in every known way, and see whether the right invariant notices
    #[arg(long, conflicts_with_all = ["seed", "mutant"])]
    mutants: bool,
}

fn range(text: &str) -> Result<(u64, u64), String> {
    let numbers = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    numbers.filter(|(from, to)| from < to).ok_or_else(|| format!("`{text}` is not a range such as 0..200"))
}

fn mutant(text: &str) -> Result<Mutant, String> {
    let names = || Mutant::ALL.iter().map(|mutant| mutant.name()).collect::<Vec<_>>().join(", ");
    let found = Mutant::ALL.iter().copied().find(|mutant| mutant.name() == text);
    found.ok_or_else(|| format!("there is no mutant `{text}`; there are {}", names()))
}

/// Plays.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    if arguments.mutants {
        let (from, to) = arguments.seeds.unwrap_or((0, 200));
        return mutants(from, to);
    }
    match (arguments.seed, arguments.seeds) {
        (Some(seed), _) => one(seed, arguments),
        (None, Some((from, to))) => many(from, to),
        (None, None) => many(0, 200),
    }
}

fn one(seed: u64, arguments: &Arguments) -> Result<(), String> {
    let story = if arguments.trace { Story::Told } else { Story::Untold };
    let played = sim::play(&Options { seed, mutant: arguments.mutant, story });
    for line in &played.story {
        println!("{line}");
    }
    for line in played.tally.lines() {
        println!("{line}");
    }
    match played.complaint() {
        None => Ok(()),
        Some(complaint) => Err(complaint),
    }
}

fn many(from: u64, to: u64) -> Result<(), String> {
    let started = Instant::now();
    let found = sim::run_range(from..to);
    let took = started.elapsed().as_secs_f64();
    for line in found.tally.lines() {
        println!("{line}");
    }
    println!("{} seeds in {took:.1} s: {:.0} seeds/s", to - from, (to - from) as f64 / took);
    for complaint in &found.complaints {
        println!("{complaint}");
    }
    if found.complaints.is_empty() {
        Ok(())
    } else {
        Err(format!("{} of {} seeds failed", found.complaints.len(), to - from))
    }
}

fn mutants(from: u64, to: u64) -> Result<(), String> {
    let started = Instant::now();
    let mut missed = Vec::new();
    for (mutant, caught) in sim::catch_all(&(from..to)) {
        match caught {
            Some(caught) => println!(
                "{:<26} caught by {} in world {} (others: {:?}): {}",
                mutant.name(),
                mutant.caught_by(),
                caught.seed,
                caught.others.iter().map(|other| other.name()).collect::<Vec<_>>(),
                caught.found
            ),
            None => missed.push(mutant.name()),
        }
    }
    println!("{} mutants in {:.1} s", Mutant::ALL.len(), started.elapsed().as_secs_f64());
    if missed.is_empty() { Ok(()) } else { Err(format!("not caught: {}", missed.join(", "))) }
}
