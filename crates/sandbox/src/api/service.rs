//! One request from its head to its answer.

use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode};
use rand::RngExt as _;

use super::control::{self, Control};
use super::credentials::{Scope, ScopeError};
use super::http::{Handler, HttpRequest, Outcome, plain};
use super::identity::{AccessKeys, Identity};
use super::origin::is_foreign;
use super::query::Params;
use super::refusal::Refusal;
use super::xml::{self, ErrorElement, Service};
use super::{calls, replies, sts};
use crate::model::Caller;
use crate::model::call::{Action, Call};
use crate::server::Runtime;

/// The version of the RDS API that is spoken here.
const RDS_VERSION: &str = "2014-10-31";
const CONTROL_PREFIX: &str = "/_sandbox/";
const FORM: &str = "application/x-www-form-urlencoded";

/// Everything that listens on the port.
pub(crate) struct Api {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) keys: AccessKeys,
    pub(crate) control: Control,
}

impl Handler for Api {
    async fn handle(&self, request: HttpRequest) -> Outcome {
        if request.path.starts_with(CONTROL_PREFIX) {
            return Outcome::Answer(control::answer(&self.control, &self.runtime, &request).await);
        }
        let request_id = request_id();
        let query = match Query::read(&request) {
            Ok(query) => query,
            Err((service, refusal)) => return refused(service, &refusal, &request_id),
        };
        let service = query.service;
        match self.perform(query, &request, &request_id).await {
            Ok(Some(body)) => Outcome::Answer(document(200, body, &request_id)),
            Ok(None) => Outcome::Silence,
            Err(refusal) => refused(service, &refusal, &request_id),
        }
    }
}

impl Api {
    /// Performs an action. No answer means that a fault has lost it.
    async fn perform(
        &self,
        query: Query,
        request: &HttpRequest,
        request_id: &str,
    ) -> Result<Option<std::io::Result<String>>, Refusal> {
        let now = self.runtime.now();
        let token = request.header("x-amz-security-token").or(query.token.as_deref());
        let identity = Identity::of(&query.scope, token, &self.keys, now)?;
        if query.service == Service::Sts {
            return sts::answer(&query.action, query.params, &identity, now, request_id).map(Some);
        }
        let caller = Caller::new(identity.account, query.scope.region.as_str());
        let call = query.into_call()?;
        let action = call.action();
        let served = self.runtime.call(&caller, call).await.map_err(|unsaved| Refusal::CannotSave(unsaved.0))?;
        if served.reply_lost {
            return Ok(None);
        }
        let reply = served.result?;
        Ok(Some(replies::answer(action, &reply, request_id)))
    }
}

/// What a request says before it is known who may ask for it.
struct Query {
    service: Service,
    action: String,
    version: String,
    scope: Scope,
    /// The session token of a presigned address.
    token: Option<String>,
    params: Params,
}

impl Query {
    fn read(request: &HttpRequest) -> Result<Self, (Service, Refusal)> {
        let rds = |refusal: Refusal| (Service::Rds, refusal);
        if is_foreign(request) {
            return Err(rds(Refusal::Foreign));
        }
        let form = form_of(request).map_err(rds)?;
        let mut params = Params::parse(form).map_err(|error| rds(error.into()))?;
        let (token, scope) = scope_of(request, &mut params);
        let version = params.optional("Version").map_err(|error| rds(error.into()))?;
        let service = service_of(version.as_deref(), scope.as_ref().ok());
        let refused = |refusal: Refusal| (service, refusal);
        let scope = scope.map_err(|error| refused(error.into()))?;
        let action: Option<String> = params.optional("Action").map_err(|error| refused(error.into()))?;
        let action = action.filter(|action| !action.is_empty()).ok_or_else(|| refused(Refusal::MissingAction))?;
        let spoken = match service {
            Service::Rds => RDS_VERSION,
            Service::Sts => sts::VERSION,
        };
        let version = version.unwrap_or_else(|| spoken.to_owned());
        if version != spoken {
            return Err(refused(Refusal::UnknownAction { action, version }));
        }
        Ok(Self { service, action, version, scope, token, params })
    }

    /// What is asked of the model.
    fn into_call(self) -> Result<Call, Refusal> {
        let Some(action) = Action::from_wire(&self.action) else {
            return Err(Refusal::UnknownAction { action: self.action, version: self.version });
        };
        Ok(calls::read_call(action, self.params)?)
    }
}

/// Reads a form as if a client had sent and signed it, and does not carry it out: for tests of the reading alone.
///
/// # Errors
/// The text that the client would read.
pub fn read_form(form: &[u8]) -> Result<Call, String> {
    const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKIAFORM/20260801/eu-central-1/rds/aws4_request, \
                          SignedHeaders=host, Signature=0";
    let headers = [("host", "127.0.0.1"), (CONTENT_TYPE.as_str(), FORM), ("authorization", SIGNED)];
    let headers = headers.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    let request = HttpRequest {
        method: Method::POST,
        path: "/".to_owned(),
        query: String::new(),
        headers: headers.into_iter().collect(),
        body: Bytes::copy_from_slice(form),
    };
    let query = Query::read(&request).map_err(|(_, refusal)| refusal.to_string())?;
    query.into_call().map_err(|refusal| refusal.to_string())
}

/// The parameters of the request: the body of a POST, the query of a GET.
fn form_of(request: &HttpRequest) -> Result<&str, Refusal> {
    let is_form = request
        .header(CONTENT_TYPE.as_str())
        .is_some_and(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM));
    if request.path != "/" {
        return Err(Refusal::NotAQuery);
    }
    match request.method {
        Method::GET => Ok(&request.query),
        Method::POST if is_form => std::str::from_utf8(&request.body).map_err(|_| Refusal::NotAQuery),
        _ => Err(Refusal::NotAQuery),
    }
}

/// Takes the signature out of the parameters, where presigned addresses have it, or reads the header.
fn scope_of(request: &HttpRequest, params: &mut Params) -> (Option<String>, Result<Scope, ScopeError>) {
    let mut presigned = |name: &str| params.optional::<String>(name).ok().flatten();
    let credential = presigned("X-Amz-Credential");
    let signature = presigned("X-Amz-Signature");
    let token = presigned("X-Amz-Security-Token");
    for name in ["X-Amz-Algorithm", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"] {
        presigned(name);
    }
    let scope = match (credential, signature) {
        (Some(credential), Some(_)) => Scope::from_credential(&credential),
        (Some(_), None) => Err(ScopeError::Incomplete("X-Amz-Signature")),
        (None, _) => Scope::from_header(request.header("authorization")),
    };
    (token, scope)
}

fn service_of(version: Option<&str>, scope: Option<&Scope>) -> Service {
    match (version, scope) {
        (Some(sts::VERSION), _) => Service::Sts,
        (None, Some(scope)) if scope.service == "sts" => Service::Sts,
        _ => Service::Rds,
    }
}

fn refused(service: Service, refusal: &Refusal, request_id: &str) -> Outcome {
    let message = refusal.to_string();
    let element = ErrorElement { code: refusal.code(), message: &message, fault_of: refusal.fault_of() };
    Outcome::Answer(document(refusal.status(), xml::refusal(service, &element, request_id), request_id))
}

fn document(status: u16, body: std::io::Result<String>, request_id: &str) -> Response<Full<Bytes>> {
    let body = match body {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, request_id, "cannot write an answer");
            return plain(StatusCode::INTERNAL_SERVER_ERROR);
        }
    };
    let mut answer = Response::new(Full::from(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    answer
}

/// A random UUID, as AWS gives every request.
fn request_id() -> String {
    let draw: u128 = rand::rng().random();
    // The version (4) and the variant of a random UUID.
    let bits = (draw & !(0xf << 76) & !(0b11 << 62)) | (0x4 << 76) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
