//! Making a role, or giving an existing one its password anew.
//!
//! How the password stays out of the server's logs. What is sent is a SCRAM-SHA-256 verifier, never the password. Still
//! a verifier is worth protecting, and `SET LOCAL log_statement` is for superusers, whom Aurora does not give out. So the
//! verifier is no part of any statement that a client sends: it travels as `COPY` data, which PostgreSQL never logs,
//! into a temporary table, and a block of code reads it from there. The inner `ALTER ROLE` is not logged either, since
//! only statements of clients are; and should it fail, the block replaces the error by one with the same SQLSTATE and
//! message but without the statement as its context. Tools that record nested statements (`pg_stat_statements.track =
//! all`, `auto_explain.log_nested_statements`, `pgaudit`) may still see the verifier.

use std::{io::Cursor, pin::pin};

use aurora_restore_core::ports::{DatabaseError, RoleSecret};
use futures_util::SinkExt as _;
use postgres_protocol::password::scram_sha_256;

use crate::{identifier::Quoted, session::Session};

const TABLE: &str =
    "CREATE TEMPORARY TABLE aurora_restore_role (name text NOT NULL, verifier text NOT NULL) ON COMMIT DROP";

/// `VALID UNTIL` and the connection limit are set because a role that comes from the source may have been closed by them, and
/// `role` is, because it may have been a partner there, which lives by the rights of another one.
const WRITE: &str = "DO $aurora_restore$
    DECLARE wanted record;
    BEGIN
        FOR wanted IN SELECT name, verifier FROM pg_temp.aurora_restore_role LOOP
            IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted.name) THEN
                EXECUTE pg_catalog.format('CREATE ROLE %I', wanted.name);
            END IF;
            EXECUTE pg_catalog.format(
                'ALTER ROLE %I LOGIN INHERIT NOCREATEDB NOCREATEROLE CONNECTION LIMIT -1 '
                'VALID UNTIL ''infinity'' PASSWORD %L', wanted.name, wanted.verifier);
            EXECUTE pg_catalog.format('ALTER ROLE %I RESET role', wanted.name);
        END LOOP;
    EXCEPTION WHEN OTHERS THEN
        RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM;
    END $aurora_restore$; COMMIT";

/// The password alone; the table goes with the transaction.
const SET_PASSWORD: &str = "DO $aurora_restore$
    DECLARE wanted record;
    BEGIN
        FOR wanted IN SELECT name, verifier FROM pg_temp.aurora_restore_role LOOP
            EXECUTE pg_catalog.format('ALTER ROLE %I PASSWORD %L', wanted.name, wanted.verifier);
        END LOOP;
    EXCEPTION WHEN OTHERS THEN
        RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM;
    END $aurora_restore$";

/// Groups of PostgreSQL that let a member see more but change nothing; a reader may stay in them.
const READING_GROUPS: [&str; 5] =
    ["pg_monitor", "pg_read_all_data", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables"];

/// Makes `role` unless it exists, and sets its password. Idempotent because it sets the whole of what it cares about.
pub(crate) async fn write(session: &Session, role: &RoleSecret) -> Result<(), DatabaseError> {
    let doing = format!("setting up the role `{}`", role.username);
    session.run(&doing, "BEGIN").await?;
    send_verifier(session, &doing, role).await?;
    session.run(&doing, WRITE).await
}

/// Sets the password of a role that exists, and nothing else. To be called in a transaction.
pub(crate) async fn set_password(session: &Session, doing: &str, role: &RoleSecret) -> Result<(), DatabaseError> {
    send_verifier(session, doing, role).await?;
    session.run(doing, SET_PASSWORD).await
}

/// Brings a role's verifier into a table that goes with the transaction.
async fn send_verifier(session: &Session, doing: &str, role: &RoleSecret) -> Result<(), DatabaseError> {
    let verifier = scram_sha_256(role.password.expose().as_bytes());
    session.run(doing, TABLE).await?;
    let line = format!("{}\t{verifier}\n", copy_text(&role.username));
    let failed = |error| session.failed(doing, &error);
    let sink = session
        .client()
        .copy_in("COPY pg_temp.aurora_restore_role (name, verifier) FROM STDIN")
        .await
        .map_err(failed)?;
    let mut sink = pin!(sink);
    sink.send(Cursor::new(line.into_bytes())).await.map_err(failed)?;
    let _rows = sink.finish().await.map_err(failed)?;
    Ok(())
}

/// Takes a role that shall only read out of every group that might let it write.
pub(crate) async fn leave_groups(session: &Session, reader: &str, major: i32) -> Result<(), DatabaseError> {
    let doing = format!("taking `{reader}` out of its groups");
    let sql = "SELECT g.rolname::text, b.rolname::text FROM pg_auth_members AS m \
               JOIN pg_roles AS g ON g.oid = m.roleid JOIN pg_roles AS r ON r.oid = m.member \
               LEFT JOIN pg_roles AS b ON b.oid = m.grantor WHERE r.rolname = $1";
    for row in session.rows(&doing, sql, &[&reader]).await? {
        let (group, grantor): (String, Option<String>) = (row.get(0), row.get(1));
        if READING_GROUPS.contains(&group.as_str()) {
            continue;
        }
        let mut revoke = format!("REVOKE {} FROM {}", Quoted::name(&group), Quoted::name(reader));
        // From 16 on each grantor's grant is one of its own.
        if let (16.., Some(grantor)) = (major, grantor) {
            revoke.push_str(&format!(" GRANTED BY {}", Quoted::name(&grantor)));
        }
        session.run(&doing, &revoke).await?;
    }
    Ok(())
}

/// Writes a value in the text format of `COPY`.
fn copy_text(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_copy_treats_specially_are_escaped() {
        assert_eq!(copy_text("a\\b\tc\nd\re"), "a\\\\b\\tc\\nd\\re");
        assert_eq!(copy_text("O'Brien; \"x\""), "O'Brien; \"x\"");
    }

    #[test]
    fn a_verifier_has_the_form_of_rfc_5803_and_a_salt_of_its_own() {
        let (first, second) = (scram_sha_256(b"hunter2"), scram_sha_256(b"hunter2"));
        assert!(first.starts_with("SCRAM-SHA-256$4096:"), "{first}");
        assert!(!first.contains("hunter2"), "{first}");
        assert_ne!(first, second);
        let allowed = |c: char| c.is_ascii_alphanumeric() || "+/=:$-".contains(c);
        assert!(first.chars().all(allowed), "{first}");
    }
}
