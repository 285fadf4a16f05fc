//! What the file keeps, for maintenance: rows by status and age, everything page by page, forgetting a row, and an operation put
//! back. Each function is one transaction.

use aurora_restore_core::{
    ids::OperationId,
    journal::SealedEntry,
    ports::{JournalError, RefusedOperation, TargetKey},
};
use aurora_restore_ops::ports::{
    Forgotten, Lock, RecordedPage, Restoration, Restored, STATES_PAGE_MAX, States, StatesPage, StoredState, Unchanged,
    WholePage,
};
use rusqlite::{Connection, OptionalExtension as _, Params, Transaction, params};

use super::{
    SqliteJournal,
    failure::Failure,
    forgotten, only_read, read,
    row::OperationRow,
    write::{add_entry, begin, lock},
};

#[async_trait::async_trait]
impl States for SqliteJournal {
    async fn unchanged(&self, query: &Unchanged) -> Result<StatesPage, JournalError> {
        let query = query.clone();
        self.on(Ok(StatesPage::default()), move |connection| unchanged(connection, &query)).await
    }

    async fn page(&self, cursor: Option<&str>) -> Result<WholePage, JournalError> {
        let cursor = cursor.map(str::to_owned);
        self.on(Ok(WholePage::default()), move |connection| page(connection, cursor.as_deref())).await
    }

    async fn recorded(&self, cursor: Option<&str>) -> Result<RecordedPage, JournalError> {
        let cursor = cursor.map(str::to_owned);
        self.on(Ok(RecordedPage::default()), move |connection| recorded(connection, cursor.as_deref())).await
    }

    async fn forget(&self, seen: &StoredState) -> Result<Forgotten, JournalError> {
        let seen = seen.clone();
        self.on(only_read(), move |connection| forget(connection, &seen)).await
    }

    async fn unlock(&self, seen: &Lock) -> Result<Forgotten, JournalError> {
        let seen = seen.clone();
        self.on(only_read(), move |connection| unlock(connection, &seen)).await
    }

    async fn restore(&self, what: &Restoration) -> Result<Restored, JournalError> {
        let what = what.clone();
        self.on(only_read(), move |connection| restore(connection, &what)).await
    }
}

fn unchanged(connection: &Connection, query: &Unchanged) -> Result<StatesPage, Failure> {
    let (at, id) = match &query.cursor {
        None => (i64::MIN, String::new()),
        Some(cursor) => read::place_of(cursor)?,
    };
    let limit = query.limit.clamp(1, STATES_PAGE_MAX);
    let mut page = rows(
        connection,
        "SELECT * FROM operations
         WHERE status = ?1 AND last_updated_at <= ?2 AND (last_updated_at, operation_id) > (?3, ?4)
         ORDER BY last_updated_at, operation_id LIMIT ?5",
        params![query.status.as_str(), query.until.as_microsecond(), at, id, counted(limit)],
        limit,
        |row| format!("{}/{}", row.last_updated_at(), row.operation),
    )?;
    // A row has fewer digits of a second than its state.
    page.items.retain(|stored| stored.state.last_updated_at <= query.until);
    Ok(page)
}

fn page(connection: &Connection, cursor: Option<&str>) -> Result<WholePage, Failure> {
    // What changed between the two looks would seem to differ.
    let moment = connection.unchecked_transaction()?;
    let states = rows(
        &moment,
        "SELECT * FROM operations WHERE operation_id > ?1 ORDER BY operation_id LIMIT ?2",
        params![cursor.unwrap_or_default(), counted(STATES_PAGE_MAX)],
        STATES_PAGE_MAX,
        |row| row.operation.to_string(),
    )?;
    // All of them with the first page: there is one for each operation that has not ended.
    let locks = if cursor.is_none() { locks(&moment)? } else { Vec::new() };
    Ok(WholePage { states, locks })
}

fn recorded(connection: &Connection, cursor: Option<&str>) -> Result<RecordedPage, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT operation_id FROM entries WHERE sequence = 1 AND operation_id > ?1 ORDER BY operation_id LIMIT ?2",
    )?;
    let ids = statement
        .query_map(params![cursor.unwrap_or_default(), counted(STATES_PAGE_MAX)], |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    let page = &ids[..ids.len().min(STATES_PAGE_MAX)];
    let cursor = page.last().filter(|_| ids.len() > page.len()).cloned();
    Ok(RecordedPage { operations: page.iter().filter_map(|id| OperationId::new(id).ok()).collect(), cursor })
}

/// One more than wanted tells whether there is another page.
fn counted(limit: usize) -> i64 {
    i64::try_from(limit + 1).unwrap_or(i64::MAX)
}

fn rows(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    limit: usize,
    place: impl Fn(&OperationRow) -> String,
) -> Result<StatesPage, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement
        .query_map(values, |row| Ok((OperationRow::as_stored(row), OperationRow::read(row))))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut page = StatesPage::default();
    for (index, (stored, row)) in rows.iter().enumerate() {
        if index == limit {
            break;
        }
        if index + 1 == limit && rows.len() > limit {
            page.cursor = Some(place(stored.as_ref().map_err(Failure::clone)?));
        }
        match row.as_ref().map_err(Failure::clone).and_then(OperationRow::as_seen) {
            Ok(stored) => page.items.push(stored),
            // One that cannot be read does not hide the others.
            Err(Failure::Said(JournalError::Refused { operation, reason })) => {
                page.refused.push(RefusedOperation { operation, reason });
            }
            Err(other) => return Err(other),
        }
    }
    Ok(page)
}

fn locks(connection: &Connection) -> Result<Vec<Lock>, Failure> {
    let mut statement = connection
        .prepare_cached("SELECT account, region, cluster, operation_id FROM target_locks ORDER BY 1, 2, 3")?;
    let locks = statement.query_map([], |row| {
        let (account, region, cluster): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let holder: String = row.get(3)?;
        Ok(Lock { target: format!("{account}/{region}/{cluster}"), holder: OperationId::new(holder).ok() })
    })?;
    Ok(locks.collect::<Result<_, _>>()?)
}

fn forget(connection: &mut Connection, seen: &StoredState) -> Result<Forgotten, Failure> {
    let transaction = begin(connection)?;
    let operation = &seen.state.operation_id;
    let now = match OperationRow::of(&transaction, operation) {
        Ok(row) => row.as_seen()?,
        Err(Failure::Said(JournalError::UnknownOperation { .. })) => return Ok(Forgotten::Missing),
        Err(other) => return Err(other),
    };
    let may_go = now.state.status.has_ended() && !now.state.holds_target && now.state.retire_after.is_none();
    if !may_go || now != *seen {
        return Ok(Forgotten::Kept);
    }
    forgotten::forget(&transaction, operation, now.state.sequence)?;
    transaction.commit()?;
    Ok(Forgotten::Gone)
}

fn unlock(connection: &mut Connection, seen: &Lock) -> Result<Forgotten, Failure> {
    const OF_TARGET: &str = "account || '/' || region || '/' || cluster = ?1";
    let transaction = begin(connection)?;
    let held_by: Option<String> = transaction
        .query_row(&format!("SELECT operation_id FROM target_locks WHERE {OF_TARGET}"), [&seen.target], |row| {
            row.get(0)
        })
        .optional()?;
    let Some(held_by) = held_by else { return Ok(Forgotten::Missing) };
    let holder = OperationId::new(held_by).ok();
    let is_held = match holder.as_ref().map(|holder| OperationRow::of(&transaction, holder)) {
        Some(Ok(row)) => row.as_seen()?.state.holds_target,
        None | Some(Err(Failure::Said(JournalError::UnknownOperation { .. }))) => false,
        Some(Err(other)) => return Err(other),
    };
    if is_held || holder != seen.holder {
        return Ok(Forgotten::Kept);
    }
    transaction.execute(&format!("DELETE FROM target_locks WHERE {OF_TARGET}"), [&seen.target])?;
    transaction.commit()?;
    Ok(Forgotten::Gone)
}

fn restore(connection: &mut Connection, what: &Restoration) -> Result<Restored, Failure> {
    let transaction = begin(connection)?;
    let operation = &what.state.operation_id;
    let there = match read::entries_at(&transaction, operation, 0) {
        Ok(there) => there,
        Err(Failure::Said(JournalError::UnknownOperation { .. })) => Vec::new(),
        Err(other) => return Err(other),
    };
    if there.iter().zip(&what.entries).any(|(there, entry)| there != entry) {
        return Ok(differs("the journal has other entries of it"));
    }
    let is_same = there.len() == what.entries.len();
    match OperationRow::of(&transaction, operation) {
        Ok(_) if is_same => return Ok(Restored::Same),
        Ok(_) => return Ok(differs("it is there, and stands elsewhere")),
        Err(Failure::Said(JournalError::UnknownOperation { .. })) => {}
        Err(other) => return Err(other),
    }
    // One that was forgotten has all of its entries, and none has but some.
    if !there.is_empty() && !is_same {
        return Ok(differs("it was forgotten, and went to another entry"));
    }
    match write(&transaction, what, &what.entries[there.len()..]) {
        Ok(()) => {}
        Err(Failure::Said(JournalError::TargetBusy { target, holder })) => {
            return Ok(busy(&target, &holder));
        }
        Err(other) => return Err(other),
    }
    transaction.commit()?;
    Ok(Restored::Written)
}

fn write(transaction: &Transaction<'_>, what: &Restoration, missing: &[SealedEntry]) -> Result<(), Failure> {
    if what.state.holds_target {
        lock(transaction, &what.state.target_key, &what.state.operation_id)?;
    }
    OperationRow::restored(&what.executor, what.token, &what.state)?.insert(transaction)?;
    missing.iter().try_for_each(|entry| add_entry(transaction, entry))
}

fn differs(reason: &str) -> Restored {
    Restored::Differs { reason: reason.to_owned() }
}

fn busy(target: &TargetKey, holder: &OperationId) -> Restored {
    differs(&format!("operation {holder} holds its target {target}"))
}
