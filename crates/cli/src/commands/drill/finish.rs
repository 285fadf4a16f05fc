//! `drill finish`: goes on with a drill that was left, to its end.

use aurora_restore_app::{LATEST, caller};
use aurora_restore_core::{
    engine::request_cancel,
    ids::OperationId,
    operation::{CancelRequest, Operation, Phase, Status},
};
use aurora_restore_ops::drill;
use clap::Args;

use super::super::{
    operation_services::{require_its_account, take_over, with_operation},
    plan as planning,
};
#[cfg(feature = "stack")]
use super::by_stack;
use super::rehearse::{Rehearsal, tell, tell_where};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    interrupts::Asked,
};

/// Go on with a drill that was left, and delete what it made
///
/// A drill that is finished already is only told.
#[derive(Debug, Args)]
pub(super) struct FinishArgs {
    /// The drill: the id of its operation, the beginning of it, or `latest`
    #[arg(value_name = "DRILL", default_value = LATEST)]
    drill: String,
}

pub(super) fn run(context: &Context, args: &FinishArgs) -> CommandResult {
    context.block_on(async {
        #[cfg(feature = "stack")]
        if let Some(ended) = by_stack::finish(context, &args.drill).await? {
            return Ok(ended);
        }
        tell_where(context);
        let (services, operation, follower) = with_operation(context, &args.drill).await?;
        let scenario = drill::scenario_of(&operation.id).ok_or_else(|| not_a_drill(&operation.id))?;
        let ports = services.ports();
        if is_finished(&operation) {
            return tell(context, ports.journal, &operation).await;
        }
        require_its_account(&services, &operation.id).await?;
        match operation.phase {
            // What was rehearsed is not in its journal: nothing is to be restored in its stead.
            Phase::Forward if scenario.restores_nothing() && operation.cancel.is_none() => {
                let reason = Some("nobody recorded what was rehearsed".to_owned());
                request_cancel(ports.journal, &operation.id, CancelRequest { by: caller(), reason }, context.now())
                    .await?;
            }
            // Whoever drove it has died before saying so.
            Phase::Forward if scenario.strikes(&operation) => {
                let request = CancelRequest { by: caller(), reason: Some(scenario.reason()) };
                request_cancel(ports.journal, &operation.id, request, context.now()).await?;
            }
            Phase::Forward | Phase::Back | Phase::Ended(_) | Phase::Stuck(_) | Phase::Retiring => {}
        }
        let stop = context.stop(Asked::StopAfterMove)?;
        let session = take_over(&services, &operation.id).await?;
        let history = planning::history(ports.journal, &operation.request).await;
        let rehearsal = Rehearsal { context, services: &services, history: &history, scenario, stop };
        let operation = rehearsal.to_the_end(session, follower).await?;
        tell(context, ports.journal, &operation).await
    })
}

/// Whether nothing is left to be done here: it is undone, or somebody else's turn.
fn is_finished(drill: &Operation) -> bool {
    match drill.phase {
        Phase::Ended(_) => drill.status() != Status::Completed,
        Phase::Stuck(_) | Phase::Retiring => true,
        Phase::Forward | Phase::Back => false,
    }
}

pub(super) fn not_a_drill(id: &OperationId) -> CommandError {
    CommandError::usage(format!("operation {id} is not a drill"))
        .hint("`aurora-restore drill list` shows the drills. Nothing was changed.")
}
