//! What was seen in a world, counted: the proof that the worlds are not trivial.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::Invariant;

/// Counts of one world, or of many.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Worlds.
    pub worlds: u64,
    /// Operations by strategy and the status at the end.
    pub ends: BTreeMap<(&'static str, &'static str), u64>,
    /// Faults that struck, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// What happened to operations, by kind: taken over, fenced, cancelled, undone, retired, stuck …
    pub happenings: BTreeMap<&'static str, u64>,
    /// What others did from outside, by kind.
    pub outside: BTreeMap<&'static str, u64>,
    /// How often each invariant was checked.
    pub checks: BTreeMap<Invariant, u64>,
    /// Calls to ports.
    pub calls: u64,
    /// Journal entries.
    pub entries: u64,
    /// The longest time in which a name answered to nobody during a switch.
    pub longest_window: SignedDuration,
    /// How long that was, and in which world.
    pub longest_window_seed: u64,
    /// Simulated time.
    pub simulated: SignedDuration,
}

impl Tally {
    /// Adds the counts of other worlds.
    pub fn add(&mut self, other: &Self) {
        self.worlds += other.worlds;
        self.calls += other.calls;
        self.entries += other.entries;
        self.simulated = self.simulated.saturating_add(other.simulated);
        if other.longest_window > self.longest_window {
            self.longest_window = other.longest_window;
            self.longest_window_seed = other.longest_window_seed;
        }
        merge(&mut self.ends, &other.ends);
        merge(&mut self.faults, &other.faults);
        merge(&mut self.happenings, &other.happenings);
        merge(&mut self.outside, &other.outside);
        merge(&mut self.checks, &other.checks);
    }

    /// The counts as lines for people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!(
                "{} worlds, {} calls, {} journal entries, {} simulated days",
                self.worlds,
                self.calls,
                self.entries,
                self.simulated.as_hours() / 24
            ),
            format!("longest switch window {} s, in world {}", self.longest_window.as_secs(), self.longest_window_seed),
        ];
        let told = |(kind, count): (&&str, &u64)| format!("{kind} {count}");
        let ends = self.ends.iter().map(|((strategy, status), count)| format!("{strategy} {status} {count}"));
        lines.push(format!("operations: {}", ends.collect::<Vec<_>>().join(", ")));
        lines.push(format!("happenings: {}", self.happenings.iter().map(told).collect::<Vec<_>>().join(", ")));
        lines.push(format!("faults struck: {}", self.faults.iter().map(told).collect::<Vec<_>>().join(", ")));
        lines.push(format!("from outside: {}", self.outside.iter().map(told).collect::<Vec<_>>().join(", ")));
        lines.push("invariants checked:".to_owned());
        lines.extend(
            Invariant::ALL
                .iter()
                .map(|invariant| format!("  {invariant}: {}", self.checks.get(invariant).copied().unwrap_or_default())),
        );
        lines
    }

    pub(super) fn happened(&mut self, kind: &'static str) {
        *self.happenings.entry(kind).or_default() += 1;
    }

    pub(super) fn checked(&mut self, invariant: Invariant) {
        *self.checks.entry(invariant).or_default() += 1;
    }
}

fn merge<K: Ord + Copy>(into: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
    for (key, count) in from {
        *into.entry(*key).or_default() += count;
    }
}
