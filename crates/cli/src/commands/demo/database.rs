//! Logging in to the databases of the demo: TLS with the certificate checked, as every client should.

use std::{path::Path, sync::Arc, time::Duration};

use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use tokio_postgres::Client;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::secret_files::Role;
use crate::error::CommandError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where a cluster answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) host: String,
    pub(super) port: u16,
}

/// How to log in.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) place: Place,
    pub(super) role: Role,
    tls: MakeRustlsConnect,
}

/// Why a login failed.
#[derive(Debug)]
pub(super) enum LoginError {
    /// The server itself refused the role or its password.
    Refused,
    /// Anything else.
    Other(tokio_postgres::Error),
}

impl Login {
    /// A login that trusts the given authority only.
    pub(super) fn new(place: Place, role: Role, authority: &Path) -> Result<Self, CommandError> {
        Ok(Self { place, role, tls: trusting(authority)? })
    }

    /// Another role at the same place.
    pub(super) fn as_role(&self, role: &Role) -> Self {
        Self { place: self.place.clone(), role: role.clone(), tls: self.tls.clone() }
    }

    /// Logs in to the shop's database.
    pub(super) async fn connect(&self) -> Result<Client, LoginError> {
        let mut config = tokio_postgres::Config::new();
        config
            .host(&self.place.host)
            .port(self.place.port)
            .dbname("shop")
            .user(&self.role.name)
            .password(&self.role.password)
            .application_name("aurora-restore demo")
            .connect_timeout(CONNECT_TIMEOUT)
            .ssl_mode(tokio_postgres::config::SslMode::Require);
        let (client, connection) =
            config.connect(self.tls.clone()).await.map_err(|error| match error.as_db_error() {
                Some(db) if db.code().code().starts_with("28") => LoginError::Refused,
                _ => LoginError::Other(error),
            })?;
        // Ends with the client.
        drop(tokio::spawn(async move { drop(connection.await) }));
        Ok(client)
    }

    /// Logs in where that must work.
    pub(super) async fn must_connect(&self) -> Result<Client, CommandError> {
        self.connect().await.map_err(|error| {
            let told = CommandError::failed(format!("{} could not log in to port {}", self.role.name, self.place.port));
            match error {
                LoginError::Refused => told,
                LoginError::Other(error) => told.caused_by(error),
            }
        })
    }
}

fn trusting(authority: &Path) -> Result<MakeRustlsConnect, CommandError> {
    let unusable = |reason: String| {
        CommandError::failed(format!("the certificate {} cannot be used: {reason}", authority.display()))
    };
    let mut roots = rustls::RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(authority).map_err(|error| unusable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
