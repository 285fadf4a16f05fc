//! How the file is laid out.
//!
//! `user_version` is the version of the layout and `application_id` says that the file is ours. Whoever changes the
//! layout raises the version and writes the step from the one before: a new file is laid out in the first form and led up
//! like an old one, so there is one way to each form. What was written once is never edited: files have it in them, and
//! are compared with it.
//!
//! | form | what came with it |
//! |---|---|
//! | 1 | the first |
//! | 2 | a seal on every operation's row; entries can be neither deleted nor replaced |
//! | 3 | operations and the locks of those that hold a target can be neither deleted nor replaced |
//! | 4 | operations at their end can be forgotten, once it is recorded up to which entry they went |

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction};

use super::{failure::Failure, row::OperationRow};

/// The version that this program lays out.
pub(super) const VERSION: i64 = 4;

/// The oldest version that it reads.
pub(super) const OLDEST: i64 = 1;

/// Marks the file as a journal of this product ("AuRe").
pub(super) const APPLICATION: i64 = 0x4175_5265;

/// The tables that have to be sound before anything in them is believed, because an index that lacks a row would hide it.
/// Entries are not among them: their chain shows what is missing, and they are nearly all of the file.
pub(super) fn must_be_sound(form: i64) -> &'static [&'static str] {
    match form {
        ..4 => &["operations", "target_locks"],
        4.. => &["operations", "target_locks", "forgotten_operations"],
    }
}

/// The first form.
///
/// `last_updated_at` is in microseconds since 1970, for order in lists only. `state` is the whole state item as JSON; the
/// columns beside it are what is searched.
const FIRST: &str = "
CREATE TABLE operations (
    operation_id    TEXT    NOT NULL PRIMARY KEY,
    token           INTEGER NOT NULL,
    executor        TEXT    NOT NULL,
    sequence        INTEGER NOT NULL,
    status          TEXT    NOT NULL,
    target          TEXT    NOT NULL,
    last_updated_at INTEGER NOT NULL,
    state           TEXT    NOT NULL
) STRICT;
CREATE INDEX operations_by_update ON operations (last_updated_at, operation_id);
CREATE INDEX operations_by_status ON operations (status, last_updated_at, operation_id);
CREATE INDEX operations_by_target ON operations (target, last_updated_at, operation_id);

CREATE TABLE entries (
    operation_id  TEXT    NOT NULL,
    sequence      INTEGER NOT NULL,
    previous_hash TEXT    NOT NULL,
    hash          TEXT    NOT NULL,
    body          TEXT    NOT NULL,
    PRIMARY KEY (operation_id, sequence)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'an entry of the journal is never changed');
END;

CREATE TABLE target_locks (
    account      TEXT NOT NULL,
    region       TEXT NOT NULL,
    cluster      TEXT NOT NULL,
    operation_id TEXT NOT NULL,
    PRIMARY KEY (account, region, cluster)
) STRICT, WITHOUT ROWID;
CREATE INDEX target_locks_by_operation ON target_locks (operation_id);
";

/// What the second form adds. `INSERT OR REPLACE` fires no trigger of a deletion, hence one of its own.
///
/// The last trigger is for a program of the first form that had the file open meanwhile: it knows no seals, and what it
/// wrote could not be told from damage.
const SECOND: &str = "
ALTER TABLE operations ADD COLUMN seal TEXT NOT NULL DEFAULT '';

CREATE TRIGGER entries_are_never_deleted BEFORE DELETE ON entries
BEGIN
    SELECT RAISE(ABORT, 'an entry of the journal is never deleted');
END;
CREATE TRIGGER entries_are_never_replaced BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entries WHERE operation_id = NEW.operation_id AND sequence = NEW.sequence)
BEGIN
    SELECT RAISE(ABORT, 'an entry of the journal is never replaced');
END;
";

const SECOND_AFTER_SEALING: &str = "
CREATE TRIGGER operations_are_sealed BEFORE UPDATE ON operations
WHEN NEW.seal = OLD.seal
    AND (NEW.token, NEW.executor, NEW.sequence, NEW.status, NEW.target, NEW.last_updated_at, NEW.state)
        IS NOT (OLD.token, OLD.executor, OLD.sequence, OLD.status, OLD.target, OLD.last_updated_at, OLD.state)
BEGIN
    SELECT RAISE(ABORT, 'a newer aurora-restore has taken this journal over: go on with that one');
END;
";

/// What the third form adds.
///
/// A lock is given up after the state that says so is written, and never before. `IGNORE` is what an insertion of a lock
/// that is there already wants: whoever asks reads afterwards whose it is. The insertion without a seal is that of a
/// program of the first form that had the file open meanwhile.
const THIRD: &str = "
CREATE TRIGGER operations_are_never_deleted BEFORE DELETE ON operations
BEGIN
    SELECT RAISE(ABORT, 'an operation of the journal is never deleted');
END;
CREATE TRIGGER operations_are_never_replaced BEFORE INSERT ON operations
WHEN EXISTS (SELECT 1 FROM operations WHERE operation_id = NEW.operation_id)
BEGIN
    SELECT RAISE(ABORT, 'an operation of the journal is never replaced');
END;
CREATE TRIGGER operations_begin_sealed BEFORE INSERT ON operations
WHEN NEW.seal = ''
BEGIN
    SELECT RAISE(ABORT, 'a newer aurora-restore has taken this journal over: go on with that one');
END;
CREATE TRIGGER target_locks_are_never_changed BEFORE UPDATE ON target_locks
BEGIN
    SELECT RAISE(ABORT, 'a lock of the journal is never changed');
END;
CREATE TRIGGER target_locks_are_never_replaced BEFORE INSERT ON target_locks
WHEN EXISTS (
    SELECT 1 FROM target_locks WHERE account = NEW.account AND region = NEW.region AND cluster = NEW.cluster
)
BEGIN
    SELECT RAISE(IGNORE);
END;
CREATE TRIGGER target_locks_are_kept_while_they_are_held BEFORE DELETE ON target_locks
WHEN EXISTS (
    SELECT 1 FROM operations WHERE operation_id = OLD.operation_id AND json_extract(state, '$.holds_target')
)
BEGIN
    SELECT RAISE(ABORT, 'the lock of an operation that holds its target is never given up');
END;
";

/// What the fourth form adds.
///
/// The entries of an operation that is forgotten stay, and how many there are is known from here. It is forgotten in one
/// transaction: recorded first, then deleted. One that was put back and forgotten again may have gone on in between.
const FOURTH: &str = "
CREATE TABLE forgotten_operations (
    operation_id TEXT    NOT NULL PRIMARY KEY,
    sequence     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER forgotten_operations_are_never_deleted BEFORE DELETE ON forgotten_operations
BEGIN
    SELECT RAISE(ABORT, 'that an operation of the journal was forgotten is never deleted');
END;
CREATE TRIGGER forgotten_operations_only_go_on BEFORE UPDATE ON forgotten_operations
WHEN NEW.operation_id <> OLD.operation_id OR NEW.sequence < OLD.sequence
BEGIN
    SELECT RAISE(ABORT, 'that an operation of the journal was forgotten is never changed');
END;
DROP TRIGGER operations_are_never_deleted;
CREATE TRIGGER operations_are_deleted_when_they_are_forgotten BEFORE DELETE ON operations
WHEN OLD.status IN ('IN_PROGRESS', 'STUCK')
    OR json_extract(OLD.state, '$.holds_target')
    OR EXISTS (SELECT 1 FROM target_locks WHERE operation_id = OLD.operation_id)
    OR NOT EXISTS (
        SELECT 1 FROM forgotten_operations WHERE operation_id = OLD.operation_id AND sequence = OLD.sequence
    )
BEGIN
    SELECT RAISE(ABORT, 'an operation of the journal is never deleted before it has ended and is forgotten');
END;
";

/// Lays a new file out, in a form of one's choice.
pub(super) fn lay_out(transaction: &Transaction<'_>, form: i64) -> Result<(), Failure> {
    transaction.execute_batch(FIRST)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", OLDEST)?;
    lead_up(transaction, OLDEST, form)
}

/// Leads a file of an older form up. One of a later form, because somebody else was faster, stays what it is.
pub(super) fn lead_up(transaction: &Transaction<'_>, from: i64, to: i64) -> Result<(), Failure> {
    for form in from + 1..=to {
        match form {
            2 => {
                transaction.execute_batch(SECOND)?;
                seal_all(transaction)?;
                transaction.execute_batch(SECOND_AFTER_SEALING)?;
            }
            3 => transaction.execute_batch(THIRD)?,
            4 => transaction.execute_batch(FOURTH)?,
            _ => return Err(Failure::Unusable(format!("form {form} is not known"))),
        }
        transaction.pragma_update(None, "user_version", form)?;
    }
    Ok(())
}

/// Requires that the file has all tables, indexes and triggers of its form as they were laid out: what guards the rows is
/// in the file itself, and a file whose number was altered would be read as what it is not. What somebody added does not
/// matter.
pub(super) fn require_layout(connection: &Connection, form: i64) -> Result<(), Failure> {
    let mut model = Connection::open_in_memory()?;
    let transaction = model.transaction()?;
    lay_out(&transaction, form)?;
    let found = objects(connection)?;
    for (name, laid_out) in objects(&transaction)? {
        match found.get(&name) {
            None => return Err(Failure::damaged(&format!("`{name}` of form {form} is missing"))),
            Some(other) if *other != laid_out => {
                return Err(Failure::damaged(&format!("`{name}` is not what it is in form {form}")));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// What is in the file besides rows: each with its kind and the text that made it.
fn objects(connection: &Connection) -> Result<BTreeMap<String, (String, Option<String>)>, Failure> {
    let mut all = connection.prepare("SELECT name, type, sql FROM sqlite_schema")?;
    let objects = all.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    Ok(objects.collect::<Result<_, _>>()?)
}

fn seal_all(transaction: &Transaction<'_>) -> Result<(), Failure> {
    // Its columns as they were: there is no seal to check yet.
    let mut all = transaction.prepare(
        "SELECT operation_id, token, executor, sequence, status, target, last_updated_at, state FROM operations",
    )?;
    let rows = all.query_map([], |row| Ok(OperationRow::read(row)))?.collect::<Result<Vec<_>, _>>()?;
    for row in rows {
        row?.update(transaction)?;
    }
    Ok(())
}
