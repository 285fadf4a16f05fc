//! What the secrets must hold, read strictly. Messages name keys, never values.

use crate::{
    catalogue::ErrorCode,
    ids::SecretId,
    operation::Failure,
    ports::{RoleSecret, SecretDocument, Secrets},
    secret::Secret,
    steps::failure_of_secrets,
};

/// The database that a master secret means if it names none.
const DATABASE_DEFAULT: &str = "postgres";
/// The most bytes in a PostgreSQL identifier.
const ROLE_NAME_BYTES_MAX: usize = 63;

/// The master login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterLogin {
    /// The role.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// The database to log in to.
    pub database: String,
}

impl MasterLogin {
    /// The role without the database.
    pub fn role(self) -> RoleSecret {
        RoleSecret { username: self.username, password: self.password }
    }
}

/// The logins of the application and of the reader.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserLogins {
    /// The role that reads and writes.
    pub application: Option<RoleSecret>,
    /// The role that only reads.
    pub readonly: Option<RoleSecret>,
}

/// Reads the master login.
///
/// # Errors
/// A failure that names the secret and the key.
pub async fn read_master(secrets: &dyn Secrets, id: &SecretId) -> Result<MasterLogin, Failure> {
    let document = secrets.get(id).await.map_err(|error| failure_of_secrets(&error))?;
    let username = role_name(id, &document, "username")?;
    let password = text(id, &document, "password")?;
    check_master_password(id, &password)?;
    let database = match document.fields.get("database") {
        Some(database) if !database.expose().is_empty() => database.expose().to_owned(),
        Some(_) | None => DATABASE_DEFAULT.to_owned(),
    };
    Ok(MasterLogin { username, password, database })
}

/// Reads the logins of the application and of the reader.
///
/// # Errors
/// A failure that names the secret and the key.
pub async fn read_users(secrets: &dyn Secrets, id: &SecretId) -> Result<UserLogins, Failure> {
    let document = secrets.get(id).await.map_err(|error| failure_of_secrets(&error))?;
    let logins = UserLogins {
        application: pair(id, &document, "app_username", "app_password")?,
        readonly: pair(id, &document, "readonly_username", "readonly_password")?,
    };
    match (&logins.application, &logins.readonly) {
        (None, None) => Err(malformed(id, "it has neither `app_username` nor `readonly_username`")),
        (Some(application), Some(readonly)) if application.username == readonly.username => {
            Err(malformed(id, "`app_username` and `readonly_username` are the same role"))
        }
        _ => Ok(logins),
    }
}

fn pair(id: &SecretId, document: &SecretDocument, name: &str, password: &str) -> Result<Option<RoleSecret>, Failure> {
    match (document.fields.contains_key(name), document.fields.contains_key(password)) {
        (false, false) => Ok(None),
        _ => Ok(Some(RoleSecret { username: role_name(id, document, name)?, password: text(id, document, password)? })),
    }
}

fn text(id: &SecretId, document: &SecretDocument, key: &str) -> Result<Secret, Failure> {
    match document.fields.get(key) {
        Some(value) if value.expose().is_empty() => Err(malformed(id, &format!("`{key}` is empty"))),
        Some(value) if value.expose().contains('\0') => Err(malformed(id, &format!("`{key}` has a NUL character"))),
        Some(value) => Ok(value.clone()),
        None => Err(malformed(id, &format!("`{key}` is missing"))),
    }
}

fn role_name(id: &SecretId, document: &SecretDocument, key: &str) -> Result<String, Failure> {
    let name = text(id, document, key)?;
    if name.expose().len() > ROLE_NAME_BYTES_MAX {
        return Err(malformed(id, &format!("`{key}` has more than {ROLE_NAME_BYTES_MAX} bytes")));
    }
    Ok(name.expose().to_owned())
}

/// RDS takes 8 to 41 printable ASCII characters without `/`, `"`, `@`; the Aurora User Guide also bans `'` and space.
fn check_master_password(id: &SecretId, password: &Secret) -> Result<(), Failure> {
    let text = password.expose();
    if !(8..=41).contains(&text.chars().count()) {
        return Err(malformed(id, "`password` must have 8 to 41 characters"));
    }
    let allowed = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | '"' | '@' | '\'');
    if !text.chars().all(allowed) {
        return Err(malformed(id, "`password` may hold printable ASCII characters except / \" @ ' and space"));
    }
    Ok(())
}

fn malformed(id: &SecretId, reason: &str) -> Failure {
    Failure::terminal(ErrorCode::SecretMalformed, format!("secret `{id}` is malformed: {reason}"))
        .hint(ErrorCode::SecretMalformed.action())
}
