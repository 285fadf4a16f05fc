//! What each answer of Secrets Manager means.

use super::*;
use crate::replay::{answering, only_body, refusal};

const PASSWORD: &str = "hunter2-and-more";

fn id() -> SecretId {
    SecretId::new("staging/master").unwrap()
}

async fn get(answer: (u16, String)) -> Result<SecretDocument, SecretsError> {
    let (connection, _http) = answering([answer]);
    SecretsManagerSecrets::new(&connection, None).unwrap().get(&id()).await
}

fn holding(text: &str) -> (u16, String) {
    (200, serde_json::json!({ "Name": "staging/master", "SecretString": text }).to_string())
}

#[tokio::test]
async fn a_secret_is_read_from_its_text_or_its_bytes() {
    let text = format!(r#"{{"username":"postgres","password":"{PASSWORD}","port":5432}}"#);
    let document = get(holding(&text)).await.unwrap();
    assert_eq!(document.fields["password"].expose(), PASSWORD);
    assert_eq!(document.fields["port"].expose(), "5432");
    // {"a":"b"}
    let bytes = (200, r#"{"Name":"staging/master","SecretBinary":"eyJhIjoiYiJ9"}"#.to_owned());
    assert_eq!(get(bytes).await.unwrap().fields["a"].expose(), "b");
}

#[tokio::test]
async fn what_is_not_an_object_of_texts_is_malformed_and_not_shown() {
    for text in [PASSWORD.to_owned(), format!(r#"["{PASSWORD}"]"#), format!(r#"{{"a":"{PASSWORD}","a":"x"}}"#)] {
        let error = get(holding(&text)).await.unwrap_err();
        assert!(matches!(error, SecretsError::Malformed { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains(PASSWORD), "{error}");
    }
    let nothing = get((200, r#"{"Name":"staging/master"}"#.to_owned())).await.unwrap_err();
    assert!(matches!(nothing, SecretsError::Malformed { .. }), "{nothing}");
}

/// HTTP status, code, what it is for the port.
const ANSWERS: &[(u16, &str, &str)] = &[
    (400, "ResourceNotFoundException", "missing"),
    (400, "AccessDeniedException", "denied"),
    (400, "DecryptionFailure", "denied"),
    (400, "InvalidRequestException", "denied"),
    (400, "InvalidParameterException", "denied"),
    (400, "UnrecognizedClientException", "denied"),
    (400, "ExpiredTokenException", "denied"),
    (400, "ThrottlingException", "unavailable"),
    (500, "InternalServiceError", "unavailable"),
    (503, "ServiceUnavailable", "unavailable"),
    (400, "SomethingNewException", "unavailable"),
];

#[tokio::test]
async fn every_answer_of_secrets_manager_has_its_meaning() {
    for (status, code, meaning) in ANSWERS {
        let found = match get(refusal(*status, code, "said so")).await.unwrap_err() {
            SecretsError::Missing { .. } => "missing",
            SecretsError::Malformed { .. } => "malformed",
            SecretsError::Denied { reason, .. } => {
                assert!(reason.contains(code), "{reason}");
                "denied"
            }
            SecretsError::Unavailable { .. } => "unavailable",
        };
        assert_eq!(found, *meaning, "{code}");
    }
}

#[tokio::test]
async fn a_stage_is_asked_for_and_named_where_it_is_missing() {
    let (connection, http) = answering([refusal(400, "ResourceNotFoundException", "no such label")]);
    let secrets = SecretsManagerSecrets::new(&connection, None).unwrap().at_stage("AWSPREVIOUS");
    let error = secrets.get(&id()).await.unwrap_err();
    assert!(
        error.to_string().contains("Secrets Manager in eu-central-1 with a version labelled AWSPREVIOUS"),
        "{error}"
    );
    assert!(only_body(&http).contains(r#""VersionStage":"AWSPREVIOUS""#));
}
