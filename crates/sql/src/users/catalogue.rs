//! What roles and databases there are, and which of them belong to the engine.

use aurora_restore_core::ports::DatabaseError;

use crate::session::Session;

/// A role of the server.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) can_log_in: bool,
    /// Locked by this product, now or in an earlier restore.
    pub(crate) locked: bool,
}

/// Roles of Aurora that do not begin with `rds_`.
const ENGINE_ROLES: [&str; 6] =
    ["rdsadmin", "rdsproxyadmin", "rdsrepladmin", "rdsstopmgr", "rdstopmgr", "rdswriteforwarduser"];

/// Whether a role belongs to the engine. Names are what counts: `rds_` and `pg_` are reserved, and a login of the
/// customer may begin with `rds` all the same, so the others are listed one by one.
pub(crate) fn is_engine_role(name: &str) -> bool {
    name.starts_with("rds_") || name.starts_with("pg_") || ENGINE_ROLES.contains(&name)
}

/// Lists all roles that are not the engine's.
pub(crate) async fn roles(session: &Session) -> Result<Vec<Role>, DatabaseError> {
    let sql = "SELECT rolname::text, rolcanlogin, \
                      NOT rolcanlogin AND rolvaliduntil IS NOT DISTINCT FROM '-infinity'::timestamptz \
               FROM pg_roles ORDER BY rolname";
    let rows = session.rows("listing the roles", sql, &[]).await?;
    let roles = rows.iter().map(|row| Role { name: row.get(0), can_log_in: row.get(1), locked: row.get(2) });
    Ok(roles.filter(|role| !is_engine_role(&role.name)).collect())
}

/// Lists the databases that accept connections and are neither templates nor the engine's. One whose removal was cut off
/// accepts none: the server marks it by a limit of -2.
pub(crate) async fn databases(session: &Session) -> Result<Vec<String>, DatabaseError> {
    let sql = "SELECT datname::text FROM pg_database \
               WHERE datallowconn AND datconnlimit <> -2 AND NOT datistemplate AND datname <> 'rdsadmin' ORDER BY datname";
    session.names("listing the databases", sql, &[]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_of_the_engine_are_told_from_roles_that_look_like_them() {
        for engine in ["rdsadmin", "rds_superuser", "rds_iam", "pg_monitor", "rdsproxyadmin"] {
            assert!(is_engine_role(engine), "{engine}");
        }
        for customer in ["rdsreports", "postgres", "pgbouncer", "RDS_x", "app"] {
            assert!(!is_engine_role(customer), "{customer}");
        }
    }
}
