//! Simulated whole restores: swap, all ten steps, the journal in memory, on one thread.

use std::time::Instant;

use aurora_restore_testing::bench::swap_restores;

use super::{Asked, figure, median};

const ROUNDS: usize = 7;
const RESTORES: u32 = 500;

pub(super) fn run() -> Result<(), String> {
    // The first round warms caches and is thrown away.
    let _ = swap_restores(RESTORES);
    let mut entries = 0;
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            let done = swap_restores(RESTORES);
            entries = done.entries / u64::from(done.restores);
            f64::from(done.restores) / began.elapsed().as_secs_f64()
        })
        .collect();
    let rate = median(&mut rates).unwrap_or_default();
    let name = format!("simulated whole restores ({entries} journal entries each)");
    figure(&name, rate, (0, " /s/core"), Asked::AtLeast(1_000.0))
}
