//! Names: TLS, renames and restarts of the sandbox.

use aurora_restore_sandbox::model::VolumeId;
use aurora_restore_sandbox::model::effect::Work;
use tokio::net::TcpStream;

use crate::harness::{PASSWORD, Sandbox, USER, config, create, eventually, plain, verifying_tls};

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_is_verified_and_plain_connections_are_refused() {
    let sandbox = Sandbox::with_volume().await;
    let port = sandbox.publish("orders", 1).await;
    let client = sandbox.master("orders").await;
    let row = client.query_one("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).await.unwrap();
    assert!(row.get::<_, bool>(0));
    assert!(row.get::<_, &str>(1).starts_with("TLSv1."));
    let refused = plain(port).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "28000", "{refused:?}");

    let other = Sandbox::open();
    let stranger = verifying_tls(&other.plane.ca_certificate_pem_path());
    let distrusted = config(port, USER, PASSWORD).connect(stranger).await.err().unwrap();
    assert!(distrusted.code().is_none(), "the server must not even be asked: {distrusted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hidden_administrator_cannot_come_in_over_the_network() {
    let sandbox = Sandbox::with_volume().await;
    let refused = sandbox.login("orders", "rdsadmin", "anything").await.err().unwrap();
    assert_eq!(refused.code().unwrap().code(), "28000", "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_drops_old_connections_and_moves_the_name_to_the_new_cluster() {
    let sandbox = Sandbox::with_volume().await;
    sandbox.work(create(2)).await;
    let old = sandbox.master("orders").await;
    old.batch_execute("CREATE TABLE content AS SELECT 'old' AS which").await.unwrap();
    let staged_port = sandbox.publish("orders-staged", 2).await;
    let staged = sandbox.master("orders-staged").await;
    staged.batch_execute("CREATE TABLE content AS SELECT 'new' AS which").await.unwrap();
    let port = sandbox.publish("orders", 1).await;

    sandbox.withdraw("orders", 1).await;
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "the old name must not answer");
    eventually("the old connection ends", || old.is_closed()).await;
    sandbox.publish("orders-retired", 1).await;
    sandbox.withdraw("orders-staged", 2).await;
    eventually("the staged connection ends", || staged.is_closed()).await;
    assert_eq!(sandbox.publish("orders", 2).await, port, "a port belongs to its name");
    assert_ne!(port, staged_port);

    for (name, content) in [("orders", "new"), ("orders-retired", "old")] {
        let client = sandbox.master(name).await;
        let row = client.query_one("SELECT which FROM content", &[]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), content, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_server_is_invisible_in_the_name() {
    let sandbox = Sandbox::with_volume().await;
    let before = sandbox.publish("orders", 1).await;
    sandbox.work(Work::RestartServer { volume: VolumeId(1) }).await;
    assert_eq!(sandbox.publish("orders", 1).await, before);
    sandbox.master("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_sandbox_adopts_running_servers_and_brings_the_names_back() {
    let mut sandbox = Sandbox::with_volume().await;
    sandbox.work(create(2)).await;
    sandbox.work(Work::StopServer { volume: VolumeId(2) }).await;
    let (port, server) = (sandbox.publish("orders", 1).await, sandbox.plane.server_process(VolumeId(1)));
    assert!(server.is_some());

    assert!(sandbox.reopen().await.is_empty());
    assert_eq!(sandbox.plane.server_process(VolumeId(1)), server, "the server was adopted, not restarted");
    assert_eq!(sandbox.plane.server_process(VolumeId(2)), None, "a stopped server stays stopped");
    sandbox.master("orders").await;
    assert_eq!(sandbox.publish("orders", 1).await, port);

    sandbox.plane.shutdown().await.unwrap();
    assert_eq!(sandbox.plane.server_process(VolumeId(1)), None);
    assert!(!sandbox.file("volumes/vol-1/data/postmaster.pid").exists());
    assert!(sandbox.reopen().await.is_empty());
    let started = sandbox.plane.server_process(VolumeId(1));
    assert!(started.is_some() && started != server);
    sandbox.master("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_and_shutting_down_ends_the_servers_of_a_sandbox_that_was_killed() {
    let mut sandbox = Sandbox::with_volume().await;
    sandbox.reopen_asleep();
    sandbox.plane.shutdown().await.unwrap();
    assert!(!sandbox.file("volumes/vol-1/data/postmaster.pid").exists());
}
