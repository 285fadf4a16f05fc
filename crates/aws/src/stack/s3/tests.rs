//! What is sent to S3, and what its answers mean.

use aurora_restore_core::ids::AccountId;
use aurora_restore_ops::ports::{Artifacts, Bucket, ServiceError};
use aws_smithy_http_client::test_util::StaticReplayClient;

use super::S3Artifacts;
use crate::{
    endpoint::EndpointUrl,
    replay::{Answer, answering},
};

fn s3<A: Into<Answer>>(answers: impl IntoIterator<Item = A>) -> (S3Artifacts, StaticReplayClient) {
    let (connection, http) = answering(answers);
    let owner = AccountId::new("111122223333").unwrap();
    (S3Artifacts::new(&connection, owner, None).unwrap(), http)
}

fn versioning(status: &str) -> (u16, String) {
    (200, format!("<VersioningConfiguration>{status}</VersioningConfiguration>"))
}

#[tokio::test]
async fn a_bucket_is_ours_or_missing_or_refused() {
    let enabled = "<Status>Enabled</Status>";
    let (found, http) = s3([(200, String::new()), versioning(enabled)]);
    assert_eq!(found.bucket("b").await, Ok(Some(Bucket { versioned: true })));
    for request in http.actual_requests() {
        assert_eq!(request.headers().get("x-amz-expected-bucket-owner"), Some("111122223333"));
    }
    let (plain, _http) = s3([(200, String::new()), versioning("")]);
    assert_eq!(plain.bucket("b").await, Ok(Some(Bucket { versioned: false })));
    let (missing, _http) = s3([(404, String::new())]);
    assert_eq!(missing.bucket("b").await, Ok(None));
    let (theirs, _http) = s3([(403, String::new())]);
    let error = theirs.bucket("b").await.unwrap_err();
    assert!(matches!(error, ServiceError::Denied { action: "s3:ListBucket", .. }), "{error}");
    assert!(error.to_string().contains("belongs to another account than 111122223333"), "{error}");
}

/// S3 calls the root `VersioningConfiguration`; what others call after the action is read, and nothing else is guessed at.
#[tokio::test]
async fn versions_are_kept_only_where_the_answer_says_so() {
    let of = async |body: &str| {
        let (found, _http) = s3([(200, String::new()), (200, body.to_owned())]);
        found.bucket("b").await
    };
    let bucket = |versioned| Ok(Some(Bucket { versioned }));
    for (status, versioned) in [("Enabled", true), ("Suspended", false)] {
        for root in ["VersioningConfiguration", "GetBucketVersioningResponse"] {
            let body = format!("<{root}><Status>{status}</Status></{root}>");
            assert_eq!(of(&body).await, bucket(versioned), "{body}");
        }
    }
    for other in ["<html>Enabled</html>", "<Configuration><Status>Enabled</Status></Configuration>"] {
        let error = of(other).await.unwrap_err();
        assert!(error.to_string().contains("s3:GetBucketVersioning"), "{other}: {error}");
    }
}

#[tokio::test]
async fn a_bucket_of_another_region_is_refused_with_where_it_is() {
    let told = async |status: u16, region: Option<&'static str>| {
        let answer = Answer::from((status, String::new()));
        let answer = match region {
            Some(name) => answer.with("x-amz-bucket-region", name),
            None => answer,
        };
        let (elsewhere, _http) = s3([answer]);
        elsewhere.bucket("b").await.unwrap_err()
    };
    for status in [301, 400, 403] {
        let error = told(status, Some("us-east-1")).await;
        assert!(matches!(error, ServiceError::Refused { .. }), "{status}: {error}");
        assert!(error.to_string().contains("is in us-east-1; name one in eu-central-1 with `--bucket`"), "{error}");
    }
    let error = told(301, None).await;
    assert!(error.to_string().contains("is in another Region"), "{error}");
    // Where it should be, the Region explains nothing.
    let error = told(403, Some("eu-central-1")).await;
    assert!(matches!(error, ServiceError::Denied { .. }), "{error}");
}

#[tokio::test]
async fn a_name_that_is_just_being_given_up_is_waited_for() {
    let aborted =
        "<Error><Code>OperationAborted</Code><Message>A conflicting operation is in progress</Message></Error>";
    let (busy, _http) = s3([(409, aborted.to_owned())]);
    let error = busy.make_bucket("b").await.unwrap_err();
    assert!(error.may_pass() && error.to_string().contains("OperationAborted"), "{error}");
}

#[tokio::test]
async fn a_key_that_s3_does_not_know_is_named() {
    let unknown = "<Error><Code>InvalidAccessKeyId</Code><Message>The key does not exist</Message></Error>";
    let (refused, _http) = s3([(403, unknown.to_owned())]);
    let error = refused.put("b", "k", b"code").await.unwrap_err();
    assert!(matches!(error, ServiceError::Denied { action: "s3:PutObject", .. }), "{error}");
    assert!(error.to_string().contains("InvalidAccessKeyId"), "{error}");
}

#[tokio::test]
async fn a_bucket_is_closed_and_encrypted_before_it_keeps_versions() {
    let owned = "<Error><Code>BucketAlreadyOwnedByYou</Code><Message>yours</Message></Error>";
    for first in [(200, String::new()), (409, owned.to_owned())] {
        let done = || (200, String::new());
        let (made, http) = s3([first, done(), done(), done(), done()]);
        made.make_bucket("b").await.unwrap();
        let asked: Vec<String> = http
            .actual_requests()
            .map(|request| request.uri().split_once('?').map_or("", |(_, query)| query).to_owned())
            .collect();
        let about = |index: usize, what: &str| asked[index].contains(what);
        assert!(about(1, "publicAccessBlock") && about(2, "policy"), "{asked:?}");
        assert!(about(3, "encryption") && about(4, "versioning"), "{asked:?}");
        let policy = http.actual_requests().nth(2).and_then(|request| request.body().bytes()).unwrap();
        let policy: serde_json::Value = serde_json::from_slice(policy).unwrap();
        let statement = &policy["Statement"][0];
        assert_eq!((&statement["Effect"], &statement["Principal"]), (&"Deny".into(), &"*".into()));
        assert_eq!(statement["Condition"], serde_json::json!({ "Bool": { "aws:SecureTransport": "false" } }));
        assert_eq!(statement["Resource"], serde_json::json!(["arn:aws:s3:::b", "arn:aws:s3:::b/*"]));
    }
    let taken = "<Error><Code>BucketAlreadyExists</Code><Message>somebody else has it</Message></Error>";
    let (taken, _http) = s3([(409, taken.to_owned())]);
    assert!(matches!(taken.make_bucket("b").await, Err(ServiceError::Refused { .. })));
}

/// Such a policy would shut out everybody where nobody speaks TLS.
#[tokio::test]
async fn an_emulator_that_is_spoken_to_in_the_clear_denies_nothing() {
    let (connection, http) = answering([(); 4].map(|()| (200, String::new())));
    let endpoint = EndpointUrl::new("http://127.0.0.1:4566").unwrap();
    let s3 = S3Artifacts::new(&connection, AccountId::new("111122223333").unwrap(), Some(&endpoint)).unwrap();
    s3.make_bucket("b").await.unwrap();
    assert!(http.actual_requests().all(|request| !request.uri().contains("policy")));
}

#[tokio::test]
async fn an_object_that_is_not_there_is_an_answer_and_no_failure() {
    let (missing, _http) = s3([(404, String::new())]);
    assert_eq!(missing.holding("b", "k", b"code").await, Ok(None));
    let (unversioned, _http) = s3([(200, String::new())]);
    let error = unversioned.holding("b", "k", b"code").await.unwrap_err();
    assert!(error.to_string().contains("names no version"), "{error}");
}

/// SHA-256 of `code`, and of something else.
const DIGEST: &str = "VpTQii5T/8rgwxA+Wtb2B2q9lg6x+KVldwQLwQKPcCs=";
const OTHER: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=";

#[tokio::test]
async fn an_object_is_believed_by_its_content_and_not_by_its_name() {
    let head = || Answer::from((200, String::new())).with("x-amz-version-id", "v7").with("content-length", "4");
    let body = |text: &str| Answer::from((200, text.to_owned()));
    let found = async |answers: Vec<Answer>| {
        let calls = answers.len();
        let (s3, http) = s3(answers);
        let held = s3.holding("b", "k", b"code").await.unwrap();
        assert_eq!(http.actual_requests().count(), calls);
        held.map(|version| version.id)
    };
    let same = Some("v7".to_owned());
    assert_eq!(found(vec![head().with("x-amz-checksum-sha256", DIGEST)]).await, same);
    assert_eq!(found(vec![head().with("x-amz-checksum-sha256", OTHER)]).await, None);
    assert_eq!(found(vec![head().with("content-length", "5")]).await, None);
    // Without a digest it is read; one of parts says nothing about the whole.
    let of_parts = || head().with("x-amz-checksum-sha256", OTHER).with("x-amz-checksum-type", "COMPOSITE");
    assert_eq!(found(vec![head(), body("code")]).await, same);
    assert_eq!(found(vec![head(), body("edoc")]).await, None);
    assert_eq!(found(vec![of_parts(), body("code")]).await, same);
    assert_eq!(found(vec![of_parts(), body("edoc")]).await, None);
}

#[tokio::test]
async fn the_address_of_an_object_is_that_of_its_region() {
    let (s3, _http) = s3::<Answer>([]);
    assert_eq!(s3.url("b", "lambda/k"), "https://b.s3.eu-central-1.amazonaws.com/lambda/k");
}
