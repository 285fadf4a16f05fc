//! A sandbox in a temporary directory, and clients of it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use aurora_restore_sandbox::model::effect::{EffectOutcome, EndpointKey, EndpointKind, Work};
use aurora_restore_sandbox::model::{Secret, VolumeId};
use aurora_restore_sandbox::postgres::{DataPlane, DataPlaneError, DataPlaneOptions, EndpointPorts};
use nix::sys::signal::{Signal, kill};
use nix::sys::statvfs::statvfs;
use nix::unistd::Pid;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tempfile::TempDir;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(crate) const USER: &str = "dbadmin";
pub(crate) const PASSWORD: &str = "first-Passw0rd-of-master";
pub(crate) const DATABASE: &str = "shop";
/// What the tests that run at the same time need on disk, several times over.
const MEMORY_BYTES_MIN: u64 = 4 << 30;
const WAIT_MAX: Duration = Duration::from_secs(30);

/// `initdb` takes longer than most tests: sandboxes begin with a copy of what it made for one before. Gone with the
/// last of them, because nothing is dropped at the end of a process.
static SEED: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());

pub(crate) struct Sandbox {
    pub(crate) plane: DataPlane,
    pub(crate) options: DataPlaneOptions,
    _root: TempDir,
    _seed: Arc<TempDir>,
}

impl Sandbox {
    pub(crate) fn open() -> Self {
        Self::open_in(reachable_directory())
    }

    pub(crate) fn open_in(root: TempDir) -> Self {
        let data = root.path().join("data");
        let seed = seed_template(&data);
        let options = DataPlaneOptions { ports: EndpointPorts::Any, ..DataPlaneOptions::new(data) };
        let plane = DataPlane::open(&options).unwrap();
        Self { plane, options, _root: root, _seed: seed }
    }

    /// A sandbox with volume 1, published as `orders`.
    pub(crate) async fn with_volume() -> Self {
        let sandbox = Self::open();
        sandbox.work(create(1)).await;
        sandbox.publish("orders", 1).await;
        sandbox
    }

    pub(crate) async fn try_work(&self, work: Work) -> Result<EffectOutcome, DataPlaneError> {
        self.plane.execute(&work).await
    }

    /// Does the work twice, as a control plane does that lost the first answer.
    pub(crate) async fn work(&self, work: Work) -> EffectOutcome {
        let first = self.try_work(work.clone()).await.unwrap_or_else(|error| panic!("{work:?}: {error}: {error:?}"));
        let second = self.try_work(work.clone()).await.unwrap_or_else(|error| panic!("again {work:?}: {error:?}"));
        assert_eq!(first, second, "{work:?}");
        first
    }

    pub(crate) async fn publish(&self, name: &str, volume: u64) -> u16 {
        let work = Work::PublishEndpoint { endpoint: key(name), volume: VolumeId(volume) };
        match self.work(work).await {
            EffectOutcome::Endpoint { port, .. } => port,
            EffectOutcome::Done => panic!("no port for {name}"),
        }
    }

    pub(crate) async fn withdraw(&self, name: &str, volume: u64) {
        self.work(Work::WithdrawEndpoint { endpoint: key(name), volume: VolumeId(volume) }).await;
    }

    pub(crate) async fn login(&self, name: &str, user: &str, password: &str) -> Result<Client, tokio_postgres::Error> {
        let port = self.plane.endpoint_port(&key(name)).await.expect("the name is published");
        let tls = verifying_tls(&self.plane.ca_certificate_pem_path());
        let (client, connection) = config(port, user, password).connect(tls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    pub(crate) async fn master(&self, name: &str) -> Client {
        self.login(name, USER, PASSWORD).await.unwrap()
    }

    /// A second sandbox process on the same directory would do this after the first one died.
    pub(crate) async fn reopen(&mut self) -> Vec<DataPlaneError> {
        self.reopen_asleep();
        self.plane.resume().await.unwrap()
    }

    /// The same, before anything is resumed.
    pub(crate) fn reopen_asleep(&mut self) {
        // The old plane must be gone before the directory can be taken.
        let placeholder = Self::open();
        drop(std::mem::replace(&mut self.plane, placeholder.plane.clone()));
        self.plane = DataPlane::open(&self.options).unwrap();
    }

    pub(crate) fn file(&self, below: impl AsRef<Path>) -> PathBuf {
        self.options.directory.join(below)
    }

    pub(crate) fn log(&self, volume: u64) -> String {
        std::fs::read_to_string(self.plane.server_log(VolumeId(volume))).unwrap()
    }
}

impl Drop for Sandbox {
    /// A failed test must not leave servers behind.
    fn drop(&mut self) {
        let Ok(volumes) = std::fs::read_dir(self.file("volumes")) else {
            return;
        };
        for volume in volumes.flatten() {
            let Ok(lock) = std::fs::read_to_string(volume.path().join("data/postmaster.pid")) else {
                continue;
            };
            if let Some(pid) = lock.lines().next().and_then(|line| line.parse().ok()) {
                let _gone = kill(Pid::from_raw(pid), Signal::SIGQUIT);
            }
        }
    }
}

pub(crate) fn create(volume: u64) -> Work {
    Work::CreateVolume {
        volume: VolumeId(volume),
        engine_version: "15.4".into(),
        master_user: USER.into(),
        master_password: Secret::new(PASSWORD),
        database: Some(DATABASE.into()),
    }
}

pub(crate) fn key(name: &str) -> EndpointKey {
    EndpointKey {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        kind: EndpointKind::ClusterWriter,
        name: name.into(),
    }
}

pub(crate) fn config(port: u16, user: &str, password: &str) -> Config {
    let mut config = Config::new();
    config.host("localhost").port(port).user(user).password(password).dbname(DATABASE);
    config.ssl_mode(tokio_postgres::config::SslMode::Require).connect_timeout(WAIT_MAX);
    config
}

pub(crate) fn verifying_tls(authority: &Path) -> MakeRustlsConnect {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    MakeRustlsConnect::new(config)
}

pub(crate) async fn plain(port: u16) -> Result<(), tokio_postgres::Error> {
    let mut config = config(port, USER, PASSWORD);
    config.ssl_mode(tokio_postgres::config::SslMode::Disable);
    config.connect(NoTls).await.map(drop)
}

pub(crate) async fn count(client: &Client, table: &str) -> i64 {
    client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0)
}

/// Waits for something that is about to be true.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < WAIT_MAX, "{what} did not come true");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) fn signal(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).unwrap();
}

/// A temporary directory that the servers' user can enter; in memory if there is plenty, because these tests make and
/// remove many thousands of files, which takes some file systems much longer than anything that is tested here.
pub(crate) fn reachable_directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let plenty =
        statvfs(memory).is_ok_and(|system| system.blocks_available() * system.fragment_size() > MEMORY_BYTES_MIN);
    let root = tempfile::tempdir_in(if plenty { memory } else { Path::new("/tmp") }).unwrap();
    std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    root
}

fn seed_template(data: &Path) -> Arc<TempDir> {
    let seed = {
        let mut known = SEED.lock().unwrap();
        known.upgrade().unwrap_or_else(|| {
            let made = Arc::new(make_seed());
            *known = Arc::downgrade(&made);
            made
        })
    };
    std::fs::create_dir(data).unwrap();
    let template = seed.path().join("data/template");
    let copied = Command::new("cp").arg("-a").arg(template).arg(data).status().unwrap();
    assert!(copied.success());
    std::fs::set_permissions(data, std::fs::Permissions::from_mode(0o755)).unwrap();
    seed
}

fn make_seed() -> TempDir {
    let root = reachable_directory();
    let options = DataPlaneOptions { ports: EndpointPorts::Any, ..DataPlaneOptions::new(root.path().join("data")) };
    // A runtime of its own: the caller is inside another one.
    std::thread::spawn(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let plane = DataPlane::open(&options).unwrap();
            plane.execute(&create(1)).await.unwrap();
            plane.shutdown().await.unwrap();
        });
    })
    .join()
    .unwrap();
    root
}
