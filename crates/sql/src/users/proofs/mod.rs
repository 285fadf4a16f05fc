//! Proofs: everything that the set-up claims is tried, as the role that it is about.
//!
//! What is tried changes nothing: it touches no row, or is rolled back, or is refused. A proof that does not hold is a
//! value; an error means that the proof could not be carried out.

mod access;
mod application;
mod future;
mod reader;
mod refusals;

use aurora_restore_core::ports::{AccessProof, DatabaseError, DatabaseErrorKind, RoleSecret};

use super::{Task, objects::Object};
use crate::session::{Purpose, Session};

/// How many names a proof's detail lists.
const NAMES_IN_DETAIL_MAX: usize = 5;

/// Gathers all proofs. `left_alone` holds, per database, the objects that only the engine can give privileges on.
pub(crate) async fn gather(
    home: &Session,
    task: &Task<'_>,
    locked: &[String],
    left_alone: &[Vec<Object>],
) -> Result<Vec<AccessProof>, DatabaseError> {
    let mut proofs = Vec::new();
    for (database, left_alone) in task.databases.iter().zip(left_alone) {
        if let Some(role) = &task.setup.application
            && let Some(session) = enter(task, role, "application", database, &mut proofs).await?
        {
            proofs.extend(application::prove(&session, task, role, database, left_alone).await?);
        }
        if let Some(role) = &task.setup.readonly
            && let Some(session) = enter(task, role, "reader", database, &mut proofs).await?
        {
            proofs.extend(reader::prove(&session, task, role, database, left_alone).await?);
        }
        let session = task.open_in(database).await?;
        proofs.push(public_is_tightened(&session, database).await?);
        proofs.extend(future::prove(&session, task, database).await?);
    }
    proofs.extend(refusals::kept_may_enter(home, task).await?);
    proofs.extend(refusals::locked_are_out(home, task, locked).await?);
    proofs.extend(refusals::must_be_refused(task).await?);
    Ok(proofs)
}

/// Logs in as a role and proves it. A refusal is a proof that does not hold, and gives no session.
async fn enter(
    task: &Task<'_>,
    role: &RoleSecret,
    part: &str,
    database: &str,
    proofs: &mut Vec<AccessProof>,
) -> Result<Option<Session>, DatabaseError> {
    let claim = format!("{part} `{}` can log in to `{database}`", role.username);
    match task.connector.open(&task.login_of(role, database), Purpose::Try).await {
        Ok(session) => {
            proofs.push(proof(claim, None));
            Ok(Some(session))
        }
        Err(error) if error.kind == DatabaseErrorKind::Unreachable => Err(error),
        Err(error) => {
            proofs.push(proof(claim, Some(error.reason)));
            Ok(None)
        }
    }
}

async fn public_is_tightened(session: &Session, database: &str) -> Result<AccessProof, DatabaseError> {
    let sql = "
        SELECT 'CREATE on the schema public' FROM pg_namespace AS n
        WHERE n.nspname = 'public' AND has_schema_privilege('public', n.oid, 'CREATE')
        UNION ALL
        SELECT p || ' on the database' FROM unnest(ARRAY['CONNECT', 'TEMPORARY', 'CREATE']) AS p
        WHERE has_database_privilege('public', current_database(), p)";
    let held = session.names("looking at what PUBLIC may do", sql, &[]).await?;
    let claim = format!("nobody creates, connects or makes temporary tables in `{database}` through PUBLIC");
    Ok(proof(claim, list("PUBLIC has", &held)))
}

/// A proof that holds unless there is something against it.
fn proof(claim: String, against: Option<String>) -> AccessProof {
    AccessProof { claim, holds: against.is_none(), detail: against }
}

/// Names what speaks against a claim, if anything does.
fn list(prefix: &str, names: &[String]) -> Option<String> {
    let shown = names.iter().take(NAMES_IN_DETAIL_MAX).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => None,
        count if count > NAMES_IN_DETAIL_MAX => {
            Some(format!("{prefix} {shown} and {} more", count - NAMES_IN_DETAIL_MAX))
        }
        _ => Some(format!("{prefix} {shown}")),
    }
}

/// Adds to a proof that holds which objects it does not speak about.
fn except(mut proof: AccessProof, left_alone: &[Object]) -> AccessProof {
    if proof.holds {
        let names: Vec<String> = left_alone.iter().map(|object| object.quoted().to_string()).collect();
        proof.detail = list("left alone, because they belong to the engine:", &names);
    }
    proof
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_names_is_cut_and_counted() {
        let names: Vec<String> = (1..=7).map(|number| format!("t{number}")).collect();
        assert_eq!(list("cannot write", &names).unwrap(), "cannot write t1, t2, t3, t4, t5 and 2 more");
        assert_eq!(list("cannot write", &names[..1]).unwrap(), "cannot write t1");
        assert_eq!(list("cannot write", &[]), None);
    }
}
