//! One operation's row: its state, who holds it, and a seal over both.
//!
//! SQLite does not notice when a letter of a text turns into another one on the disk. Entries carry the hashes of their
//! chain; this is the same for the rows beside them.

use std::fmt::Write as _;

use aurora_restore_core::{
    ids::{ExecutorId, OperationId},
    journal::StateItem,
    ports::{FencingToken, JournalHead},
};
use aurora_restore_ops::ports::StoredState;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{failure::Failure, forgotten, unknown};

/// The row as it is stored.
#[derive(Debug)]
pub(super) struct OperationRow {
    pub(super) operation: OperationId,
    token: i64,
    executor: String,
    sequence: i64,
    status: String,
    target: String,
    last_updated_at: i64,
    state: String,
}

impl OperationRow {
    /// The row of an operation that begins.
    pub(super) fn beginning(executor: &ExecutorId, state: &StateItem) -> Result<Self, Failure> {
        let mut row = Self {
            operation: state.operation_id.clone(),
            token: 0,
            executor: String::new(),
            sequence: 0,
            status: String::new(),
            target: String::new(),
            last_updated_at: 0,
            state: String::new(),
        };
        row.hand_over(executor);
        row.set_state(state)?;
        Ok(row)
    }

    /// The row of an operation that is put back.
    pub(super) fn restored(executor: &ExecutorId, token: FencingToken, state: &StateItem) -> Result<Self, Failure> {
        Ok(Self { token: signed(token.0), ..Self::beginning(executor, state)? })
    }

    /// Reads the row of an operation and proves that it is what was written.
    pub(super) fn of(connection: &rusqlite::Connection, operation: &OperationId) -> Result<Self, Failure> {
        connection
            .prepare_cached("SELECT * FROM operations WHERE operation_id = ?1")?
            .query_row(params![operation.as_str()], |row| Ok(Self::read(row)))
            .optional()?
            .unwrap_or_else(|| Err(Self::missing(connection, operation)?))
    }

    /// Why there is no row: no such operation, or it was forgotten, or somebody took the row away and left the entries.
    fn missing(connection: &rusqlite::Connection, operation: &OperationId) -> Result<Failure, Failure> {
        let has_entries: bool = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM entries WHERE operation_id = ?1)")?
            .query_row(params![operation.as_str()], |row| row.get(0))?;
        if forgotten::sequence_of(connection, operation)?.is_some() {
            return Ok(unknown(operation));
        }
        Ok(match has_entries {
            true => Failure::refused(operation, "its state is missing; keep the file and restore it from a backup"),
            false => unknown(operation),
        })
    }

    /// Reads a whole row and proves that it is what was written.
    pub(super) fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let read = Self::as_stored(row)?;
        // Whoever may only read meets journals of the first form, which have no seals.
        if row.as_ref().column_index("seal").is_ok() {
            read.require_seal(&row.get::<_, String>("seal")?)?;
        }
        Ok(read)
    }

    /// Reads a whole row, whatever it says.
    pub(super) fn as_stored(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            operation: OperationId::new(row.get::<_, String>("operation_id")?)?,
            token: row.get("token")?,
            executor: row.get("executor")?,
            sequence: row.get("sequence")?,
            status: row.get("status")?,
            target: row.get("target")?,
            last_updated_at: row.get("last_updated_at")?,
            state: row.get("state")?,
        })
    }

    fn require_seal(&self, seal: &str) -> Result<(), Failure> {
        if seal == self.seal() {
            return Ok(());
        }
        Err(Failure::refused(
            &self.operation,
            "its state was altered after it was written; keep the file and restore it from a backup",
        ))
    }

    /// SHA-256 over all columns, in hexadecimal.
    fn seal(&self) -> String {
        let mut digest = Sha256::new();
        for part in [self.operation.as_str(), &self.executor, &self.status, &self.target, &self.state] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        for number in [self.token, self.sequence, self.last_updated_at] {
            digest.update(number.to_be_bytes());
        }
        let mut text = String::with_capacity(64);
        for byte in digest.finalize() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// The token of whoever holds it.
    pub(super) fn token(&self) -> Result<FencingToken, Failure> {
        unsigned(self.token).map(FencingToken)
    }

    /// When the state was updated last, in microseconds since 1970.
    pub(super) fn last_updated_at(&self) -> i64 {
        self.last_updated_at
    }

    /// As maintenance sees it.
    pub(super) fn as_seen(&self) -> Result<StoredState, Failure> {
        Ok(StoredState { state: self.state()?, token: self.token()?, executor: self.executor.clone() })
    }

    /// Where the journal stands.
    pub(super) fn head(&self) -> Result<JournalHead, Failure> {
        Ok(JournalHead { sequence: unsigned(self.sequence)?, token: self.token()? })
    }

    /// Gives the operation to an executor with the next token.
    pub(super) fn hand_over(&mut self, executor: &ExecutorId) {
        // No operation is taken over 2^63 times.
        self.token = self.token.saturating_add(1);
        self.executor = executor.to_string();
    }

    /// The state as it was written.
    pub(super) fn state(&self) -> Result<StateItem, Failure> {
        let malformed =
            |error: serde_json::Error| Failure::refused(&self.operation, format!("its state is malformed: {error}"));
        let VersionOnly { version } = serde_json::from_str(&self.state).map_err(malformed)?;
        if version > StateItem::VERSION {
            let known = StateItem::VERSION;
            let reason = format!(
                "its state was written in form {version} by a newer version; this one knows forms up to {known}"
            );
            return Err(Failure::refused(&self.operation, reason));
        }
        serde_json::from_str(&self.state).map_err(malformed)
    }

    /// Replaces the state.
    pub(super) fn set_state(&mut self, state: &StateItem) -> Result<(), Failure> {
        self.sequence = signed(state.sequence);
        state.status.as_str().clone_into(&mut self.status);
        state.target.as_str().clone_into(&mut self.target);
        self.last_updated_at = state.last_updated_at.as_microsecond();
        self.state = serde_json::to_string(state)
            .map_err(|error| Failure::refused(&self.operation, format!("its state cannot be written: {error}")))?;
        Ok(())
    }

    /// Adds the row.
    pub(super) fn insert(&self, transaction: &Transaction<'_>) -> Result<(), Failure> {
        self.write(
            transaction,
            "INSERT INTO operations
                 (operation_id, token, executor, sequence, status, target, last_updated_at, state, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )
    }

    /// Writes the row over the one that was read.
    pub(super) fn update(&self, transaction: &Transaction<'_>) -> Result<(), Failure> {
        self.write(
            transaction,
            "UPDATE operations SET token = ?2, executor = ?3, sequence = ?4, status = ?5, target = ?6,
                 last_updated_at = ?7, state = ?8, seal = ?9
             WHERE operation_id = ?1",
        )
    }

    fn write(&self, transaction: &Transaction<'_>, sql: &str) -> Result<(), Failure> {
        let written = transaction.prepare_cached(sql)?.execute(params![
            self.operation.as_str(),
            self.token,
            self.executor,
            self.sequence,
            self.status,
            self.target,
            self.last_updated_at,
            self.state,
            self.seal()
        ])?;
        one_row(written)
    }
}

/// What is written is exactly one row; SQLite calls it no error where it was none.
pub(super) fn one_row(written: usize) -> Result<(), Failure> {
    match written {
        1 => Ok(()),
        other => Err(Failure::Unusable(format!("it took {other} rows where one was written"))),
    }
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

/// SQLite knows signed numbers only; no journal has 2^63 entries.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count from a column.
pub(super) fn unsigned(number: i64) -> Result<u64, Failure> {
    u64::try_from(number).map_err(|_| Failure::Unusable(format!("its content is not as expected: the count {number}")))
}
