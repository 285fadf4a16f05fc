//! Rights over the objects of others, for the length of a transaction.
//!
//! The master of an Aurora cluster is no superuser: to give privileges on a table it must be a member of the table's
//! owner. It may make itself one. Role grants are transactional, so the membership is taken and given back inside the
//! transaction that needs it, and no crash can leave it behind.

use aurora_restore_core::ports::DatabaseError;

use crate::{identifier::Quoted, session::Session};

/// Who borrows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Borrower<'a> {
    /// The master that is logged in.
    pub(crate) master: &'a str,
    /// The major version of the server.
    pub(crate) major: i32,
}

/// A membership taken by [`join`], and how to give it back.
pub(crate) struct Membership {
    give_back: String,
    /// Memberships that stood in the way, to be put back when none is borrowed any more.
    put_back: Vec<String>,
}

/// Makes the master a member of `owner` unless it has the owner's rights already. To be called in a transaction.
pub(crate) async fn join(
    session: &Session,
    borrower: Borrower<'_>,
    owner: &str,
) -> Result<Option<Membership>, DatabaseError> {
    let doing = format!("borrowing the rights of the owner `{owner}`");
    let held = "SELECT pg_has_role(current_user, $1::name, 'USAGE')";
    if session.row(&doing, held, &[&owner]).await?.get(0) {
        return Ok(None);
    }
    let (role, master) = (Quoted::name(owner), Quoted::name(borrower.master));
    if borrower.major < 16 {
        let put_back = set_members_aside(session, &doing, owner, &master).await?;
        session.run(&doing, &format!("GRANT {role} TO {master}")).await?;
        return Ok(Some(Membership { give_back: format!("REVOKE {role} FROM {master}"), put_back }));
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
    Ok(Some(Membership { give_back, put_back: Vec::new() }))
}

/// Takes the master's own role from those of its members that lead to `owner`: memberships must not go in circles, and
/// an owner that may act as the master is common. Gives what puts them back. From 16 on the master could neither have
/// granted its own role nor take it back.
async fn set_members_aside(
    session: &Session,
    doing: &str,
    owner: &str,
    master: &Quoted,
) -> Result<Vec<String>, DatabaseError> {
    let sql = "SELECT r.rolname::text, m.admin_option FROM pg_auth_members AS m JOIN pg_roles AS r ON r.oid = m.member \
               WHERE m.roleid = current_user::regrole AND pg_has_role($1::name, m.member, 'MEMBER')";
    let mut put_back = Vec::new();
    for row in session.rows(doing, sql, &[&owner]).await? {
        let (member, admin): (String, bool) = (row.get(0), row.get(1));
        let member = Quoted::name(&member);
        session.run(doing, &format!("REVOKE {master} FROM {member}")).await?;
        let option = if admin { " WITH ADMIN OPTION" } else { "" };
        put_back.push(format!("GRANT {master} TO {member}{option}"));
    }
    Ok(put_back)
}

/// Gives memberships back. To be called in the transaction that took them.
pub(crate) async fn leave(session: &Session, memberships: Vec<Membership>) -> Result<(), DatabaseError> {
    const GIVING_BACK: &str = "giving borrowed rights back";
    for membership in &memberships {
        session.run(GIVING_BACK, &membership.give_back).await?;
    }
    for statement in memberships.iter().flat_map(|membership| &membership.put_back) {
        session.run(GIVING_BACK, statement).await?;
    }
    Ok(())
}
