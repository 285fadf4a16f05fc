//! What people ask of an operation: go on, leave something as it is, undo, retire, cancel. Each is recorded, and the engine
//! does it move by move like everything else.

use jiff::Timestamp;

use super::{Engine, EngineError, Session, session};
use crate::{
    ids::{ExecutorId, OperationId},
    operation::{CancelRequest, Direction, End, Event, Operation, Phase, StepKind, UndoReason},
    ports::{Journal, RdsError},
    request::Strategy,
    steps,
};

impl Engine<'_> {
    /// A person says to go on with a stuck operation, in the direction that it was on.
    ///
    /// # Errors
    /// [`EngineError::NotPossible`] if it is not stuck.
    pub async fn unstick(&self, session: &mut Session, by: &str) -> Result<(), EngineError> {
        session.catch_up(self.ports.journal).await?;
        let Phase::Stuck(direction) = session.operation().phase else {
            return Err(EngineError::not_possible(session.operation(), "it is not stuck"));
        };
        let event = Event::Unstuck { by: by.to_owned(), direction };
        session.append(self.ports.journal, event, self.ports.clock.now()).await
    }

    /// A person has dealt with what the step made whose undo an operation is stuck on, or leaves it as it is: the undo
    /// goes on with the step before it. Their words are journalled.
    ///
    /// # Errors
    /// [`EngineError::NotPossible`] if it is not stuck while being undone.
    pub async fn waive_undo(&self, session: &mut Session, by: &str, note: &str) -> Result<(), EngineError> {
        session.catch_up(self.ports.journal).await?;
        let step = undo_can_be_waived(session.operation())?;
        let event = Event::StepUndoWaived { step, by: by.to_owned(), note: note.to_owned() };
        session.append(self.ports.journal, event, self.ports.clock.now()).await
    }

    /// A person asks for the undo of an operation that is completed, or stuck on its way forward.
    ///
    /// # Errors
    /// [`EngineError::NotPossible`] if there is no way back any more, for instance because a later operation has given the
    /// name to another cluster; [`EngineError::Journal`] with `TargetBusy` if another operation holds the target now.
    pub async fn undo(&self, session: &mut Session, by: &str) -> Result<(), EngineError> {
        session.catch_up(self.ports.journal).await?;
        self.require_undoable(session.operation()).await?;
        let event = Event::UndoStarted { reason: UndoReason::Asked { by: by.to_owned() } };
        session.append(self.ports.journal, event, self.ports.clock.now()).await
    }

    /// Whether the undo of an operation can be asked for as things stand. Asked before it is taken over, because taking it
    /// over stops whoever is executing it.
    ///
    /// # Errors
    /// As [`Engine::undo`].
    pub async fn require_undoable(&self, operation: &Operation) -> Result<(), EngineError> {
        undo_is_possible(operation)?;
        self.name_is_still_ours(operation).await?;
        self.old_cluster_can_serve(operation).await
    }

    /// A completed swap is undone only while there is something to go back to. A retirement that failed may have deleted the
    /// instances of the old cluster, or the deletion of the cluster itself may have been accepted.
    async fn old_cluster_can_serve(&self, operation: &Operation) -> Result<(), EngineError> {
        let (Phase::Ended(End::Completed), Some(plan)) = (operation.phase, &operation.facts.plan) else {
            return Ok(());
        };
        let (Strategy::Swap, Some(existing)) = (plan.strategy, &plan.existing) else { return Ok(()) };
        let rds = self.ports.cloud.rds(&plan.target_location);
        let unknown = |error: RdsError| {
            EngineError::not_possible(
                operation,
                &format!("whether the old cluster is there cannot be found out: {error}"),
            )
        };
        let clusters = rds.clusters().await.map_err(unknown)?;
        let instances = rds.instances(None).await.map_err(unknown)?;
        steps::old_cluster_can_serve(existing, &clusters, &instances)
            .map_err(|why| EngineError::not_possible(operation, &format!("there is nothing to go back to: {why}")))
    }

    /// A completed operation is undone only while its own cluster bears the name. Otherwise a later one has built on it,
    /// and what would be renamed and deleted is not this operation's to touch any more.
    async fn name_is_still_ours(&self, operation: &Operation) -> Result<(), EngineError> {
        let (Phase::Ended(End::Completed), Some(plan), Some(restored)) =
            (operation.phase, &operation.facts.plan, &operation.facts.restored)
        else {
            return Ok(());
        };
        let name = match plan.strategy {
            Strategy::SideBySide => return Ok(()),
            Strategy::Swap | Strategy::Replace => &operation.request.target.cluster,
        };
        match self.ports.cloud.rds(&plan.target_location).cluster(name).await {
            Ok(bearer) if bearer.resource_id == restored.resource_id => Ok(()),
            Ok(bearer) => Err(EngineError::not_possible(
                operation,
                &format!(
                    "{name} is borne by {} now: undo the operation that gave it the name first",
                    bearer.resource_id
                ),
            )),
            Err(error) => {
                Err(EngineError::not_possible(operation, &format!("who bears {name} cannot be found out: {error}")))
            }
        }
    }

    /// Begins to end the retired cluster of a completed operation; [`Engine::advance`] does it.
    ///
    /// # Errors
    /// [`EngineError::NotPossible`] if there is none.
    pub async fn retire(&self, session: &mut Session, by: &str) -> Result<(), EngineError> {
        session.catch_up(self.ports.journal).await?;
        let operation = session.operation();
        if operation.phase == Phase::Retiring {
            return Ok(());
        }
        if !operation.keeps_retired_cluster() {
            return Err(EngineError::not_possible(operation, "it keeps no retired cluster"));
        }
        let event = Event::RetireStarted { by: by.to_owned() };
        session.append(self.ports.journal, event, self.ports.clock.now()).await
    }
}

/// Whether the journal of an operation allows its undo. Cheap: asked before a person is, and before anything else is.
///
/// # Errors
/// [`EngineError::NotPossible`] with what to do instead.
pub fn undo_is_possible(operation: &Operation) -> Result<(), EngineError> {
    let reason = match operation.phase {
        Phase::Stuck(Direction::Forward) => return Ok(()),
        Phase::Ended(End::Completed) if operation.retired_at.is_none() => return Ok(()),
        Phase::Ended(End::Completed) => "the retired cluster is gone",
        Phase::Stuck(Direction::Back) => "it is stuck while being undone: resume it, or say how you dealt with it",
        Phase::Forward => "it is in progress: cancel it",
        Phase::Back => "it is being undone already",
        Phase::Retiring => "its retired cluster is being ended",
        Phase::Ended(End::Failed | End::Cancelled) => "it is undone already",
    };
    Err(EngineError::not_possible(operation, reason))
}

/// The step whose undo an operation is stuck on, so that a person may deal with it. Asked before the operation is taken
/// over, because taking it over stops whoever is executing it.
///
/// # Errors
/// [`EngineError::NotPossible`] if it is not stuck while being undone.
pub fn undo_can_be_waived(operation: &Operation) -> Result<StepKind, EngineError> {
    match (operation.phase, operation.step_to_undo()) {
        (Phase::Stuck(Direction::Back), Some(step)) => Ok(step.kind),
        _ => Err(EngineError::not_possible(operation, "it is not stuck while being undone")),
    }
}

/// Asks for the end of an operation on behalf of someone who does not execute it.
///
/// # Errors
/// [`EngineError::NotPossible`] if there is nothing left to cancel; [`EngineError::Journal`] with `Conflict` after several
/// lost races with the executor.
pub async fn request_cancel(
    journal: &dyn Journal,
    id: &OperationId,
    request: CancelRequest,
    now: Timestamp,
) -> Result<(), EngineError> {
    session::append_cancel(journal, id, request, now).await
}

/// Claims an operation for whoever decides about it: records them as who takes it over, on condition that its journal still
/// ends where it was looked at. Of two who claim it from the same look exactly one does, and the other has stopped nobody:
/// the token is taken by what follows, [`Engine::attach`].
///
/// # Errors
/// [`EngineError::Journal`] with `Conflict` if it has moved on; nothing is recorded then.
pub async fn claim(
    journal: &dyn Journal,
    seen: &Operation,
    executor: &ExecutorId,
    now: Timestamp,
) -> Result<(), EngineError> {
    session::append_claim(journal, seen, executor, now).await
}
