//! An RDS for tests that answers from a list. It answers each call once: a call too many fails, so a test that passes
//! proves how many calls were made.

use std::sync::Arc;

use aurora_restore_core::{ids::AccountId, ports::Side};
use aws_config::retry::RetryConfig;
use aws_sdk_rds::{
    Client,
    config::{
        BehaviorVersion, Credentials, Region,
        http::{HttpRequest, HttpResponse},
    },
};
use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
use aws_smithy_types::body::SdkBody;

use super::AwsRds;
use crate::identity::Identity;

/// The account that the tests' credentials belong to.
pub(super) const ACCOUNT: &str = "111122223333";

/// An answer as RDS sends it.
pub(super) fn reply(action: &str, result: &str) -> (u16, String) {
    let body = format!(
        r#"<{action}Response xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><{action}Result>{result}</{action}Result><ResponseMetadata><RequestId>5f2a</RequestId></ResponseMetadata></{action}Response>"#
    );
    (200, body)
}

/// A refusal as RDS sends it.
pub(super) fn refusal(status: u16, code: &str, message: &str) -> (u16, String) {
    let body = format!(
        r#"<ErrorResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>5f2a</RequestId></ErrorResponse>"#
    );
    (status, body)
}

/// The RDS and what was asked of it.
pub(super) struct Replay {
    http: StaticReplayClient,
    rds: AwsRds,
}

impl Replay {
    pub(super) fn answering(answers: impl IntoIterator<Item = (u16, String)>) -> Self {
        let events = answers.into_iter().map(|(status, body)| {
            let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
            response.headers_mut().insert("x-amzn-requestid", "5f2a");
            // The replay client pairs every answer with a request; what was really sent is compared by the tests.
            ReplayEvent::new(HttpRequest::new(SdkBody::empty()), response)
        });
        let http = StaticReplayClient::new(events.collect());
        let client = Client::from_conf(
            aws_sdk_rds::Config::builder()
                .behavior_version(BehaviorVersion::v2026_01_12())
                .region(Region::new("eu-central-1"))
                .credentials_provider(Credentials::new("AKIATEST", "secret", None, None, "test"))
                .retry_config(RetryConfig::disabled())
                .http_client(http.clone())
                .build(),
        );
        let sts = aws_sdk_sts::Client::from_conf(
            aws_sdk_sts::Config::builder().behavior_version(BehaviorVersion::v2026_01_12()).build(),
        );
        let identity = Identity::known(Side::Target, sts, AccountId::new(ACCOUNT).unwrap());
        Self { http, rds: AwsRds::new(client, Arc::new(identity)) }
    }

    pub(super) fn rds(&self) -> &AwsRds {
        &self.rds
    }

    /// The bodies that were sent, decoded, without the version of the API.
    pub(super) fn forms(&self) -> Vec<String> {
        self.http
            .actual_requests()
            .map(|request| {
                let body = request.body().bytes().unwrap();
                let pairs = url::form_urlencoded::parse(body)
                    .filter(|(name, _)| name != "Version")
                    .map(|(name, value)| format!("{name}={value}"));
                pairs.collect::<Vec<_>>().join("&")
            })
            .collect()
    }

    /// The body of the one call that was made.
    pub(super) fn only_form(&self) -> String {
        let mut forms = self.forms();
        assert_eq!(forms.len(), 1, "{forms:?}");
        forms.remove(0)
    }
}
