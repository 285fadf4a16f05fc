//! The turn to change logins: a lock of the server, which ends with the connection that holds it.

use aurora_restore_core::ports::{DatabaseError, DatabaseErrorKind, DatabaseLogin, Turn};

use crate::session::{Connector, Purpose, Session};

/// The key of the lock, in the space of the database: `arrotate`, in ASCII.
const KEY: i64 = i64::from_be_bytes(*b"arrotate");

/// The server notices within a minute that the host of a holder is gone: 30 s of silence, and three questions without an
/// answer. A holder that dies alone leaves a closed connection, which shows at once.
const HOLDER_IS_WATCHED: &str =
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3";

impl Turn for Session {}

/// Takes the turn, waiting no longer than for any lock.
pub(crate) async fn turn(connector: &Connector, master: &DatabaseLogin) -> Result<Session, DatabaseError> {
    const DOING: &str = "waiting for the turn to change logins";
    let session = connector.open(master, Purpose::Manage).await?;
    session.run(DOING, HOLDER_IS_WATCHED).await?;
    match session.attempt(DOING, &format!("SELECT pg_advisory_lock({KEY})")).await? {
        Ok(()) => Ok(session),
        Err(refusal) => {
            let reason =
                format!("another rotation changes the logins of this database, wait until it has ended: {refusal}");
            Err(session.trouble(DatabaseErrorKind::Other, DOING, reason))
        }
    }
}
