//! What is done inside the restored database, without saying which engine it is.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    ports::Endpoint,
    secret::Secret,
    verification::{CheckResult, VerificationSpec},
};

/// How to log in to a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseLogin {
    /// Host and port. TLS with a checked certificate is always used; which authorities are trusted is the adapter's.
    pub endpoint: Endpoint,
    /// The database.
    pub database: String,
    /// The role.
    pub username: String,
    /// Its password.
    pub password: Secret,
}

/// A role and its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSecret {
    /// The role's name.
    pub username: String,
    /// Its password.
    pub password: Secret,
}

/// Which schemas the users may work in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum SchemaChoice {
    /// Every schema that is not the engine's own.
    #[default]
    AllUserSchemas,
    /// Only these.
    Only(Vec<String>),
}

/// What the users of the restored database shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSetup {
    /// The role that reads and writes.
    pub application: Option<RoleSecret>,
    /// The role that only reads.
    pub readonly: Option<RoleSecret>,
    /// Where both may work.
    pub schemas: SchemaChoice,
    /// Login roles of the source that stay as they are; all others are locked.
    pub keep_logins: Vec<String>,
    /// Master logins of the source whose passwords are known and must not work any more; proven by trying.
    pub must_be_refused: Vec<RoleSecret>,
}

/// One attempt to do something that must work, or must not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessProof {
    /// What was tried, for example "reader `report` cannot write".
    pub claim: String,
    /// Whether it was as claimed.
    pub holds: bool,
    /// What the server said, where that tells something.
    pub detail: Option<String>,
}

/// What was done to the users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct UserSetupOutcome {
    /// Roles made.
    pub created: Vec<String>,
    /// Roles that existed and got their password and privileges anew.
    pub updated: Vec<String>,
    /// Login roles of the source that can no longer log in.
    pub locked: Vec<String>,
    /// Login roles of the source kept by the request.
    pub kept: Vec<String>,
    /// Proofs by logging in.
    pub proofs: Vec<AccessProof>,
}

/// What a login through an endpoint found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginProof {
    /// The server's version as it says it.
    pub server_version: String,
    /// Whether the session can write (a reader's endpoint cannot).
    pub writable: bool,
    /// What the content looks like, to tell one cluster's data from another's.
    pub fingerprint: DatabaseFingerprint,
}

/// A short digest of what is in the database: its tables' names and columns. Equal content has equal fingerprints; it
/// is cheap, so it does not read rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseFingerprint(pub String);

/// The database port. One implementation per engine; PostgreSQL is the first.
#[async_trait]
pub trait Database: Send + Sync {
    /// Logs in, looks, and leaves. After it returns nothing has changed.
    ///
    /// # Errors
    /// [`DatabaseErrorKind::LoginRefused`] only where the server itself refused the role or its password.
    async fn log_in(&self, login: &DatabaseLogin) -> Result<LoginProof, DatabaseError>;

    /// Makes the users what `setup` says and proves it by logging in as them. Idempotent. After it returns the
    /// application and read-only roles exist with exactly these passwords, and every other login role is locked unless
    /// it is kept, is the master that logged in, or belongs to the engine.
    ///
    /// # Errors
    /// Where the server refused a statement; what was done stays and is done again by the next call.
    async fn set_up_users(&self, master: &DatabaseLogin, setup: &UserSetup) -> Result<UserSetupOutcome, DatabaseError>;

    /// Runs the checks. After it returns nothing has changed in the database. A check that finds something wrong is a
    /// failed [`CheckResult`], not an error.
    ///
    /// # Errors
    /// Where the checks could not be run at all.
    async fn verify(&self, login: &DatabaseLogin, spec: &VerificationSpec) -> Result<Vec<CheckResult>, DatabaseError>;
}

/// What kind of trouble the database gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseErrorKind {
    /// No connection: not listening yet, a name that does not resolve, a timeout. Trying again may help.
    Unreachable,
    /// The server refused the role or its password.
    LoginRefused,
    /// The server's certificate is not trusted.
    CertificateRefused,
    /// The server refused a statement because of privileges.
    PermissionDenied,
    /// The request cannot be carried out as it stands (a schema that does not exist …).
    InvalidRequest,
    /// Anything else that the server said.
    Other,
}

/// Trouble with the database. Holds no secret and no SQL text with values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{doing} at {endpoint} failed: {reason}")]
pub struct DatabaseError {
    /// The kind, for decisions.
    pub kind: DatabaseErrorKind,
    /// Where, as `host:port/database`.
    pub endpoint: String,
    /// What was being done, for example "logging in as `app`".
    pub doing: String,
    /// What the server or the network said, with its SQLSTATE where there is one.
    pub reason: String,
}
