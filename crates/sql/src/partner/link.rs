//! The link between the two roles of a pair: how it is known, made and renewed.

use aurora_restore_core::ports::{DatabaseError, DatabaseLogin};

use super::names;
use crate::{
    identifier::Quoted,
    session::Session,
    users::membership::{self, Borrower},
};

/// Roles that become another one as they log in and are a member of it: `(role, what it becomes)`.
const LINKS: &str = "
    SELECT a.rolname::text, b.rolname::text
    FROM pg_auth_members AS m
    JOIN pg_roles AS a ON a.oid = m.member
    JOIN pg_roles AS b ON b.oid = m.roleid
    JOIN pg_db_role_setting AS s ON s.setrole = a.oid AND s.setdatabase = 0
    WHERE ('role=' || b.rolname) = ANY (s.setconfig) AND $1::text IN (a.rolname, b.rolname)
    GROUP BY 1, 2 ORDER BY 1, 2";

/// What a partner's login may and may not: what the login's may. Its own rights are the login's by membership.
const ATTRIBUTES: &str = "
    SELECT pg_catalog.format('ALTER ROLE %I LOGIN INHERIT NOCREATEDB NOCREATEROLE CONNECTION LIMIT %s VALID UNTIL %L',
                             $2::text, rolconnlimit, coalesce(rolvaliduntil, 'infinity'))
    FROM pg_roles WHERE rolname = $1::text";

/// The settings that a login brings into its sessions, as statements for its partner. Settings that are lists are stored as
/// they are written in SQL.
const SETTINGS: &str = "
    SELECT pg_catalog.format('ALTER ROLE %I%s SET %I TO %s', $2::text,
               coalesce(' IN DATABASE ' || pg_catalog.quote_ident(d.datname), ''), v.name,
               CASE WHEN v.name IN ('search_path', 'temp_tablespaces', 'local_preload_libraries')
                         AND v.text ~ '^(\"[^\"]+\"|[[:alnum:]_$]+)(, (\"[^\"]+\"|[[:alnum:]_$]+))*$'
                    THEN v.text ELSE pg_catalog.quote_literal(v.text) END)
    FROM pg_db_role_setting AS s
    JOIN pg_roles AS r ON r.oid = s.setrole
    LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
    CROSS JOIN LATERAL unnest(s.setconfig) AS c
    CROSS JOIN LATERAL (SELECT split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS text) AS v
    WHERE r.rolname = $1::text AND v.name <> 'role'
    ORDER BY 1";

/// What one role is to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// There is no such role.
    Nobody,
    /// It was made for the login.
    MadeForLogin,
    /// The login was made for it.
    LoginMadeForIt,
    /// It is somebody else.
    Stranger,
}

/// The role that is linked with `login`, whichever was there first.
pub(super) async fn linked_with(session: &Session, doing: &str, login: &str) -> Result<Option<String>, DatabaseError> {
    let links = links_of(session, doing, login).await?;
    Ok(links.into_iter().map(|(made, first)| if made == login { first } else { made }).next())
}

/// Says what `partner` is to `login`.
pub(super) async fn relation(
    session: &Session,
    doing: &str,
    login: &str,
    partner: &str,
) -> Result<Relation, DatabaseError> {
    let exists = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1::text)";
    if !session.row(doing, exists, &[&partner]).await?.get::<_, bool>(0) {
        return Ok(Relation::Nobody);
    }
    let links = links_of(session, doing, login).await?;
    let is_there = |made: &str, first: &str| links.iter().any(|(a, b)| a == made && b == first);
    Ok(if is_there(partner, login) {
        Relation::MadeForLogin
    } else if is_there(login, partner) {
        Relation::LoginMadeForIt
    } else {
        Relation::Stranger
    })
}

/// People link their own login with a role they share, too: only a name of the pair makes a partner.
async fn links_of(session: &Session, doing: &str, login: &str) -> Result<Vec<(String, String)>, DatabaseError> {
    let rows = session.rows(doing, LINKS, &[&login]).await?;
    let links = rows.iter().map(|row| (row.get::<_, String>(0), row.get::<_, String>(1)));
    Ok(links.filter(|(made, first)| names::stem(made) == names::stem(first)).collect())
}

/// Makes a partner for `login`. To be called in a transaction.
pub(super) async fn create(
    session: &Session,
    doing: &str,
    master: &DatabaseLogin,
    login: &str,
    partner: &str,
) -> Result<(), DatabaseError> {
    session.run(doing, &format!("CREATE ROLE {}", Quoted::name(partner))).await?;
    renew(session, doing, master, login, partner).await
}

/// Makes a partner anew what `login` is now. To be called in a transaction.
pub(super) async fn renew(
    session: &Session,
    doing: &str,
    master: &DatabaseLogin,
    login: &str,
    partner: &str,
) -> Result<(), DatabaseError> {
    let (first, made) = (Quoted::name(login), Quoted::name(partner));
    let major = session.major().await?;
    let attributes: String = session.row(doing, ATTRIBUTES, &[&login, &partner]).await?.get(0);
    session.run(doing, &attributes).await?;
    let options = if major < 16 { "" } else { " WITH INHERIT TRUE, SET TRUE" };
    session.run(doing, &format!("GRANT {first} TO {made}{options}")).await?;
    session.run(doing, &format!("ALTER ROLE {made} RESET ALL")).await?;
    for statement in session.names(doing, SETTINGS, &[&login, &partner]).await? {
        copy_setting(session, doing, &statement).await?;
    }
    // Only who could become a role may have another one become it.
    let borrower = Borrower { master: &master.username, major };
    let membership = membership::join(session, borrower, login).await?;
    session.run(doing, &format!("ALTER ROLE {made} SET role TO {first}")).await?;
    membership::leave(session, membership.into_iter().collect()).await
}

/// Runs the statement of one setting. One that only the engine's superuser may set was set by it, and nobody else can.
async fn copy_setting(session: &Session, doing: &str, statement: &str) -> Result<(), DatabaseError> {
    session.run(doing, "SAVEPOINT setting").await?;
    match session.attempt(doing, statement).await? {
        Ok(()) => session.run(doing, "RELEASE SAVEPOINT setting").await,
        Err(refusal) if refusal.forbids_writing() => {
            tracing::warn!(%refusal, "a setting of the login is not given to its partner");
            session.run(doing, "ROLLBACK TO SAVEPOINT setting").await
        }
        Err(refusal) => {
            Err(session.trouble(aurora_restore_core::ports::DatabaseErrorKind::Other, doing, refusal.to_string()))
        }
    }
}
