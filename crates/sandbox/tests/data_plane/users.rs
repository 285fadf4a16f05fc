//! The operating-system users: who runs the servers.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use aurora_restore_sandbox::model::VolumeId;
use nix::unistd::{Uid, User};

use crate::harness::{Sandbox, reachable_directory};

const UNPRIVILEGED: &str = "users::a_sandbox_of_an_unprivileged_user_runs_its_servers_as_that_user";

fn uid_of(pid: i32) -> String {
    let output = Command::new("ps").args(["-o", "uid=", "-p", &pid.to_string()]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_do_not_run_as_root_and_their_files_are_closed_to_others() {
    let sandbox = Sandbox::with_volume().await;
    let runner = uid_of(sandbox.plane.server_process(VolumeId(1)).unwrap());
    assert_ne!(runner, "0");
    for place in ["volumes", "images", "tls", "volumes/vol-1", "volumes/vol-1/data", "run"] {
        let metadata = std::fs::metadata(sandbox.file(place)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o077, 0, "{place}");
        assert_eq!(metadata.uid().to_string(), runner, "{place}");
    }
    for file in ["endpoints.json", "tls/ca.key", "tls/server.key", "volumes/vol-1/server.log"] {
        assert_eq!(std::fs::metadata(sandbox.file(file)).unwrap().permissions().mode() & 0o077, 0, "{file}");
    }
}

#[test]
fn a_sandbox_of_an_unprivileged_user_runs_its_servers_as_that_user() {
    if Uid::effective().is_root() {
        return repeat_without_privileges();
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let sandbox = Sandbox::with_volume().await;
        let runner = uid_of(sandbox.plane.server_process(VolumeId(1)).unwrap());
        assert_eq!(runner, Uid::effective().to_string());
        sandbox.master("orders").await;
    });
}

/// Runs this very test again as a user that cannot change users.
fn repeat_without_privileges() {
    let user = ["postgres", "nobody"].iter().find_map(|name| User::from_name(name).unwrap()).unwrap();
    let root = reachable_directory();
    // The build directory may be closed to that user.
    let program = root.path().join("tests");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(&program)
        .args(["--exact", UNPRIVILEGED])
        .current_dir("/")
        .env("TMPDIR", "/tmp")
        .uid(user.uid.as_raw())
        .gid(user.gid.as_raw())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
