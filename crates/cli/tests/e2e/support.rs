//! A world for one test: a sandbox in a process of its own, a production and a staging cluster with a little data, and a
//! configuration. Everything ends with the test, also when it panics.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use aurora_restore_sandbox::{
    client::{Client, ClientError, SnapshotWish, text_of},
    model::{
        AccountId, Place, RegionName, config::PlacedKey, faults::FaultRule, inventory::PlaceInventory,
        resources::KmsKey,
    },
    server::Status,
};
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_postgres_rustls::MakeRustlsConnect;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_aurora-restore");
pub(crate) const PRODUCTION: (&str, &str) = ("111122223333", "eu-west-1");
pub(crate) const STAGING: (&str, &str) = ("444455556666", "eu-central-1");
/// Nothing in these tests takes longer on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
pub(crate) const LOOK: Duration = Duration::from_millis(20);

const SOURCE_KEY: &str = "0d5c7f3e-6d5b-4a57-9f0e-2b1f6f0c1a11";
const TARGET_KEY: &str = "7a1e9b52-3c44-4f0d-8b7a-9d2e5c6f2b22";

const SHOP: &str = "
    CREATE SCHEMA shop;
    CREATE TABLE shop.about (note text NOT NULL);
    CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer text NOT NULL, cents bigint NOT NULL);
    CREATE TABLE shop.lines (order_id bigint REFERENCES shop.orders, line int, product text, PRIMARY KEY (order_id, line));";

/// A login: name and password.
pub(crate) type Login = (&'static str, &'static str);
pub(crate) const PRODUCTION_MASTER: Login = ("dba", "production-master-pw");
pub(crate) const STAGING_MASTER: Login = ("dba", "staging-master-pw");
pub(crate) const APP: Login = ("staging_app", "staging-app-pw");
pub(crate) const READER: Login = ("staging_reader", "staging-reader-pw");
pub(crate) const FORGOTTEN: Login = ("contractor", "contractor-pw");

/// A directory that the user who runs PostgreSQL can enter.
pub(crate) fn directory() -> TempDir {
    tempfile::Builder::new().permissions(Permissions::from_mode(0o711)).tempdir().unwrap()
}

/// Our program without anything of the person who runs the tests.
pub(crate) fn program() -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", "/nonexistent");
    command.env("COLUMNS", "100").stdin(Stdio::null());
    command
}

/// What a command gave.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ended {
    /// Panics with everything that was said if the code is another one.
    #[track_caller]
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }
}

/// How long things take in the sandbox.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    None,
    Quick,
}

pub(crate) struct World {
    directory: TempDir,
    pub(crate) client: Client,
    pub(crate) status: Status,
    runtime: tokio::runtime::Runtime,
}

impl World {
    /// Production with `orders` orders and yesterday's snapshot, and a stale staging.
    pub(crate) fn new(pace: Pace, orders: u32) -> Self {
        let directory = directory();
        let sandbox = directory.path().join("sandbox");
        let durations = if pace == Pace::None { "none" } else { "quick" };
        let started = program()
            .args(["sandbox", "start", "--port", "0", "--any-database-ports", "--durations", durations, "--data-dir"])
            .arg(&sandbox)
            .output()
            .unwrap();
        Ended::from(started).with_code(0);
        let status = Status::find(&sandbox).unwrap().unwrap();
        let client = Client::of(&status, &sandbox).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let world = Self { directory, client, status, runtime };
        world.put_keys();
        world.write_secrets();
        world.make_cluster(PRODUCTION, "production", PRODUCTION_MASTER, SOURCE_KEY, &[]);
        world.make_cluster(STAGING, "staging", STAGING_MASTER, TARGET_KEY, &[("DeletionProtection", "false")]);
        world.fill(PRODUCTION, "production", PRODUCTION_MASTER, orders, "production");
        world.fill(STAGING, "staging", STAGING_MASTER, 3, "stale");
        world.add_login(PRODUCTION, "production", PRODUCTION_MASTER, FORGOTTEN);
        world.add_login(STAGING, "staging", STAGING_MASTER, APP);
        world.take_snapshot(SignedDuration::from_hours(21));
        world.configure("");
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes the configuration: the usual one with tables added or replaced by `more`, which is TOML.
    pub(crate) fn configure(&self, more: &str) {
        self.configure_with("latest-of = \"production\"", more);
    }

    pub(crate) fn configure_with(&self, source: &str, more: &str) {
        let directory = self.directory.path().display();
        let url = &self.status.url;
        let authority = self.status.ca_certificate.as_ref().unwrap().display();
        let text = format!(
            r#"
[source]
region = "{}"
{source}
[target]
region = "{}"
cluster = "staging"
[copy]
kms-key = "{}"
source-kms-key = "{}"
[secrets]
directory = "{directory}/secrets"
master = "staging/master"
users = "staging/users"
source-master = "production/master"
[limits]
poll = "150ms"
step = "40s"
copy = "40s"
[journal]
path = "{directory}/journal.sqlite"
[database]
ca-certificate = "{authority}"
[notify]
channel = "none"
[aws]
rds-endpoint = "{url}"
sts-endpoint = "{url}"
[aws.target]
keys-secret = "sandbox/keys"
[aws.source]
keys-secret = "sandbox/keys"
role = "arn:aws:iam::{}:role/reader"
{more}
"#,
            PRODUCTION.1,
            STAGING.1,
            key_arn(STAGING, TARGET_KEY),
            key_arn(PRODUCTION, SOURCE_KEY),
            PRODUCTION.0,
        );
        fs::write(self.path("config.toml"), text).unwrap();
    }

    /// The command with the configuration of this world.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.arg("--config").arg(self.path("config.toml")).args(arguments);
        command
    }

    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    /// A command in the background, with JSON lines on its stdout.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// The newest operation's report.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.run(&["--json", "report", "latest"]).with_code(0).out).unwrap()
    }

    /// The newest operation's status and the step that it is in; nothing before there is one.
    pub(crate) fn standing(&self) -> Option<(String, Option<String>)> {
        let ended = self.run(&["--json", "report", "latest"]);
        let report: Value = serde_json::from_str(&ended.out).ok()?;
        let step = report["timeline"].as_array()?.iter().find(|step| step["status"] == "started");
        let step = step.map(|step| step["step"].as_str().unwrap().to_owned());
        Some((report["status"].as_str()?.to_owned(), step))
    }

    /// Waits for a condition.
    #[track_caller]
    pub(crate) fn wait_for<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(Instant::now() < deadline, "{what} did not come about");
            std::thread::sleep(LOOK);
        }
    }

    pub(crate) fn inject(&self, rule: &FaultRule) {
        self.runtime.block_on(self.client.inject(rule)).unwrap();
    }

    pub(crate) fn clear_faults(&self) {
        self.runtime.block_on(self.client.clear_faults()).unwrap();
    }

    pub(crate) fn inventory(&self) -> Vec<PlaceInventory> {
        self.runtime.block_on(self.client.inventory()).unwrap()
    }

    /// Names of the clusters in a place.
    pub(crate) fn clusters(&self, place: (&str, &str)) -> Vec<String> {
        self.of_place(place)
            .map(|found| found.clusters.into_iter().map(|cluster| cluster.name).collect())
            .unwrap_or_default()
    }

    /// Names of the snapshots in a place.
    pub(crate) fn snapshots(&self, place: (&str, &str)) -> Vec<String> {
        self.of_place(place).map(|found| found.snapshots.into_iter().map(|one| one.name).collect()).unwrap_or_default()
    }

    fn of_place(&self, place: (&str, &str)) -> Option<PlaceInventory> {
        self.inventory().into_iter().find(|found| (found.account.as_str(), found.region.as_str()) == place)
    }

    pub(crate) fn call(&self, place: (&str, &str), action: &str, parameters: &[(&str, &str)]) -> String {
        self.try_call(place, action, parameters).unwrap()
    }

    /// A call that may be refused.
    pub(crate) fn try_call(
        &self,
        place: (&str, &str),
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String, ClientError> {
        self.runtime.block_on(self.client.call(&here(place), action, parameters))
    }

    fn put_keys(&self) {
        for (place, id, shared) in [(PRODUCTION, SOURCE_KEY, Some(STAGING.0)), (STAGING, TARGET_KEY, None)] {
            let key = KmsKey {
                key_id: id.to_owned(),
                alias: None,
                allowed_accounts: shared.into_iter().map(AccountId::new).collect(),
                disabled: false,
            };
            let placed = PlacedKey { account: AccountId::new(place.0), region: RegionName::new(place.1), key };
            self.runtime.block_on(self.client.put_kms_key(&placed)).unwrap();
        }
    }

    pub(crate) fn write_secret(&self, name: &str, content: &Value) {
        let path = self.path("secrets").join(format!("{name}.json"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content.to_string()).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }

    fn write_secrets(&self) {
        let master = |login: Login| json!({"username": login.0, "password": login.1, "database": "shop"});
        self.write_secret("staging/master", &master(STAGING_MASTER));
        self.write_secret("production/master", &master(PRODUCTION_MASTER));
        self.write_secret("sandbox/keys", &json!({"access_key_id": STAGING.0, "secret_access_key": "any"}));
        self.write_secret(
            "staging/users",
            &json!({"app_username": APP.0, "app_password": APP.1,
                    "readonly_username": READER.0, "readonly_password": READER.1}),
        );
    }

    pub(crate) fn make_cluster(
        &self,
        place: (&str, &str),
        name: &str,
        master: Login,
        key: &str,
        more: &[(&str, &str)],
    ) {
        let (key, instance) = (key_arn(place, key), format!("{name}-1"));
        let cluster = [
            ("DBClusterIdentifier", name),
            ("Engine", "aurora-postgresql"),
            ("MasterUsername", master.0),
            ("MasterUserPassword", master.1),
            ("DatabaseName", "shop"),
            ("StorageEncrypted", "true"),
            ("KmsKeyId", &key),
        ];
        self.call(place, "CreateDBCluster", &[&cluster, more].concat());
        let member = [
            ("DBInstanceIdentifier", instance.as_str()),
            ("DBClusterIdentifier", name),
            ("DBInstanceClass", "db.r6g.large"),
            ("Engine", "aurora-postgresql"),
        ];
        self.wait_for("the cluster", || self.try_call(place, "CreateDBInstance", &member).ok());
        self.wait_for("the instance", || {
            let shown = self.call(place, "DescribeDBInstances", &[("DBInstanceIdentifier", &instance)]);
            (text_of(&shown, "DBInstanceStatus").as_deref() == Some("available")).then_some(())
        });
    }

    fn fill(&self, place: (&str, &str), name: &str, master: Login, orders: u32, note: &str) {
        let rows = format!(
            "{SHOP}
             INSERT INTO shop.about VALUES ('{note}');
             INSERT INTO shop.orders SELECT n, 'customer ' || n, n * 13 FROM generate_series(1, {orders}) AS n;
             INSERT INTO shop.lines SELECT n, 1, 'product ' || n FROM generate_series(1, {orders}) AS n;"
        );
        self.execute(place, name, master, &rows).unwrap();
    }

    fn add_login(&self, place: (&str, &str), name: &str, master: Login, role: Login) {
        let sql = format!(
            "CREATE ROLE {0} LOGIN PASSWORD '{1}'; GRANT USAGE ON SCHEMA shop TO {0};
             GRANT SELECT ON ALL TABLES IN SCHEMA shop TO {0}",
            role.0, role.1
        );
        self.execute(place, name, master, &sql).unwrap();
    }

    /// An automated snapshot of production that claims to be of so long ago.
    pub(crate) fn take_snapshot(&self, ago: SignedDuration) -> String {
        let wish = SnapshotWish {
            place: here(PRODUCTION),
            cluster: "production".to_owned(),
            created_at: Timestamp::now() - ago,
            name: None,
        };
        let arn = self.runtime.block_on(self.client.take_past_snapshot(&wish)).unwrap();
        let name = arn.split_once("cluster-snapshot:").unwrap().1.to_owned();
        self.wait_for("the snapshot", || {
            let place = self.of_place(PRODUCTION)?;
            place.snapshots.iter().any(|one| one.name == name && one.status == "available").then_some(())
        });
        name
    }

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

    /// The restore has arrived: the name serves production's rows, and nothing of the way there is left.
    #[track_caller]
    pub(crate) fn assert_swapped(&self) {
        let wanted = self.content(PRODUCTION, "production", PRODUCTION_MASTER);
        assert_eq!(self.content(STAGING, "staging", STAGING_MASTER), wanted);
        let clusters = self.clusters(STAGING);
        assert_eq!(clusters.len(), 2, "the target and the retired cluster: {clusters:?}");
        assert!(clusters.iter().any(|name| name.starts_with("staging-old-")), "{clusters:?}");
        assert_eq!(self.snapshots(STAGING), Vec::<String>::new(), "no copy is left");
        assert!(self.snapshots(PRODUCTION).iter().all(|name| name.starts_with("rds:")), "no copy is left");
        assert!(self.gets_in("staging", APP) && self.gets_in("staging", READER));
        assert!(!self.gets_in("staging", FORGOTTEN) && !self.gets_in("staging", PRODUCTION_MASTER));
    }

    /// Nothing has happened to staging, and nothing of ours is left anywhere.
    #[track_caller]
    pub(crate) fn assert_untouched(&self) {
        assert_eq!(self.note(STAGING, "staging", APP), "stale");
        self.wait_for("the end of what was being deleted", || (self.clusters(STAGING) == ["staging"]).then_some(()));
        assert_eq!(self.snapshots(STAGING), Vec::<String>::new(), "no copy is left");
        assert!(self.snapshots(PRODUCTION).iter().all(|name| name.starts_with("rds:")), "no copy is left");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let stopped = program().args(["sandbox", "stop", "--data-dir"]).arg(self.path("sandbox")).output();
        if !stopped.as_ref().is_ok_and(|output| output.status.success()) {
            eprintln!("the sandbox (process {}) did not stop: {stopped:?}", self.status.pid);
        }
    }
}

/// A process that ends with the test.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    pub(crate) fn code(mut self) -> i32 {
        self.0.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn here(place: (&str, &str)) -> Place {
    Place { account: AccountId::new(place.0), region: RegionName::new(place.1) }
}

fn key_arn(place: (&str, &str), id: &str) -> String {
    format!("arn:aws:kms:{}:{}:key/{id}", place.1, place.0)
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
