//! The database port for PostgreSQL: opens the sessions and hands them to the chapters.

use std::fmt;

use async_trait::async_trait;
use aurora_restore_core::{
    ports::{
        Database, DatabaseError, DatabaseLogin, LoginProof, Logins, RoleSecret, Turn, UserSetup, UserSetupOutcome,
    },
    secret::Secret,
    verification::{CheckResult, VerificationSpec},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    fingerprint,
    options::{self, Options, TrustError},
    partner,
    session::{Connector, Purpose},
    users, verify,
};

/// PostgreSQL, on Aurora or anywhere else, reached through TLS with a verified certificate.
///
/// Passwords become SCRAM-SHA-256 verifiers here, before anything is sent. They are prepared with `SASLprep` as
/// PostgreSQL's own clients do it; a password that `SASLprep` does not allow is used byte for byte, again as they do.
pub struct Postgres {
    connector: Connector,
}

impl Postgres {
    /// Reads the trusted certificates. Connects to nothing.
    ///
    /// # Errors
    /// Where the trusted certificates cannot be read or there are none.
    pub fn new(options: Options) -> Result<Self, TrustError> {
        let tls = MakeRustlsConnect::new(options::tls_client(&options.trust)?);
        Ok(Self { connector: Connector { tls, options } })
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Postgres").field("options", &self.connector.options).finish()
    }
}

#[async_trait]
impl Database for Postgres {
    async fn log_in(&self, login: &DatabaseLogin) -> Result<LoginProof, DatabaseError> {
        let session = self.connector.open(login, Purpose::Try).await?;
        let sql = "SELECT current_setting('server_version'), \
                   NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'";
        let row = session.row("asking for the server's version", sql, &[]).await?;
        Ok(LoginProof {
            server_version: row.get(0),
            writable: row.get(1),
            fingerprint: fingerprint::of(&session).await?,
        })
    }

    async fn set_up_users(&self, master: &DatabaseLogin, setup: &UserSetup) -> Result<UserSetupOutcome, DatabaseError> {
        users::set_up(&self.connector, master, setup).await
    }

    async fn verify(&self, login: &DatabaseLogin, spec: &VerificationSpec) -> Result<Vec<CheckResult>, DatabaseError> {
        verify::verify(&self.connector, login, spec).await
    }
}

#[async_trait]
impl Logins for Postgres {
    async fn turn(&self, master: &DatabaseLogin) -> Result<Box<dyn Turn>, DatabaseError> {
        Ok(Box::new(partner::turn(&self.connector, master).await?))
    }

    async fn partner_of(&self, master: &DatabaseLogin, login: &str) -> Result<String, DatabaseError> {
        partner::partner_of(&self.connector, master, login).await
    }

    async fn arm_partner(
        &self,
        master: &DatabaseLogin,
        login: &str,
        partner: &RoleSecret,
    ) -> Result<(), DatabaseError> {
        partner::arm(&self.connector, master, login, partner).await
    }

    async fn set_own_password(&self, login: &DatabaseLogin, password: &Secret) -> Result<(), DatabaseError> {
        partner::set_own_password(&self.connector, login, password).await
    }
}
