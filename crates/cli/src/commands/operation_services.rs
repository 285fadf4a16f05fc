//! Services for an operation that is in the journal already: its own request says where the target is.

use aurora_restore_app::{Follower, JournalUse, Services, ServicesError, executor};
use aurora_restore_core::{
    engine::{Engine, Session},
    ids::{ExecutorId, OperationId},
    operation::Operation,
    ports::{Journal, Side},
};

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

/// Takes an operation over from whoever executed it, where the account that it works in is the one that answers.
pub(super) async fn take_over(services: &Services, id: &OperationId) -> Result<Session, CommandError> {
    let executor = executor().map_err(|error| CommandError::internal(error.to_string()))?;
    take_over_as(services, id, &executor).await
}

/// The same in the name of an executor. The account is asked here, and not by each caller: no way leads around it. Whoever writes or looks
/// at resources before asks it before, too.
pub(super) async fn take_over_as(
    services: &Services,
    id: &OperationId,
    executor: &ExecutorId,
) -> Result<Session, CommandError> {
    require_its_account(services, id).await?;
    Ok(Engine::new(services.ports()).attach(id, executor).await?)
}

/// Sees that the account of an operation's target answers. Another one would say of all that is the operation's that it is not there,
/// and whoever undoes the operation would take that for "deleted".
pub(super) async fn require_its_account(services: &Services, id: &OperationId) -> Result<(), CommandError> {
    let ports = services.ports();
    let expected = ports.journal.state(id).await?.target_key.account;
    let found = ports.cloud.account(Side::Target).await.map_err(ServicesError::from)?;
    if found.as_str() == expected {
        return Ok(());
    }
    Err(CommandError::configuration(format!(
        "account {found} answers for the target, and operation {id} works in {expected}"
    ))
    .hint(
        "Enter that account: look at the profile, the role and the credentials of `aws.target`. Nothing was changed.",
    ))
}

/// The same without services: the journal alone.
pub(super) async fn looked_up(
    context: &Context,
    text: &str,
) -> Result<(Box<dyn Journal>, Operation, Follower), CommandError> {
    let journal = context.journal().await?;
    let id = find(context, journal.as_ref(), text, Patience::None).await?;
    let mut follower = Follower::new(id);
    follower.news(journal.as_ref()).await?;
    let operation = follower.operation().cloned().ok_or_else(|| CommandError::internal("the journal is empty"))?;
    Ok((journal, operation, follower))
}
