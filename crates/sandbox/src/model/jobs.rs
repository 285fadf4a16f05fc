//! Work in progress: what ends when, and what it waits for.
//!
//! A job ends when its time has come *and* the data plane has finished everything it waits for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::EffectId;
use super::state::{Key, PlaceIx};

/// A transition under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) place: PlaceIx,
    pub(crate) key: Key,
    pub(crate) kind: JobKind,
    /// Work of the data plane that is not finished.
    pub(crate) waits_for: Vec<EffectId>,
    /// Why the transition will end badly, once that is known.
    pub(crate) failure: Option<String>,
}

/// Which transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum JobKind {
    /// Nothing happens; names have become right.
    NamesSettle,
    ClusterReady,
    FirstBackup,
    ClusterPhaseEnds,
    ClusterParametersApplied,
    ClusterMaintenance,
    ClusterStopped,
    ClusterStarted,
    /// RDS starts a stopped cluster after seven days.
    AutomaticStart,
    ClusterDeleted,
    InstanceReady,
    InstancePhaseEnds,
    InstanceMaintenance,
    InstanceDeleted,
    SnapshotTaken,
    SnapshotCopied,
}

/// All work in progress.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Jobs {
    next: u64,
    /// In the order in which they end; those that end at the same moment, in the order of their begin.
    #[serde(with = "as_pairs")]
    ready: BTreeMap<(Timestamp, u64), Job>,
    /// With their earliest end.
    blocked: BTreeMap<u64, (Timestamp, Job)>,
}

impl Jobs {
    pub(crate) fn add(&mut self, ends: Timestamp, job: Job) {
        let number = self.next;
        self.next += 1;
        if job.waits_for.is_empty() {
            self.ready.insert((ends, number), job);
        } else {
            self.blocked.insert(number, (ends, job));
        }
    }

    /// The moment at which the next job ends by itself.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.ready.first_key_value().map(|((ends, _), _)| *ends)
    }

    /// Takes out the first job that has ended by now, with the moment of its end.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<(Timestamp, Job)> {
        let entry = self.ready.first_entry()?;
        let ends = entry.key().0;
        (ends <= now).then(|| (ends, entry.remove()))
    }

    /// Drops the work on a thing that is no more.
    pub(crate) fn forget(&mut self, place: PlaceIx, key: Key) {
        self.ready.retain(|_, job| (job.place, job.key) != (place, key));
        self.blocked.retain(|_, (_, job)| (job.place, job.key) != (place, key));
    }

    /// Notes the outcome of a piece of work. Returns whether a job was waiting for it.
    pub(crate) fn effect_finished(&mut self, effect: EffectId, failure: Option<&str>, now: Timestamp) -> bool {
        let Some(number) =
            self.blocked.iter().find_map(|(number, (_, job))| job.waits_for.contains(&effect).then_some(*number))
        else {
            return false;
        };
        let Some((ends, mut job)) = self.blocked.remove(&number) else {
            return false;
        };
        job.waits_for.retain(|waited| *waited != effect);
        if let Some(reason) = failure {
            job.failure.get_or_insert_with(|| reason.to_owned());
        }
        if job.waits_for.is_empty() {
            self.ready.insert((ends.max(now), number), job);
        } else {
            self.blocked.insert(number, (ends, job));
        }
        true
    }
}

/// Maps whose keys are not texts, as lists of pairs: JSON has only texts as keys.
pub(crate) mod as_pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(crate) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
