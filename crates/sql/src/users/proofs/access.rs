//! What the role of a session may do with each table and sequence, as the server computes it: through itself, its
//! groups and `PUBLIC`.

use aurora_restore_core::ports::DatabaseError;

use super::super::{Task, catalogue::is_engine_role};
use crate::{identifier::Quoted, session::Session};

/// A table or sequence, and what the session's role may do with it.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) quoted: Quoted,
    pub(super) is_sequence: bool,
    /// A column that a row can be inserted with, where it is a table that stores rows itself.
    pub(super) column: Option<Quoted>,
    /// No trigger or rule of the users runs when it is written to.
    pub(super) is_calm: bool,
    /// Whether the request chose its schema and others than the engine can give privileges on it.
    pub(super) in_scope: bool,
    pub(super) reads: bool,
    /// All of inserting, updating and deleting; for a sequence all of using and setting it.
    pub(super) writes: bool,
    /// Any of them, on any column; or it has the owner's rights and can give itself what it lacks.
    pub(super) writes_something: bool,
}

const ACCESS: &str = "
    SELECT n.nspname::text, c.relname::text, o.rolname::text, c.relkind = 'S',
           (SELECT a.attname::text FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
              AND a.attidentity <> 'a' AND a.attgenerated = '' ORDER BY a.attnum LIMIT 1),
           NOT c.relhasrules AND NOT EXISTS (
               SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
           u.usable AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
               ELSE has_table_privilege(c.oid, 'SELECT') END,
           u.usable AND CASE WHEN c.relkind = 'S'
               THEN has_sequence_privilege(c.oid, 'USAGE') AND has_sequence_privilege(c.oid, 'UPDATE')
               ELSE has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
                    AND has_table_privilege(c.oid, 'DELETE') END,
           pg_has_role(c.relowner, 'USAGE') OR u.usable AND CASE
               WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'USAGE, UPDATE')
               ELSE has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
                    OR has_any_column_privilege(c.oid, 'INSERT, UPDATE') END
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_roles AS o ON o.oid = c.relowner
    CROSS JOIN LATERAL (SELECT has_schema_privilege(n.oid, 'USAGE') AS usable) AS u
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY 1, 2";

/// Asks the server for all tables and sequences.
pub(super) async fn all(session: &Session, task: &Task<'_>) -> Result<Vec<Access>, DatabaseError> {
    let rows = session.rows("asking what the role may do", ACCESS, &[]).await?;
    let access = |row: &tokio_postgres::Row| {
        let (schema, name, owner): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
        let column: Option<&str> = row.get(4);
        Access {
            quoted: Quoted::member(schema, name),
            in_scope: task.chooses(schema) && !is_engine_role(owner),
            is_sequence: row.get(3),
            column: column.map(Quoted::name),
            is_calm: row.get(5),
            reads: row.get(6),
            writes: row.get(7),
            writes_something: row.get(8),
        }
    };
    Ok(rows.iter().map(access).collect())
}

/// The names of those that `which` is true for.
pub(super) fn named(all: &[Access], which: impl Fn(&Access) -> bool) -> Vec<String> {
    all.iter().filter(|access| which(access)).map(|access| access.quoted.to_string()).collect()
}

/// The table to try writing on: one that stores rows, and if there is one, without anything that runs along.
pub(super) fn to_write(all: &[Access]) -> Option<(&Quoted, &Quoted)> {
    let candidates = || all.iter().filter(|access| access.in_scope && access.column.is_some());
    let chosen = candidates().find(|access| access.is_calm).or_else(|| candidates().next())?;
    Some((&chosen.quoted, chosen.column.as_ref()?))
}
