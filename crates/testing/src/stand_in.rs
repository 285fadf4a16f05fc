//! Stand-ins for AWS services as servers on this machine: moto and MiniStack, two readings of the same documentation by
//! other people. What holds on both is less likely to be a quirk of one.
//!
//! The stage is set over plain HTTP, as another client would do it. A server ends with its value; every one is on loopback
//! and on a port of its own.

pub mod tables;

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

/// The Region in which stages are set.
pub const REGION: &str = "eu-central-1";

const PAUSE: Duration = Duration::from_millis(50);
const LOOKS_MAX: u32 = 1_200;
/// Long: on a machine with much to do moto takes a minute and more to parse a state machine.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);

/// Moto with its interpreter of state machines, and an evaluator of JSONata in the place that it keeps for one.
const PLAYING_MOTO: &str = "\
import sys
import jsonata
from moto.core.config import default_user_config
from moto.server import main
from moto.stepfunctions.parser.asl.jsonata import jsonata as place
default_user_config['stepfunctions'] = {'execute_state_machine': True}
place._eval_jsonata = lambda text: jsonata.Jsonata.jsonata(text).evaluate(None)
main(sys.argv[1:])
";

/// Whose call it is, and in which Region.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The access key: MiniStack takes twelve digits for an account.
    pub access_key: &'a str,
    /// The Region.
    pub region: &'a str,
}

/// A stand-in that ends with this value.
#[derive(Debug)]
pub struct StandIn {
    child: Child,
    port: u16,
    /// Whose calls set the stage.
    access_key: String,
    /// Where it may leave files.
    _home: tempfile::TempDir,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing else to do about it here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl StandIn {
    /// Starts moto.
    pub fn moto() -> Self {
        Self::start("moto_server", |command, port| {
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        })
    }

    /// Starts a moto that plays state machines. It leaves open who evaluates JSONata, so it is lent an evaluator.
    pub fn moto_that_plays_machines() -> Self {
        Self::start("python3", |command, port| {
            command.args(["-c", PLAYING_MOTO, "-H", "127.0.0.1", "-p", &port.to_string()]);
        })
    }

    /// Starts MiniStack, without the listeners that it opens beside its port.
    pub fn ministack() -> Self {
        Self::start("ministack", |command, port| {
            command
                .env("BIND_HOST", "127.0.0.1")
                .env("GATEWAY_PORT", port.to_string())
                .env("IOT_MTLS_ENABLED", "0")
                .env("SFTP_ENABLED", "0");
        })
    }

    fn start(program: &str, configure: impl FnOnce(&mut Command, u16)) -> Self {
        let port = free_port();
        let program = installed(program);
        let home = tempfile::tempdir().expect("a directory for a stand-in");
        let mut command = Command::new(&program);
        command
            .current_dir(home.path())
            .env("TMPDIR", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        configure(&mut command, port);
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}; `make test` installs it", program.display()));
        let server = Self { child, port, access_key: "test".to_owned(), _home: home };
        for _ in 0..LOOKS_MAX {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return server;
            }
            thread::sleep(PAUSE);
        }
        panic!("{} does not answer on port {port}", program.display());
    }

    /// The same, with the stage set by the owner of another access key: MiniStack takes twelve digits for an account.
    #[must_use]
    pub fn entered_with(mut self, access_key: &str) -> Self {
        self.access_key = access_key.to_owned();
        self
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The port on which it answers.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Calls an action of a service that speaks JSON. Panics with the answer if it is a refusal.
    pub fn json(&self, service: &str, target: &str, body: &Value) -> Value {
        let head = format!("content-type: application/x-amz-json-1.0\r\nx-amz-target: {target}\r\n");
        let answer = self.post(service, &head, &body.to_string());
        serde_json::from_str(&answer).unwrap_or(Value::Null)
    }

    /// The same in another Region than [`REGION`].
    pub fn json_in(&self, region: &str, service: &str, target: &str, body: &Value) -> Value {
        let head = format!("content-type: application/x-amz-json-1.0\r\nx-amz-target: {target}\r\n");
        let entry = Entry { region, ..self.entry() };
        let answer = self.send_as(entry, "POST", service, "/", &(head, body.to_string()));
        serde_json::from_str(&answer).unwrap_or(Value::Null)
    }

    /// Calls an action of a service that speaks the Query protocol. Panics with the answer if it is a refusal.
    pub fn query(&self, service: &str, form: &[(&str, &str)]) -> String {
        self.query_as(self.entry(), service, form)
    }

    /// The same by somebody else, or in another Region.
    pub fn query_as(&self, entry: Entry<'_>, service: &str, form: &[(&str, &str)]) -> String {
        let pairs: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let head = "content-type: application/x-www-form-urlencoded\r\n".to_owned();
        self.send_as(entry, "POST", service, "/", &(head, pairs.join("&")))
    }

    /// Invokes a function, by a version or an alias of it if one is named behind a colon. Gives what it answers, an error included;
    /// panics if it cannot be invoked.
    pub fn invoke(&self, function: &str, event: &Value) -> Value {
        let (name, query) = match function.split_once(':') {
            Some((name, qualifier)) => (name, format!("?Qualifier={qualifier}")),
            None => (function, String::new()),
        };
        let path = format!("/2015-03-31/functions/{name}/invocations{query}");
        let answer = self.send("POST", "lambda", &path, "content-type: application/json\r\n", &event.to_string());
        serde_json::from_str(&answer).unwrap_or(Value::Null)
    }

    /// A schedule of EventBridge Scheduler. Panics if there is none.
    pub fn schedule(&self, group: &str, name: &str) -> Value {
        let answer = self.send("GET", "scheduler", &format!("/schedules/{name}?groupName={group}"), "", "");
        serde_json::from_str(&answer).unwrap_or(Value::Null)
    }

    /// Makes a bucket that refuses nothing. Panics with the answer if it is a refusal.
    pub fn bare_bucket(&self, name: &str) {
        let place = format!(
            "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        );
        self.send("PUT", "s3", &format!("/{name}"), "", &place);
    }

    /// Gives moto what it shall answer, by its interface for tests. Panics with the answer if it is a refusal.
    pub fn teach(&self, path: &str, answers: &Value) {
        self.send(
            "POST",
            "moto-api",
            &format!("/moto-api/{path}"),
            "content-type: application/json\r\n",
            &answers.to_string(),
        );
    }

    fn post(&self, service: &str, head: &str, body: &str) -> String {
        self.send("POST", service, "/", head, body)
    }

    fn send(&self, method: &str, service: &str, path: &str, head: &str, body: &str) -> String {
        self.send_as(self.entry(), method, service, path, &(head.to_owned(), body.to_owned()))
    }

    fn entry(&self) -> Entry<'_> {
        Entry { access_key: &self.access_key, region: REGION }
    }

    fn send_as(
        &self,
        Entry { access_key, region }: Entry<'_>,
        method: &str,
        service: &str,
        path: &str,
        (head, body): &(String, String),
    ) -> String {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\ncontent-length: {}\r\n{head}\
             authorization: AWS4-HMAC-SHA256 Credential={access_key}/20261122/{region}/{service}/aws4_request, \
             SignedHeaders=host, Signature=0\r\n\r\n{body}",
            self.port,
            body.len(),
        );
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("the stand-in listens");
        stream.set_read_timeout(Some(ANSWER_TIMEOUT)).expect("a timeout above zero");
        stream.write_all(request.as_bytes()).expect("the stand-in reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the stand-in answers");
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head and a body");
        let body = if is_chunked(head) { joined(body) } else { body.to_owned() };
        assert!(head.split(' ').nth(1).is_some_and(|status| status.starts_with('2')), "{head}\n{body}");
        body
    }
}

/// A port on loopback that nobody has at this moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// A program of the tests' virtual environment, else whatever the search path has.
pub fn installed(program: &str) -> PathBuf {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let environment =
        std::env::var_os("AURORA_RESTORE_TEST_VENV").map_or_else(|| workspace.join(".venv"), PathBuf::from);
    let installed = environment.join("bin").join(program);
    if installed.exists() { installed } else { PathBuf::from(program) }
}

fn is_chunked(head: &str) -> bool {
    head.to_ascii_lowercase().contains("transfer-encoding: chunked")
}

/// Joins the chunks of a body.
fn joined(mut body: &str) -> String {
    let mut whole = String::new();
    // Bounded: every turn takes a chunk off.
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length.trim(), 16).unwrap_or(0);
        let Some(chunk) = rest.get(..length).filter(|chunk| !chunk.is_empty()) else { break };
        whole.push_str(chunk);
        body = rest[length..].trim_start_matches("\r\n");
    }
    whole
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
