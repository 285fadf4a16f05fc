//! The logins in a secret's document, and the document with new ones. Pure. Reasons name keys, never what stands there.

use std::collections::BTreeMap;

use aurora_restore_core::{
    ports::{RoleSecret, SecretDocument},
    secret::Secret,
};

/// The keys of one login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) username: &'static str,
    pub(super) password: &'static str,
}

const KEYS: [Keys; 3] = [
    Keys { username: "username", password: "password" },
    Keys { username: "app_username", password: "app_password" },
    Keys { username: "readonly_username", password: "readonly_password" },
];

/// One login of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) keys: Keys,
    pub(super) role: RoleSecret,
}

/// All logins of a document, at least one.
pub(super) fn logins(document: &SecretDocument) -> Result<Vec<Login>, String> {
    let mut logins: Vec<Login> = Vec::new();
    for keys in KEYS {
        let (name, password) = (document.fields.get(keys.username), document.fields.get(keys.password));
        if name.is_none() && password.is_none() {
            continue;
        }
        let role =
            RoleSecret { username: text(name, keys.username)?.to_owned(), password: kept(password, keys.password)? };
        if let Some(same) = logins.iter().find(|login| login.role.username == role.username) {
            return Err(format!("`{}` and `{}` are the same role", same.keys.username, keys.username));
        }
        logins.push(Login { keys, role });
    }
    if logins.is_empty() {
        let names: Vec<String> = KEYS.iter().map(|keys| format!("`{}`", keys.username)).collect();
        return Err(format!("it has none of {}", names.join(", ")));
    }
    Ok(logins)
}

/// The document with other logins; everything else stays.
pub(super) fn with_logins(document: &SecretDocument, logins: &[Login]) -> SecretDocument {
    let mut fields = document.fields.clone();
    for Login { keys, role } in logins {
        fields.insert(keys.username.to_owned(), Secret::new(role.username.clone()));
        fields.insert(keys.password.to_owned(), role.password.clone());
    }
    SecretDocument { fields }
}

/// The database that the document names, if it names one.
pub(super) fn database(document: &SecretDocument) -> Option<&str> {
    document.fields.get("database").map(Secret::expose).filter(|name| !name.is_empty())
}

/// Refuses a pair of versions that differ in anything but their logins: a rotation changes no host and no database, and who
/// has put another one there wants passwords set somewhere else.
pub(super) fn check_alike(current: &SecretDocument, other: &SecretDocument) -> Result<(), String> {
    let rest = |document: &SecretDocument| -> BTreeMap<String, Secret> {
        let is_login = |key: &str| KEYS.iter().any(|keys| key == keys.username || key == keys.password);
        document
            .fields
            .iter()
            .filter(|(key, _)| !is_login(key))
            .map(|(key, text)| (key.clone(), text.clone()))
            .collect()
    };
    let keys = |document: &SecretDocument| document.fields.keys().cloned().collect::<Vec<_>>();
    if keys(current) != keys(other) {
        return Err("its versions do not have the same keys".to_owned());
    }
    let (current, other) = (rest(current), rest(other));
    match current.iter().find(|(key, text)| other.get(*key) != Some(text)) {
        Some((key, _)) => Err(format!("its versions differ in `{key}`")),
        None => Ok(()),
    }
}

fn text<'d>(value: Option<&'d Secret>, key: &str) -> Result<&'d str, String> {
    match value.map(Secret::expose) {
        None => Err(format!("`{key}` is missing")),
        Some("") => Err(format!("`{key}` is empty")),
        Some(text) if text.contains('\0') => Err(format!("`{key}` has a NUL character")),
        Some(text) => Ok(text),
    }
}

fn kept(value: Option<&Secret>, key: &str) -> Result<Secret, String> {
    text(value, key).map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(fields: &[(&str, &str)]) -> SecretDocument {
        SecretDocument { fields: fields.iter().map(|(key, text)| ((*key).to_owned(), Secret::new(*text))).collect() }
    }

    #[test]
    fn what_is_no_login_is_refused_by_its_key_and_never_shown() {
        let cases: [(&[(&str, &str)], &str); 6] = [
            (&[("host", "hunter2")], "it has none of `username`, `app_username`, `readonly_username`"),
            (&[("username", "hunter2")], "`password` is missing"),
            (&[("app_password", "hunter2")], "`app_username` is missing"),
            (&[("username", ""), ("password", "hunter2")], "`username` is empty"),
            (&[("username", "hunter2"), ("password", "a\0b")], "`password` has a NUL character"),
            (
                &[("app_username", "x"), ("app_password", "y"), ("readonly_username", "x"), ("readonly_password", "z")],
                "`app_username` and `readonly_username` are the same role",
            ),
        ];
        for (fields, reason) in cases {
            assert_eq!(logins(&document(fields)).unwrap_err(), reason);
        }
    }

    #[test]
    fn only_the_logins_are_exchanged() {
        let before = document(&[("app_username", "app"), ("app_password", "one"), ("note", "kept")]);
        let mut changed = logins(&before).unwrap();
        changed[0].role = RoleSecret { username: "app_clone".to_owned(), password: Secret::new("two") };
        let after = with_logins(&before, &changed);
        assert_eq!(after, document(&[("app_username", "app_clone"), ("app_password", "two"), ("note", "kept")]));
        assert_eq!(check_alike(&before, &after), Ok(()));
    }

    #[test]
    fn versions_that_differ_in_anything_else_are_refused() {
        let before = document(&[("username", "m"), ("password", "one"), ("host", "db-1")]);
        let elsewhere = document(&[("username", "m"), ("password", "two"), ("host", "db-2")]);
        assert_eq!(check_alike(&before, &elsewhere).unwrap_err(), "its versions differ in `host`");
        let fewer = document(&[("username", "m"), ("password", "two")]);
        assert_eq!(check_alike(&before, &fewer).unwrap_err(), "its versions do not have the same keys");
    }
}
