//! Services for an operation that is in the journal already: its own request says where the target is.

use aurora_restore_app::{Follower, JournalUse, Services};
use aurora_restore_core::{ids::OperationId, operation::Operation, ports::Journal};

use crate::{context::Context, error::CommandError};

/// How long is waited for the first entry of an operation that a stack was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Not at all.
    None,
    /// As long as a first function may take to come.
    Some,
}

/// The operation that the text means; with a stack also one that is not in the journal yet.
#[cfg(feature = "stack")]
pub(super) async fn find(
    context: &Context,
    journal: &dyn Journal,
    text: &str,
    patience: Patience,
) -> Result<OperationId, CommandError> {
    super::on_stack::find(context, journal, text, patience).await
}

/// The operation that the text means.
#[cfg(not(feature = "stack"))]
pub(super) async fn find(
    context: &Context,
    journal: &dyn Journal,
    text: &str,
    _: Patience,
) -> Result<OperationId, CommandError> {
    context.find(journal, text).await
}

/// The services, the operation that the text means, and the place in its journal up to which it is known.
pub(super) async fn with_operation(
    context: &Context,
    text: &str,
) -> Result<(Services, Operation, Follower), CommandError> {
    let (_, operation, follower) = looked_up(context, text).await?;
    let services = context.services(&operation.request.target.region, JournalUse::Work).await?;
    Ok((services, operation, follower))
}

/// The same without services: the journal alone.
pub(super) async fn looked_up(
    context: &Context,
    text: &str,
) -> Result<(Box<dyn Journal>, Operation, Follower), CommandError> {
    let journal = context.journal().await?;
    let id = context.find(journal.as_ref(), text).await?;
    let mut follower = Follower::new(id);
    follower.news(journal.as_ref()).await?;
    let operation = follower.operation().cloned().ok_or_else(|| CommandError::internal("the journal is empty"))?;
    Ok((journal, operation, follower))
}
