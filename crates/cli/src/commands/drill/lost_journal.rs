//! `drill run --scenario lost-journal` and `lost-state-table`: the journal, or its items alone, are rebuilt beside the real one,
//! compared, and the drill recorded.
//!
//! The rehearsal comes first and its record after it: whoever dies in the middle has changed nothing, except that the tables
//! that were restored beside the real ones may be left under the name of the drill.

use std::{io::BufReader, path::Path};

use aurora_restore_app::{JournalUse, OpenState, Services, empty_journal};
use aurora_restore_core::{ids::OperationId, request::Request};
use aurora_restore_ops::{
    drill::{LostJournal, Rebuilt, Scenario},
    ports::{RehearsalName, Rehearsals},
    state::WholeJournal,
};

use super::{
    super::{confirm::ConfirmArgs, state::open_export},
    recorded::Recorded,
};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
};

/// The loss of the journal, about to be rehearsed.
pub(super) struct Loss<'a> {
    pub(super) context: &'a Context,
    pub(super) services: &'a Services,
    /// The id of the drill.
    pub(super) id: OperationId,
    pub(super) request: Request,
    /// How much of it is lost.
    pub(super) lost: Lost<'a>,
}

/// How much of the journal is lost.
#[derive(Clone, Copy)]
pub(super) enum Lost<'a> {
    /// All of it.
    Whole {
        /// What it is rebuilt from, if that is a file.
        export: Option<&'a Path>,
    },
    /// The items of its operations; the entries are there.
    Items,
}

impl Loss<'_> {
    /// Asks, rebuilds, compares, records, tells.
    pub(super) async fn rehearse(self, confirm: ConfirmArgs) -> CommandResult {
        let store = self.context.state(JournalUse::Read).await?;
        let (scenario, rebuilt) = match (self.lost, store.rehearsals.as_deref()) {
            (Lost::Items, _) => (Scenario::LostStateTable, self.rebuild_from_entries(&store, confirm).await?),
            (Lost::Whole { export: Some(path) }, _) => {
                (Scenario::LostJournal, self.rebuild_from_export(&store, path, confirm).await?)
            }
            (Lost::Whole { export: None }, Some(rehearsals)) => {
                (Scenario::LostJournal, self.rebuild_from_point_in_time(&store, rehearsals, confirm).await?)
            }
            (Lost::Whole { export: None }, None) => return Err(nothing_is_kept()),
        };
        let found = rebuilt.recorded().map_err(|error| CommandError::internal(error.to_string()))?;
        let Self { context, services, id, request, .. } = self;
        Recorded { context, services, id, request, scenario }.tell(found).await
    }

    async fn rebuild_from_entries(&self, store: &OpenState, confirm: ConfirmArgs) -> Result<Rebuilt, CommandError> {
        let question = "The items of all operations are rebuilt in memory from their entries, and compared.";
        confirm.ask(self.context.ui(), question, self.id.as_str())?;
        let beside = empty_journal()?;
        Ok(self.loss_of(store).rebuild_from_entries(beside.whole()).await?)
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
        Ok(self.loss_of(store).rebuild_from_export(beside.whole(), BufReader::new(file)).await?)
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
        // Whoever is not asked has to know, too, what is left if this is killed.
        self.context.ui().say(format_args!("restoring both tables into tables whose names end in {name}"));
        let rebuilt = self.loss_of(store).rebuild_from_point_in_time(rehearsals, &name).await;
        rebuilt.map_err(|error| {
            CommandError::from(error).hint(format!(
                "Tables whose names end in {name} may be left: `aurora-restore state restore --name {name}` goes on and deletes them."
            ))
        })
    }

    fn loss_of<'s>(&'s self, store: &'s OpenState) -> LostJournal<'s> {
        let lost = WholeJournal { journal: store.journal.as_ref(), states: store.states.as_ref() };
        LostJournal { lost, clock: self.context.clock() }
    }
}

fn nothing_is_kept() -> CommandError {
    CommandError::usage("a journal in a file is rebuilt from an export of it")
        .hint("Name the newest one with --export; `aurora-restore state export FILE` makes one. Nothing was changed.")
}
