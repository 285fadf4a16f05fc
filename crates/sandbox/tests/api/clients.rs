//! The clients that people use, against a sandbox: boto3 and the AWS command.
//!
//! They come from a virtual environment: `AURORA_RESTORE_TEST_VENV`, or `.venv` in the workspace, which `make test` makes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use aurora_restore_sandbox::server::Status;

const VARIABLE: &str = "AURORA_RESTORE_TEST_VENV";

#[tokio::test(flavor = "multi_thread")]
async fn boto3_works_on_the_sandbox() {
    run("test_boto3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_aws_command_works_on_the_sandbox() {
    run("test_aws_cli").await;
}

async fn run(module: &'static str) {
    let python = python();
    // Fast, but each status can be seen.
    let running = crate::support::start_with(|_| ()).await;
    let url = running.sandbox.endpoint_url().to_owned();
    let token = Status::control_token(running.directory.path()).unwrap();
    let work = move || {
        Command::new(&python)
            .args(["-B", "-m", "unittest", "-v", module])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients"))
            .env("SANDBOX_URL", url)
            .env("SANDBOX_CONTROL_TOKEN", token)
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .unwrap()
    };
    let Output { status, stderr, .. } = tokio::task::spawn_blocking(work).await.unwrap();
    assert!(status.success(), "{module} failed:\n{}", String::from_utf8_lossy(&stderr));
}

/// The interpreter that has boto3 and the AWS command.
fn python() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let venv = std::env::var_os(VARIABLE).map_or_else(|| workspace.join(".venv"), PathBuf::from);
    let python = venv.join("bin/python");
    let check = Command::new(&python).args(["-c", "import boto3, awscli"]).output();
    let is_usable = check.is_ok_and(|output| output.status.success());
    assert!(
        is_usable,
        "{} cannot import boto3 and awscli: run `make test`, which makes the virtual environment, or set {VARIABLE} to one",
        python.display()
    );
    python
}
