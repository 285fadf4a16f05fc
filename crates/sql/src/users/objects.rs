//! The schemas, tables and sequences of a database, with their owners.

use std::collections::BTreeSet;

use aurora_restore_core::ports::DatabaseError;

use super::{Task, catalogue::is_engine_role};
use crate::{identifier::Quoted, session::Session};

/// What privileges can be given on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Schema,
    /// A table, a partitioned or foreign table, or a view of either sort.
    Table,
    Sequence,
}

/// Something with an owner.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) kind: Kind,
    pub(crate) schema: String,
    pub(crate) name: String,
    /// The owner; the database's owner where the catalogue says `pg_database_owner`.
    pub(crate) owner: String,
}

impl Object {
    /// Whether only the engine can give privileges on it.
    pub(crate) fn belongs_to_engine(&self) -> bool {
        is_engine_role(&self.owner)
    }

    /// Its name for SQL.
    pub(crate) fn quoted(&self) -> Quoted {
        match self.kind {
            Kind::Schema => Quoted::name(&self.schema),
            Kind::Table | Kind::Sequence => Quoted::member(&self.schema, &self.name),
        }
    }
}

const OBJECTS: &str = "
    WITH base AS (
        SELECT r.rolname AS owner FROM pg_database AS d JOIN pg_roles AS r ON r.oid = d.datdba
        WHERE d.datname = current_database()
    ), found AS (
        SELECT 'schema' AS kind, n.nspname AS schema, n.nspname AS name, n.nspowner AS owner
        FROM pg_namespace AS n
        UNION ALL
        SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, n.nspname, c.relname, c.relowner
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    )
    SELECT f.kind, f.schema::text, f.name::text,
           (CASE r.rolname WHEN 'pg_database_owner' THEN base.owner ELSE r.rolname END)::text
    FROM found AS f JOIN pg_roles AS r ON r.oid = f.owner CROSS JOIN base
    WHERE f.schema !~ '^pg_' AND f.schema <> 'information_schema'
    ORDER BY 2, 1, 3";

/// Lists everything in the users' schemas of the database that `session` is connected to.
pub(crate) async fn list(session: &Session) -> Result<Vec<Object>, DatabaseError> {
    let rows = session.rows("listing the tables and their owners", OBJECTS, &[]).await?;
    let object = |row: &tokio_postgres::Row| {
        let kind = match row.get(0) {
            "schema" => Kind::Schema,
            "sequence" => Kind::Sequence,
            _ => Kind::Table,
        };
        Object { kind, schema: row.get(1), name: row.get(2), owner: row.get(3) }
    };
    Ok(rows.iter().map(object).collect())
}

/// The names of all schemas of the users in all databases that the master can look into, where the request names
/// schemas; nothing otherwise, because then nothing is to be checked.
pub(crate) async fn schemas_everywhere(home: &Session, task: &Task<'_>) -> Result<BTreeSet<String>, DatabaseError> {
    let mut schemas = BTreeSet::new();
    if matches!(task.setup.schemas, aurora_restore_core::ports::SchemaChoice::AllUserSchemas) {
        return Ok(schemas);
    }
    let open = "SELECT datname::text FROM pg_database \
                WHERE datname = ANY($1) AND has_database_privilege(oid, 'CONNECT')";
    for database in home.names("listing the databases", open, &[&task.databases]).await? {
        let objects = list(&task.open_in(&database).await?).await?;
        schemas.extend(objects.into_iter().map(|object| object.schema));
    }
    Ok(schemas)
}
