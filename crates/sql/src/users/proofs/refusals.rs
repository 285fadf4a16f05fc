//! Who cannot log in any more, and who still may.

use aurora_restore_core::ports::{AccessProof, DatabaseError, DatabaseErrorKind, RoleSecret};
use aurora_restore_core::secret::Secret;
use rand::RngExt as _;

use super::{super::Task, proof};
use crate::session::{Purpose, Session};

/// Every locked login: what the server has stored about it, read anew, and an attempt to log in. The password of the
/// source is not known here, so the attempt is made with a random one; that the role can log in with none at all is what
/// the stored attributes show.
pub(super) async fn locked_are_out(
    home: &Session,
    task: &Task<'_>,
    locked: &[String],
) -> Result<Vec<AccessProof>, DatabaseError> {
    let sql = "SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1) AND rolcanlogin";
    let open = home.names("reading the locked roles anew", sql, &[&locked]).await?;
    let mut proofs = Vec::new();
    for name in locked {
        let claim = format!("locked login `{name}` cannot log in");
        if open.contains(name) {
            proofs.push(proof(claim, Some("the role may still log in".to_owned())));
            continue;
        }
        let password = Secret::new(format!("{:032x}", rand::rng().random::<u128>()));
        proofs.push(refused(task, claim, &RoleSecret { username: name.clone(), password }).await?);
    }
    Ok(proofs)
}

/// Logins of the source with passwords that are known and must not work any more.
pub(super) async fn must_be_refused(task: &Task<'_>) -> Result<Vec<AccessProof>, DatabaseError> {
    let mut proofs = Vec::new();
    for role in &task.setup.must_be_refused {
        let claim = format!("the source's password of `{}` is refused", role.username);
        proofs.push(refused(task, claim, role).await?);
    }
    Ok(proofs)
}

/// Logins that are kept: their passwords are not known here, so what they need to log in is read.
pub(super) async fn kept_may_enter(home: &Session, task: &Task<'_>) -> Result<Vec<AccessProof>, DatabaseError> {
    let sql = "
        SELECT CASE WHEN NOT r.rolcanlogin THEN 'it is no login'
                    WHEN NOT has_database_privilege(r.oid, current_database(), 'CONNECT')
                    THEN 'it may not connect to ' || quote_ident(current_database()) END
        FROM pg_roles AS r WHERE r.rolname = $1";
    let mut proofs = Vec::new();
    for name in &task.setup.keep_logins {
        let row = home.row("reading the kept roles anew", sql, &[name]).await?;
        let against: Option<String> = row.get(0);
        proofs.push(proof(format!("kept login `{name}` may log in"), against));
    }
    Ok(proofs)
}

async fn refused(task: &Task<'_>, claim: String, role: &RoleSecret) -> Result<AccessProof, DatabaseError> {
    let login = task.login_of(role, &task.master.database);
    match task.connector.open(&login, Purpose::Look).await {
        Ok(_session) => Ok(proof(claim, Some("the server let it in".to_owned()))),
        Err(error) => match error.kind {
            DatabaseErrorKind::LoginRefused => Ok(AccessProof { claim, holds: true, detail: Some(error.reason) }),
            // Any other refusal comes after the password was accepted, or says nothing about it.
            DatabaseErrorKind::PermissionDenied | DatabaseErrorKind::InvalidRequest | DatabaseErrorKind::Other => {
                Ok(proof(claim, Some(error.reason)))
            }
            DatabaseErrorKind::Unreachable | DatabaseErrorKind::CertificateRefused => Err(error),
        },
    }
}
