//! Who may connect to which database: `PUBLIC` no longer, and everyone who keeps their login explicitly.

use aurora_restore_core::ports::DatabaseError;

use super::{Task, catalogue::is_engine_role, membership};
use crate::{identifier::Quoted, session::Session};

const ADMITTING: &str = "settling who may connect to the databases";

/// What each remaining login may do in each database now, by itself, through a group or through `PUBLIC`. Superusers
/// need no privilege.
const HELD: &str = "
    SELECT r.rolname::text,
           has_database_privilege(r.oid, d.oid, 'CONNECT'),
           has_database_privilege(r.oid, d.oid, 'TEMPORARY')
    FROM pg_database AS d, pg_roles AS r
    WHERE d.datname = $1 AND r.rolcanlogin AND NOT r.rolsuper
    ORDER BY r.rolname";

/// Lets the wanted roles and the master into every database, keeps the logins that stay where they were, and takes
/// every privilege on databases from `PUBLIC`. One transaction for all databases, so no login is ever shut out halfway.
pub(crate) async fn admit(session: &Session, task: &Task<'_>) -> Result<(), DatabaseError> {
    session.run(ADMITTING, "BEGIN").await?;
    let mut memberships = Vec::new();
    for database in &task.databases {
        let sql = "SELECT r.rolname::text FROM pg_database AS d JOIN pg_roles AS r ON r.oid = d.datdba \
                   WHERE d.datname = $1";
        let owner: String = session.row(ADMITTING, sql, &[database]).await?.get(0);
        if is_engine_role(&owner) {
            // Nobody but the engine can change it; the proofs show whether the roles get in all the same.
            tracing::info!(%database, %owner, "the database belongs to the engine and is left as it is");
            continue;
        }
        memberships.extend(membership::join(session, task.borrower(), &owner).await?);
        settle(session, task, database).await?;
    }
    membership::leave(session, memberships).await?;
    session.run(ADMITTING, "COMMIT").await
}

async fn settle(session: &Session, task: &Task<'_>, database: &str) -> Result<(), DatabaseError> {
    let on = Quoted::name(database);
    let mut statements = Vec::new();
    for row in session.rows(ADMITTING, HELD, &[&database]).await? {
        let (role, connects, makes_temporary): (String, bool, bool) = (row.get(0), row.get(1), row.get(2));
        let to = Quoted::name(&role);
        if task.reader() == Some(role.as_str()) {
            statements.push(format!("REVOKE ALL ON DATABASE {on} FROM {to}"));
            statements.push(format!("GRANT CONNECT ON DATABASE {on} TO {to}"));
            continue;
        }
        let needed = task.application() == Some(role.as_str()) || role == task.master.username;
        let held = [("CONNECT", connects || needed), ("TEMPORARY", makes_temporary || needed)];
        let privileges: Vec<&str> = held.iter().filter(|(_, held)| *held).map(|(privilege, _)| *privilege).collect();
        if !privileges.is_empty() {
            statements.push(format!("GRANT {} ON DATABASE {on} TO {to}", privileges.join(", ")));
        }
    }
    statements.push(format!("REVOKE ALL ON DATABASE {on} FROM PUBLIC"));
    session.run(ADMITTING, &statements.join("; ")).await
}
