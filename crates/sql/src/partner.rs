//! Logins in pairs: making a second role that is all that the first one is.
//!
//! The partner is a member of the login's role and becomes that role as it logs in (`ALTER ROLE … SET role`), so it has the
//! same rights today and tomorrow, and what it makes belongs to the same owner. That link, together with the name, is also
//! the mark by which a partner is known: a role of that name that somebody else made is never touched. The role that was
//! there first stays as it is but for its password.

mod link;
mod names;
mod turn;

use aurora_restore_core::{
    ports::{DatabaseError, DatabaseErrorKind, DatabaseLogin, RoleSecret},
    secret::Secret,
};

use crate::{
    identifier,
    session::{Connector, Purpose, Session},
    users::roles,
};
use link::Relation;
pub(crate) use turn::turn;

/// Gives the name of the other role of a pair.
pub(crate) async fn partner_of(
    connector: &Connector,
    master: &DatabaseLogin,
    login: &str,
) -> Result<String, DatabaseError> {
    let session = connector.open(master, Purpose::Manage).await?;
    let doing = format!("looking for the partner of the login `{login}`");
    check(&session, &doing, master, &[login])?;
    let exists = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1::text)";
    if !session.row(&doing, exists, &[&login]).await?.get::<_, bool>(0) {
        let reason = format!("the role `{login}` does not exist");
        return Err(session.trouble(DatabaseErrorKind::InvalidRequest, doing, reason));
    }
    if let Some(linked) = link::linked_with(&session, &doing, login).await? {
        return Ok(linked);
    }
    let candidates: Vec<String> =
        names::of_pair(login).into_iter().filter(|name| identifier::fault(name).is_none()).collect();
    let taken = "SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1)";
    let taken = session.names(&doing, taken, &[&candidates]).await?;
    candidates.iter().find(|name| !taken.contains(name)).cloned().ok_or_else(|| {
        let reason = format!("none of the names that it could have is free: {}", candidates.join(", "));
        session.trouble(DatabaseErrorKind::InvalidRequest, doing, reason)
    })
}

/// Makes the partner log in with its password and have the login's rights. One transaction, so a crash leaves either all of
/// it or nothing. Idempotent because it sets the whole of what a partner is.
pub(crate) async fn arm(
    connector: &Connector,
    master: &DatabaseLogin,
    login: &str,
    partner: &RoleSecret,
) -> Result<(), DatabaseError> {
    let session = connector.open(master, Purpose::Manage).await?;
    let doing = format!("making `{}` log in for `{login}`", partner.username);
    check(&session, &doing, master, &[login, &partner.username])?;
    session.run(&doing, "BEGIN").await?;
    match link::relation(&session, &doing, login, &partner.username).await? {
        Relation::Nobody => link::create(&session, &doing, master, login, &partner.username).await?,
        Relation::MadeForLogin => link::renew(&session, &doing, master, login, &partner.username).await?,
        // It was there first: what it is beside its password is its owner's business.
        Relation::LoginMadeForIt => {}
        Relation::Stranger => {
            let reason = format!("a role `{}` is there and was not made for `{login}`", partner.username);
            return Err(session.trouble(DatabaseErrorKind::InvalidRequest, doing, reason));
        }
    }
    roles::set_password(&session, &doing, partner).await?;
    session.run(&doing, "COMMIT").await
}

/// Gives the role that logs in another password.
pub(crate) async fn set_own_password(
    connector: &Connector,
    login: &DatabaseLogin,
    password: &Secret,
) -> Result<(), DatabaseError> {
    let session = connector.open(login, Purpose::Manage).await?;
    let doing = format!("giving `{}` another password", login.username);
    let role = RoleSecret { username: login.username.clone(), password: password.clone() };
    session.run(&doing, "BEGIN").await?;
    roles::set_password(&session, &doing, &role).await?;
    session.run(&doing, "COMMIT").await
}

/// Refuses names that no pair can have.
fn check(session: &Session, doing: &str, master: &DatabaseLogin, names: &[&str]) -> Result<(), DatabaseError> {
    for name in names {
        let fault = if *name == master.username {
            Some("is the master user, which has no partner")
        } else {
            identifier::fault(name)
        };
        if let Some(fault) = fault {
            let reason = format!("`{}` {fault}", name.escape_debug());
            return Err(session.trouble(DatabaseErrorKind::InvalidRequest, doing, reason));
        }
    }
    match names {
        [one, other] if one == other => {
            let reason = format!("`{one}` cannot be its own partner");
            Err(session.trouble(DatabaseErrorKind::InvalidRequest, doing, reason))
        }
        _ => Ok(()),
    }
}
