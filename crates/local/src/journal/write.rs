//! What is written to the journal: each function is one transaction.

use aurora_restore_core::{
    ids::{ExecutorId, OperationId},
    journal::{SealedEntry, StateItem},
    operation::Progress,
    ports::{FencingToken, JournalError, NewOperation, TargetKey},
};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{
    failure::Failure,
    forgotten, read,
    row::{OperationRow, one_row, signed},
};

/// Begins an operation.
pub(super) fn create(connection: &mut Connection, new: &NewOperation) -> Result<FencingToken, Failure> {
    let operation = &new.first.operation;
    let transaction = begin(connection)?;
    match read::head(&transaction, operation) {
        Ok(_) => return Err(Failure::Said(JournalError::OperationExists { operation: operation.clone() })),
        // An id is used once, and the entries of one that was forgotten are still there.
        Err(Failure::Said(JournalError::UnknownOperation { .. }))
            if forgotten::sequence_of(&transaction, operation)?.is_some() =>
        {
            return Err(Failure::Said(JournalError::OperationExists { operation: operation.clone() }));
        }
        Err(Failure::Said(JournalError::UnknownOperation { .. })) => {}
        Err(other) => return Err(other),
    }
    expect_sequence(&new.first, 0)?;
    lock(&transaction, &new.target, operation)?;
    let row = OperationRow::beginning(&new.executor, &new.state)?;
    row.insert(&transaction)?;
    add_entry(&transaction, &new.first)?;
    transaction.commit()?;
    row.token()
}

/// Takes an operation over.
pub(super) fn acquire(
    connection: &mut Connection,
    operation: &OperationId,
    executor: &ExecutorId,
) -> Result<FencingToken, Failure> {
    let transaction = begin(connection)?;
    let mut row = OperationRow::of(&transaction, operation)?;
    row.hand_over(executor);
    row.update(&transaction)?;
    transaction.commit()?;
    row.token()
}

/// Appends an entry, for the holder of `token` or for a bystander.
pub(super) fn append(
    connection: &mut Connection,
    token: Option<FencingToken>,
    entry: &SealedEntry,
    state: &StateItem,
) -> Result<(), Failure> {
    let transaction = begin(connection)?;
    let mut row = OperationRow::of(&transaction, &entry.operation)?;
    let head = row.head()?;
    if token.is_some_and(|token| token != head.token) {
        return Err(fenced(&entry.operation));
    }
    expect_sequence(entry, head.sequence)?;
    // What it holds by its lock and by its sealed state needs nobody else's word.
    let is_held = row.state()?.holds_target
        && read::locked_by(&transaction, &state.target_key)?.as_ref() == Some(&entry.operation);
    if state.holds_target && !is_held {
        lock(&transaction, &state.target_key, &entry.operation)?;
    }
    add_entry(&transaction, entry)?;
    row.set_state(state)?;
    row.update(&transaction)?;
    if !state.holds_target {
        unlock(&transaction, &entry.operation)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Replaces the progress line.
pub(super) fn note_progress(
    connection: &mut Connection,
    operation: &OperationId,
    token: FencingToken,
    progress: &Progress,
) -> Result<(), Failure> {
    let transaction = begin(connection)?;
    let mut row = OperationRow::of(&transaction, operation)?;
    if row.token()? != token {
        return Err(fenced(operation));
    }
    let mut state = row.state()?;
    state.progress = Some(progress.clone());
    row.set_state(&state)?;
    row.update(&transaction)?;
    transaction.commit()?;
    Ok(())
}

/// Nobody else writes between what a transaction reads and what it writes.
pub(super) fn begin(connection: &mut Connection) -> Result<Transaction<'_>, Failure> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

fn fenced(operation: &OperationId) -> Failure {
    Failure::Said(JournalError::Fenced { operation: operation.clone() })
}

fn expect_sequence(entry: &SealedEntry, newest: u64) -> Result<(), Failure> {
    if entry.sequence == newest + 1 {
        return Ok(());
    }
    Err(Failure::Said(JournalError::Conflict {
        operation: entry.operation.clone(),
        expected: entry.sequence.saturating_sub(1),
    }))
}

/// Takes the target, or finds that the operation has it already. The states of the others are asked, too: a lock that
/// somebody removed or turned over does not let two operations work on one target.
pub(super) fn lock(transaction: &Transaction<'_>, target: &TargetKey, operation: &OperationId) -> Result<(), Failure> {
    let _rows = transaction
        .prepare_cached(
            "INSERT INTO target_locks (account, region, cluster, operation_id) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![target.account, target.region.as_str(), target.cluster.as_str(), operation.as_str()])?;
    let holders = read::locked_by(transaction, target)?.into_iter().chain(read::working_on(transaction, target)?);
    match holders.into_iter().find(|holder| holder != operation) {
        Some(holder) => Err(Failure::Said(JournalError::TargetBusy { target: target.clone(), holder })),
        None => Ok(()),
    }
}

fn unlock(transaction: &Transaction<'_>, operation: &OperationId) -> Result<(), Failure> {
    let _rows = transaction
        .prepare_cached("DELETE FROM target_locks WHERE operation_id = ?1")?
        .execute(params![operation.as_str()])?;
    Ok(())
}

pub(super) fn add_entry(transaction: &Transaction<'_>, entry: &SealedEntry) -> Result<(), Failure> {
    let added = transaction
        .prepare_cached(
            "INSERT INTO entries (operation_id, sequence, previous_hash, hash, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            entry.operation.as_str(),
            signed(entry.sequence),
            entry.previous_hash,
            entry.hash,
            entry.body
        ])?;
    one_row(added)
}
