//! What the tests of the API share: a sandbox without PostgreSQL, and a client that shows the bare wire.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use aurora_restore_sandbox::model::config::Durations;
use aurora_restore_sandbox::server::{PostgresMode, Sandbox, SandboxConfig, Status};
use tempfile::TempDir;

/// Nothing in these tests takes long; what takes this long is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at something that is waited for.
pub(crate) const POLL: Duration = Duration::from_millis(10);
pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";

/// A sandbox and its directory.
pub(crate) struct Running {
    pub(crate) sandbox: Sandbox,
    pub(crate) directory: TempDir,
}

/// Starts a sandbox without PostgreSQL in which nothing takes time.
pub(crate) async fn start() -> Running {
    start_with(|config| config.durations = Durations::zero()).await
}

/// The same, with other settings.
pub(crate) async fn start_with(adjust: impl FnOnce(&mut SandboxConfig)) -> Running {
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(&directory);
    adjust(&mut config);
    Running { sandbox: Sandbox::start(config).await.unwrap(), directory }
}

/// Settings of a sandbox without PostgreSQL in this directory.
pub(crate) fn config(directory: &TempDir) -> SandboxConfig {
    let mut config = SandboxConfig::new(directory.path());
    config.postgres = PostgresMode::None { major: 15 };
    config
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The text of the first element of this name.
    pub(crate) fn text(&self, element: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("<{element}>"))?;
        Some(rest.split_once(&format!("</{element}>"))?.0)
    }

    /// Status and error code.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        (self.status, self.text("Code").unwrap_or_default())
    }
}

/// A client for the bare wire.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: String,
    pub(crate) account: String,
    pub(crate) region: String,
}

impl Client {
    /// A client of this sandbox.
    pub(crate) fn of(status: &Status) -> Self {
        let address = status.url.strip_prefix("http://").unwrap().to_owned();
        Self { address, account: ACCOUNT.into(), region: REGION.into() }
    }

    /// Calls an RDS action: `CreateDBCluster` with `DBClusterIdentifier=a&…`.
    pub(crate) fn call(&self, action: &str, parameters: &str) -> Answer {
        self.try_call(action, parameters).expect("the connection gave no answer")
    }

    /// The same, where there may be no answer.
    pub(crate) fn try_call(&self, action: &str, parameters: &str) -> Option<Answer> {
        let form = format!("Action={action}&Version=2014-10-31&{parameters}");
        self.post(&form, &[("authorization", &self.authorization("rds"))])
    }

    pub(crate) fn authorization(&self, service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={}/20260801/{}/{service}/aws4_request, SignedHeaders=host, Signature=0",
            self.account, self.region
        )
    }

    /// Posts a form with these headers.
    pub(crate) fn post(&self, form: &str, headers: &[(&str, &str)]) -> Option<Answer> {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend_from_slice(headers);
        self.send("POST", "/", &all, form.as_bytes())
    }

    /// Sends a request; nothing comes back when the connection is closed without an answer.
    pub(crate) fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut head = format!("{method} {target} HTTP/1.1\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "host") {
            head.push_str(&format!("host: {}\r\n", self.address));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("connection: close\r\n\r\n");
        // The server may refuse before it has read everything.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, head: head.to_lowercase(), body: body.to_owned() })
    }

    /// Calls until the answer satisfies.
    pub(crate) fn wait(&self, action: &str, parameters: &str, satisfies: impl Fn(&Answer) -> bool) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.call(action, parameters);
            if satisfies(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "{action} {parameters} never satisfied: {answer:?}");
            std::thread::sleep(POLL);
        }
    }

    /// Waits until a cluster has this status.
    pub(crate) fn wait_for_cluster(&self, name: &str, status: &str) -> Answer {
        let parameters = format!("DBClusterIdentifier={name}");
        self.wait("DescribeDBClusters", &parameters, |answer| answer.text("Status") == Some(status))
    }

    /// Waits until a cluster snapshot has this status.
    pub(crate) fn wait_for_snapshot(&self, name: &str, status: &str) -> Answer {
        let parameters = format!("DBClusterSnapshotIdentifier={name}");
        self.wait("DescribeDBClusterSnapshots", &parameters, |answer| answer.text("Status") == Some(status))
    }

    /// Waits until a cluster can be backed up, which is somewhat later than it is available.
    pub(crate) fn wait_until_restorable(&self, name: &str) {
        let parameters = format!("DBClusterIdentifier={name}");
        self.wait("DescribeDBClusters", &parameters, |answer| {
            answer.text("Status") == Some("available") && answer.text("LatestRestorableTime").is_some()
        });
    }

    /// Calls a `/_sandbox` endpoint with the token of the directory.
    pub(crate) fn control(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.send(method, &format!("/_sandbox/{path}"), &[("authorization", &bearer)], body.as_bytes())
            .expect("the connection gave no answer")
    }
}
