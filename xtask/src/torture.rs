//! Real crashes on demand: the rounds of the end-to-end tests, as many as wished, and what a full or read-only disk does.

use std::path::Path;

use clap::Args;

/// The tests of it: rounds of kills, disks, quotas.
const TESTS: &str = "torture::";

/// How much to torture
#[derive(Args)]
pub(crate) struct Arguments {
    /// How many rounds
    #[arg(long, default_value_t = 50)]
    rounds: u64,

    /// The seed of the first round; each round has the next one
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<(), String> {
    let mut test = crate::cargo();
    test.current_dir(root)
        .args(["test", "--quiet", "--package", "aurora-restore-cli", "--test", "e2e", "--", "--nocapture", TESTS])
        .env("AURORA_RESTORE_TEST_ROUNDS", arguments.rounds.to_string())
        .env("AURORA_RESTORE_TEST_SEED", arguments.seed.to_string());
    let status = test.status().map_err(|error| format!("{test:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("the torture ended with {status}")) }
}
