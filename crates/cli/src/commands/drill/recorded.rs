//! A drill that restores nothing, recorded: an operation that is cancelled before its first step, for the reason of what was found.
//!
//! The rehearsal comes first and its record after it: whoever dies between them has recorded nothing.

use aurora_restore_app::{Follower, Services, ServicesError, caller, executor};
use aurora_restore_core::{
    engine::{BeginOperation, Engine, Session, request_cancel},
    ids::{InvalidId, OperationId},
    operation::CancelRequest,
    ports::{Side, TargetKey},
    request::Request,
};
use aurora_restore_ops::drill::{Scenario, target_of};

use super::{
    super::plan as planning,
    rehearse::{Rehearsal, tell},
};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    interrupts::Asked,
};

/// A drill about to be recorded.
pub(super) struct Recorded<'a> {
    pub(super) context: &'a Context,
    pub(super) services: &'a Services,
    /// The id of the drill.
    pub(super) id: OperationId,
    pub(super) request: Request,
    pub(super) scenario: Scenario,
}

impl Recorded<'_> {
    /// Records what was found, and tells it.
    pub(super) async fn tell(&self, found: String) -> CommandResult {
        let Self { context, services, scenario, .. } = *self;
        let ports = services.ports();
        let session = self.begin().await?;
        // If we die here, `drill finish` ends it; it has not passed then.
        let request = CancelRequest { by: caller(), reason: Some(found) };
        request_cancel(ports.journal, &self.id, request, ports.clock.now()).await?;
        let history = planning::history(ports.journal, &self.request).await;
        let stop = context.stop(Asked::StopAfterMove)?;
        let rehearsal = Rehearsal { context, services, history: &history, scenario, stop };
        let operation = rehearsal.to_the_end(session, Follower::new(self.id.clone())).await?;
        tell(context, services.ports().journal, &operation).await
    }

    async fn begin(&self) -> Result<Session, CommandError> {
        let internal = |error: InvalidId| CommandError::internal(error.to_string());
        let ports = self.services.ports();
        let account = ports.cloud.account(Side::Target).await.map_err(ServicesError::from)?;
        let mut request = self.request.clone();
        // The lock of the target stays free for a real restore.
        request.target.cluster = target_of(&request.target.cluster).map_err(internal)?;
        let target = TargetKey {
            account: account.to_string(),
            region: request.target.region.clone(),
            cluster: request.target.cluster.clone(),
        };
        let executor = executor().map_err(internal)?;
        let new = BeginOperation { id: self.id.clone(), request, target, executor, approved_plan: None };
        Ok(Engine::new(ports).begin(new).await?)
    }
}
