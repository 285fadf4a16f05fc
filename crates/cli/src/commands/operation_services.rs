//! Services for an operation that is in the journal already: its own request says where the target is.

use aurora_restore_app::{Follower, JournalUse, Services};
use aurora_restore_core::{operation::Operation, ports::Journal};

use crate::{context::Context, error::CommandError};

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
