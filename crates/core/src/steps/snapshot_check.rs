//! `snapshot-check`: finds the snapshot, looks whether everything can work, and fixes the plan.
//!
//! Idempotent because it only reads. The plan is journalled with the step's end; until then nothing depends on it.

use crate::{
    catalogue::ErrorCode,
    operation::{Failure, StepFacts},
    plan::{self, PlanError},
    steps::{StepContext, StepError, StepOutcome, Undo},
};

pub(super) const UNDO: Undo = Undo::Nothing("it only reads");

pub(super) async fn run(context: &StepContext<'_>) -> Result<StepOutcome, StepError> {
    let operation = context.operation();
    let plan = plan::make(context.ports(), &operation.request, &operation.id).await.map_err(|error| match error {
        PlanError::Refused { findings } => refusal(&findings),
        PlanError::Failed(failure) => failure,
    })?;
    if let Some(approved) = &operation.approved_plan
        && *approved != plan.digest
    {
        return Err(Failure::terminal(
            ErrorCode::PlanStale,
            format!("what is found now gives plan {} and not the approved plan {approved}", plan.digest),
        )
        .hint(ErrorCode::PlanStale.action())
        .into());
    }
    Ok(StepOutcome::Done(StepFacts::SnapshotCheck(Box::new(plan))))
}

fn refusal(findings: &[plan::Finding]) -> Failure {
    let refusals: Vec<&plan::Finding> =
        findings.iter().filter(|finding| finding.severity == plan::Severity::Refusal).collect();
    let code = refusals.first().map_or(ErrorCode::Preflight, |finding| finding.code);
    let message = refusals.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("; ");
    let mut failure = Failure::terminal(code, message);
    for finding in refusals {
        failure = failure.hint(finding.hint.clone().unwrap_or_else(|| finding.code.action().to_owned()));
    }
    failure
}
