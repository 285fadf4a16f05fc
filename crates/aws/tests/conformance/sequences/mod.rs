//! The same random sequences of calls on the simulated cloud and on something that is reached over HTTP by the AWS SDK's
//! adapter, compared answer by answer.
//!
//! `AURORA_RESTORE_TEST_SEQUENCES=N` runs N sequences instead of the usual few, and `AURORA_RESTORE_TEST_SEED=S` begins
//! with seed S.

mod moto;
mod outline;
mod sandbox;

use std::sync::Arc;

use aurora_restore_core::{ids::AccountId, ports::Cloud};
use aurora_restore_testing::{
    ManualClock, Sim, SimCloud,
    scenario::regions,
    sequences::{Accounts, Answer, Staging, Step, answer},
};

/// So many failing sequences are told; more would only repeat them.
const STORIES_MAX: usize = 12;

/// One world under comparison.
struct Simulated {
    cloud: SimCloud,
    clock: Arc<ManualClock>,
}

impl Simulated {
    fn new(staging: &Staging, accounts: &Accounts) -> Self {
        let clock = Arc::new(ManualClock::at(staging.now));
        let sim = Arc::new(Sim::new(staging.world.clone(), Arc::clone(&clock)));
        Self { cloud: SimCloud::new(&sim, &accounts.source, &accounts.target, &regions()), clock }
    }

    async fn answer(&self, step: &Step) -> Answer {
        if let Step::Pass(time) = step {
            self.clock.turn(*time);
        }
        answer(&self.cloud as &dyn Cloud, step).await
    }
}

/// Where two worlds gave different answers.
#[derive(Debug)]
struct Parted {
    at: usize,
    step: Step,
    simulated: String,
    other: String,
}

/// The story of a failing sequence, for whoever has to find out why.
fn told(seed: u64, steps: &[Step], parted: &Parted) -> String {
    let mut text = format!("seed {seed}, shrunk to {} steps:\n", steps.len());
    for (index, step) in steps.iter().enumerate() {
        text.push_str(&format!("{:>3}  {step}\n", index + 1));
    }
    let (simulated, other) = differing(&parted.simulated, &parted.other);
    text.push_str(&format!(
        "answers part at step {} ({}):\n simulated: {simulated}\n     other: {other}\n\
         again with AURORA_RESTORE_TEST_SEED={seed} AURORA_RESTORE_TEST_SEQUENCES=1\n",
        parted.at + 1,
        parted.step
    ));
    text
}

/// The lines in which two texts differ.
fn differing(one: &str, other: &str) -> (String, String) {
    let only = |these: &str, those: &str| {
        let those: Vec<&str> = those.lines().collect();
        let lines: Vec<&str> = these.lines().filter(|line| !those.contains(line)).map(str::trim).collect();
        if lines.is_empty() { "the same lines, in another order or number".to_owned() } else { lines.join(" ") }
    };
    (only(one, other), only(other, one))
}

fn number(variable: &str, usual: u64) -> u64 {
    let Ok(text) = std::env::var(variable) else { return usual };
    text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}"))
}

fn account(text: &str) -> AccountId {
    AccountId::new(text).expect("a constant that is an account")
}
