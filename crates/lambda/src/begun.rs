//! What a refusal means for an operation that was begun: it holds its target and cannot go on, which a person has to be told.
//!
//! The journal tells which of both it is. Where that cannot be read either, the refusal stays one; the state machine knows
//! then whether a function had answered before.

use aurora_restore_core::{engine::look_at, operation::Operation, ports::Journal};

use crate::{event::Event, failure::FunctionError};

/// What went wrong with an operation that this invocation had taken over.
pub(crate) fn told_of_taken(operation: &Operation, error: FunctionError) -> FunctionError {
    if operation.phase.holds_target() { error.of_begun(&operation.id) } else { error }
}

/// What went wrong before an operation was taken over. One that another executor goes on with is not kept from it by a
/// refusal of this one, unless its journal cannot be read: then nobody of this version goes on.
pub(crate) async fn told_of_executed(journal: &dyn Journal, event: &Event, error: FunctionError) -> FunctionError {
    match look_at(journal, &event.operation_id).await {
        Ok(operation) if operation.executor == event.executor => told_of_taken(&operation, error),
        Ok(_) => error,
        Err(_) => told_of_any(journal, event, error).await,
    }
}

/// What keeps every executor from going on, such as a configuration that cannot be used.
pub(crate) async fn told_of_any(journal: &dyn Journal, event: &Event, error: FunctionError) -> FunctionError {
    let holds = journal.state(&event.operation_id).await.is_ok_and(|state| state.holds_target);
    if holds { error.of_begun(&event.operation_id) } else { error }
}
