//! Starting, stopping, starting again, and everything that can keep a sandbox from it.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use aurora_restore_sandbox::server::{PostgresMode, PostgresOptions, Sandbox, SandboxError, Status, reset};

use crate::support::{Client, Running, config, start};

fn create_group(client: &Client, name: &str) -> (u16, String) {
    let answer = client.call(
        "CreateDBParameterGroup",
        &format!("DBParameterGroupName={name}&DBParameterGroupFamily=aurora-postgresql15&Description=d"),
    );
    (answer.status, answer.text("Code").unwrap_or_default().to_owned())
}

fn has_group(client: &Client, name: &str) -> bool {
    client.call("DescribeDBParameterGroups", "").body.contains(&format!("<DBParameterGroupName>{name}<"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_is_there_after_a_restart_at_the_same_address() {
    let Running { sandbox, directory } = start().await;
    let client = Client::of(sandbox.status());
    assert_eq!(create_group(&client, "kept").0, 200);
    sandbox.stop().await.unwrap();
    assert_eq!(Status::find(directory.path()).unwrap(), None);

    let sandbox = Sandbox::start(config(&directory)).await.unwrap();
    assert_eq!(Client::of(sandbox.status()).address, client.address);
    assert!(has_group(&client, "kept"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_sandbox_can_be_found_and_not_be_doubled_or_reset() {
    let running = start().await;
    let path = running.directory.path();
    assert_eq!(Status::find(path).unwrap().as_ref(), Some(running.sandbox.status()));
    let error = Sandbox::start(config(&running.directory)).await.unwrap_err();
    assert!(matches!(error, SandboxError::InUse { pid: Some(pid), .. } if pid == std::process::id()), "{error}");
    let error = reset(&config(&running.directory)).await.unwrap_err();
    assert!(matches!(error, SandboxError::InUse { .. }), "{error}");
    assert!(error.hint().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_leaves_nothing_behind() {
    let Running { sandbox, directory } = start().await;
    assert_eq!(create_group(&Client::of(sandbox.status()), "gone").0, 200);
    sandbox.stop().await.unwrap();
    reset(&config(&directory)).await.unwrap();
    assert!(!directory.path().exists());
    let sandbox = Sandbox::start(config(&directory)).await.unwrap();
    assert!(!has_group(&Client::of(sandbox.status()), "gone"));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_others_are_never_touched() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("thesis.txt");
    fs::write(&file, "years of work").unwrap();
    let error = Sandbox::start(config(&directory)).await.unwrap_err();
    assert!(matches!(error, SandboxError::NotOurs(_)), "{error}");
    let error = reset(&config(&directory)).await.unwrap_err();
    assert!(matches!(error, SandboxError::NotOurs(_)), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "years of work");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(&directory);
    config.port = taken.local_addr().unwrap().port();
    let error = Sandbox::start(config.clone()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on 127.0.0.1:{}", config.port));
    assert!(error.hint().unwrap().contains("Another program"), "{:?}", error.hint());
    config.port = 0;
    Sandbox::start(config).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_cannot_be_read_is_refused_and_kept() {
    let Running { sandbox, directory } = start().await;
    sandbox.stop().await.unwrap();
    let path = directory.path().join("state.json");
    let good = fs::read_to_string(&path).unwrap();
    for (content, message) in [
        (good.replacen("\"format\":1", "\"format\":99", 1), "has format 99"),
        ("{\"format\":99,\"shape\":\"unknown\"}".to_owned(), "has format 99"),
        (good[..good.len() / 2].to_owned(), "is damaged"),
        (String::new(), "is damaged"),
        (good.replacen("\"world\"", "\"globe\"", 1), "is damaged"),
    ] {
        fs::write(&path, &content).unwrap();
        let error = Sandbox::start(config(&directory)).await.unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.hint().unwrap().contains("reset"), "{:?}", error.hint());
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    fs::write(&path, good).unwrap();
    Sandbox::start(config(&directory)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_cannot_save_it_refuses_changes_and_goes_on() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    // No file can be put where a directory is. What it knew at its start may just be saved.
    let obstacle = running.directory.path().join("state.json.new");
    let deadline = Instant::now() + Duration::from_secs(10);
    while let Err(error) = fs::create_dir(&obstacle) {
        assert!(error.kind() == ErrorKind::AlreadyExists && Instant::now() < deadline, "{error}");
        tokio::task::yield_now().await;
    }
    let (status, code) = create_group(&client, "unsaved");
    assert_eq!((status, code.as_str()), (503, "ServiceUnavailable"));
    let (status, code) = create_group(&client, "refused");
    assert_eq!((status, code.as_str()), (503, "ServiceUnavailable"));
    assert_eq!(client.call("DescribeDBClusters", "").status, 200, "reading goes on");
    let token = Status::control_token(running.directory.path()).unwrap();
    let health: serde_json::Value = serde_json::from_str(&client.control(&token, "GET", "health", "").body).unwrap();
    assert!(health["save_problem"].as_str().unwrap().contains("state.json"), "{health}");

    fs::remove_dir(&obstacle).unwrap();
    let group = "DBParameterGroupName=later&DBParameterGroupFamily=aurora-postgresql15&Description=d";
    client.wait("CreateDBParameterGroup", group, |answer| answer.status == 200);
    assert!(!has_group(&client, "refused"), "what was refused beforehand did not happen");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_may_hold_passwords_are_for_the_owner_alone() {
    let running = start().await;
    for name in ["state.json", "control-token", "status.json", "lock"] {
        let mode = fs::metadata(running.directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_postgresql_is_told_how_to_get_it() {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = directory.path().join("nowhere");
    let mut config = config(&directory);
    config.data_dir = directory.path().join("data");
    config.postgres = PostgresMode::Real(PostgresOptions { binaries: Some(nowhere), ..PostgresOptions::default() });
    let error = Sandbox::start(config).await.unwrap_err();
    assert!(error.hint().unwrap().contains("apt-get install postgresql"), "{error}: {:?}", error.hint());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_key_needs_an_account() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(&directory);
    config.access_keys.insert("AKIA".into(), "production".into());
    let error = Sandbox::start(config).await.unwrap_err();
    assert!(error.to_string().contains("twelve digits"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_without_databases_is_not_opened_with_them() {
    let Running { sandbox, directory } = start().await;
    sandbox.stop().await.unwrap();
    let mut config = config(&directory);
    config.postgres = PostgresMode::Real(PostgresOptions::default());
    let error = Sandbox::start(config).await.unwrap_err();
    assert!(matches!(error, SandboxError::OtherDataPlane), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_sandbox_no_longer_answers_and_can_be_followed() {
    let Running { sandbox, directory } = start().await;
    let client = Client::of(sandbox.status());
    assert_eq!(create_group(&client, "kept").0, 200);
    drop(sandbox);
    let sandbox = Sandbox::start(config(&directory)).await.unwrap();
    assert!(has_group(&Client::of(sandbox.status()), "kept"));
}
