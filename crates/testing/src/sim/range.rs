//! Many worlds at once, on all cores. What is found does not depend on how many there are.

use std::{
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

use super::{Invariant, Mutant, Options, Played, Tally, play};

/// What was found in a range of worlds.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// What was seen in all of them.
    pub tally: Tally,
    /// One line for each world in which something did not hold, by seed.
    pub complaints: Vec<(u64, String)>,
}

/// Plays the worlds of all seeds of a range.
pub fn run_range(seeds: Range<u64>) -> Found {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new(Found::default());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| work(&next, seeds.end, &found));
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.complaints.sort();
    found
}

fn work(next: &AtomicU64, end: u64, found: &Mutex<Found>) {
    loop {
        let seed = next.fetch_add(1, Ordering::SeqCst);
        if seed >= end {
            return;
        }
        let played = play(&Options::of(seed));
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        found.tally.add(&played.tally);
        found.complaints.extend(played.complaint().map(|complaint| (seed, complaint)));
    }
}

/// How a mutant was caught.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catch {
    /// The mutant.
    pub mutant: Mutant,
    /// The world in which the invariant that must catch it did.
    pub seed: u64,
    /// How many worlds were played before without it.
    pub worlds: u64,
    /// Which other invariants caught it before that one, if any.
    pub others: Vec<Invariant>,
    /// What was found.
    pub found: String,
}

/// Plays worlds with a mutant until the invariant that must catch it does; nothing if it never does.
pub fn catch(mutant: Mutant, seeds: Range<u64>) -> Option<Catch> {
    let mut others = Vec::new();
    for (worlds, seed) in (0..).zip(seeds) {
        let Played { violation, .. } = play(&Options { mutant: Some(mutant), ..Options::of(seed) });
        match violation {
            Some(violation) if violation.invariant == mutant.caught_by() => {
                return Some(Catch { mutant, seed, worlds, others, found: violation.found });
            }
            Some(violation) if !others.contains(&violation.invariant) => others.push(violation.invariant),
            Some(_) | None => {}
        }
    }
    None
}

/// Tries to catch every mutant, on all cores.
pub fn catch_all(seeds: Range<u64>) -> Vec<(Mutant, Option<Catch>)> {
    let next = AtomicUsize::new(0);
    let caught = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(mutant) = Mutant::ALL.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let found = catch(*mutant, seeds.clone());
                    caught.lock().unwrap_or_else(PoisonError::into_inner).push((*mutant, found));
                }
            });
        }
    });
    let mut caught = caught.into_inner().unwrap_or_else(PoisonError::into_inner);
    caught.sort_by_key(|(mutant, _)| *mutant);
    caught
}
