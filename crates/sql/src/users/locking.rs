//! Locking the logins that came with the source, and ending what sessions they have.

use std::time::{Duration, Instant};

use aurora_restore_core::ports::{DatabaseError, DatabaseErrorKind};

use super::{Task, catalogue};
use crate::{identifier::Quoted, session::Session};

/// How long sessions may take to end after they were told to.
const END_TIMEOUT: Duration = Duration::from_secs(10);
const END_POLL: Duration = Duration::from_millis(50);

/// Locks every login that is not kept, wanted, the master or the engine's, and ends its sessions. Gives the names of
/// all roles that this product has locked, in this run or an earlier one.
///
/// A locked role is `NOLOGIN`, has no password, and is valid until `-infinity`. The last is no third lock only, it is
/// also the mark by which a later run knows a locked login from a role that never was one.
pub(crate) async fn lock_others(session: &Session, task: &Task<'_>) -> Result<Vec<String>, DatabaseError> {
    let mut locked = Vec::new();
    let mut refusals = Vec::new();
    let spared = |name: &str| {
        name == task.master.username
            || task.wanted().any(|role| role.username == name)
            || task.setup.keep_logins.iter().any(|kept| kept == name)
    };
    for role in catalogue::roles(session).await? {
        if spared(&role.name) || !(role.can_log_in || role.locked) {
            continue;
        }
        let doing = format!("locking the login `{}`", role.name);
        let name = Quoted::name(&role.name);
        let lock = format!("ALTER ROLE {name} NOLOGIN PASSWORD NULL VALID UNTIL '-infinity'");
        match session.attempt(&doing, &lock).await? {
            Ok(()) => locked.push(role.name),
            Err(refusal) => refusals.push(format!("`{}`: {refusal}", role.name)),
        }
    }
    end_sessions(session, &locked).await?;
    if refusals.is_empty() {
        return Ok(locked);
    }
    // All that can be locked is locked by now; what is left must not pass for done.
    Err(session.trouble(DatabaseErrorKind::PermissionDenied, "locking the logins of the source", refusals.join("; ")))
}

async fn end_sessions(session: &Session, locked: &[String]) -> Result<(), DatabaseError> {
    const ENDING: &str = "ending the sessions of locked logins";
    let end = "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE usename = ANY($1)) AS told";
    let told: i64 = session.row(ENDING, end, &[&locked]).await?.get(0);
    if told == 0 {
        return Ok(());
    }
    let left = "SELECT DISTINCT usename::text FROM pg_stat_activity WHERE usename = ANY($1)";
    let deadline = Instant::now() + END_TIMEOUT;
    loop {
        let still_there = session.names(ENDING, left, &[&locked]).await?;
        if still_there.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let reason = format!("still connected: {}", still_there.join(", "));
            return Err(session.trouble(DatabaseErrorKind::Other, ENDING, reason));
        }
        tokio::time::sleep(END_POLL).await;
    }
}
