//! What each answer of SSM means.

use super::*;
use crate::replay::{answering, only_body, refusal};

fn name() -> ParameterName {
    ParameterName::of_environment("staging").unwrap()
}

async fn read(answer: (u16, String)) -> Result<String, ParameterError> {
    let (connection, _http) = answering([answer]);
    SsmConfig::new(&connection, None).unwrap().read(&name()).await
}

fn holding(kind: &str, text: &str) -> (u16, String) {
    (200, serde_json::json!({ "Parameter": { "Type": kind, "Value": text } }).to_string())
}

#[test]
fn the_parameter_is_named_after_the_environment() {
    assert_eq!(name().as_str(), "/aurora-restore/staging/config");
    for environment in ["", "a/b", "a b", "ü", &"x".repeat(129)] {
        let error = ParameterName::of_environment(environment).unwrap_err();
        assert!(error.to_string().contains("is not a name that SSM takes"), "{error}");
    }
}

#[tokio::test]
async fn the_text_is_read_decrypted() {
    let (connection, http) = answering([holding("SecureString", "[target]\ncluster = \"staging\"\n")]);
    let text = SsmConfig::new(&connection, None).unwrap().read(&name()).await.unwrap();
    assert_eq!(text, "[target]\ncluster = \"staging\"\n");
    assert_eq!(only_body(&http), r#"{"Name":"/aurora-restore/staging/config","WithDecryption":true}"#);
}

#[tokio::test]
async fn what_cannot_be_a_configuration_is_unfit() {
    let large = "x".repeat(BYTES_MAX + 1);
    for (kind, text, reason) in [
        ("String", "", "it is empty"),
        ("String", large.as_str(), "it has 8193 bytes"),
        ("StringList", "a,b", "it is a list"),
    ] {
        let error = read(holding(kind, text)).await.unwrap_err();
        assert!(matches!(error, ParameterError::Unfit { .. }) && error.to_string().contains(reason), "{error}");
    }
}

/// HTTP status, code, what it is.
const ANSWERS: &[(u16, &str, &str)] = &[
    (400, "ParameterNotFound", "missing"),
    (400, "ParameterVersionNotFound", "missing"),
    (400, "AccessDeniedException", "denied"),
    (400, "InvalidKeyId", "denied"),
    (400, "ExpiredTokenException", "denied"),
    (400, "ValidationException", "unfit"),
    (400, "ThrottlingException", "unavailable"),
    (500, "InternalServerError", "unavailable"),
    (400, "SomethingNewException", "unavailable"),
];

#[tokio::test]
async fn every_answer_of_ssm_has_its_meaning() {
    for (status, code, meaning) in ANSWERS {
        let found = match read(refusal(*status, code, "said so")).await.unwrap_err() {
            ParameterError::NotAName { .. } => "not a name",
            ParameterError::Missing { .. } => "missing",
            ParameterError::Denied { .. } => "denied",
            ParameterError::Unfit { .. } => "unfit",
            ParameterError::Unavailable { .. } => "unavailable",
        };
        assert_eq!(found, *meaning, "{code}");
    }
}
