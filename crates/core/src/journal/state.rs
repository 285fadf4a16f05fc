//! The state item: one per operation, for queries. The journal is the truth.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{ClusterId, OperationId},
    operation::{Operation, Progress, Status, StepKind},
    ports::TargetKey,
};

/// The state of one operation as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateItem {
    /// The operation.
    pub operation_id: OperationId,
    /// The version of this form.
    pub version: u32,
    /// The public status.
    pub status: Status,
    /// The step that is being done or undone, or the last one.
    pub step: Option<StepKind>,
    /// The target's name.
    pub target: ClusterId,
    /// What is locked, and whether it still is.
    pub target_key: TargetKey,
    /// Whether the operation holds its target after this entry.
    pub holds_target: bool,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When the newest entry was made.
    pub last_updated_at: Timestamp,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
    /// The sequence number of the newest entry.
    pub sequence: u64,
    /// Where the step stands, if it said so.
    pub progress: Option<Progress>,
    /// The failure that counts, as its code and text.
    pub failure: Option<String>,
    /// When the retired cluster may be ended; missing once it is, or where there is none.
    pub retire_after: Option<Timestamp>,
    /// When the item may be forgotten, as seconds since 1970; set at the end.
    pub ttl: Option<i64>,
}

impl StateItem {
    /// The version of the form that this program writes.
    pub const VERSION: u32 = 1;

    /// How long the state of an ended operation is kept.
    pub const KEPT_AFTER_END: SignedDuration = SignedDuration::from_hours(24 * 90);

    /// The state as the operation stands.
    pub fn of(operation: &Operation, target_key: &TargetKey) -> Self {
        let status = operation.status();
        let step = operation.step_to_undo().or_else(|| operation.current_step()).or(operation.steps.last());
        let step = if operation.undo_reason.is_some() { step } else { operation.current_step().or(step) };
        let retire_after = if operation.keeps_retired_cluster() { operation.retire_after() } else { None };
        let ttl = operation
            .ended_at
            .filter(|_| status != Status::Stuck && retire_after.is_none())
            .and_then(|at| at.checked_add(Self::KEPT_AFTER_END).ok())
            .map(Timestamp::as_second);
        Self {
            operation_id: operation.id.clone(),
            version: Self::VERSION,
            status,
            step: step.map(|step| step.kind),
            target: operation.request.target.cluster.clone(),
            target_key: target_key.clone(),
            holds_target: operation.phase.holds_target(),
            requested_at: operation.requested_at,
            last_updated_at: operation.updated_at,
            ended_at: operation.ended_at,
            sequence: operation.sequence,
            progress: None,
            failure: operation.failure.as_ref().map(|failure| format!("{}: {failure}", failure.code)),
            retire_after,
            ttl,
        }
    }
}
