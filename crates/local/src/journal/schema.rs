//! How the file is laid out.
//!
//! `user_version` is the version of the layout and `application_id` says that the file is ours. Whoever changes the
//! layout raises the version and writes the steps from every older one.

/// The version that this program lays out.
pub(super) const VERSION: i64 = 1;

/// Marks the file as a journal of this product ("AuRe").
pub(super) const APPLICATION: i64 = 0x4175_5265;

/// The layout of version 1.
///
/// `last_updated_at` is in microseconds since 1970, for order in lists only. `state` is the whole state item as JSON; the
/// columns beside it are what is searched.
pub(super) const LAYOUT: &str = "
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
