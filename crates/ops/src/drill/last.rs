//! The newest drill of each kind, for a review of the quarter.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aurora_restore_core::{ids::OperationId, ports::Journal};
use jiff::Timestamp;

use super::{History, Record, Verdict};
use crate::review::{Drill, DrillResult, Drills, Unlooked};

/// The drills that a journal tells of.
#[derive(Clone, Copy)]
pub struct HeldDrills<'a> {
    /// The journal.
    pub journal: &'a dyn Journal,
    /// What time it is.
    pub now: Timestamp,
}

#[async_trait]
impl Drills for HeldDrills<'_> {
    async fn newest(&self) -> Result<Vec<Drill>, Unlooked> {
        let history = History::read(self.journal, self.now)
            .await
            .map_err(|error| Unlooked { reason: error.to_string(), mend: "aurora-restore doctor".to_owned() })?;
        let mut ended: Vec<&Record> = history.drills.iter().filter(|drill| drill.ended_at.is_some()).collect();
        ended.sort_by_key(|drill| std::cmp::Reverse(drill.ended_at));
        let mut seen = BTreeSet::new();
        ended.retain(|drill| seen.insert((drill.scenario, target(drill))));
        Ok(ended.into_iter().filter_map(told).collect())
    }
}

/// For whom it is evidence; where nothing was restored, for everybody.
fn target(record: &Record) -> &str {
    if record.scenario.restores_nothing() { "" } else { &record.target }
}

fn told(record: &Record) -> Option<Drill> {
    let result = match &record.verdict {
        Verdict::Passed => DrillResult::Passed { recovery_time: record.recovery_time },
        Verdict::Failed { reasons } => DrillResult::Failed { reason: reasons.join("; ") },
        Verdict::Unfinished { .. } => return None,
    };
    let operation = OperationId::new(record.operation_id.clone()).ok()?;
    Some(Drill { operation, scenario: record.scenario, ended_at: record.ended_at?, result })
}
