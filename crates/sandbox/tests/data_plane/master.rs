//! The master user: what it may, what it may not, and its password.

use aurora_restore_sandbox::model::effect::Work;
use aurora_restore_sandbox::model::{ImageId, Secret, VolumeId};

use crate::harness::{DATABASE, PASSWORD, Sandbox, USER, key};

fn set_password(volume: u64, user: &str, password: &str) -> Work {
    Work::SetMasterPassword { volume: VolumeId(volume), user: user.into(), password: Secret::new(password) }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_user_is_strong_but_no_superuser() {
    let sandbox = Sandbox::with_volume().await;
    let client = sandbox.master("orders").await;
    let row = client
        .query_one(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, \
                    pg_has_role('rds_superuser', 'MEMBER'), pg_has_role('pg_monitor', 'USAGE'), \
                    pg_has_role('pg_signal_backend', 'USAGE'), \
                    (SELECT rolname FROM pg_roles r JOIN pg_database d ON d.datdba = r.oid WHERE datname = $1) \
             FROM pg_roles WHERE rolname = current_user",
            &[&DATABASE],
        )
        .await
        .unwrap();
    let flags: Vec<bool> = (0..8).map(|column| row.get(column)).collect();
    assert_eq!(flags, [false, true, true, false, false, true, true, true]);
    assert_eq!(row.get::<_, &str>(8), USER);
    for forbidden in
        ["ALTER SYSTEM SET work_mem = '1GB'", "COPY pg_class TO PROGRAM 'cat'", "SET log_statement = 'all'"]
    {
        let error = client.batch_execute(forbidden).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{forbidden}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_user_can_do_what_a_restore_needs_of_it() {
    let sandbox = Sandbox::with_volume().await;
    let client = sandbox.master("orders").await;
    client
        .batch_execute(
            "CREATE ROLE app LOGIN PASSWORD 'app-Passw0rd'; GRANT ALL ON SCHEMA public TO app; \
             CREATE EXTENSION pgcrypto; CREATE EXTENSION IF NOT EXISTS amcheck; \
             SET session_replication_role = replica; RESET session_replication_role",
        )
        .await
        .unwrap();
    client.batch_execute("CREATE DATABASE other").await.unwrap();
    let app = sandbox.login("orders", "app", "app-Passw0rd").await.unwrap();
    app.batch_execute("CREATE TABLE private (i int PRIMARY KEY); INSERT INTO private VALUES (1)").await.unwrap();
    let rows: i64 = client.query_one("SELECT count(*) FROM private", &[]).await.unwrap().get(0);
    assert_eq!(rows, 1, "tables of others can be counted");
    client.batch_execute("SELECT bt_index_check('private_pkey'::regclass, true)").await.unwrap();
    let ended: i64 = client
        .query_one(
            "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'app'",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(ended, 1);
    client.batch_execute("ALTER ROLE app NOLOGIN; ALTER ROLE app PASSWORD NULL").await.unwrap();
    assert!(sandbox.login("orders", "app", "app-Passw0rd").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_keeps_users_and_passwords_until_the_master_password_is_set() {
    let sandbox = Sandbox::with_volume().await;
    let client = sandbox.master("orders").await;
    client.batch_execute("CREATE ROLE app LOGIN PASSWORD 'app-Passw0rd'").await.unwrap();
    sandbox.work(Work::TakeImage { image: ImageId(2), from: VolumeId(1) }).await;
    sandbox.work(Work::RestoreVolume { volume: VolumeId(3), from: ImageId(2) }).await;
    sandbox.publish("restored", 3).await;
    sandbox.login("restored", USER, PASSWORD).await.unwrap();
    sandbox.login("restored", "app", "app-Passw0rd").await.unwrap();

    sandbox.work(set_password(3, USER, "second-Passw0rd")).await;
    let refused = sandbox.login("restored", USER, PASSWORD).await.err().unwrap();
    assert_eq!(refused.code().unwrap().code(), "28P01");
    let master = sandbox.login("restored", USER, "second-Passw0rd").await.unwrap();
    master.batch_execute("ALTER ROLE app NOLOGIN").await.unwrap();
    sandbox.login("orders", USER, PASSWORD).await.unwrap();
    sandbox.login("orders", "app", "app-Passw0rd").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_master_password_repairs_a_master_user_that_lost_its_rights() {
    let sandbox = Sandbox::with_volume().await;
    let client = sandbox.master("orders").await;
    client.batch_execute("CREATE ROLE helper LOGIN CREATEROLE PASSWORD 'helper-Passw0rd'").await.unwrap();
    let helper = sandbox.login("orders", "helper", "helper-Passw0rd").await.unwrap();
    helper.batch_execute(&format!("ALTER ROLE {USER} NOLOGIN NOCREATEDB")).await.unwrap();
    assert!(sandbox.login("orders", USER, PASSWORD).await.is_err());
    sandbox.work(set_password(1, USER, "second-Passw0rd")).await;
    let client = sandbox.login("orders", USER, "second-Passw0rd").await.unwrap();
    client.batch_execute("CREATE DATABASE again").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_and_no_verifier_reaches_the_log_even_when_all_statements_are_logged() {
    let sandbox = Sandbox::with_volume().await;
    sandbox.work(Work::StopServer { volume: VolumeId(1) }).await;
    let settings = sandbox.file("volumes/vol-1/data/postgresql.auto.conf");
    std::fs::write(&settings, "log_statement = 'all'\nlog_min_duration_statement = 0\nlog_connections = on\n").unwrap();
    sandbox.work(Work::StartServer { volume: VolumeId(1) }).await;
    sandbox.work(set_password(1, USER, "second-Passw0rd")).await;
    sandbox.work(set_password(1, "another_master", "third-Passw0rd")).await;
    let client = sandbox.login("orders", USER, "second-Passw0rd").await.unwrap();
    client.batch_execute("SELECT 'a statement of a client'").await.unwrap();
    let refused = sandbox.try_work(set_password(1, "rdsadmin", "fourth-Passw0rd")).await.unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("Passw0rd"));
    let log = sandbox.log(1);
    assert!(log.contains("a statement of a client"), "statements are logged");
    for secret in [PASSWORD, "Passw0rd", "SCRAM-SHA-256$", "PASSWORD"] {
        assert!(!log.contains(secret), "{secret} in the log:\n{log}");
    }
    assert!(sandbox.plane.endpoint_port(&key("orders")).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_master_user_does_to_the_databases_it_owns_the_server_can_be_looked_after() {
    let spoilt = [
        "ALTER DATABASE postgres SET default_transaction_read_only = on; \
         ALTER DATABASE postgres SET role = 'dbadmin'; ALTER DATABASE postgres SET search_path = public",
        "ALTER DATABASE postgres ALLOW_CONNECTIONS false",
        "ALTER DATABASE postgres RENAME TO mine",
    ];
    let sandbox = Sandbox::with_volume().await;
    let client = sandbox.master("orders").await;
    for (image, sql) in (10..).zip(spoilt) {
        client.batch_execute(sql).await.unwrap();
        sandbox.work(Work::TakeImage { image: ImageId(image), from: VolumeId(1) }).await;
        sandbox.work(set_password(1, USER, PASSWORD)).await;
    }
    sandbox.work(Work::RestoreVolume { volume: VolumeId(2), from: ImageId(12) }).await;
    sandbox.work(set_password(2, USER, "second-Passw0rd")).await;
    sandbox.publish("restored", 2).await;
    sandbox.login("restored", USER, "second-Passw0rd").await.unwrap();
}
