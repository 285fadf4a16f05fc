//! The databases of a world: who logs in to them, what is asked of them, and what they answer.

use std::{path::Path, time::Duration};

use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{STAGING, World};

/// A login: name and password.
pub(crate) type Login = (&'static str, &'static str);
pub(crate) const PRODUCTION_MASTER: Login = ("dba", "production-master-pw");
pub(crate) const STAGING_MASTER: Login = ("dba", "staging-master-pw");
pub(crate) const APP: Login = ("staging_app", "staging-app-pw");
pub(crate) const READER: Login = ("staging_reader", "staging-reader-pw");
pub(crate) const FORGOTTEN: Login = ("contractor", "contractor-pw");

impl World {
    /// Where a cluster's writer answers.
    pub(crate) fn port(&self, place: (&str, &str), cluster: &str) -> u16 {
        let place = self.of_place(place).unwrap();
        let found = place.clusters.iter().find(|found| found.name == cluster).unwrap();
        found.endpoint.as_ref().unwrap().port
    }

    /// Logs in at a port.
    pub(crate) async fn connect(
        &self,
        port: u16,
        login: Login,
    ) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        connect(self.status.ca_certificate.as_ref().unwrap(), port, login).await
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Runs statements as a login of a cluster.
    pub(crate) fn execute(
        &self,
        place: (&str, &str),
        cluster: &str,
        login: Login,
        sql: &str,
    ) -> Result<(), tokio_postgres::Error> {
        let port = self.port(place, cluster);
        self.block_on(async { self.connect(port, login).await?.batch_execute(sql).await })
    }

    /// Whether somebody gets in.
    pub(crate) fn gets_in(&self, cluster: &str, login: Login) -> bool {
        let port = self.port(STAGING, cluster);
        self.block_on(self.connect(port, login)).is_ok()
    }

    /// The note of a cluster, read as somebody.
    pub(crate) fn note(&self, place: (&str, &str), cluster: &str, login: Login) -> String {
        let port = self.port(place, cluster);
        self.block_on(async {
            let client = self.connect(port, login).await.unwrap();
            client.query_one("SELECT note FROM shop.about", &[]).await.unwrap().get(0)
        })
    }

    /// A digest of every row of every table.
    pub(crate) fn content(&self, place: (&str, &str), cluster: &str, login: Login) -> Vec<(String, i64, String)> {
        let port = self.port(place, cluster);
        self.block_on(async {
            let client = self.connect(port, login).await.unwrap();
            let mut all = Vec::new();
            for table in ["about", "orders", "lines"] {
                let sql = format!(
                    "SELECT count(*), coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') FROM shop.{table} AS t"
                );
                let row = client.query_one(&sql, &[]).await.unwrap();
                all.push((table.to_owned(), row.get(0), row.get(1)));
            }
            all
        })
    }
}

/// Logs in over TLS with the certificate checked.
pub(crate) async fn connect(
    authority: &Path,
    port: u16,
    (user, password): Login,
) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(authority).unwrap() {
        roots.add(certificate.unwrap()).unwrap();
    }
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut config = tokio_postgres::Config::new();
    config.host("localhost").port(port).user(user).password(password).dbname("shop");
    config.ssl_mode(tokio_postgres::config::SslMode::Require).connect_timeout(Duration::from_secs(5));
    let (client, connection) = config.connect(MakeRustlsConnect::new(tls)).await?;
    drop(tokio::spawn(async move { drop(connection.await) }));
    Ok(client)
}
