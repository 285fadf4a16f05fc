//! What is sent to Lambda, and what its answers mean.

use aurora_restore_ops::ports::{Functions, Pointing, Readiness, ServiceError, Shift};
use serde_json::{Value, json};

use super::LambdaFunctions;
use crate::replay::{answering, only_body, refusal};

fn functions(answers: impl IntoIterator<Item = (u16, String)>) -> (LambdaFunctions, impl Fn() -> Value) {
    let (connection, http) = answering(answers);
    let sent = move || serde_json::from_str(&only_body(&http)).unwrap();
    (LambdaFunctions::new(&connection, None).unwrap(), sent)
}

fn answer(value: &Value) -> (u16, String) {
    (200, value.to_string())
}

/// What is not spoken of stays: the end of a shift has to be said.
#[tokio::test]
async fn an_alias_is_pointed_with_its_revision_and_the_end_of_a_shift_is_said() {
    let (lambda, sent) = functions([answer(&json!({}))]);
    lambda.point("f", "live", Pointing { version: 4, shift: None }, None, "r1").await.unwrap();
    let expected =
        json!({ "FunctionVersion": "4", "RoutingConfig": { "AdditionalVersionWeights": {} }, "RevisionId": "r1" });
    assert_eq!(sent(), expected);
    let (lambda, sent) = functions([answer(&json!({}))]);
    let to = Pointing { version: 3, shift: Some(Shift { version: 4, part: 0.1 }) };
    lambda.point("f", "live", to, Some("words"), "r1").await.unwrap();
    assert_eq!(sent()["RoutingConfig"], json!({ "AdditionalVersionWeights": { "4": 0.1 } }));
    assert_eq!(sent()["Description"], "words");
}

#[tokio::test]
async fn an_alias_is_read_with_the_part_that_goes_elsewhere() {
    let weights = json!({ "AdditionalVersionWeights": { "4": 0.1 } });
    let (lambda, _) = functions([answer(
        &json!({ "FunctionVersion": "3", "RevisionId": "r", "RoutingConfig": weights, "Description": "words" }),
    )]);
    let alias = lambda.alias("f", "live").await.unwrap().unwrap();
    assert_eq!(alias.pointing, Pointing { version: 3, shift: Some(Shift { version: 4, part: 0.1 }) });
    assert_eq!(alias.description, "words");
    let (lambda, _) = functions([refusal(404, "ResourceNotFoundException", "no alias")]);
    assert_eq!(lambda.alias("f", "live").await, Ok(None));
}

#[tokio::test]
async fn a_function_is_ready_once_neither_it_nor_its_update_is_under_way() {
    let states = [
        ("Active", "Successful", Readiness::Ready),
        ("Inactive", "Successful", Readiness::Ready),
        ("Active", "InProgress", Readiness::Pending),
        ("Pending", "Successful", Readiness::Pending),
        ("Active", "Failed", Readiness::Failed { reason: "no such role".to_owned() }),
    ];
    for (state, update, expected) in states {
        let said = json!({ "Version": "$LATEST", "CodeSha256": "abc=", "MemorySize": 512, "RevisionId": "r", "State": state,
            "LastUpdateStatus": update, "LastUpdateStatusReason": "no such role", "LastModified": "2026-11-22T10:00:00.000+0000" });
        let (lambda, _) = functions([answer(&said)]);
        let facts = lambda.describe("f", None).await.unwrap().unwrap();
        assert_eq!((facts.readiness, facts.version, facts.memory_mb), (expected, None, 512));
        assert_eq!(facts.changed_at, Some("2026-11-22T10:00:00Z".parse().unwrap()));
    }
}

#[tokio::test]
async fn a_revision_that_is_another_is_refused() {
    let (lambda, _) =
        functions([refusal(412, "PreconditionFailedException", "The RevisionId provided does not match")]);
    let refused = lambda.set_memory("f", 512, "old").await.unwrap_err();
    assert!(matches!(refused, ServiceError::Refused { .. }), "{refused}");
}
