//! A world for one test: a sandbox in a process of its own, a production and a staging cluster with a little data, and a
//! configuration. Everything ends with the test, also when it panics.
//!
//! ```text
//! process    our program as a process
//! scene      what is there before
//! databases  who logs in where, and what is read
//! outcome    what is there afterwards
//! ```

mod databases;
mod outcome;
mod process;
mod scene;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use aurora_restore_sandbox::{
    client::{Client, ClientError},
    model::{AccountId, Place, RegionName, faults::FaultRule},
    server::Status,
};
use jiff::SignedDuration;
use tempfile::TempDir;

pub(crate) use databases::{APP, FORGOTTEN, Login, PRODUCTION_MASTER, READER, STAGING_MASTER, connect};
pub(crate) use process::{Ended, Running, directory, program};

pub(crate) const PRODUCTION: (&str, &str) = ("111122223333", "eu-west-1");
pub(crate) const STAGING: (&str, &str) = ("444455556666", "eu-central-1");
/// Nothing in these tests takes longer on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
pub(crate) const LOOK: Duration = Duration::from_millis(20);

const SOURCE_KEY: &str = "0d5c7f3e-6d5b-4a57-9f0e-2b1f6f0c1a11";
const TARGET_KEY: &str = "7a1e9b52-3c44-4f0d-8b7a-9d2e5c6f2b22";

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
    pace: Pace,
    runtime: tokio::runtime::Runtime,
}

impl World {
    /// Production with `orders` orders and yesterday's snapshot, and a stale staging.
    pub(crate) fn new(pace: Pace, orders: u32) -> Self {
        let directory = directory();
        let sandbox = directory.path().join("sandbox");
        let (status, client) = start_sandbox(&sandbox, pace);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let world = Self { directory, client, status, pace, runtime };
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

    /// Starts the sandbox again, after somebody killed it.
    pub(crate) fn restart_sandbox(&mut self) {
        (self.status, self.client) = start_sandbox(&self.path("sandbox"), self.pace);
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
            self.keys()[0],
            self.keys()[1],
            PRODUCTION.0,
        );
        fs::write(self.path("config.toml"), text).unwrap();
    }

    /// The keys of the copies: the target's and the source's.
    pub(crate) fn keys(&self) -> [String; 2] {
        [key_arn(STAGING, TARGET_KEY), key_arn(PRODUCTION, SOURCE_KEY)]
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
}

impl Drop for World {
    fn drop(&mut self) {
        let stopped = program().args(["sandbox", "stop", "--data-dir"]).arg(self.path("sandbox")).output();
        if !stopped.as_ref().is_ok_and(|output| output.status.success()) {
            eprintln!("the sandbox (process {}) did not stop: {stopped:?}", self.status.pid);
        }
    }
}

fn start_sandbox(directory: &Path, pace: Pace) -> (Status, Client) {
    let durations = if pace == Pace::None { "none" } else { "quick" };
    let started = program()
        .args(["sandbox", "start", "--port", "0", "--any-database-ports", "--durations", durations, "--data-dir"])
        .arg(directory)
        .output()
        .unwrap();
    Ended::from(started).with_code(0);
    let status = Status::find(directory).unwrap().unwrap();
    let client = Client::of(&status, directory).unwrap();
    (status, client)
}

fn here(place: (&str, &str)) -> Place {
    Place { account: AccountId::new(place.0), region: RegionName::new(place.1) }
}

fn key_arn(place: (&str, &str), id: &str) -> String {
    format!("arn:aws:kms:{}:{}:key/{id}", place.1, place.0)
}
