//! `setup-db-users`: the logins of the source end here; the application and the reader get theirs.
//!
//! Idempotent because the port sets roles to a state and does not add to one.

use crate::{
    catalogue::ErrorCode,
    operation::{Failure, StepFacts, StepKind, UsersReady},
    plan::secrets::{read_master, read_users},
    ports::UserSetup,
    steps::{StepContext, StepError, StepOutcome, Undo, context::missing},
};

pub(super) const UNDO: Undo = Undo::Nothing("the new cluster itself is deleted by the undo of restore-snapshot");

pub(super) async fn run(context: &StepContext<'_>) -> Result<StepOutcome, StepError> {
    let operation = context.operation();
    let request = &operation.request;
    let ready = operation.facts.instances.as_ref().ok_or_else(|| missing("the new cluster's endpoint"))?;
    let master = context.master_login(&ready.endpoint).await?;
    let users = match &request.secrets.users {
        Some(id) => read_users(context.secrets(), id).await.map_err(StepError::Failed)?,
        None => Default::default(),
    };
    let mut must_be_refused = Vec::new();
    if let Some(id) = &request.secrets.source_master {
        let source = read_master(context.secrets(), id).await.map_err(StepError::Failed)?;
        must_be_refused.push(source.role());
    }
    let setup = UserSetup {
        application: users.application,
        readonly: users.readonly,
        schemas: request.users.schemas.clone(),
        keep_logins: request.users.keep_logins.clone(),
        must_be_refused,
    };
    let outcome = context.database().set_up_users(&master, &setup).await?;
    let broken: Vec<String> = outcome
        .proofs
        .iter()
        .filter(|proof| !proof.holds)
        .map(|proof| match &proof.detail {
            Some(detail) => format!("{} ({detail})", proof.claim),
            None => proof.claim.clone(),
        })
        .collect();
    if !broken.is_empty() {
        return Err(Failure::terminal(
            ErrorCode::UsersNotProven,
            format!(
                "{} did not hold in {}: {}",
                plural(broken.len(), "proof"),
                StepKind::SetupDbUsers,
                broken.join("; ")
            ),
        )
        .hint(ErrorCode::UsersNotProven.action())
        .into());
    }
    Ok(StepOutcome::Done(StepFacts::SetupDbUsers(UsersReady { outcome })))
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
