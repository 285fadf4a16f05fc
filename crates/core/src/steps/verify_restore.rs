//! `verify-restore`: proves that the data are there, before the name is touched.
//!
//! Idempotent because it only reads.

use crate::{
    catalogue::ErrorCode,
    operation::{Failure, StepFacts, Verified},
    steps::{StepContext, StepError, StepOutcome, Undo, context::missing},
    verification::{CheckOutcome, CheckResult, VerificationSpec},
};

pub(super) const UNDO: Undo = Undo::Nothing("it only reads");

pub(super) async fn run(context: &StepContext<'_>) -> Result<StepOutcome, StepError> {
    let operation = context.operation();
    let plan = context.plan()?;
    let wishes = &operation.request.verification;
    let ready = operation.facts.instances.as_ref().ok_or_else(|| missing("the new cluster's endpoint"))?;
    let login = context.master_login(&ready.endpoint).await?;
    let spec = VerificationSpec {
        engine_version: plan.engine_version.clone(),
        databases: wishes.databases.clone(),
        tables_min: wishes.tables_min,
        integrity: wishes.integrity,
        custom: wishes.checks.clone(),
        snapshot_at: plan.snapshot.as_ref().and_then(|snapshot| snapshot.created_at),
        within: None,
    };
    let checks = context.database().verify(&login, &spec).await?;
    let failed: Vec<&CheckResult> = checks.iter().filter(|check| check.outcome == CheckOutcome::Failed).collect();
    if !failed.is_empty() {
        let failure = refused(&failed);
        return Err(StepError::Refused { failure, checks });
    }
    let fingerprint = context.database().log_in(&login).await?.fingerprint;
    let verified = Verified { checks, fingerprint, verified_at: context.now() };
    Ok(StepOutcome::Done(StepFacts::VerifyRestore(verified)))
}

fn refused(failed: &[&CheckResult]) -> Failure {
    let told: Vec<String> = failed
        .iter()
        .map(|check| match &check.expected {
            Some(expected) => format!("{}: found {}, expected {expected}", check.name, check.found),
            None => format!("{}: {}", check.name, check.found),
        })
        .collect();
    Failure::terminal(ErrorCode::VerificationFailed, format!("the restored data are refused: {}", told.join("; ")))
        .hint(ErrorCode::VerificationFailed.action())
}
