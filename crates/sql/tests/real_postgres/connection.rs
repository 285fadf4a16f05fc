//! Logging in: what is trusted, and how trouble is told apart.

use std::time::Duration;

use aurora_restore_core::ports::{Database as _, DatabaseErrorKind};
use aurora_restore_sql::{Options, Postgres, Trust};

use crate::{
    certificates,
    server::{MASTER, MASTER_PASSWORD, Server},
    source,
};

#[tokio::test]
async fn a_login_tells_version_writability_and_a_fingerprint() {
    let server = Server::start().await;
    let proof = server.database().log_in(&server.master()).await.unwrap();
    let version = server.text("postgres", "SHOW server_version").await;
    assert_eq!(proof.server_version, version);
    assert!(proof.writable);
    assert_eq!(proof.fingerprint.0.len(), 64);
}

#[tokio::test]
async fn a_session_that_may_only_read_is_told_from_one_that_writes() {
    let server = Server::start().await;
    server.execute("postgres", "ALTER ROLE master SET default_transaction_read_only = on").await;
    assert!(!server.database().log_in(&server.master()).await.unwrap().writable);
}

#[tokio::test]
async fn equal_tables_have_equal_fingerprints_and_rows_do_not_matter() {
    let server = Server::start().await;
    source::populate(&server).await;
    let database = server.database();
    let shop = server.login(MASTER, MASTER_PASSWORD, "shop");
    let before = database.log_in(&shop).await.unwrap().fingerprint;
    server.execute("shop", "INSERT INTO public.notes VALUES ('more')").await;
    assert_eq!(database.log_in(&shop).await.unwrap().fingerprint, before);
    assert_ne!(database.log_in(&server.master()).await.unwrap().fingerprint, before);
    server.execute("shop", "ALTER TABLE public.notes ADD extra int").await;
    assert_ne!(database.log_in(&shop).await.unwrap().fingerprint, before);
}

#[tokio::test]
async fn the_session_is_encrypted_and_has_a_name() {
    let server = Server::start_with(&["log_connections=on"], &["127.0.0.1"]).await;
    server.database().log_in(&server.master()).await.unwrap();
    let log = server.log();
    let line = log.lines().find(|line| line.contains("authorized: user=master")).unwrap();
    assert!(line.contains("SSL enabled (protocol=TLSv1.3"), "{line}");
    assert!(line.contains("application_name=aurora-restore"), "{line}");
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let server = Server::start().await;
    let other = certificates::issue(&["127.0.0.1"]).authority;
    let database = Postgres::new(Options::new(vec![Trust::Pem(other.into_bytes())])).unwrap();
    let error = database.log_in(&server.master()).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::CertificateRefused, "{error}");
    assert!(error.to_string().contains("invalid peer certificate"), "{error}");
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let server = Server::start_with(&[], &["db.example.com", "127.0.0.2"]).await;
    let error = server.database().log_in(&server.master()).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::CertificateRefused, "{error}");
}

#[tokio::test]
async fn a_host_name_in_the_certificate_is_accepted() {
    let server = Server::start_with(&[], &["localhost"]).await;
    let mut login = server.master();
    login.endpoint.host = "localhost".to_owned();
    server.database().log_in(&login).await.unwrap();
}

#[tokio::test]
async fn a_server_without_tls_is_never_sent_a_password() {
    let server = Server::start_with(&["ssl=off"], &["127.0.0.1"]).await;
    std::fs::write(server.data().join("pg_hba.conf"), "local all all trust\nhost all all 127.0.0.1/32 password\n")
        .unwrap();
    server.execute("postgres", "SELECT pg_reload_conf()").await;
    let error = server.database().log_in(&server.master()).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::Other, "{error}");
    assert!(error.reason.contains("does not support TLS"), "{error}");
}

#[tokio::test]
async fn the_server_s_refusals_are_told_apart() {
    let server = Server::start().await;
    source::populate(&server).await;
    let database = server.database();
    let cases = [
        (server.login(MASTER, "wrong", "postgres"), DatabaseErrorKind::LoginRefused, "28P01"),
        (server.login("nobody at all", "x", "postgres"), DatabaseErrorKind::LoginRefused, "28P01"),
        (server.login(MASTER, MASTER_PASSWORD, "nowhere"), DatabaseErrorKind::InvalidRequest, "3D000"),
        (
            server.login("legacy_app", source::LEGACY_PASSWORD, source::WEIRD_DATABASE),
            DatabaseErrorKind::PermissionDenied,
            "42501",
        ),
    ];
    for (login, kind, state) in cases {
        let error = database.log_in(&login).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.reason.contains(state), "{error}");
        assert!(error.to_string().contains(&format!("logging in as `{}`", login.username)), "{error}");
        assert!(!format!("{error:?}").contains(login.password.expose()), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_listen_is_unreachable() {
    let mut server = Server::start().await;
    server.stop();
    let error = server.database().log_in(&server.master()).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::Unreachable, "{error}");
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_unreachable_in_bounded_time() {
    let server = Server::start().await;
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut login = server.master();
    login.endpoint.port = silent.local_addr().unwrap().port();
    let mut options = server.options();
    options.connect_timeout = Duration::from_millis(200);
    let error = Postgres::new(options).unwrap().log_in(&login).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::Unreachable, "{error}");
    assert!(error.reason.contains("no answer within 0.2 s"), "{error}");
}
