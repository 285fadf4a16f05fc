//! A client for a running sandbox: its own endpoints, and RDS actions as an operator would call them by hand. For the
//! command, for demonstrations and for tests; it is no SDK, and it never retries.

use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use quick_xml::events::Event;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;

use crate::model::Place;
use crate::model::config::PlacedKey;
use crate::model::faults::FaultRule;
use crate::model::inventory::PlaceInventory;
use crate::server::{SandboxError, Status};

/// No answer takes longer: the sandbox never waits before it answers.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// A client of one sandbox.
#[derive(Clone)]
pub struct Client {
    address: String,
    token: String,
}

/// The token opens everything, so it is not shown.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Why there is no answer, or not the one that was wanted.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The sandbox does not answer.
    #[error("the sandbox at {address} does not answer: {reason}")]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// What happened instead.
        reason: String,
    },
    /// The sandbox answered with an error of RDS, or of its own.
    #[error("{action} was refused: {code}: {message}")]
    Refused {
        /// What was asked.
        action: String,
        /// The wire code of RDS, or the HTTP status.
        code: String,
        /// What it said.
        message: String,
    },
}

impl ClientError {
    /// The wire code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Unreachable { .. } => None,
            Self::Refused { code, .. } => Some(code),
        }
    }
}

/// A snapshot of what a cluster holds now that claims to be older.
#[derive(Clone, Debug, Serialize)]
pub struct SnapshotWish {
    /// Where the cluster is.
    #[serde(flatten)]
    pub place: Place,
    /// The cluster.
    pub cluster: String,
    /// When it claims to have been taken.
    pub created_at: Timestamp,
    /// Makes it a manual snapshot of this name; otherwise it is an automated one.
    pub name: Option<String>,
}

#[derive(Deserialize)]
struct Seeded {
    arn: String,
}

#[derive(Deserialize)]
struct Problem {
    error: String,
}

impl Client {
    /// A client of the sandbox that runs in this directory.
    ///
    /// # Errors
    /// The token cannot be read: only the owner of the directory can.
    pub fn of(status: &Status, data_dir: &Path) -> Result<Self, SandboxError> {
        let address = status.url.trim_start_matches("http://").to_owned();
        Ok(Self { address, token: Status::control_token(data_dir)?.trim().to_owned() })
    }

    /// Everything there is.
    ///
    /// # Errors
    /// See [`ClientError`]; the same goes for the other methods.
    pub async fn inventory(&self) -> Result<Vec<PlaceInventory>, ClientError> {
        self.control(Method::GET, "inventory", Vec::new()).await
    }

    /// Puts a fault in force.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn inject(&self, rule: &FaultRule) -> Result<(), ClientError> {
        self.control(Method::POST, "faults", json(rule)).await.map(|_: Vec<FaultRule>| ())
    }

    /// Ends all faults; what they began goes on.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn clear_faults(&self) -> Result<(), ClientError> {
        self.control(Method::DELETE, "faults", Vec::new()).await.map(|_: Vec<FaultRule>| ())
    }

    /// Adds or replaces a customer key.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn put_kms_key(&self, key: &PlacedKey) -> Result<(), ClientError> {
        self.control(Method::POST, "kms-keys", json(key)).await.map(|_: serde_json::Value| ())
    }

    /// Takes a snapshot that claims to be older, and gives its ARN. It is `creating` at first.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn take_past_snapshot(&self, wish: &SnapshotWish) -> Result<String, ClientError> {
        self.control(Method::POST, "snapshots", json(wish)).await.map(|seeded: Seeded| seeded.arn)
    }

    /// Calls an action of RDS as the owner of the account, and gives the XML of the answer.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn call(&self, place: &Place, action: &str, parameters: &[(&str, &str)]) -> Result<String, ClientError> {
        let mut form = format!("Action={action}&Version=2014-10-31");
        for (name, value) in parameters {
            form.push_str(&format!("&{}={}", percent_encoded(name), percent_encoded(value)));
        }
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/{}/rds/aws4_request, SignedHeaders=host, Signature=0",
            place.account, place.region
        );
        let request = Request::post("/")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", authorization);
        let (status, body) = self.send(request, form.into_bytes()).await?;
        let body = String::from_utf8_lossy(&body).into_owned();
        if status.is_success() {
            return Ok(body);
        }
        let said = |element| text_of(&body, element).unwrap_or_else(|| status.to_string());
        Err(ClientError::Refused { action: action.to_owned(), code: said("Code"), message: said("Message") })
    }

    async fn control<T: DeserializeOwned>(&self, method: Method, path: &str, body: Vec<u8>) -> Result<T, ClientError> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/_sandbox/{path}"))
            .header("authorization", format!("Bearer {}", self.token));
        let (status, body) = self.send(request, body).await?;
        let refused = |message| ClientError::Refused { action: path.to_owned(), code: status.to_string(), message };
        if !status.is_success() {
            let said =
                serde_json::from_slice(&body).map_or_else(|_| "no reason given".to_owned(), |p: Problem| p.error);
            return Err(refused(said));
        }
        serde_json::from_slice(&body).map_err(|error| refused(format!("the answer is not understood: {error}")))
    }

    async fn send(
        &self,
        request: hyper::http::request::Builder,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Bytes), ClientError> {
        let unreachable = |reason: String| ClientError::Unreachable { address: self.address.clone(), reason };
        let request = request
            .header("host", &self.address)
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| unreachable(error.to_string()))?;
        tokio::time::timeout(ANSWER_TIMEOUT, exchange(&self.address, request))
            .await
            .unwrap_or_else(|_| Err(format!("nothing for {} seconds", ANSWER_TIMEOUT.as_secs())))
            .map_err(unreachable)
    }
}

/// One request on a connection of its own.
async fn exchange(address: &str, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let answer = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    };
    // The connection has to be driven while the answer is waited for, and is not needed afterwards.
    tokio::select! {
        answer = answer => answer.map_err(|error: hyper::Error| error.to_string()),
        ended = connection => Err(ended.map_or_else(|error| error.to_string(), |()| "the connection was closed".to_owned())),
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("requests are plain values with text keys")
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The text of the first element of this name.
#[must_use]
pub fn text_of(xml: &str, element: &str) -> Option<String> {
    let mut reader = quick_xml::Reader::from_str(xml);
    // Bounded by the document.
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) if start.name().as_ref() == element => {
                let text = reader.read_text(start.name()).ok()?.into_owned();
                return quick_xml::escape::unescape(&text).ok().map(std::borrow::Cow::into_owned);
            }
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_element_is_found_and_unescaped() {
        let xml = "<R><Error><Code>X</Code><Message>a &lt; b &amp; c</Message></Error></R>";
        assert_eq!(text_of(xml, "Message").as_deref(), Some("a < b & c"));
        assert_eq!(text_of(xml, "Status"), None);
    }

    #[test]
    fn values_of_parameters_cannot_become_parameters() {
        assert_eq!(percent_encoded("a=b&c d/ü"), "a%3Db%26c%20d%2F%C3%BC");
    }
}
