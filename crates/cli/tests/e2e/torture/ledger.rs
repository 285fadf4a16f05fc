//! What the rounds came to.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::{round::Strategy, victims::Victim};

/// One kill: whom, and what the operation was doing.
#[derive(Debug)]
pub(super) struct Kill {
    pub(super) victim: Victim,
    /// The step that the journal named just after it.
    pub(super) step: String,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    /// The name serves the source's rows.
    Restored,
    /// The name serves what it served before.
    Undone,
}

/// One round as it went.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) seed: u64,
    pub(super) strategy: Strategy,
    pub(super) kills: Vec<Kill>,
    pub(super) resumed: u32,
    pub(super) stuck: u32,
    pub(super) end: End,
    pub(super) took: Duration,
}

impl fmt::Display for Round {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kills: Vec<String> = self.kills.iter().map(|kill| format!("{} in {}", kill.victim, kill.step)).collect();
        let kills = if kills.is_empty() { "nobody: it was over before".to_owned() } else { kills.join(", ") };
        let stuck = if self.stuck == 0 { String::new() } else { format!(", stuck {} times", self.stuck) };
        write!(
            formatter,
            "round {:>3}  {:<12}  killed {kills}; resumed {} times{stuck}; {:?} after {:.1} s",
            self.seed,
            self.strategy.word(),
            self.resumed,
            self.end,
            self.took.as_secs_f64()
        )
    }
}

/// The sums.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    rounds: BTreeMap<&'static str, u32>,
    ends: BTreeMap<End, u32>,
    kinds: BTreeMap<Victim, u32>,
    steps: BTreeMap<String, u32>,
    resumed: u32,
    stuck: u32,
    times: Vec<Duration>,
}

impl Ledger {
    /// How many were killed.
    pub(super) fn kills(&self) -> u64 {
        self.kinds.values().map(|count| u64::from(*count)).sum()
    }

    pub(super) fn add(&mut self, round: &Round) {
        *self.rounds.entry(round.strategy.word()).or_default() += 1;
        *self.ends.entry(round.end).or_default() += 1;
        for kill in &round.kills {
            *self.kinds.entry(kill.victim).or_default() += 1;
            *self.steps.entry(kill.step.clone()).or_default() += 1;
        }
        self.resumed += round.resumed;
        self.stuck += round.stuck;
        self.times.push(round.took);
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kills = self.kills();
        let mut times = self.times.clone();
        times.sort();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        let list = |items: Vec<String>| items.join(", ");
        writeln!(
            formatter,
            "rounds       {} ({})",
            self.times.len(),
            list(self.rounds.iter().map(|(strategy, count)| format!("{strategy} {count}")).collect())
        )?;
        writeln!(
            formatter,
            "kills        {kills} ({})",
            list(self.kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect())
        )?;
        writeln!(
            formatter,
            "in step      {}",
            list(self.steps.iter().map(|(step, count)| format!("{step} {count}")).collect())
        )?;
        writeln!(
            formatter,
            "ended        {}",
            list(self.ends.iter().map(|(end, count)| format!("{end:?} {count}")).collect())
        )?;
        writeln!(formatter, "resumed      {} times, out of stuck {} times", self.resumed, self.stuck)?;
        write!(formatter, "median time  {:.1} s from the first command to the proof", median.as_secs_f64())
    }
}
