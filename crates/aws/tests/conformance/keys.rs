//! KMS on moto: what `keys review` finds, and that it finds nothing where nothing is.

use aurora_restore_aws::KmsKeys;
use aurora_restore_core::ids::KmsKey;
use aurora_restore_ops::{
    keys::{Level, Subject, review},
    ports::{KeyState, Keys as _},
};
use aurora_restore_testing::stand_in::StandIn;
use serde_json::{Value, json};

use crate::services::{connection, endpoint};

const ROOT: &str = "arn:aws:iam::123456789012:root";

fn call(server: &StandIn, action: &str, body: &Value) -> Value {
    server.json("kms", &format!("TrentService.{action}"), body)
}

fn policy(principal: &str) -> String {
    let statement =
        json!({"Sid": "Use", "Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*"});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// A key that is rotated and the account's own.
fn made(server: &StandIn) -> String {
    let made = call(server, "CreateKey", &json!({"Policy": policy(ROOT)}));
    let id = made["KeyMetadata"]["KeyId"].as_str().expect("a key has an id").to_owned();
    let _on = call(server, "EnableKeyRotation", &json!({"KeyId": id}));
    id
}

async fn found(server: &StandIn, key: &str) -> Vec<(Level, String)> {
    let keys = KmsKeys::new(&connection().await, Some(&endpoint(server))).expect("a legal endpoint");
    let key = KmsKey::new(key).expect("a legal key");
    let subjects = [Subject { key, purpose: "copies".to_owned() }];
    let review = review(&keys, &subjects).await.expect("moto answers");
    review.findings.into_iter().map(|finding| (finding.level, finding.what)).collect()
}

#[tokio::test]
async fn a_planted_fault_of_a_key_is_found_and_a_good_key_gives_no_finding() {
    let server = StandIn::moto();
    let good = made(&server);
    assert_eq!(found(&server, &good).await, []);
    let one = |level, what: &str| vec![(level, what.to_owned())];

    let unrotated = made(&server);
    let _off = call(&server, "DisableKeyRotation", &json!({"KeyId": unrotated}));
    assert_eq!(found(&server, &unrotated).await, one(Level::Warning, "the key is not rotated"));

    let open = made(&server);
    let _put = call(&server, "PutKeyPolicy", &json!({"KeyId": open, "PolicyName": "default", "Policy": policy("*")}));
    assert_eq!(found(&server, &open).await, one(Level::Alarm, "everybody may use the key"));

    let disabled = made(&server);
    let _disabled = call(&server, "DisableKey", &json!({"KeyId": disabled}));
    assert_eq!(found(&server, &disabled).await, one(Level::Alarm, "the key is disabled"));

    let going = made(&server);
    let _going = call(&server, "ScheduleKeyDeletion", &json!({"KeyId": going, "PendingWindowInDays": 7}));
    let expected = one(Level::Alarm, "the key will be deleted, and what is under it with it");
    assert_eq!(found(&server, &going).await, expected);
    let keys = KmsKeys::new(&connection().await, Some(&endpoint(&server))).expect("a legal endpoint");
    let facts = keys.key(&KmsKey::new(&going).expect("a legal key")).await.expect("moto answers").expect("it is there");
    assert!(matches!(facts.state, KeyState::PendingDeletion { at: Some(_) }), "{facts:?}");

    let nobody = "0d5c7f3e-6d5b-4a57-9f0e-2b1f6f0c1a11";
    assert_eq!(found(&server, nobody).await, one(Level::Alarm, "the key does not exist"));
}

#[tokio::test]
async fn a_key_of_another_region_is_asked_for_where_it_is() {
    let server = StandIn::moto();
    let there = "us-west-2";
    assert_ne!(connection().await.region().as_str(), there);
    let made = server.json_in(there, "kms", "TrentService.CreateKey", &json!({"Policy": policy(ROOT)}));
    let arn = made["KeyMetadata"]["Arn"].as_str().expect("a key has an ARN");
    assert_eq!(found(&server, arn).await, [(Level::Warning, "the key is not rotated".to_owned())]);
    let id = made["KeyMetadata"]["KeyId"].as_str().expect("a key has an id");
    assert_eq!(found(&server, id).await, [(Level::Alarm, "the key does not exist".to_owned())]);
}
