//! All drills of a journal: what they showed over time.

use aurora_restore_core::{
    ids::{ClusterId, OperationId},
    ports::{Journal, JournalError, RefusedOperation},
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;

use super::{Record, Scenario};

/// The most drills that are read: several a day for years.
const DRILLS_MAX: usize = 2_000;

/// How often a drill is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Every seven days.
    Weekly,
    /// Every 31 days.
    Monthly,
    /// Every 90 days, as the quarterly review counts.
    Quarterly,
}

impl Period {
    /// How long a drill that has passed counts.
    pub fn length(self) -> SignedDuration {
        let days = match self {
            Self::Weekly => 7,
            Self::Monthly => 31,
            Self::Quarterly => 90,
        };
        SignedDuration::from_hours(24 * days)
    }
}

/// The drills of a journal.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// Those that can be read, the newest first.
    pub drills: Vec<Record>,
    /// Those whose journal cannot be trusted.
    pub refused: Vec<RefusedOperation>,
}

/// The figures of some drills.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Figures {
    /// How many have come to their end.
    pub ended: usize,
    /// How many of them have passed.
    pub passed: usize,
    /// The median recovery time of whole restores that passed.
    pub recovery_time_median: Option<SignedDuration>,
    /// The longest of them.
    pub recovery_time_max: Option<SignedDuration>,
    /// The median age of the data that they restored.
    pub recovery_point_median: Option<SignedDuration>,
    /// The oldest.
    pub recovery_point_max: Option<SignedDuration>,
    /// When one passed for the last time.
    pub last_passed_at: Option<Timestamp>,
}

/// The drills of a quarter of a year, UTC.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quarter {
    /// Such as `2026 Q4`.
    pub name: String,
    /// Their figures.
    pub figures: Figures,
}

impl History {
    /// Reads the drills of a journal. One that cannot be read hides no other.
    ///
    /// # Errors
    /// [`JournalError`] where the journal cannot be asked.
    pub async fn read(journal: &dyn Journal, now: Timestamp) -> Result<Self, JournalError> {
        let mut history = Self::default();
        for id in journal.ids_beginning_with(OperationId::DRILL_PREFIX, DRILLS_MAX).await? {
            match read_one(journal, &id, now).await {
                Ok(record) => history.drills.extend(record),
                Err(JournalError::Refused { operation, reason }) => {
                    history.refused.push(RefusedOperation { operation, reason });
                }
                Err(error) => return Err(error),
            }
        }
        history.drills.sort_by_key(|drill| std::cmp::Reverse(drill.requested_at));
        Ok(history)
    }

    /// The figures of all drills.
    pub fn figures(&self) -> Figures {
        Figures::of(self.drills.iter())
    }

    /// The same for each quarter in which there was a drill, the newest first.
    pub fn quarters(&self) -> Vec<Quarter> {
        let mut names: Vec<String> = self.drills.iter().map(|drill| quarter_of(drill.requested_at)).collect();
        names.dedup();
        let of =
            |name: &String| Figures::of(self.drills.iter().filter(|drill| quarter_of(drill.requested_at) == *name));
        names.iter().map(|name| Quarter { name: name.clone(), figures: of(name) }).collect()
    }

    /// When a scenario has passed for a target within a period, if it has: no other drill of it is due then. `target` is the name that
    /// the drill restores under; where nothing is restored, it is of no account.
    pub fn passed_within(
        &self,
        scenario: Scenario,
        target: &ClusterId,
        period: Period,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let is_of_target = |drill: &&Record| scenario.restores_nothing() || drill.target == target.as_str();
        let passed = self.drills.iter().filter(|drill| drill.scenario == scenario && drill.has_passed());
        let passed = passed.filter(is_of_target);
        let ended = passed.filter_map(|drill| drill.ended_at);
        ended.filter(|at| now.duration_since(*at) < period.length()).max()
    }
}

async fn read_one(journal: &dyn Journal, id: &OperationId, now: Timestamp) -> Result<Option<Record>, JournalError> {
    let entries = journal.entries(id, 0).await?;
    let refused = |refusal: aurora_restore_core::journal::JournalRefusal| JournalError::Refused {
        operation: id.clone(),
        reason: refusal.to_string(),
    };
    Record::of_journal(&entries, now).map_err(refused)
}

impl Figures {
    fn of<'d>(drills: impl Iterator<Item = &'d Record> + Clone) -> Self {
        let passed = drills.clone().filter(|drill| drill.has_passed());
        let timed = passed.clone().filter(|drill| drill.scenario.is_whole_restore());
        let times: Vec<SignedDuration> = timed.clone().filter_map(|drill| drill.recovery_time).collect();
        let points: Vec<SignedDuration> = timed.filter_map(|drill| drill.recovery_point).collect();
        Self {
            ended: drills.filter(|drill| drill.ended_at.is_some()).count(),
            passed: passed.clone().count(),
            recovery_time_max: times.iter().max().copied(),
            recovery_time_median: median(times),
            recovery_point_max: points.iter().max().copied(),
            recovery_point_median: median(points),
            last_passed_at: passed.filter_map(|drill| drill.ended_at).max(),
        }
    }

    /// How many of a hundred have passed, rounded down; `None` where none has ended.
    pub fn success_percent(&self) -> Option<usize> {
        (self.passed * 100).checked_div(self.ended)
    }
}

fn median(mut of: Vec<SignedDuration>) -> Option<SignedDuration> {
    of.sort_unstable();
    of.get(of.len() / 2).copied()
}

fn quarter_of(at: Timestamp) -> String {
    let date: Date = at.to_zoned(TimeZone::UTC).date();
    format!("{} Q{}", date.year(), (date.month() - 1) / 3 + 1)
}
