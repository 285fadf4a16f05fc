//! How the file is laid out.
//!
//! `user_version` is the version of the layout and `application_id` says that the file is ours. Whoever changes the
//! layout raises the version and writes the step from the one before: a new file is laid out in the first form and led up
//! like an old one, so there is one way to each form.
//!
//! | form | what came with it |
//! |---|---|
//! | 1 | the first |
//! | 2 | a seal on every operation's row; entries can be neither deleted nor replaced |

use rusqlite::Transaction;

use super::{failure::Failure, row::OperationRow};

/// The version that this program lays out.
pub(super) const VERSION: i64 = 2;

/// The oldest version that it reads.
pub(super) const OLDEST: i64 = 1;

/// Marks the file as a journal of this product ("AuRe").
pub(super) const APPLICATION: i64 = 0x4175_5265;

/// The tables that have to be sound before anything in them is believed, because an index that lacks a row would hide it.
/// Entries are not among them: their chain shows what is missing, and they are nearly all of the file.
pub(super) const MUST_BE_SOUND: [&str; 2] = ["operations", "target_locks"];

/// The first form.
///
/// `last_updated_at` is in microseconds since 1970, for order in lists only. `state` is the whole state item as JSON; the
/// columns beside it are what is searched.
pub(super) const FIRST: &str = "
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

/// Leads a file of an older form up to the one that this program lays out.
pub(super) fn lead_up(transaction: &Transaction<'_>, from: i64) -> Result<(), Failure> {
    if from < 2 {
        transaction.execute_batch(SECOND)?;
        seal_all(transaction)?;
        transaction.execute_batch(SECOND_AFTER_SEALING)?;
    }
    // One of a later form that was faster stays what it is.
    if from < VERSION {
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(())
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
