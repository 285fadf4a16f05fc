//! `delete`: ends a stack. What holds records stays: the tables and their key by their retention, and the bucket.

use crate::{
    condition::{Condition, condition, refusal},
    error::OpsError,
    follow::{self, Narrator, patiently},
    ports::{Stack, Stacks},
};

/// The stack to be deleted, if it can be.
///
/// # Errors
/// [`OpsError::NoStack`], or [`OpsError::NotNow`] while somebody is changing it.
pub async fn look(stacks: &dyn Stacks, name: &str) -> Result<Stack, OpsError> {
    let found = patiently(|| stacks.describe(name)).await?;
    let stack = found.ok_or_else(|| OpsError::NoStack { stack: name.to_owned() })?;
    match condition(&stack.status) {
        Condition::Gone => Err(OpsError::NoStack { stack: name.to_owned() }),
        Condition::Changing => Err(refusal(&stack)),
        Condition::Reviewing
        | Condition::Deleting
        | Condition::Usable
        | Condition::NeverMade
        | Condition::HalfTakenBack
        | Condition::HalfDeleted => Ok(stack),
    }
}

/// What stays when the stack is gone, as far as is known beforehand.
pub fn stays(stack: &Stack) -> Vec<String> {
    let table = |name: &str| stack.outputs.get(name).map(|table| format!("table {table}"));
    let key = stack.outputs.get("KeyArn").and_then(|arn| arn.rsplit('/').next()).map(|key| format!("key {key}"));
    let bucket = stack.parameters.get("CodeBucket").map(|bucket| format!("bucket {bucket}"));
    [table("StateTableName"), table("AuditTableName"), key, bucket].into_iter().flatten().collect()
}

/// Deletes it and follows that to its end. Gives what the service left where it is.
///
/// # Errors
/// [`OpsError::Failed`] with the first resource that could not be deleted.
pub async fn run(stacks: &dyn Stacks, stack: &Stack, narrator: &mut dyn Narrator) -> Result<Vec<String>, OpsError> {
    let newest = patiently(|| stacks.newest_event(&stack.id)).await?;
    // If we die here, whoever runs again finds it being deleted, and follows.
    patiently(|| stacks.delete(&stack.id)).await?;
    let end = follow::to_the_end(stacks, &stack.id, newest, narrator).await?;
    match end.stack {
        None => Ok(end.kept),
        Some(left) => Err(OpsError::Failed { stack: left.name, status: left.status, first: end.first_failure }),
    }
}
