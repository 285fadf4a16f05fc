//! `drill run --scenario lost-function-version`: the versions before those that serve are asked, and the drill recorded.

use aurora_restore_app::Services;
use aurora_restore_core::{ids::OperationId, request::Request};
use aurora_restore_ops::{
    drill::{LostVersions, Scenario},
    functions::look,
};

use super::{
    super::{confirm::ConfirmArgs, functions::Workshop},
    recorded::Recorded,
};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
};

/// Asks, rehearses, records, tells.
pub(super) async fn rehearse(
    context: &Context,
    services: &Services,
    (id, request): (OperationId, Request),
    confirm: ConfirmArgs,
) -> CommandResult {
    let workshop = Workshop::open(context, Some(&request.target.region)).await?;
    let ask = workshop.harmless(services.ports().journal, None).await?;
    let name = &workshop.stack.name;
    let question = format!(
        "The versions before those that serve in stack {name} are called once each, for an operation that has ended. No alias is moved."
    );
    confirm.ask(context.ui(), &question, name)?;
    let standings = look(workshop.ports().functions, workshop.names.all()).await?;
    let lost = LostVersions { functions: workshop.ports().functions, clock: context.clock() };
    let found = lost.rehearse(&standings, &ask).await?;
    let found = found.recorded().map_err(|error| CommandError::internal(error.to_string()))?;
    Recorded { context, services, id, request, scenario: Scenario::LostFunctionVersion }.tell(found).await
}
