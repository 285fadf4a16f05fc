//! Tables for tests that answer from a list. Each call is answered once: a call too many fails, so a test that passes
//! proves how many calls were made.

use aurora_restore_core::ids::Region;
use aws_config::retry::RetryConfig;
use aws_sdk_dynamodb::{
    Client, Config,
    config::{
        BehaviorVersion, Credentials,
        http::{HttpRequest, HttpResponse},
    },
};
use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
use aws_smithy_types::body::SdkBody;

use super::{DynamoJournal, TablesOptions};

/// A refusal as DynamoDB sends it.
pub(super) fn refusal(status: u16, code: &str, message: &str) -> (u16, String) {
    (status, format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"{message}"}}"#))
}

/// A transaction that was cancelled, with the code of each part.
pub(super) fn cancelled(codes: &[&str]) -> (u16, String) {
    let reasons: Vec<String> = codes.iter().map(|code| format!(r#"{{"Code":"{code}"}}"#)).collect();
    let body = format!(
        r#"{{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
            "CancellationReasons":[{}]}}"#,
        codes.join(", "),
        reasons.join(",")
    );
    (400, body)
}

/// The journal and what was asked of its tables.
pub(super) struct Replay {
    http: StaticReplayClient,
    pub(super) journal: DynamoJournal,
}

impl Replay {
    pub(super) fn answering(answers: impl IntoIterator<Item = (u16, String)>) -> Self {
        let events = answers.into_iter().map(|(status, body)| {
            let response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
            // The replay client pairs every answer with a request; what was really sent is compared by the tests.
            ReplayEvent::new(HttpRequest::new(SdkBody::empty()), response)
        });
        let http = StaticReplayClient::new(events.collect());
        let client = Client::from_conf(
            Config::builder()
                .behavior_version(BehaviorVersion::v2026_01_12())
                .region(aws_config::Region::new("eu-central-1"))
                .credentials_provider(Credentials::new("AKIATEST", "secret", None, None, "test"))
                .retry_config(RetryConfig::disabled())
                .http_client(http.clone())
                .build(),
        );
        let options = TablesOptions::default();
        let store = options.described(&Region::new("eu-central-1").unwrap());
        Self { http, journal: DynamoJournal::over(client, options, store) }
    }

    /// The actions and bodies that were sent.
    pub(super) fn sent(&self) -> Vec<(String, serde_json::Value)> {
        self.http
            .actual_requests()
            .map(|request| {
                let target = request.headers().get("x-amz-target").unwrap();
                let action = target.rsplit('.').next().unwrap().to_owned();
                (action, serde_json::from_slice(request.body().bytes().unwrap()).unwrap())
            })
            .collect()
    }

    pub(super) fn actions(&self) -> Vec<String> {
        self.sent().into_iter().map(|(action, _)| action).collect()
    }
}
