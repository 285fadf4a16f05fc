//! Ending the retired cluster of a completed operation: a final snapshot, proven, then the cluster goes.
//!
//! Not one of the ten steps: it happens later, when `retain_old` is over or a person asks. Idempotent because only the
//! very cluster that the switch retired is deleted, under the name that the journal says, and only with the mark that
//! the switch put on it.

use jiff::SignedDuration;

use crate::{
    catalogue::ErrorCode,
    engine::pace,
    operation::{Failure, Progress, RetiredCluster, StepKind},
    ports::ClusterStatus,
    request::FinalSnapshot,
    steps::{
        StepContext, StepError,
        context::missing,
        ownership,
        switch_over::{clear_failed_final_snapshot, final_snapshot, final_snapshot_exists},
        teardown::{self, Gone, Proof},
    },
};

/// What one look at the retired cluster gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetireOutcome {
    /// It is gone.
    Done(RetiredCluster),
    /// Not yet.
    Wait {
        /// Look again after this.
        after: SignedDuration,
        /// Where it stands.
        progress: Progress,
    },
}

/// Makes the next move.
///
/// # Errors
/// [`StepError`]; the cluster stays where it is then.
pub async fn run(context: &StepContext<'_>) -> Result<RetireOutcome, StepError> {
    let plan = context.plan()?;
    let switch = context.operation().facts.switch_over.as_ref().ok_or_else(|| missing("the switch"))?;
    let mut retired = switch.retired.clone().ok_or_else(|| missing("the retired cluster"))?;
    let taking = context.operation().request.retirement.final_snapshot == FinalSnapshot::Take;
    let found = match context.rds(&plan.target_location).cluster(&retired.cluster).await {
        Ok(found) => Some(found),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(found) = &found {
        let marked = found.tags.get(ownership::RETIRED_BY_TAG).map(String::as_str);
        if marked != Some(context.operation().id.as_str()) {
            return Err(Failure::terminal(
                ErrorCode::RetireRefused,
                format!("cluster {} does not bear the mark of this operation's switch", found.id),
            )
            .hint(ErrorCode::RetireRefused.action())
            .into());
        }
        if taking {
            let taken = final_snapshot(context, plan, &retired.cluster, &plan.names.final_snapshot).await;
            let failed = matches!(taken, Err(StepError::Failed(_)));
            if failed && found.status == ClusterStatus::Available && !found.members.is_empty() {
                clear_failed_final_snapshot(context, plan).await?;
            }
            if let Some(text) = taken? {
                return Ok(wait(context, text));
            }
        }
    }
    let proof = Proof::Is(&retired.resource_id);
    match teardown::cluster(context, &plan.target_location, &retired.cluster, proof).await? {
        Gone::NotYet { text } => Ok(wait(context, text)),
        Gone::Yes => {
            // If somebody else deleted the cluster before, there is none: the record must not claim it.
            let taken = taking && final_snapshot_exists(context, plan).await?;
            retired.final_snapshot = taken.then(|| plan.names.final_snapshot.clone());
            Ok(RetireOutcome::Done(retired))
        }
    }
}

fn wait(context: &StepContext<'_>, text: String) -> RetireOutcome {
    RetireOutcome::Wait {
        after: pace::for_steps(context.limits()),
        progress: Progress { step: StepKind::SwitchOver, text, percent: None },
    }
}
