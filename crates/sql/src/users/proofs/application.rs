//! The application role can read and write.

use aurora_restore_core::ports::{AccessProof, DatabaseError, RoleSecret};

use super::{
    super::{Task, objects::Object},
    access, except, list, proof,
};
use crate::session::Session;

/// Proves it in the database of `session`, which is the application's own.
///
/// On one table inserting, updating and deleting are really executed, on no rows, and rolled back: the server checks
/// privileges, and that it takes writes at all, as for any other write. For all other tables the server is asked.
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
        let tried = format!(
            "BEGIN; INSERT INTO {table} ({column}) SELECT {column} FROM {table} WHERE false; \
             UPDATE {table} SET {column} = {column} WHERE false; DELETE FROM {table} WHERE false; ROLLBACK"
        );
        let refused = session.attempt("trying to write", &tried).await?.err();
        session.run("ending the attempt to write", "ROLLBACK").await?;
        let claim = format!("application `{name}` can insert, update and delete in {table} of `{database}`");
        proofs.push(proof(claim, refused.map(|refusal| refusal.to_string())));
    }
    let lacking = access::named(&all, |access| access.in_scope && !(access.reads && access.writes));
    let claim = format!("application `{name}` may read and write every table and sequence of `{database}`");
    proofs.push(except(proof(claim, list("it may not in", &lacking)), left_alone));
    Ok(proofs)
}
