//! A connection for tests that answers from a list, each call once: a call too many fails.

use aurora_restore_core::ids::Region;
use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig};
use aws_credential_types::Credentials;
use aws_sdk_sts::config::{
    SharedCredentialsProvider,
    http::{HttpRequest, HttpResponse},
};
use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
use aws_smithy_types::body::SdkBody;

use crate::connection::Connection;

/// An answer: status, headers, body.
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: String,
}

impl Answer {
    /// With this header besides.
    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl From<(u16, String)> for Answer {
    fn from((status, body): (u16, String)) -> Self {
        Self { status, headers: Vec::new(), body }
    }
}

/// The connection, and what was asked over it.
pub(crate) fn answering<A: Into<Answer>>(answers: impl IntoIterator<Item = A>) -> (Connection, StaticReplayClient) {
    let events = answers.into_iter().map(|answer| {
        let Answer { status, headers, body } = answer.into();
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        for (name, value) in headers {
            let _before = response.headers_mut().insert(name, value);
        }
        // The replay client pairs every answer with a request; what was really sent is compared by the tests.
        ReplayEvent::new(HttpRequest::new(SdkBody::empty()), response)
    });
    let http = StaticReplayClient::new(events.collect());
    let keys = Credentials::new("AKIATEST", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(aws_config::Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .retry_config(RetryConfig::disabled())
        .http_client(http.clone())
        .build();
    (Connection::over(config, Region::new("eu-central-1").unwrap()), http)
}

/// A refusal as the services that speak JSON send it.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> (u16, String) {
    (status, format!(r#"{{"__type":"{code}","message":"{message}"}}"#))
}

/// The body of the one call that was made.
pub(crate) fn only_body(http: &StaticReplayClient) -> String {
    let bodies: Vec<_> = http.actual_requests().map(|request| request.body().bytes().unwrap().to_vec()).collect();
    assert_eq!(bodies.len(), 1);
    String::from_utf8(bodies[0].clone()).unwrap()
}
