//! Where all chance comes from: streams of numbers that follow from the seed alone.
//!
//! Each part of the simulation throws dice of its own, so that a change in one part does not shift what the others do.

use jiff::SignedDuration;
use rand::{Rng, SeedableRng, rngs::Xoshiro256PlusPlus};

/// One stream. The generator is a named algorithm, so a seed means the same on every machine and in every version.
#[derive(Debug)]
pub(super) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    /// The stream of a seed for one part of the simulation.
    pub(super) fn of(seed: u64, part: &str) -> Self {
        let mixed = part
            .bytes()
            .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(Xoshiro256PlusPlus::seed_from_u64(mixed))
    }

    /// A number from 0 up to and without 1.
    pub(super) fn fraction(&mut self) -> f64 {
        // 53 bits are what a double holds exactly.
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something with this probability happens.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// A number below `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound.max(1) as u64) as usize
    }

    /// One of several.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// A duration between two others.
    pub(super) fn between(&mut self, least: SignedDuration, most: SignedDuration) -> SignedDuration {
        let span = (most - least).as_millis().max(1);
        let part = i64::try_from(i128::from(self.0.next_u64() >> 1) % span).unwrap_or(0);
        least + SignedDuration::from_millis(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_part_give_the_same_numbers_and_another_part_gives_others() {
        let numbers = |seed, part| {
            let mut dice = Dice::of(seed, part);
            (0..20).map(|_| dice.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(7, "weather"), numbers(7, "weather"));
        assert_ne!(numbers(7, "weather"), numbers(7, "people"));
        assert_ne!(numbers(7, "weather"), numbers(8, "weather"));
    }
}
