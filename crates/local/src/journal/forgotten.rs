//! Operations whose row was forgotten: their entries stay, and how many there are is known.

use aurora_restore_core::ids::OperationId;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{
    failure::Failure,
    row::{one_row, signed, unsigned},
};

/// Up to which entry a forgotten operation went, if it was forgotten. Whoever may only read meets journals of older forms,
/// in which nothing was.
pub(super) fn sequence_of(connection: &Connection, operation: &OperationId) -> Result<Option<u64>, Failure> {
    let is_known: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'forgotten_operations')")?
        .query_row([], |row| row.get(0))?;
    if !is_known {
        return Ok(None);
    }
    let sequence: Option<i64> = connection
        .prepare_cached("SELECT sequence FROM forgotten_operations WHERE operation_id = ?1")?
        .query_row(params![operation.as_str()], |row| row.get(0))
        .optional()?;
    sequence.map(unsigned).transpose()
}

/// Records up to which entry an operation went, and deletes its row. The file itself refuses one that is not at its end.
pub(super) fn forget(transaction: &Transaction<'_>, operation: &OperationId, sequence: u64) -> Result<(), Failure> {
    let recorded = transaction
        .prepare_cached(
            "INSERT INTO forgotten_operations (operation_id, sequence) VALUES (?1, ?2)
             ON CONFLICT (operation_id) DO UPDATE SET sequence = excluded.sequence",
        )?
        .execute(params![operation.as_str(), signed(sequence)])?;
    one_row(recorded)?;
    let deleted = transaction
        .prepare_cached("DELETE FROM operations WHERE operation_id = ?1")?
        .execute(params![operation.as_str()])?;
    one_row(deleted)
}
