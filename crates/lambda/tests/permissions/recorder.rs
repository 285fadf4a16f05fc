//! A way through which requests pass on to their server, and on which every call is written down: who made it, where, and
//! what it is called in a policy.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use aurora_restore_testing::function_stage::{AUDIT_TABLE, STATE_TABLE};
use serde_json::{Value, json};

/// What was written down.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// The place that is being served.
    place: String,
    /// The account of the functions, by its access key.
    account: String,
    target: BTreeMap<String, BTreeSet<String>>,
    source: BTreeMap<String, BTreeSet<String>>,
    /// How often each call was made since counting began.
    counted: BTreeMap<String, u64>,
}

/// The record of all ways.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Record>>);

impl Recorder {
    /// A recorder for functions of an account.
    pub(crate) fn of(account: &str) -> Self {
        let recorder = Self::default();
        account.clone_into(&mut recorder.record().account);
        recorder
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on calls are those of a place.
    pub(crate) fn serve(&self, place: &str) {
        place.clone_into(&mut self.record().place);
    }

    /// Begins to count anew.
    pub(crate) fn count(&self) {
        self.record().counted.clear();
    }

    /// What was counted.
    pub(crate) fn counted(&self) -> BTreeMap<String, u64> {
        self.record().counted.clone()
    }

    /// Everything that was written down.
    pub(crate) fn all(&self) -> Value {
        let record = self.record();
        json!({ "target": record.target, "source": record.source })
    }

    /// A way to a server, and where it begins.
    pub(crate) fn way_to(&self, server: &str) -> String {
        let server = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let begins = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let recorder = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (recorder, server) = (recorder.clone(), server.clone());
                // Whoever goes away in the middle is no fault of the way.
                thread::spawn(move || drop(recorder.pass_on(&stream, &server)));
            }
        });
        begins
    }

    /// Passes one request on and its answer back; a connection carries one.
    fn pass_on(&self, mut stream: &TcpStream, server: &str) -> std::io::Result<()> {
        let Some(request) = Request::read(&mut BufReader::new(stream))? else { return Ok(()) };
        self.write_down(&request);
        let mut onward = TcpStream::connect(server)?;
        onward.write_all(request.head.as_bytes())?;
        onward.write_all(&request.body)?;
        let mut answer = Vec::new();
        onward.read_to_end(&mut answer)?;
        stream.write_all(&answer)
    }

    fn write_down(&self, request: &Request) {
        let Some((key, service)) = request.credential() else { return };
        let calls = calls(&service, request);
        let mut record = self.record();
        let place = record.place.clone();
        for call in &calls {
            *record.counted.entry(call.clone()).or_default() += 1;
        }
        let side = if key == record.account { &mut record.target } else { &mut record.source };
        side.entry(place).or_default().extend(calls);
    }
}

/// One HTTP request, to be sent on over a connection that ends with it.
struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    fn read(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<Self>> {
        let mut head = String::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            let lower = line.to_ascii_lowercase();
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if !lower.starts_with("connection:") {
                head.push_str(&line);
            }
        }
        head.push_str("connection: close\r\n\r\n");
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Some(Self { head, body }))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The access key and the service of the signature.
    fn credential(&self) -> Option<(String, String)> {
        let scope = self.header("authorization")?.split_once("Credential=")?.1;
        let mut parts = scope.split(['/', ',']);
        let key = parts.next()?.to_owned();
        Some((key, parts.nth(2)?.to_owned()))
    }

    /// The fields of a body in the Query protocol.
    fn form(&self) -> Vec<(String, String)> {
        let body = String::from_utf8_lossy(&self.body);
        body.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
    }
}

/// What the call is called in a policy, and what a policy is asked for besides.
fn calls(service: &str, request: &Request) -> Vec<String> {
    if let Some(target) = request.header("x-amz-target") {
        let action = target.rsplit('.').next().unwrap_or(target);
        let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        return if service == "dynamodb" { of_tables(action, &body) } else { vec![format!("{service}:{action}")] };
    }
    let form = request.form();
    let action = form.iter().find(|(name, _)| name == "Action").map_or("?", |(_, value)| value.as_str());
    // Everybody may ask who they are.
    if action == "GetCallerIdentity" {
        return Vec::new();
    }
    let mut calls = vec![format!("{service}:{action}")];
    let has = |start: &str| form.iter().any(|(name, _)| name.starts_with(start));
    if service == "rds" && has("Tags.") && action != "AddTagsToResource" {
        calls.push("rds:AddTagsToResource".to_owned());
    }
    if service == "rds" && (has("MonitoringRoleArn") || action == "AddRoleToDBCluster") {
        calls.push("iam:PassRole".to_owned());
    }
    calls
}

/// A transaction is asked for each of its parts; a query of an index for the index.
fn of_tables(action: &str, body: &Value) -> Vec<String> {
    let table = |of: &Value| match (of["TableName"].as_str(), of.get("IndexName")) {
        (Some(STATE_TABLE), None) => "state",
        (Some(STATE_TABLE), Some(_)) => "index",
        (Some(AUDIT_TABLE), _) => "audit",
        (other, _) => panic!("a call about the table {other:?}"),
    };
    let Some(parts) = body["TransactItems"].as_array() else {
        return vec![format!("dynamodb:{action} {}", table(body))];
    };
    let part = |part: &Value| {
        let (kind, of) = part.as_object().and_then(|part| part.iter().next()).expect("a part of a transaction");
        format!("dynamodb:{kind}Item {}", table(of))
    };
    parts.iter().map(part).collect()
}
