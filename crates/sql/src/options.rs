//! How the adapter connects: whom it trusts and how long it waits.

use std::{path::PathBuf, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Where trusted certificate authorities come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Certificates in PEM form.
    Pem(Vec<u8>),
    /// A file of certificates in PEM form, such as the bundle that Amazon RDS publishes.
    PemFile(PathBuf),
    /// What the operating system trusts. RDS clusters use authorities of their own, so the bundle is usually needed.
    OperatingSystem,
}

/// Options of the adapter. [`Options::new`] gives sensible limits.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whom to trust; at least one source must give at least one certificate.
    pub trust: Vec<Trust>,
    /// For resolving, connecting, the TLS handshake and the login together.
    pub connect_timeout: Duration,
    /// For one statement.
    pub statement_timeout: Duration,
    /// For waiting on a lock of someone else.
    pub lock_timeout: Duration,
    /// For the exact row counts of all tables together; the remaining tables are estimated.
    pub counting_budget: Duration,
    /// For the check of all indexes and heaps together; the report says how many were left out.
    pub integrity_budget: Duration,
}

impl Options {
    /// Options with the limits that fit a cluster of ordinary size.
    pub fn new(trust: Vec<Trust>) -> Self {
        Self {
            trust,
            connect_timeout: Duration::from_secs(15),
            statement_timeout: Duration::from_mins(5),
            lock_timeout: Duration::from_secs(30),
            counting_budget: Duration::from_mins(2),
            integrity_budget: Duration::from_mins(10),
        }
    }
}

/// Why the trusted certificates could not be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file could not be read.
    #[error("read the trusted certificates in {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A text is no PEM.
    #[error("read trusted certificates from {origin}: {reason}")]
    Malformed {
        /// The file, or what else the text was.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing is trusted, so nothing could be connected to.
    #[error("find a usable trusted certificate: there is none in {origins}")]
    Empty {
        /// Where was looked.
        origins: String,
    },
    /// The TLS library refused its own settings.
    #[error("set up TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// Builds the TLS client: certificates and host names are verified against `trust`, and nothing else is accepted.
pub(crate) fn tls_client(trust: &[Trust]) -> Result<ClientConfig, TrustError> {
    let mut roots = RootCertStore::empty();
    for source in trust {
        let (added, ignored) = roots.add_parsable_certificates(certificates(source)?);
        if ignored > 0 {
            tracing::warn!(added, ignored, "some trusted certificates cannot be used");
        }
    }
    if roots.is_empty() {
        let origins: Vec<String> = trust.iter().map(origin).collect();
        return Err(TrustError::Empty {
            origins: if origins.is_empty() { "an empty list".to_owned() } else { origins.join(", ") },
        });
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn certificates(source: &Trust) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    match source {
        Trust::Pem(text) => parse(text, source),
        Trust::PemFile(path) => {
            let text = std::fs::read(path).map_err(|source| TrustError::Unreadable { path: path.clone(), source })?;
            parse(&text, source)
        }
        // Single unreadable files of the system's store do not matter while there are others.
        Trust::OperatingSystem => Ok(rustls_native_certs::load_native_certs().certs),
    }
}

fn parse(text: &[u8], source: &Trust) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|error| TrustError::Malformed { origin: origin(source), reason: error.to_string() })
}

fn origin(source: &Trust) -> String {
    match source {
        Trust::Pem(_) => "the given text".to_owned(),
        Trust::PemFile(path) => path.display().to_string(),
        Trust::OperatingSystem => "the operating system's store".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_trust_list_is_refused() {
        let error = tls_client(&[]).unwrap_err();
        assert!(matches!(error, TrustError::Empty { .. }), "{error}");
    }

    #[test]
    fn a_text_without_certificates_is_refused() {
        let error = tls_client(&[Trust::Pem(b"hello".to_vec())]).unwrap_err();
        assert!(matches!(error, TrustError::Empty { .. }), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = tls_client(&[Trust::PemFile("/nowhere/bundle.pem".into())]).unwrap_err();
        assert!(error.to_string().contains("/nowhere/bundle.pem"), "{error}");
    }
}
