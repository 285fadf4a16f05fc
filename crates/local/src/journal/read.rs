//! What is asked of the journal.

use aurora_restore_core::{
    ids::OperationId,
    journal::{SealedEntry, StateItem},
    operation::Status,
    ports::{JournalError, JournalHead, OperationFilter, OperationPage, RefusedOperation, TargetKey},
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    failure::Failure,
    forgotten,
    row::{OperationRow, signed},
};

/// The size of a page where the caller names none, and the most.
const PAGE: usize = 100;
const PAGE_MAX: usize = 10_000;

/// Where an operation's journal stands.
pub(super) fn head(connection: &Connection, operation: &OperationId) -> Result<JournalHead, Failure> {
    OperationRow::of(connection, operation)?.head()
}

/// The newest entry that was written of an operation, one that was forgotten included.
fn newest(connection: &Connection, operation: &OperationId) -> Result<u64, Failure> {
    match head(connection, operation) {
        Ok(head) => Ok(head.sequence),
        Err(unknown @ Failure::Said(JournalError::UnknownOperation { .. })) => {
            forgotten::sequence_of(connection, operation)?.ok_or(unknown)
        }
        Err(other) => Err(other),
    }
}

/// The entries after a place, in order: all of them, up to the newest that was written.
pub(super) fn entries(
    connection: &Connection,
    operation: &OperationId,
    after: u64,
) -> Result<Vec<SealedEntry>, Failure> {
    // What was appended between the two looks would seem to be missing.
    let moment = connection.unchecked_transaction()?;
    entries_at(&moment, operation, after)
}

/// The same in a transaction that has begun.
pub(super) fn entries_at(
    moment: &Connection,
    operation: &OperationId,
    after: u64,
) -> Result<Vec<SealedEntry>, Failure> {
    let newest_written = newest(moment, operation)?;
    let entries = moment
        .prepare_cached(
            "SELECT sequence, previous_hash, hash, body FROM entries WHERE operation_id = ?1 AND sequence > ?2
             ORDER BY sequence",
        )?
        .query_map(params![operation.as_str(), signed(after)], |row| {
            let sequence: i64 = row.get(0)?;
            let entry = SealedEntry {
                operation: operation.clone(),
                sequence: sequence.unsigned_abs(),
                previous_hash: row.get(1)?,
                hash: row.get(2)?,
                body: row.get(3)?,
            };
            Ok(entry)
        })?
        .collect::<Result<Vec<_>, _>>()?;
    // The chain shows what is missing within, and cannot know that it was longer once.
    let newest = entries.last().map_or(after, |entry| entry.sequence);
    if newest < newest_written {
        let reason = format!(
            "its newest entries are missing: there were {newest_written}; keep the file and restore it from a backup"
        );
        return Err(Failure::refused(operation, reason));
    }
    Ok(entries)
}

/// The state of one operation.
pub(super) fn state(connection: &Connection, operation: &OperationId) -> Result<StateItem, Failure> {
    OperationRow::of(connection, operation)?.state()
}

/// The ids that begin with a prefix, in descending order.
pub(super) fn ids_beginning_with(
    connection: &Connection,
    prefix: &str,
    limit: usize,
) -> Result<Vec<OperationId>, Failure> {
    // A range of the primary key. `LIKE` would not do: SQLite uses no index for it here, and `_` would mean any letter.
    let mut statement = connection.prepare_cached(
        "SELECT operation_id FROM operations WHERE operation_id >= ?1 AND operation_id < ?2
         ORDER BY operation_id DESC LIMIT ?3",
    )?;
    let end = format!("{prefix}{}", char::MAX);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let ids =
        statement.query_map(params![prefix, end, limit], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    Ok(ids.into_iter().map(OperationId::new).collect::<Result<_, _>>()?)
}

/// Which operation holds a target: by its lock, which is not sealed, and by the state of the operation, which is.
pub(super) fn holder(connection: &Connection, target: &TargetKey) -> Result<Option<OperationId>, Failure> {
    // What changed between the two looks would seem to differ.
    let moment = connection.unchecked_transaction()?;
    let locked = locked_by(&moment, target)?;
    let working = working_on(&moment, target)?;
    if working.as_slice() == locked.as_slice() {
        return Ok(locked);
    }
    let names = |of: &[OperationId]| match of {
        [] => "nobody".to_owned(),
        some => some.iter().map(OperationId::as_str).collect::<Vec<_>>().join(", "),
    };
    Err(Failure::damaged(&format!(
        "the lock of {target} is held by {}, and its operations say: by {}",
        names(locked.as_slice()),
        names(&working)
    )))
}

/// Whom the lock of a target names.
pub(super) fn locked_by(connection: &Connection, target: &TargetKey) -> Result<Option<OperationId>, Failure> {
    let holder: Option<String> = connection
        .prepare_cached("SELECT operation_id FROM target_locks WHERE account = ?1 AND region = ?2 AND cluster = ?3")?
        .query_row(params![target.account, target.region.as_str(), target.cluster.as_str()], |row| row.get(0))
        .optional()?;
    Ok(holder.map(OperationId::new).transpose()?)
}

/// The operations whose states say that they hold a target: those that have not ended are few. One that cannot be read
/// stands in the way only where its lock does not say that it holds something else.
pub(super) fn working_on(connection: &Connection, target: &TargetKey) -> Result<Vec<OperationId>, Failure> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM operations WHERE status IN (?1, ?2) AND +target = ?3")?;
    let open = [Status::InProgress, Status::Stuck].map(Status::as_str);
    let rows = statement
        .query_map(params![open[0], open[1], target.cluster.as_str()], |row| Ok(OperationRow::read(row)))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut holders = Vec::new();
    for row in rows {
        match row.and_then(|row| row.state()) {
            Ok(state) if state.holds_target && state.target_key == *target => holders.push(state.operation_id),
            Ok(_) => {}
            Err(Failure::Said(JournalError::Refused { operation, reason })) => {
                if !holds_another(connection, &operation, target)? {
                    return Err(Failure::refused(&operation, reason));
                }
            }
            Err(other) => return Err(other),
        }
    }
    Ok(holders)
}

/// Whether the locks say that an operation holds another target than this one.
fn holds_another(connection: &Connection, operation: &OperationId, target: &TargetKey) -> Result<bool, Failure> {
    let mut statement =
        connection.prepare_cached("SELECT account, region, cluster FROM target_locks WHERE operation_id = ?1")?;
    let held = statement
        .query_map(params![operation.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<Vec<(String, String, String)>, _>>()?;
    let here = (target.account.as_str(), target.region.as_str(), target.cluster.as_str());
    let is_here = held.iter().any(|(account, region, cluster)| (&**account, &**region, &**cluster) == here);
    Ok(!held.is_empty() && !is_here)
}

/// One page of operations, newest first.
pub(super) fn list(connection: &Connection, filter: &OperationFilter) -> Result<OperationPage, Failure> {
    let limit = match filter.limit {
        0 => PAGE,
        limit => limit.min(PAGE_MAX),
    };
    let cursor = filter.cursor.as_deref().map(Cursor::parse).transpose()?;
    let (at, id) = cursor.map_or((i64::MAX, String::new()), |cursor| (cursor.at, cursor.operation));
    // Each form of the question has an index that gives its rows in order.
    let condition = match (filter.status, &filter.target) {
        (None, None) => "?3 IS NULL AND ?4 IS NULL",
        (Some(_), None) => "status = ?3 AND ?4 IS NULL",
        (None, Some(_)) => "?3 IS NULL AND target = ?4",
        (Some(_), Some(_)) => "+status = ?3 AND target = ?4",
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT * FROM operations
         WHERE {condition} AND (last_updated_at, operation_id) < (?1, ?2)
         ORDER BY last_updated_at DESC, operation_id DESC LIMIT ?5"
    ))?;
    let status = filter.status.map(Status::as_str);
    let target = filter.target.as_ref().map(|target| target.as_str().to_owned());
    // One more than wanted tells whether there is another page.
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let rows = statement
        .query_map(params![at, id, status, target, wanted], |row| Ok((Cursor::of(row)?, OperationRow::read(row))))?
        .collect::<Result<Vec<_>, _>>()?;
    let cursor = (rows.len() > limit).then(|| rows[limit - 1].0.to_string());
    let mut page = OperationPage { cursor, ..OperationPage::default() };
    for (_, row) in rows.into_iter().take(limit) {
        match row.and_then(|row| row.state()) {
            Ok(state) => page.items.push(state),
            // One that cannot be read does not hide the others.
            Err(Failure::Said(JournalError::Refused { operation, reason })) => {
                page.refused.push(RefusedOperation { operation, reason });
            }
            Err(other) => return Err(other),
        }
    }
    Ok(page)
}

/// The place of an operation that a cursor names: its time in microseconds since 1970, and its id.
pub(super) fn place_of(cursor: &str) -> Result<(i64, String), Failure> {
    Cursor::parse(cursor).map(|cursor| (cursor.at, cursor.operation))
}

/// The place of the last operation of a page in the order of the list.
struct Cursor {
    at: i64,
    operation: String,
}

impl Cursor {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { at: row.get("last_updated_at")?, operation: row.get("operation_id")? })
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        text.split_once('/')
            .and_then(|(at, operation)| Some(Self { at: at.parse().ok()?, operation: operation.to_owned() }))
            .ok_or_else(|| Failure::Unusable(format!("`{text}` is not where a page of this journal ended")))
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.at, self.operation)
    }
}
