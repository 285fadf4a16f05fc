//! The `/_sandbox` endpoints: what the stand-in can do and AWS cannot. JSON in and out.
//!
//! | request | does |
//! |---|---|
//! | `GET /_sandbox/health` | says how the sandbox is |
//! | `GET /_sandbox/inventory` | lists the clusters and snapshots of all accounts and Regions |
//! | `GET /_sandbox/faults` | lists the fault rules in force |
//! | `POST /_sandbox/faults` | puts a rule in force |
//! | `DELETE /_sandbox/faults` | ends all rules |
//! | `POST /_sandbox/kms-keys` | adds or replaces a customer key |
//! | `POST /_sandbox/snapshots` | takes a snapshot that no call can make: automated, or of a moment in the past |
//!
//! They obey the owner of the data directory alone: a request must bear the token that lies there, readable by its owner
//! only. Requests that may come from web pages are refused even with it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response, StatusCode};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::health::Health;
use super::http::{HttpRequest, plain};
use super::origin::is_foreign;
use crate::model::config::PlacedKey;
use crate::model::error::RdsError;
use crate::model::faults::FaultRule;
use crate::model::resources::Tag;
use crate::model::{AccountId, Place, RegionName, SeedSnapshot};
use crate::server::{Runtime, Status, Unsaved};

const BEARER: &str = "Bearer ";

/// What the endpoints know beside the model.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) token: String,
    pub(crate) status: Status,
    pub(crate) data_directory: PathBuf,
}

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("the control token of the data directory is missing or wrong")]
    Unauthorized,
    #[error("there is no such endpoint")]
    NotFound,
    #[error("the body is not what this endpoint takes: {0}")]
    Body(#[from] serde_json::Error),
    #[error(transparent)]
    Rds(#[from] RdsError),
    #[error(transparent)]
    Unsaved(#[from] Unsaved),
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::Rds(error) => StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            Self::Unsaved(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

#[derive(Serialize)]
struct ProblemBody {
    error: String,
}

/// Answers a request below `/_sandbox/`.
pub(super) async fn answer(control: &Control, runtime: &Runtime, request: &HttpRequest) -> Response<Full<Bytes>> {
    match perform(control, runtime, request).await {
        Ok(body) => json(StatusCode::OK, body),
        Err(problem) => match serde_json::to_vec(&ProblemBody { error: problem.to_string() }) {
            Ok(body) => json(problem.status(), body),
            Err(_) => plain(problem.status()),
        },
    }
}

async fn perform(control: &Control, runtime: &Runtime, request: &HttpRequest) -> Result<Vec<u8>, Problem> {
    if is_foreign(request) || !is_authorized(control, request) {
        return Err(Problem::Unauthorized);
    }
    match (&request.method, request.path.as_str()) {
        (&Method::GET, "/_sandbox/health") => Ok(serde_json::to_vec(&Health::of(control, runtime))?),
        (&Method::GET, "/_sandbox/inventory") => Ok(runtime.read(|world| serde_json::to_vec(&world.inventory()))?),
        (&Method::GET, "/_sandbox/faults") => Ok(runtime.read(|world| serde_json::to_vec(world.fault_rules()))?),
        (&Method::POST, "/_sandbox/faults") => {
            let rule: FaultRule = body(request)?;
            runtime.change(|world, _| world.inject(rule)).await?;
            Ok(runtime.read(|world| serde_json::to_vec(world.fault_rules()))?)
        }
        (&Method::DELETE, "/_sandbox/faults") => {
            runtime.change(|world, _| world.clear_faults()).await?;
            Ok(b"[]".to_vec())
        }
        (&Method::POST, "/_sandbox/kms-keys") => {
            let PlacedKey { account, region, key } = body(request)?;
            let place = Place { account, region };
            let reply = serde_json::to_vec(&key)?;
            runtime.change(|world, _| world.put_kms_key(&place, key)).await?;
            Ok(reply)
        }
        (&Method::POST, "/_sandbox/snapshots") => {
            let wanted: PastSnapshot = body(request)?;
            let seeded = runtime.change(|world, now| world.seed_snapshot(wanted.at(now), now)).await??;
            Ok(serde_json::to_vec(&Seeded { arn: &seeded.db_cluster_snapshot_arn })?)
        }
        _ => Err(Problem::NotFound),
    }
}

/// Compares digests, which takes as long for a wrong token as for the right one.
fn is_authorized(control: &Control, request: &HttpRequest) -> bool {
    let given = request.header("authorization").and_then(|header| header.strip_prefix(BEARER));
    given.is_some_and(|given| Sha256::digest(given.trim()) == Sha256::digest(&control.token))
}

fn body<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Problem> {
    Ok(serde_json::from_slice(&request.body)?)
}

fn json(status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// A snapshot of what a cluster holds now that claims to be older.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PastSnapshot {
    account: AccountId,
    region: RegionName,
    cluster: String,
    /// Now, if not given.
    created_at: Option<Timestamp>,
    /// Makes it a manual snapshot of this name; otherwise it is an automated one.
    name: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

impl PastSnapshot {
    fn at(self, now: Timestamp) -> SeedSnapshot {
        SeedSnapshot {
            place: Place { account: self.account, region: self.region },
            db_cluster_identifier: self.cluster,
            created_at: self.created_at.unwrap_or(now),
            name: self.name,
            tags: self.tags.into_iter().map(|(key, value)| Tag { key, value }).collect(),
        }
    }
}

#[derive(Serialize)]
struct Seeded<'a> {
    arn: &'a str,
}
