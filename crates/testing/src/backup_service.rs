//! AWS Backup over HTTP on loopback, as far as restore tests are answered. No stand-in that can be had keeps restore jobs, so this is
//! our own reading of what the service documents: the paths, the methods, the bodies and the refusals of
//! [`DescribeRestoreJob`](https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DescribeRestoreJob.html) and
//! [`PutRestoreValidationResult`](https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutRestoreValidationResult.html).
//! Whether the service does so is not proven by it.

use std::{
    io::{BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use aurora_restore_ops::ports::{RestoreJob, RestoreJobId, TestVerdict};
use serde_json::{Value, json};

use crate::{MemoryRestoreTests, runtime_api::Request};

/// Restore jobs behind an endpoint.
#[derive(Debug)]
pub struct BackupService {
    url: String,
    jobs: Arc<MemoryRestoreTests>,
    asked: Arc<Mutex<Vec<String>>>,
}

/// Status, name of the refusal where it is one, body.
type Answer = (u16, Option<&'static str>, Value);

impl Default for BackupService {
    fn default() -> Self {
        Self::new()
    }
}

impl BackupService {
    /// Serves, without jobs.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let (jobs, asked) = (Arc::default(), Arc::default());
        let (served, kept) = (Arc::clone(&jobs), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (served, kept) = (Arc::clone(&served), Arc::clone(&kept));
                // A client may keep one connection and open another.
                thread::spawn(move || serve(&stream, &served, &kept));
            }
        });
        Self { url, jobs, asked }
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The jobs.
    pub fn jobs(&self) -> &MemoryRestoreTests {
        &self.jobs
    }

    /// Method and path of every request.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(stream: &TcpStream, jobs: &MemoryRestoreTests, asked: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    while let Ok(Some(request)) = Request::read(&mut reader) {
        let line = format!("{} {}", request.method, request.path);
        asked.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        if respond(stream, answer(&request, jobs)).is_err() {
            break;
        }
    }
}

fn answer(request: &Request, jobs: &MemoryRestoreTests) -> Answer {
    let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["restore-jobs", id]) => of_job(id, |id| Some((200, None, told(id, &jobs.get(id)?)))),
        ("PUT", ["restore-jobs", id, "validations"]) => {
            let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
            let Some(verdict) = verdict(&body["ValidationStatus"]) else {
                return refused(400, "InvalidParameterValueException");
            };
            let message = body["ValidationStatusMessage"].as_str().unwrap_or_default();
            of_job(id, |id| jobs.take(id, verdict, message).ok().map(|()| (204, None, Value::Null)))
        }
        _ => refused(403, "AccessDeniedException"),
    }
}

fn of_job(id: &str, answer: impl FnOnce(&RestoreJobId) -> Option<Answer>) -> Answer {
    let known = id.parse().ok().and_then(|id| answer(&id));
    known.unwrap_or_else(|| refused(400, "ResourceNotFoundException"))
}

fn verdict(word: &Value) -> Option<TestVerdict> {
    [TestVerdict::Successful, TestVerdict::Failed].into_iter().find(|verdict| word == verdict.as_str())
}

fn told(id: &RestoreJobId, job: &RestoreJob) -> Value {
    let mut told = json!({
        "RestoreJobId": id.as_str(),
        "RecoveryPointArn": job.recovery_point.as_str(),
        "Status": job.status.as_str(),
        "ResourceType": job.resource_type,
        "CreationDate": 1_795_334_400.5,
        "IsParent": false,
    });
    if let Some(plan) = &job.testing_plan {
        told["CreatedBy"] = json!({ "RestoreTestingPlanArn": plan });
    }
    if let Some(validation) = &job.validation {
        told["ValidationStatus"] = json!(validation.as_str());
    }
    if let Some(message) = &job.validation_message {
        told["ValidationStatusMessage"] = json!(message);
    }
    told
}

fn refused(status: u16, name: &'static str) -> Answer {
    (status, Some(name), json!({ "Code": "ERROR_1", "Message": "refused by the test", "Type": "CLIENT" }))
}

fn respond(mut stream: &TcpStream, (status, refusal, body): Answer) -> std::io::Result<()> {
    let name = refusal.map(|name| format!("x-amzn-errortype: {name}\r\n")).unwrap_or_default();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    // An answer without content has no length either.
    let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head = format!("HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\n{name}{length}\r\n");
    stream.write_all(format!("{head}{body}").as_bytes())
}
