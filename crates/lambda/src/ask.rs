//! What a person asks of an operation: obeyed by the first function of an execution, once, however often it is delivered.
//!
//! Idempotent because the journal tells whether it was obeyed: the entry that obeys names the execution, and an operation
//! that has become stuck *after* this execution took it over was not stuck when its resumption was asked for.
//!
//! ```text
//!   possible? -> take over -> look again whether it is still to be done -> the entry -> take over in name
//! ```
//! If we die between any two of them, the same delivery goes on from there. Taking an operation over stops whoever
//! executes it, so nobody is stopped for what is not possible.

use aurora_restore_core::{
    engine::{Engine, EngineError, Session, undo_can_be_waived},
    ids::{ExecutorId, OperationId},
    journal::{SealedEntry, replay},
    operation::{Event as Fact, Operation, Phase, UndoReason},
    ports::Journal,
};

use crate::{
    event::{Ask, AskKind, Event},
    failure::FunctionError,
};

/// Takes the operation over and does what is asked, if that is still to be done.
pub(crate) async fn obey(
    engine: &Engine<'_>,
    journal: &dyn Journal,
    event: &Event,
    ask: &Ask,
) -> Result<Session, FunctionError> {
    let (id, executor) = (&event.operation_id, &event.executor);
    let story = Story::read(journal, id).await?;
    if story.was_executed_by(executor) && story.operation.executor != *executor {
        return Err(overtaken(&story.operation, executor));
    }
    if story.is_pending(ask, executor) {
        require_possible(engine, &story.operation, ask).await?;
    }
    let mut session = engine.attach(id, executor).await?;
    // Another delivery of the same event may have been faster; from here on it is fenced.
    if Story::read(journal, id).await?.is_pending(ask, executor) {
        let by = signed(ask, executor);
        match ask.kind {
            AskKind::Resume => engine.unstick(&mut session, &by).await?,
            AskKind::Undo => engine.undo(&mut session, &by).await?,
            AskKind::Retire => engine.retire(&mut session, &by).await?,
            AskKind::Waive => engine.waive_undo(&mut session, &by, ask.note.as_deref().unwrap_or_default()).await?,
        }
        tracing::info!(ask = ask.kind.as_str(), by = ask.by, "obeyed");
    }
    let operation = session.operation();
    if operation.executor != *executor && !matches!(operation.phase, Phase::Ended(_)) {
        // It had ended when it was taken over, so nothing says yet who executes it now.
        session = engine.attach(id, executor).await?;
    }
    Ok(session)
}

/// Another executor goes on with the operation.
pub(crate) fn overtaken(operation: &Operation, executor: &ExecutorId) -> FunctionError {
    FunctionError::Fenced(format!(
        "operation {} is executed by {} and not by {executor} any more; watch it with `aurora-restore watch {}`",
        operation.id, operation.executor, operation.id
    ))
}

async fn require_possible(engine: &Engine<'_>, operation: &Operation, ask: &Ask) -> Result<(), FunctionError> {
    match ask.kind {
        AskKind::Resume => Ok(()),
        AskKind::Undo => Ok(engine.require_undoable(operation).await?),
        AskKind::Waive => Ok(undo_can_be_waived(operation).map(|_| ())?),
        AskKind::Retire if operation.keeps_retired_cluster() => Ok(()),
        AskKind::Retire => Err(FunctionError::from(EngineError::NotPossible {
            operation: operation.id.clone(),
            reason: "it keeps no retired cluster".to_owned(),
        })),
    }
}

/// Who asked, as the journal tells it: with the execution, so that a repeated delivery finds its own entry.
fn signed(ask: &Ask, executor: &ExecutorId) -> String {
    format!("{} by execution {executor}", ask.by)
}

/// A journal with what its entries say, in order.
struct Story {
    operation: Operation,
    facts: Vec<Fact>,
}

impl Story {
    async fn read(journal: &dyn Journal, id: &OperationId) -> Result<Self, FunctionError> {
        Self::of(id, &journal.entries(id, 0).await?)
    }

    fn of(id: &OperationId, entries: &[SealedEntry]) -> Result<Self, FunctionError> {
        let refused = |source| EngineError::Refused { operation: id.clone(), source };
        let (operation, _) = replay(entries).map_err(refused)?;
        let mut previous = "";
        let mut facts = Vec::with_capacity(entries.len());
        for sealed in entries {
            facts.push(sealed.open(sealed.sequence, previous).map_err(refused)?.event);
            previous = &sealed.hash;
        }
        Ok(Self { operation, facts })
    }

    /// Where an executor began to execute the operation.
    fn taken_over_at(&self, executor: &ExecutorId) -> Option<usize> {
        self.facts.iter().position(|fact| match fact {
            Fact::Requested { executor: by, .. } | Fact::TakenOver { executor: by } => by == executor,
            _ => false,
        })
    }

    fn was_executed_by(&self, executor: &ExecutorId) -> bool {
        self.taken_over_at(executor).is_some()
    }

    /// Whether what is asked for is still to be done by this execution.
    fn is_pending(&self, ask: &Ask, executor: &ExecutorId) -> bool {
        let by_us = signed(ask, executor);
        match ask.kind {
            AskKind::Resume => {
                let since = self.facts.get(self.taken_over_at(executor).unwrap_or(self.facts.len())..);
                let stuck_since = since.unwrap_or_default().iter().any(|fact| matches!(fact, Fact::BecameStuck { .. }));
                matches!(self.operation.phase, Phase::Stuck(_)) && !stuck_since
            }
            AskKind::Undo => !self
                .facts
                .iter()
                .any(|fact| matches!(fact, Fact::UndoStarted { reason: UndoReason::Asked { by } } if *by == by_us)),
            AskKind::Retire => {
                !self.facts.iter().any(|fact| matches!(fact, Fact::RetireStarted { by } if *by == by_us))
            }
            AskKind::Waive => {
                !self.facts.iter().any(|fact| matches!(fact, Fact::StepUndoWaived { by, .. } if *by == by_us))
            }
        }
    }
}
