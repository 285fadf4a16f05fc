//! The engine in random worlds: operations, rivals, people, outsiders and bad weather, all drawn from one seed, and what
//! must hold at every moment.
//!
//! A seed decides everything: there is no other source of chance, no clock of the machine, and nothing is iterated in an
//! order that is not fixed. Executors are the real engine over ports whose every call is three moments (out, effect, back)
//! between which somebody else may go on; a hand-written scheduler decides who ([`play`]).
//!
//! What must hold is in [`Invariant`]; known-bad engines that the invariants must catch are in [`Mutant`].

mod changes;
mod closing;
mod dice;
mod entries;
mod executors;
mod invariants;
mod listening;
mod mutants;
mod names;
mod other_ways;
mod outsiders;
mod people;
mod play;
mod range;
mod rds_way;
mod requests;
mod stage;
mod tally;
mod tampering;
mod ways;
mod weather;
mod world;

pub use invariants::{Invariant, Violation};
pub use mutants::Mutant;
pub use range::{Catch, Found, catch, catch_all, run_range};
pub use tally::Tally;
pub use world::LATE_LANDING_MAX;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use jiff::SignedDuration;

use dice::Dice;
use listening::Listener;
use play::Play;
use stage::Stage;
use weather::Weather;
use world::Hub;

/// Which world, and how it is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The seed.
    pub seed: u64,
    /// How the engine is broken, if it is.
    pub mutant: Option<Mutant>,
    /// Whether the story is told.
    pub story: Story,
}

/// Whether the story of a world is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// Line by line.
    Told,
    /// Not at all, which is much faster.
    Untold,
}

impl Options {
    /// A world with the good engine and without a story.
    pub fn of(seed: u64) -> Self {
        Self { seed, mutant: None, story: Story::Untold }
    }
}

/// What came of a world.
#[derive(Debug, Clone)]
pub struct Played {
    /// The seed.
    pub seed: u64,
    /// What did not hold, if anything.
    pub violation: Option<Violation>,
    /// What was seen.
    pub tally: Tally,
    /// The story, if it was asked for.
    pub story: Vec<String>,
}

impl Played {
    /// One line that says what is wrong and how to see it again.
    pub fn complaint(&self) -> Option<String> {
        let violation = self.violation.as_ref()?;
        Some(format!(
            "seed {}: {} at {}: {}; again with: cargo xtask sim --seed {} --trace",
            self.seed, violation.invariant, violation.at, violation.found, self.seed
        ))
    }
}

/// The names under which faults are counted; every one of them is reached by some world.
pub fn fault_kinds() -> Vec<&'static str> {
    weather::Strike::names().chain(["executor hangs", "executor dies", "clock jumps"]).collect()
}

/// The names of what outsiders do.
pub fn outside_kinds() -> Vec<&'static str> {
    outsiders::acts().collect()
}

/// Plays one world to its end.
pub fn play(options: &Options) -> Played {
    let stage = Stage::set(options.seed);
    let mut dice = Dice::of(options.seed, "length");
    let from = aurora_restore_core::ports::Clock::now(stage.sim.clock().as_ref());
    let calm_from = from + dice.between(SignedDuration::from_hours(12), SignedDuration::from_hours(50));
    let weather = Weather::drawn(options.seed, from, calm_from);
    let operations = requests::drawn(options.seed, &stage.sites, stage.encrypted);
    let hub = Arc::new(Hub::new(options.seed, stage, weather, options.mutant, options.story == Story::Told));
    hub.lock().operations = operations;
    let listener = Listener::default();
    let played = catch_unwind(AssertUnwindSafe(|| {
        tracing::subscriber::with_default(listener.clone(), || {
            Play::new(Arc::clone(&hub), options.seed, calm_from).run();
        });
    }));
    let now = hub.now();
    let mut inner = hub.lock();
    if let Err(panic) = played {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default();
        inner.violate(Invariant::EngineKeepsItsTable, now, format!("a panic: {said}"));
    }
    let leak = listener.leaks().into_iter().next();
    for _ in 0..listener.heard() {
        inner.tally.checked(Invariant::NoSecretIsShown);
    }
    if let Some(leak) = leak {
        inner.violate(Invariant::NoSecretIsShown, now, format!("traced: {leak}"));
    }
    Played {
        seed: options.seed,
        violation: inner.violation.take(),
        tally: std::mem::take(&mut inner.tally),
        story: inner.story.take().unwrap_or_default(),
    }
}
