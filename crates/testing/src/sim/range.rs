//! Many worlds at once, on all cores. What is found does not depend on how many there are.

use std::ops::Range;

use super::{Invariant, Mutant, Options, Played, Tally, play};
use crate::parallel;

/// Worlds that one thread plays before it adds up what it saw.
const WORLDS_AT_A_TIME: u64 = 20;

/// What was found in a range of worlds.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// What was seen in all of them.
    pub tally: Tally,
    /// One line for each world in which something did not hold, by seed.
    pub complaints: Vec<String>,
}

/// Plays the worlds of all seeds of a range.
pub fn run_range(seeds: Range<u64>) -> Found {
    let begins: Vec<u64> = seeds.clone().step_by(WORLDS_AT_A_TIME as usize).collect();
    let parts = parallel::each(&begins, |begin| {
        let mut found = Found::default();
        for seed in *begin..seeds.end.min(begin + WORLDS_AT_A_TIME) {
            let played = play(&Options::of(seed));
            found.tally.add(&played.tally);
            found.complaints.extend(played.complaint());
        }
        found
    });
    let mut all = Found::default();
    for part in parts {
        all.tally.add(&part.tally);
        all.complaints.extend(part.complaints);
    }
    all
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
    /// Which other invariants noticed it in those.
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
pub fn catch_all(seeds: &Range<u64>) -> Vec<(Mutant, Option<Catch>)> {
    parallel::each(Mutant::ALL, |mutant| (*mutant, catch(*mutant, seeds.clone())))
}
