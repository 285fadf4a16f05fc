//! `drill run --scenario lost-journal`: the journal is rebuilt beside the real one, compared, and the drill recorded.
//!
//! The rehearsal comes first and its record after it: whoever dies in the middle has changed nothing, except that the tables
//! that were restored beside the real ones may be left under the name of the drill.

use std::{io::BufReader, path::Path};

use aurora_restore_app::{Follower, JournalUse, OpenState, Services, caller, empty_journal, executor};
use aurora_restore_core::{
    engine::{BeginOperation, Engine, Session, request_cancel},
    ids::OperationId,
    operation::{CancelRequest, Operation},
    ports::{Side, TargetKey},
    request::Request,
};
use aurora_restore_ops::{
    drill::{LostJournal, Rebuilt, Scenario, target_of},
    ports::{RehearsalName, Rehearsals},
    state::WholeJournal,
};

use super::{
    super::{confirm::ConfirmArgs, plan as planning, state::open_export},
    rehearse::{Rehearsal, tell},
};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    interrupts::Asked,
};

/// The loss of the journal, about to be rehearsed.
pub(super) struct Loss<'a> {
    pub(super) context: &'a Context,
    pub(super) services: &'a Services,
    /// The id of the drill.
    pub(super) id: OperationId,
    pub(super) request: Request,
    /// What it is rebuilt from, if that is a file.
    pub(super) export: Option<&'a Path>,
}

impl Loss<'_> {
    /// Asks, rebuilds, compares, records, tells.
    pub(super) async fn rehearse(self, confirm: ConfirmArgs) -> CommandResult {
        let store = self.context.state(JournalUse::Read).await?;
        let rebuilt = match (self.export, store.rehearsals.as_deref()) {
            (Some(path), _) => self.rebuild_from_export(&store, path, confirm).await?,
            (None, Some(rehearsals)) => self.rebuild_from_point_in_time(&store, rehearsals, confirm).await?,
            (None, None) => return Err(nothing_is_kept()),
        };
        let operation = self.record(&rebuilt).await?;
        tell(self.context, self.services, &operation).await
    }

    async fn rebuild_from_export(
        &self,
        store: &OpenState,
        path: &Path,
        confirm: ConfirmArgs,
    ) -> Result<Rebuilt, CommandError> {
        let file = open_export(path)?;
        let question = format!("The journal is rebuilt in memory from {}, and compared.", path.display());
        confirm.ask(self.context.ui(), &question, self.id.as_str())?;
        let beside = empty_journal()?;
        Ok(self.lost(store).rebuild_from_export(beside.whole(), BufReader::new(file)).await?)
    }

    async fn rebuild_from_point_in_time(
        &self,
        store: &OpenState,
        rehearsals: &dyn Rehearsals,
        confirm: ConfirmArgs,
    ) -> Result<Rebuilt, CommandError> {
        let name = RehearsalName::new(self.id.as_str()).map_err(|error| CommandError::internal(error.to_string()))?;
        let question =
            format!("Both tables are restored into tables whose names end in {name}, compared, and DELETED.");
        confirm.ask(self.context.ui(), &question, name.as_str())?;
        let rebuilt = self.lost(store).rebuild_from_point_in_time(rehearsals, &name).await;
        rebuilt.map_err(|error| {
            CommandError::from(error).hint(format!(
                "Tables whose names end in {name} may be left: `aurora-restore state restore --name {name}` goes on and deletes them."
            ))
        })
    }

    fn lost<'s>(&'s self, store: &'s OpenState) -> LostJournal<'s> {
        let lost = WholeJournal { journal: store.journal.as_ref(), states: store.states.as_ref() };
        LostJournal { lost, clock: self.context.clock() }
    }

    /// The drill as an operation that is cancelled before its first step, for the reason of what was found.
    async fn record(&self, rebuilt: &Rebuilt) -> Result<Operation, CommandError> {
        let ports = self.services.ports();
        let reason = rebuilt.recorded().map_err(|error| CommandError::internal(error.to_string()))?;
        let session = self.begin().await?;
        // If we die here, `drill finish` ends it; it has not passed then.
        let request = CancelRequest { by: caller(), reason: Some(reason) };
        request_cancel(ports.journal, &self.id, request, ports.clock.now()).await?;
        let history = planning::history(ports.journal, &self.request).await;
        let stop = self.context.stop(Asked::StopAfterMove)?;
        let Self { context, services, .. } = *self;
        let rehearsal = Rehearsal { context, services, history: &history, scenario: Scenario::LostJournal, stop };
        rehearsal.to_the_end(session, Follower::new(self.id.clone())).await
    }

    async fn begin(&self) -> Result<Session, CommandError> {
        let internal = |error: aurora_restore_core::ids::InvalidId| CommandError::internal(error.to_string());
        let ports = self.services.ports();
        let account = ports.cloud.account(Side::Target).await.map_err(aurora_restore_app::ServicesError::from)?;
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

fn nothing_is_kept() -> CommandError {
    CommandError::usage("a journal in a file is rebuilt from an export of it")
        .hint("Name the newest one with --export; `aurora-restore state export FILE` makes one. Nothing was changed.")
}
