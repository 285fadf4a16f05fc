//! Runs simulated restores and prints how fast they are.

use std::{
    io::{self, Write},
    time::Instant,
};

use aurora_restore_testing::bench::swap_restores;

fn main() -> io::Result<()> {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000);
    let began = Instant::now();
    let run = swap_restores(count);
    let took = began.elapsed().as_secs_f64();
    writeln!(io::stdout(), "{} restores in {took:.3} s: {:.0} per second", count, f64::from(run.restores) / took)
}
