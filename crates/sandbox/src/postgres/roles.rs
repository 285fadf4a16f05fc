//! The roles of an Aurora cluster: a master user that may do much but is no superuser.

use postgres_protocol::escape::{escape_identifier, escape_literal};
use postgres_protocol::password::scram_sha_256;

use super::conf::ADMINISTRATOR;
use super::error::DataPlaneError;
use super::session::Session;
use crate::model::Secret;

/// Roles of PostgreSQL that Aurora gives to `rds_superuser`; a server that is too old for one does without it.
const SUPERUSER_MEMBERSHIPS: [&str; 6] = [
    "pg_monitor",
    "pg_signal_backend",
    "pg_read_all_data",
    "pg_write_all_data",
    "pg_checkpoint",
    "pg_create_subscription",
];

/// From this version on CREATEROLE manages only roles that were granted to it.
const CREATEROLE_IS_LIMITED_FROM: u32 = 16;

/// Before this version only superusers set the parameters of superusers.
const PARAMETERS_ARE_GRANTED_FROM: u32 = 15;

/// What the master user logs in with: a name and a verifier. The password itself never leaves this process.
pub(super) struct Master {
    user: String,
    verifier: String,
}

impl Master {
    /// Computes the verifier of `password`.
    pub(super) fn new(user: &str, password: &Secret) -> Result<Self, DataPlaneError> {
        let reserved =
            [ADMINISTRATOR, "public", "none"].contains(&user) || user.starts_with("pg_") || user.starts_with("rds_");
        if reserved {
            return Err(DataPlaneError::ReservedUser { name: user.to_owned() });
        }
        Ok(Self { user: user.to_owned(), verifier: scram_sha_256(password.expose().as_bytes()) })
    }

    /// Makes the master user unless it exists; then its password is left alone, because it may have been changed
    /// since. Idempotent because role and rights are made in one transaction.
    pub(super) async fn ensure(&self, session: &Session, major: u32) -> Result<(), DataPlaneError> {
        if role_exists(session, &self.user).await? {
            return Ok(());
        }
        self.write(session, major, "CREATE").await
    }

    /// Sets the password and gives back every right that a master user has, making the user if it is missing: on
    /// Aurora too a new master password is the way to repair a master user. Idempotent because it sets, not adds.
    pub(super) async fn reset(&self, session: &Session, major: u32) -> Result<(), DataPlaneError> {
        let verb = if role_exists(session, &self.user).await? { "ALTER" } else { "CREATE" };
        self.write(session, major, verb).await
    }

    async fn write(&self, session: &Session, major: u32, verb: &str) -> Result<(), DataPlaneError> {
        let (user, verifier) = (escape_identifier(&self.user), escape_literal(&self.verifier));
        let databases = self.databases(session).await?;
        let others = if major < CREATEROLE_IS_LIMITED_FROM { String::new() } else { self.others(session).await? };
        let sql = format!(
            "BEGIN;\n\
             {verb} ROLE {user} LOGIN INHERIT CREATEDB CREATEROLE NOSUPERUSER NOREPLICATION NOBYPASSRLS \
               VALID UNTIL 'infinity' PASSWORD {verifier};\n\
             GRANT rds_superuser TO {user} WITH ADMIN OPTION;\n\
             {databases}{others}COMMIT"
        );
        session.run("set up the master user", &sql).await
    }

    /// Gives the master user the databases that every cluster begins with, as far as they are still there.
    async fn databases(&self, session: &Session) -> Result<String, DataPlaneError> {
        let rows = session
            .rows(
                "list the databases",
                "SELECT datname FROM pg_catalog.pg_database WHERE datname IN ('postgres', 'template1')",
                &[],
            )
            .await?;
        let own = |row: &tokio_postgres::Row| {
            let (database, user) = (escape_identifier(row.get(0)), escape_identifier(&self.user));
            format!("ALTER DATABASE {database} OWNER TO {user};\n")
        };
        Ok(rows.iter().map(own).collect())
    }

    /// Lets the master user manage every ordinary role, whoever made it, without inheriting what it may do.
    async fn others(&self, session: &Session) -> Result<String, DataPlaneError> {
        let rows = session
            .rows(
                "list the roles",
                "SELECT rolname FROM pg_catalog.pg_roles AS r \
                 WHERE NOT rolsuper AND rolname <> $1 AND rolname !~ '^(pg_|rds)' \
                   AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles AS m \
                                   WHERE m.rolname = $1 AND pg_catalog.pg_has_role(r.oid, m.oid, 'MEMBER'))",
                &[&self.user],
            )
            .await?;
        let grant = |role: String| {
            let (role, user) = (escape_identifier(&role), escape_identifier(&self.user));
            format!("GRANT {role} TO {user} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;\n")
        };
        Ok(rows.iter().map(|row| grant(row.get(0))).collect())
    }

    /// Makes `database`, owned by the master user, unless it exists.
    pub(super) async fn ensure_database(&self, session: &Session, database: &str) -> Result<(), DataPlaneError> {
        let found = session
            .rows("look for the database", "SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1", &[&database])
            .await?;
        if !found.is_empty() {
            return Ok(());
        }
        let (database, user) = (escape_identifier(database), escape_identifier(&self.user));
        session.run("make the database", &format!("CREATE DATABASE {database} OWNER {user}")).await
    }
}

async fn role_exists(session: &Session, name: &str) -> Result<bool, DataPlaneError> {
    let rows =
        session.rows("look for the role", "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1", &[&name]).await?;
    Ok(!rows.is_empty())
}

/// Makes the roles that every Aurora cluster has. Runs once, on the template.
pub(super) async fn make_common_roles(session: &Session, major: u32) -> Result<(), DataPlaneError> {
    session
        .run(
            "make the roles",
            "CREATE ROLE rds_superuser NOLOGIN; CREATE ROLE rds_password NOLOGIN; \
             CREATE ROLE rds_replication NOLOGIN; CREATE ROLE rds_iam NOLOGIN; \
             GRANT rds_password, rds_replication TO rds_superuser WITH ADMIN OPTION",
        )
        .await?;
    if major >= PARAMETERS_ARE_GRANTED_FROM {
        // On Aurora it keeps triggers quiet while data are brought in.
        let grant = "GRANT SET ON PARAMETER session_replication_role TO rds_superuser";
        session.run("grant a parameter", grant).await?;
    }
    let wanted: Vec<&str> = SUPERUSER_MEMBERSHIPS.to_vec();
    let rows = session
        .rows("list the roles", "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY($1)", &[&wanted])
        .await?;
    for row in rows {
        let role = escape_identifier(row.get(0));
        session.run("grant a role", &format!("GRANT {role} TO rds_superuser WITH ADMIN OPTION")).await?;
    }
    Ok(())
}

/// On Aurora `rds_superuser` can install and use `amcheck`; PostgreSQL leaves both to superusers. So every database
/// has it from the start, if this machine has it. Runs once in each database of the template.
pub(super) async fn install_amcheck(session: &Session) -> Result<(), DataPlaneError> {
    let available = session
        .rows("look for amcheck", "SELECT 1 FROM pg_catalog.pg_available_extensions WHERE name = 'amcheck'", &[])
        .await?;
    if available.is_empty() {
        return Ok(());
    }
    // The schema is empty but for the functions of the extension.
    session
        .run(
            "install amcheck",
            "CREATE EXTENSION IF NOT EXISTS amcheck SCHEMA public; \
             GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO rds_superuser",
        )
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_name_cannot_be_the_master_user() {
        for name in ["rdsadmin", "rds_superuser", "pg_monitor", "public"] {
            let made = Master::new(name, &Secret::new("long enough"));
            assert!(matches!(made.err(), Some(DataPlaneError::ReservedUser { .. })), "{name}");
        }
    }

    #[test]
    fn what_is_sent_is_a_verifier_and_not_the_password() {
        let master = Master::new("postgres", &Secret::new("hunter2hunter2")).unwrap();
        assert!(master.verifier.starts_with("SCRAM-SHA-256$4096:"));
        assert!(!master.verifier.contains("hunter2"));
    }
}
