//! A PostgreSQL server for one test, ended by its own process id when the test ends, however that is.

use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::{
        fs::{PermissionsExt as _, lchown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

use aurora_restore_core::{
    ports::{DatabaseLogin, Endpoint},
    secret::Secret,
};
use aurora_restore_sql::{Options, Postgres, Trust};
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, Uid, User},
};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use crate::certificates::{self, Certificates};

/// The engine's own superuser, as on Aurora.
pub(crate) const ENGINE: &str = "rdsadmin";
/// The master user and its password.
pub(crate) const MASTER: &str = "master";
pub(crate) const MASTER_PASSWORD: &str = "master's own pass-phrase";

const READY_TIMEOUT: Duration = Duration::from_secs(60);
const READY_POLL: Duration = Duration::from_millis(20);
const STARTS_MAX: usize = 5;

pub(crate) struct Server {
    child: Option<Child>,
    pub(crate) port: u16,
    pub(crate) certificates: Certificates,
    settings: Vec<String>,
    home: TempDir,
}

impl Server {
    /// Starts a server with an Aurora-like master and nothing else in it.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[], &["127.0.0.1", "localhost"]).await
    }

    /// Starts one with further settings and a certificate for `names`.
    pub(crate) async fn start_with(settings: &[&str], names: &[&str]) -> Self {
        let home = tempfile::Builder::new().prefix("arsql").tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        own(home.path());
        let mut server = Self {
            child: None,
            port: 0,
            certificates: certificates::issue(names),
            settings: settings.iter().map(|setting| (*setting).to_owned()).collect(),
            home,
        };
        server.initialise();
        server.launch().await;
        let master = scram(MASTER_PASSWORD);
        server
            .engine("postgres")
            .await
            .batch_execute(&format!(
                "CREATE ROLE rds_superuser NOLOGIN; CREATE ROLE rds_password NOLOGIN;
                 GRANT pg_monitor, pg_signal_backend, pg_read_all_data TO rds_superuser WITH ADMIN OPTION;
                 CREATE ROLE {MASTER} LOGIN CREATEDB CREATEROLE PASSWORD '{master}';
                 GRANT rds_superuser TO {MASTER} WITH ADMIN OPTION;
                 ALTER DATABASE postgres OWNER TO {MASTER};"
            ))
            .await
            .unwrap();
        server
    }

    fn initialise(&self) {
        let copied = Command::new("cp").arg("-a").arg(template()).arg(self.data()).status().unwrap();
        assert!(copied.success());
        let write = |name: &str, text: &str| {
            let path = self.data().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            own(&path);
        };
        write("server.crt", &self.certificates.certificate);
        write("server.key", &self.certificates.key);
        write("pg_hba.conf", "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n");
    }

    /// Starts the server process on a free port. Another process may take the port in between: then on another one.
    pub(crate) async fn launch(&mut self) {
        for _ in 0..STARTS_MAX {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            self.port = free.local_addr().unwrap().port();
            drop(free);
            let log = File::options().append(true).create(true).open(self.log_path()).unwrap();
            let mut postgres = command("postgres");
            postgres.arg("-D").arg(self.data()).stderr(log);
            let socket = format!("unix_socket_directories={}", self.home.path().display());
            let port = format!("port={}", self.port);
            for setting in ["ssl=on", "fsync=off", "listen_addresses=127.0.0.1", &socket, &port] {
                postgres.args(["-c", setting]);
            }
            for setting in &self.settings {
                postgres.args(["-c", setting]);
            }
            self.child = Some(postgres.spawn().unwrap());
            if self.becomes_ready().await {
                return;
            }
        }
        panic!("the server does not start: {}", self.log());
    }

    async fn becomes_ready(&mut self) -> bool {
        let deadline = Instant::now() + READY_TIMEOUT;
        while Instant::now() < deadline {
            if self.child.as_mut().unwrap().try_wait().unwrap().is_some() {
                return false;
            }
            if self.connect("postgres").await.is_ok() {
                return true;
            }
            tokio::time::sleep(READY_POLL).await;
        }
        false
    }

    /// Shuts the server down cleanly, so that its files can be changed.
    pub(crate) fn stop(&mut self) {
        self.end(Signal::SIGINT);
    }

    fn end(&mut self, signal: Signal) {
        if let Some(mut child) = self.child.take() {
            kill(Pid::from_raw(child.id().cast_signed()), signal).ok();
            child.wait().ok();
        }
    }

    /// A connection of the engine's superuser through the private socket.
    pub(crate) async fn engine(&self, database: &str) -> Client {
        self.connect(database).await.unwrap()
    }

    async fn connect(&self, database: &str) -> Result<Client, tokio_postgres::Error> {
        let mut config = tokio_postgres::Config::new();
        config.host_path(self.home.path()).port(self.port).user(ENGINE).dbname(database);
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Runs statements as the engine's superuser.
    pub(crate) async fn execute(&self, database: &str, sql: &str) {
        self.engine(database).await.batch_execute(sql).await.unwrap();
    }

    /// Asks for one text as the engine's superuser.
    pub(crate) async fn text(&self, database: &str, sql: &str) -> String {
        self.engine(database).await.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub(crate) fn login(&self, username: &str, password: &str, database: &str) -> DatabaseLogin {
        DatabaseLogin {
            endpoint: Endpoint { host: "127.0.0.1".to_owned(), port: self.port },
            database: database.to_owned(),
            username: username.to_owned(),
            password: Secret::new(password),
        }
    }

    pub(crate) fn master(&self) -> DatabaseLogin {
        self.login(MASTER, MASTER_PASSWORD, "postgres")
    }

    pub(crate) fn options(&self) -> Options {
        Options::new(vec![Trust::Pem(self.certificates.authority.clone().into_bytes())])
    }

    /// The thing under test, trusting this server's authority.
    pub(crate) fn database(&self) -> Postgres {
        Postgres::new(self.options()).unwrap()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Everything that the server has logged.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    fn log_path(&self) -> PathBuf {
        self.home.path().join("log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end(Signal::SIGQUIT);
    }
}

/// A data directory as `initdb` makes it, kept beside the build for the next tests: making one takes longer than most
/// tests do.
fn template() -> PathBuf {
    let version = command("initdb").arg("--version").output().unwrap().stdout;
    let version: String = String::from_utf8_lossy(&version).chars().filter(char::is_ascii_alphanumeric).collect();
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{version}-{}", Uid::effective()));
    if kept.exists() {
        return kept;
    }
    let making = tempfile::tempdir().unwrap();
    own(making.path());
    let data = making.path().join("data");
    let made = command("initdb")
        .args(["--username", ENGINE, "--auth", "trust", "--encoding", "UTF8", "--no-locale"])
        .args(["--wal-segsize", "1", "--no-sync", "--pgdata"])
        .arg(&data)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    // Under its own name first, so that no other test ever sees half of it.
    let near = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let copy = near.path().join("data");
    assert!(Command::new("cp").arg("-a").arg(&data).arg(&copy).status().unwrap().success());
    match fs::rename(&copy, &kept) {
        Ok(()) => kept,
        Err(_) if kept.exists() => kept,
        Err(error) => panic!("keep the template: {error}"),
    }
}

/// A verifier as a client of PostgreSQL computes it.
pub(crate) fn scram(password: &str) -> String {
    postgres_protocol::password::scram_sha_256(password.as_bytes())
}

/// A program of PostgreSQL, run as an unprivileged user where the tests run as root.
fn command(program: &str) -> Command {
    let mut command = Command::new(binaries().join(program));
    command.current_dir("/").env("LC_ALL", "C").process_group(0);
    if let Some(user) = unprivileged() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
}

fn own(path: &Path) {
    if let Some(user) = unprivileged() {
        lchown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
    }
}

fn unprivileged() -> Option<User> {
    Uid::effective().is_root().then(|| User::from_name("postgres").unwrap().expect("a user `postgres`"))
}

fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest =
        versions.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path()))).max();
    let on_path = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file())
    };
    newest
        .map(|(_, folder)| folder.join("bin"))
        .or_else(on_path)
        .expect("PostgreSQL's server programs, in /usr/lib/postgresql or on the PATH")
}
