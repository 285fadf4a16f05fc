//! Refusing a request that cannot be carried out, before anything is changed.

use std::collections::BTreeSet;

use aurora_restore_core::ports::{DatabaseError, DatabaseErrorKind, DatabaseLogin, SchemaChoice, UserSetup};

use super::catalogue::{Role, is_engine_role};
use crate::{identifier, session::Session};

const CHECKING: &str = "checking which users to set up";

/// Checks names, passwords, that the roles do not get in each other's way, and that the master may manage roles.
pub(crate) async fn check(
    session: &Session,
    master: &DatabaseLogin,
    setup: &UserSetup,
    known: &[Role],
) -> Result<(), DatabaseError> {
    if let Some(reason) = fault(master, setup, known) {
        return Err(session.trouble(DatabaseErrorKind::InvalidRequest, CHECKING, reason));
    }
    let sql = "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user";
    if session.row(CHECKING, sql, &[]).await?.get(0) {
        return Ok(());
    }
    let reason = format!("`{}` lacks CREATEROLE, so it cannot manage roles", master.username);
    Err(session.trouble(DatabaseErrorKind::PermissionDenied, CHECKING, reason))
}

/// Checks that every chosen schema exists in some database.
pub(crate) fn check_schemas(
    session: &Session,
    setup: &UserSetup,
    existing: &BTreeSet<String>,
) -> Result<(), DatabaseError> {
    let SchemaChoice::Only(chosen) = &setup.schemas else {
        return Ok(());
    };
    match chosen.iter().find(|schema| !existing.contains(*schema)) {
        None => Ok(()),
        Some(schema) => {
            let reason = format!("no database has a schema `{schema}`");
            Err(session.trouble(DatabaseErrorKind::InvalidRequest, CHECKING, reason))
        }
    }
}

fn fault(master: &DatabaseLogin, setup: &UserSetup, known: &[Role]) -> Option<String> {
    let wanted: Vec<_> = setup.application.iter().chain(&setup.readonly).collect();
    for role in &wanted {
        let name = &role.username;
        if let Some(fault) = identifier::fault(name) {
            return Some(format!("the role name `{}` {fault}", name.escape_debug()));
        }
        if *name == master.username {
            return Some(format!("`{name}` is the master user"));
        }
        if is_engine_role(name) || ["public", "none"].contains(&name.as_str()) {
            return Some(format!("the role name `{name}` is reserved"));
        }
        if setup.keep_logins.contains(name) {
            return Some(format!("`{name}` is both set up anew and kept as it is"));
        }
        let password = role.password.expose();
        if password.is_empty() || password.contains('\0') {
            let fault = if password.is_empty() { "is empty" } else { "contains the character zero" };
            return Some(format!("the password of `{name}` {fault}"));
        }
    }
    if let [first, second] = wanted[..]
        && first.username == second.username
    {
        return Some(format!("`{}` is both the application and the read-only role", first.username));
    }
    // A misspelt name would lock the login that was meant.
    let missing = setup.keep_logins.iter().find(|kept| !known.iter().any(|role| role.name == **kept));
    missing.map(|kept| format!("the login to keep `{kept}` does not exist"))
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::{
        ports::{Endpoint, RoleSecret},
        secret::Secret,
    };

    use super::*;

    fn role(username: &str, password: &str) -> RoleSecret {
        RoleSecret { username: username.to_owned(), password: Secret::new(password) }
    }

    fn setup(application: RoleSecret, readonly: RoleSecret) -> UserSetup {
        UserSetup {
            application: Some(application),
            readonly: Some(readonly),
            schemas: SchemaChoice::AllUserSchemas,
            keep_logins: Vec::new(),
            must_be_refused: Vec::new(),
        }
    }

    fn fault_of(setup: &UserSetup) -> Option<String> {
        let master = DatabaseLogin {
            endpoint: Endpoint { host: "db".to_owned(), port: 5432 },
            database: "postgres".to_owned(),
            username: "master".to_owned(),
            password: Secret::new("m"),
        };
        let known = [Role { name: "keeper".to_owned(), can_log_in: true, locked: false }];
        fault(&master, setup, &known)
    }

    #[test]
    fn ordinary_roles_are_accepted() {
        assert_eq!(fault_of(&setup(role("app", "a"), role("reader", "b"))), None);
    }

    #[test]
    fn roles_that_cannot_be_made_are_refused_with_their_name() {
        let cases = [
            (role("master", "a"), "`master` is the master user"),
            (role("rds_x", "a"), "the role name `rds_x` is reserved"),
            (role("public", "a"), "the role name `public` is reserved"),
            (role("reader", "a"), "`reader` is both the application and the read-only role"),
            (role("app", ""), "the password of `app` is empty"),
            (role("app", "a\0b"), "the password of `app` contains the character zero"),
            (role("", "a"), "the role name `` is empty"),
        ];
        for (application, reason) in cases {
            assert_eq!(fault_of(&setup(application, role("reader", "b"))).as_deref(), Some(reason));
        }
    }

    #[test]
    fn a_login_to_keep_that_does_not_exist_is_refused() {
        let mut setup = setup(role("app", "a"), role("reader", "b"));
        setup.keep_logins = vec!["keeper".to_owned(), "keeeper".to_owned()];
        assert_eq!(fault_of(&setup).as_deref(), Some("the login to keep `keeeper` does not exist"));
    }
}
