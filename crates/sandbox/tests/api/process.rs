//! A sandbox in a process of its own: killed, started again, stopped, reset.

use std::fs::Permissions;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Instant;

use aurora_restore_sandbox::server::{SandboxConfig, Status, reset};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::support::{Client, PATIENCE, POLL};

const CLUSTER: &str = "DBClusterIdentifier=orders&Engine=aurora-postgresql&MasterUsername=administrator\
    &MasterUserPassword=correct-horse-battery&DatabaseName=shop";
const INSTANCE: &str = "DBInstanceIdentifier=orders-1&DBInstanceClass=db.r6g.large&Engine=aurora-postgresql\
    &DBClusterIdentifier=orders";
const SNAPSHOT: &str = "DBClusterIdentifier=orders&DBClusterSnapshotIdentifier=monday";

/// The process; killed when the test ends.
struct Process {
    child: Child,
}

impl Process {
    /// Starts it and waits until it can be found.
    fn start(directory: &Path, mode: &str) -> (Self, Client) {
        let child = Command::new(env!("CARGO_BIN_EXE_sandbox-for-tests")).arg(directory).arg(mode).spawn().unwrap();
        let mut process = Self { child };
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = Status::find(directory).unwrap() {
                assert_eq!(status.pid, process.child.id());
                return (process, Client::of(&status));
            }
            let ended = process.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "the sandbox does not come up: {ended:?}");
            std::thread::sleep(POLL);
        }
    }

    fn end(mut self, signal: Signal) -> bool {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
        self.child.wait().unwrap().success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory that the user who runs PostgreSQL can enter.
fn directory() -> TempDir {
    tempfile::Builder::new().permissions(Permissions::from_mode(0o711)).tempdir().unwrap()
}

/// Whether a PostgreSQL server that speaks TLS answers at the endpoint.
fn answers(port: u16) -> bool {
    // What every client sends first: the request for TLS.
    let ask = || -> std::io::Result<u8> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47])?;
        let mut reply = [0];
        stream.read_exact(&mut reply)?;
        Ok(reply[0])
    };
    ask().is_ok_and(|reply| reply == b'S')
}

fn make_cluster(client: &Client) -> u16 {
    assert_eq!(client.call("CreateDBCluster", CLUSTER).status, 200);
    client.wait_until_restorable("orders");
    assert_eq!(client.call("CreateDBInstance", INSTANCE).status, 200);
    let shown = client.wait("DescribeDBInstances", "DBInstanceIdentifier=orders-1", |answer| {
        answer.text("DBInstanceStatus") == Some("available")
    });
    assert_eq!(shown.text("Address"), Some("localhost"), "{}", shown.body);
    shown.text("Port").unwrap().parse().unwrap()
}

#[test]
fn a_killed_sandbox_goes_on_with_what_it_had_begun() {
    let directory = directory();
    let (process, client) = Process::start(directory.path(), "none");
    assert_eq!(client.call("CreateDBCluster", CLUSTER).status, 200);
    client.wait_until_restorable("orders");
    assert_eq!(client.call("CreateDBClusterSnapshot", SNAPSHOT).status, 200);
    assert!(!process.end(Signal::SIGKILL));
    assert_eq!(Status::find(directory.path()).unwrap(), None, "what it left behind is not believed");

    let (process, again) = Process::start(directory.path(), "none");
    assert_eq!(again.address, client.address);
    again.wait_for_snapshot("monday", "available");
    assert!(process.end(Signal::SIGTERM), "it stops cleanly");
    assert_eq!(Status::find(directory.path()).unwrap(), None);
}

#[test]
fn a_killed_sandbox_takes_its_servers_and_unfinished_work_up_again() {
    let directory = directory();
    let (process, client) = Process::start(directory.path(), "postgres");
    let port = make_cluster(&client);
    assert!(answers(port));
    assert_eq!(client.call("CreateDBClusterSnapshot", SNAPSHOT).status, 200);
    assert!(!process.end(Signal::SIGKILL));

    let (process, client) = Process::start(directory.path(), "postgres");
    assert!(answers(port), "the endpoint is where it was");
    client.wait_for_snapshot("monday", "available");
    assert!(process.end(Signal::SIGTERM));
    assert!(!answers(port), "its servers stop with it");

    let (_process, client) = Process::start(directory.path(), "postgres");
    assert!(answers(port));
    client.wait_until_restorable("orders");
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_ends_the_servers_that_a_killed_sandbox_left() {
    let directory = directory();
    let (process, client) = Process::start(directory.path(), "postgres");
    make_cluster(&client);
    assert!(!process.end(Signal::SIGKILL));
    let servers = servers_below(directory.path());
    assert!(!servers.is_empty());
    reset(&SandboxConfig::new(directory.path())).await.unwrap();
    assert!(!directory.path().exists());
    for server in servers {
        assert!(!runs(server), "{server} still runs");
    }
}

/// Whether a process runs. One that has ended and whose parent has not asked how does not.
fn runs(process: Pid) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", &process.to_string()]).output().unwrap();
    !state.stdout.is_empty() && !state.stdout.starts_with(b"Z")
}

/// The processes of the servers, as they say themselves.
fn servers_below(directory: &Path) -> Vec<Pid> {
    let volumes = std::fs::read_dir(directory.join("postgres/volumes")).unwrap();
    volumes
        .filter_map(|volume| std::fs::read_to_string(volume.unwrap().path().join("data/postmaster.pid")).ok())
        .map(|pid_file| Pid::from_raw(pid_file.lines().next().unwrap().parse().unwrap()))
        .collect()
}

#[test]
fn a_sandbox_without_databases_stays_small() {
    let directory = directory();
    let (process, client) = Process::start(directory.path(), "none");
    for n in 0..200 {
        let cluster = CLUSTER.replace("orders", &format!("orders-{}", n % 30));
        client.call("CreateDBCluster", &cluster);
        client.call("DescribeDBClusters", "");
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u32 = peak.trim().trim_end_matches("kB").trim().parse().unwrap();
    assert!(kib <= 40 * 1024, "{kib} KiB at its peak");
}
