//! The last drill, for a review of the quarter.

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
    async fn last(&self) -> Result<Option<Drill>, Unlooked> {
        let history = History::read(self.journal, self.now)
            .await
            .map_err(|error| Unlooked { reason: error.to_string(), mend: "aurora-restore doctor".to_owned() })?;
        Ok(history.drills.iter().filter_map(told).max_by_key(|drill| drill.ended_at))
    }
}

/// What a drill says of whole restores. One that was given up in a step on purpose, and passed, says nothing of them, and neither does one that
/// restored nothing, of which the history tells.
fn told(record: &Record) -> Option<Drill> {
    let result = match &record.verdict {
        Verdict::Passed if record.scenario.is_whole_restore() => {
            DrillResult::Passed { recovery_time: record.recovery_time }
        }
        Verdict::Failed { reasons } => DrillResult::Failed { reason: reasons.join("; ") },
        Verdict::Passed | Verdict::Unfinished { .. } => return None,
    };
    if record.scenario.restores_nothing() {
        return None;
    }
    let operation = OperationId::new(record.operation_id.clone()).ok()?;
    Some(Drill { operation, ended_at: record.ended_at?, result })
}
