//! How long the steps took in earlier operations, for an estimate. No history, no estimate: nothing is invented.

use std::collections::BTreeMap;

use aurora_restore_core::{
    ids::ClusterId,
    journal::replay,
    operation::{Operation, Status, StepKind, StepStatus},
    ports::{Journal, JournalError, OperationFilter},
};
use jiff::{SignedDuration, Timestamp};

/// How many of the newest completed operations count.
const OPERATIONS_MAX: usize = 20;

/// What earlier operations on a target took, step by step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    medians: BTreeMap<StepKind, SignedDuration>,
    operations: usize,
}

impl History {
    /// Reads the newest completed operations on a target.
    ///
    /// # Errors
    /// Where the list cannot be read. A single journal that cannot be trusted is left out.
    pub async fn of_target(journal: &dyn Journal, target: &ClusterId) -> Result<Self, JournalError> {
        let filter = OperationFilter {
            status: Some(Status::Completed),
            target: Some(target.clone()),
            limit: OPERATIONS_MAX,
            cursor: None,
        };
        let mut operations = Vec::new();
        for item in journal.list(&filter).await?.items {
            match journal.entries(&item.operation_id, 0).await {
                Ok(entries) => operations.extend(replay(&entries).map(|(operation, _)| operation)),
                Err(JournalError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self::of(&operations))
    }

    /// From operations.
    pub fn of(operations: &[Operation]) -> Self {
        let mut took: BTreeMap<StepKind, Vec<SignedDuration>> = BTreeMap::new();
        for step in operations.iter().flat_map(|operation| &operation.steps) {
            if let (StepStatus::Finished, Some(from), Some(to)) = (step.status, step.started_at, step.ended_at) {
                took.entry(step.kind).or_default().push(to.duration_since(from));
            }
        }
        let medians = took.into_iter().filter_map(|(step, took)| Some((step, median(took)?))).collect();
        Self { medians, operations: operations.len() }
    }

    /// How many operations it knows.
    pub fn operations(&self) -> usize {
        self.operations
    }

    /// What a step is expected to take.
    pub fn step(&self, step: StepKind) -> Option<SignedDuration> {
        self.medians.get(&step).copied()
    }

    /// What the steps are expected to take together, if there is a history.
    pub fn total(&self, steps: &[StepKind]) -> Option<SignedDuration> {
        if self.medians.is_empty() {
            return None;
        }
        steps.iter().filter_map(|step| self.step(*step)).reduce(|sum, took| sum + took)
    }

    /// What an operation is expected to take from now on. A step that takes longer than it used to counts as nothing: how
    /// much longer it will take is not known.
    pub fn remaining(&self, operation: &Operation, now: Timestamp) -> Option<SignedDuration> {
        if self.medians.is_empty() {
            return None;
        }
        let open = operation.steps.iter().filter(|step| !step.status.is_settled());
        let remaining = open.filter_map(|step| {
            let spent = step.started_at.map_or(SignedDuration::ZERO, |from| now.duration_since(from));
            Some((self.step(step.kind)? - spent).max(SignedDuration::ZERO))
        });
        remaining.reduce(|sum, took| sum + took)
    }
}

fn median(mut durations: Vec<SignedDuration>) -> Option<SignedDuration> {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_slow_night() {
        let secs = |secs: &[i64]| median(secs.iter().map(|secs| SignedDuration::from_secs(*secs)).collect());
        assert_eq!(secs(&[]), None);
        assert_eq!(secs(&[60, 4_000, 62]), Some(SignedDuration::from_secs(62)));
    }

    #[test]
    fn without_history_nothing_is_estimated() {
        let history = History::of(&[]);
        assert_eq!(history.total(&StepKind::ALL), None);
        assert_eq!(history.operations(), 0);
    }
}
