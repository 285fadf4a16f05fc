//! Real crashes: `kill -9` of the command, of the sandbox and of PostgreSQL at random moments of whole restores.
//!
//! A seed gives the strategy of a round, who is killed and when. Who was killed is started again, the operation is
//! resumed until it ends, and then the name must serve every row of the source, or every row that it had before.
//! `cargo xtask torture` runs more rounds than the ordinary tests.

mod disk;
mod ledger;
mod quotas;
mod round;
mod victims;

use ledger::Ledger;

/// As many as the ordinary tests have time for.
const ROUNDS: u64 = 5;
/// From so many rounds on it is required that processes were killed.
const ROUNDS_THAT_MUST_KILL: u64 = 20;
/// Rounds for each of which one kill at least must have struck while a restore was under way; there are more than one a round.
const KILLS_ONE_IN: u64 = 2;

#[test]
fn restores_whose_processes_are_killed_at_random_end_with_every_row_or_as_before() {
    let first = number("AURORA_RESTORE_TEST_SEED", 1);
    let rounds = number("AURORA_RESTORE_TEST_ROUNDS", ROUNDS);
    let mut ledger = Ledger::default();
    for seed in first..first + rounds {
        let round = round::run(seed);
        println!("{round}");
        ledger.add(&round);
    }
    println!("\n{ledger}");
    // In few rounds on a fast machine it may be over each time before the kill.
    let is_many = rounds >= ROUNDS_THAT_MUST_KILL;
    assert!(!is_many || ledger.kills() * KILLS_ONE_IN >= rounds, "hardly anybody was killed: nothing was proven");
}

fn number(variable: &str, usual: u64) -> u64 {
    let Ok(text) = std::env::var(variable) else { return usual };
    text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}"))
}
