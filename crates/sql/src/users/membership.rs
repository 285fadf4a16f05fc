//! Rights over the objects of others, for the length of a transaction.
//!
//! The master of an Aurora cluster is no superuser: to give privileges on a table it must be a member of the table's
//! owner. It may make itself one. Role grants are transactional, so the membership is taken and given back inside the
//! transaction that needs it, and no crash can leave it behind.

use aurora_restore_core::ports::DatabaseError;

use super::Task;
use crate::{identifier::Quoted, session::Session};

/// A membership taken by [`join`], and how to give it back.
pub(crate) struct Membership {
    give_back: String,
}

/// Makes the master a member of `owner` unless it has the owner's rights already. To be called in a transaction.
pub(crate) async fn join(session: &Session, task: &Task<'_>, owner: &str) -> Result<Option<Membership>, DatabaseError> {
    let doing = format!("borrowing the rights of the owner `{owner}`");
    let held = "SELECT pg_has_role(current_user, $1::name, 'USAGE')";
    if session.row(&doing, held, &[&owner]).await?.get(0) {
        return Ok(None);
    }
    let (role, master) = (Quoted::name(owner), Quoted::name(&task.master.username));
    if task.major < 16 {
        session.run(&doing, &format!("GRANT {role} TO {master}")).await?;
        return Ok(Some(Membership { give_back: format!("REVOKE {role} FROM {master}") }));
    }
    // From 16 on memberships have options and one row per grantor; a row of the master's own may be there already.
    let own = "SELECT (to_jsonb(m) ->> 'inherit_option')::bool, (to_jsonb(m) ->> 'set_option')::bool \
               FROM pg_auth_members AS m \
               WHERE m.roleid = $1::text::regrole AND m.member = current_user::regrole \
                 AND m.grantor = current_user::regrole";
    let quoted = role.to_string();
    let before = session.rows(&doing, own, &[&quoted]).await?;
    session.run(&doing, &format!("GRANT {role} TO {master} WITH INHERIT TRUE, SET TRUE")).await?;
    let give_back = match before.first() {
        None => format!("REVOKE {role} FROM {master} GRANTED BY {master}"),
        Some(row) => {
            let (inherit, set): (bool, bool) = (row.get(0), row.get(1));
            format!("GRANT {role} TO {master} WITH INHERIT {inherit}, SET {set}")
        }
    };
    Ok(Some(Membership { give_back }))
}

/// Gives memberships back. To be called in the transaction that took them.
pub(crate) async fn leave(session: &Session, memberships: Vec<Membership>) -> Result<(), DatabaseError> {
    for membership in memberships {
        session.run("giving borrowed rights back", &membership.give_back).await?;
    }
    Ok(())
}
