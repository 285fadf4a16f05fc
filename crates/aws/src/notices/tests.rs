//! What is published, and what each answer of SNS means.

use aurora_restore_core::{
    ids::{ClusterId, OperationId},
    ports::NoticeOutcome,
};

use super::*;
use crate::replay::{answering, only_body};

const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:restores";

fn notice() -> Notice {
    Notice {
        operation_id: OperationId::new("op-1").unwrap(),
        target: ClusterId::new("staging").unwrap(),
        outcome: NoticeOutcome::Stuck,
        times_stuck: 2,
        subject: "the restore of staging is stuck".into(),
        body: "A person must act.\n\"aurora-restore status op-1\" tells more.".into(),
    }
}

async fn publish(topic: &str, answer: (u16, String)) -> (Result<(), NotifierError>, Vec<(String, String)>, String) {
    let (connection, http) = answering([answer]);
    let notifier = SnsNotifier::new(&connection, Arn::new(topic).unwrap(), None).unwrap();
    let result = notifier.notify(&notice()).await;
    let form = url::form_urlencoded::parse(only_body(&http).as_bytes()).into_owned().collect();
    let host = http.actual_requests().next().unwrap().uri().to_owned();
    (result, form, host)
}

fn published() -> (u16, String) {
    let body = "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>";
    (200, body.to_owned())
}

fn value<'f>(form: &'f [(String, String)], name: &str) -> Option<&'f str> {
    form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn people_get_text_and_programs_get_json() {
    let (result, form, host) = publish(TOPIC, published()).await;
    result.unwrap();
    assert!(host.contains("eu-west-1"), "{host}");
    assert_eq!(value(&form, "Subject"), Some("the restore of staging is stuck"));
    assert_eq!(value(&form, "MessageStructure"), Some("json"));
    assert_eq!(value(&form, "MessageDeduplicationId"), None);
    let message: serde_json::Value = serde_json::from_str(value(&form, "Message").unwrap()).unwrap();
    let program: serde_json::Value = serde_json::from_str(message["default"].as_str().unwrap()).unwrap();
    assert_eq!(program["outcome"], "STUCK");
    assert_eq!((program["version"].as_u64(), program["operation_id"].as_str()), (Some(1), Some("op-1")));
    let text = message["email"].as_str().unwrap();
    assert!(text.contains("\"aurora-restore status op-1\" tells more.") && text.contains("Outcome: STUCK"), "{text}");
}

#[tokio::test]
async fn a_fifo_topic_can_tell_repeats_by_operation_outcome_and_how_often_it_was_stuck() {
    let (result, form, _) = publish(&format!("{TOPIC}.fifo"), published()).await;
    result.unwrap();
    assert_eq!(value(&form, "MessageDeduplicationId"), Some("op-1-STUCK-2"));
    assert_eq!(value(&form, "MessageGroupId"), Some("op-1"));
}

#[tokio::test]
async fn a_refusal_names_the_topic_and_what_was_said() {
    for (status, code) in [(404, "NotFound"), (403, "AuthorizationError"), (400, "Throttled"), (500, "InternalError")] {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>said so</Message></Error></ErrorResponse>"
        );
        let (result, _, _) = publish(TOPIC, (status, body)).await;
        let error = result.unwrap_err();
        assert_eq!(error.channel, TOPIC);
        assert_eq!(error.reason, format!("{code}: said so"));
    }
}

#[test]
fn subjects_are_what_sns_takes() {
    assert_eq!(subject("restore \u{2014} d\u{f6}ne\nnow"), "restore - d?ne now");
    assert_eq!(subject(" \n"), "aurora-restore");
    let long = subject(&"word ".repeat(40));
    assert!(long.len() <= SUBJECT_CHARS_MAX && long.ends_with("..."), "{long}");
    assert!(subject(&"\u{1f600}".repeat(300)).is_ascii());
}
