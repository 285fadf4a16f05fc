//! The read-only role can read, and nothing else.

use aurora_restore_core::ports::{AccessProof, DatabaseError, RoleSecret};

use super::{
    super::{Task, objects::Object},
    access::{self, Access},
    except, list, proof,
};
use crate::{failure::Refusal, session::Session};

/// Proves it in the database of `session`, which is the reader's own and could write as far as the session goes.
pub(super) async fn prove(
    session: &Session,
    task: &Task<'_>,
    role: &RoleSecret,
    database: &str,
    left_alone: &[Object],
) -> Result<Vec<AccessProof>, DatabaseError> {
    let name = &role.username;
    let all = access::all(session, task).await?;
    let mut proofs = Vec::new();
    if let Some((table, column)) = access::to_write(&all) {
        let read = format!("SELECT FROM {table} LIMIT 1");
        let refused = session.attempt("trying to read", &read).await?.err();
        let claim = format!("reader `{name}` can read {table} of `{database}`");
        proofs.push(proof(claim, refused.map(|refusal| refusal.to_string())));

        let write = format!("BEGIN; INSERT INTO {table} ({column}) SELECT {column} FROM {table} WHERE false");
        let tried = session.attempt("trying to write", &write).await?;
        session.run("ending the attempt to write", "ROLLBACK").await?;
        let claim = format!("reader `{name}` cannot write to {table} of `{database}`");
        proofs.push(refusal_proof(claim, tried));
    }
    proofs.extend(cannot_advance_sequences(session, name, database, &all).await?);

    let unreadable = access::named(&all, |access| access.in_scope && !access.is_sequence && !access.reads);
    let claim = format!("reader `{name}` may read every table of `{database}`");
    proofs.push(except(proof(claim, list("it may not read", &unreadable)), left_alone));

    let mut writable = access::named(&all, |access| access.writes_something);
    writable.extend(may_create(session).await?);
    let claim = format!("reader `{name}` may write nothing and create nothing in `{database}`");
    proofs.push(proof(claim, list("it may in", &writable)));
    Ok(proofs)
}

/// Advancing a sequence cannot be rolled back, so it is only tried where the server says that it will refuse.
async fn cannot_advance_sequences(
    session: &Session,
    name: &str,
    database: &str,
    all: &[Access],
) -> Result<Option<AccessProof>, DatabaseError> {
    let Some(sequence) = all.iter().find(|access| access.in_scope && access.is_sequence) else {
        return Ok(None);
    };
    let claim = format!("reader `{name}` cannot advance {} of `{database}`", sequence.quoted);
    if sequence.writes_something {
        return Ok(Some(proof(claim, Some("it has the privilege".to_owned()))));
    }
    let sequence = sequence.quoted.to_string();
    let sql = "SELECT nextval($1::text::regclass)";
    let tried = session.attempt_rows("trying to advance a sequence", sql, &[&sequence]).await?;
    Ok(Some(refusal_proof(claim, tried.map(drop))))
}

async fn may_create(session: &Session) -> Result<Vec<String>, DatabaseError> {
    let sql = "
        SELECT 'the schema ' || quote_ident(n.nspname) FROM pg_namespace AS n
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND has_schema_privilege(n.oid, 'CREATE')
        UNION ALL
        SELECT 'the database itself' WHERE has_database_privilege(current_database(), 'CREATE')";
    session.names("asking where the role may create", sql, &[]).await
}

/// A proof that an attempt was refused for want of privileges. A refusal for another reason proves nothing.
fn refusal_proof(claim: String, tried: Result<(), Refusal>) -> AccessProof {
    match tried {
        Ok(()) => proof(claim, Some("the server did it".to_owned())),
        Err(refusal) => AccessProof { claim, holds: refusal.forbids_writing(), detail: Some(refusal.to_string()) },
    }
}
