//! What goes over the wire, and what each answer means.

use aurora_restore_core::{
    ids::{ClusterId, ExecutorId, OperationId, Region},
    journal::{Entry, SealedEntry, StateItem},
    operation::{Event, Status},
    ports::{FencingToken, Journal, JournalError, NewOperation, OperationFilter, TargetKey},
};
use jiff::Timestamp;

mod golden;

use super::replay::{Replay, cancelled, refusal};

const TOKEN: FencingToken = FencingToken(3);

pub(super) fn id(text: &str) -> OperationId {
    OperationId::new(text).unwrap()
}

pub(super) fn state(sequence: u64) -> StateItem {
    let target = ClusterId::new("staging").unwrap();
    let at: Timestamp = "2026-11-22T10:00:00.5Z".parse().unwrap();
    StateItem {
        operation_id: id("op-1"),
        version: StateItem::VERSION,
        status: Status::InProgress,
        step: None,
        target_key: TargetKey {
            account: "111122223333".into(),
            region: Region::new("eu-central-1").unwrap(),
            cluster: target.clone(),
        },
        target,
        holds_target: true,
        requested_at: at,
        last_updated_at: at,
        ended_at: None,
        sequence,
        progress: None,
        failure: None,
        retire_after: None,
        ttl: None,
    }
}

pub(super) fn entry(sequence: u64) -> SealedEntry {
    let event = Event::TakenOver { executor: ExecutorId::new("test").unwrap() };
    let entry = Entry { operation: id("op-1"), sequence, at: state(sequence).last_updated_at, event };
    SealedEntry::seal(&entry, "").unwrap()
}

fn stored(token: u64, sequence: u64) -> (u16, String) {
    let item = format!(
        r#"{{"Item":{{"operation_id":{{"S":"op-1"}},"version":{{"N":"1"}},"token":{{"N":"{token}"}},
            "sequence":{{"N":"{sequence}"}}}}}}"#
    );
    (200, item)
}

fn held_by(holder: &str) -> (u16, String) {
    (200, format!(r#"{{"Item":{{"operation_id":{{"S":"lock#x"}},"holder":{{"S":"{holder}"}}}}}}"#))
}

fn done() -> (u16, String) {
    (200, "{}".to_owned())
}

/// Appends entry 5 with token 3.
async fn append(answers: impl IntoIterator<Item = (u16, String)>) -> (Result<(), JournalError>, Vec<String>) {
    let replay = Replay::answering(answers);
    let result = replay.journal.append(TOKEN, &entry(5), &state(5)).await;
    (result, replay.actions())
}

const FAILED: &str = "ConditionalCheckFailed";

#[tokio::test]
async fn an_append_is_one_transaction_with_its_three_conditions() {
    let replay = Replay::answering([done()]);
    replay.journal.append(TOKEN, &entry(5), &state(5)).await.unwrap();
    let (action, body) = replay.sent().remove(0);
    assert_eq!(action, "TransactWriteItems");
    let parts = body["TransactItems"].as_array().unwrap();
    assert_eq!(parts.len(), 3);
    let update = &parts[0]["Update"];
    assert_eq!(
        update["ConditionExpression"],
        "attribute_exists(#operation_id) AND #version <= :known AND #sequence = :expected AND #token = :held"
    );
    assert_eq!(update["ExpressionAttributeValues"][":expected"]["N"], "4");
    assert_eq!(update["ExpressionAttributeValues"][":held"]["N"], "3");
    assert_eq!(update["ExpressionAttributeValues"][":last_updated_at"]["S"], "2026-11-22T10:00:00.500000Z");
    let expression = update["UpdateExpression"].as_str().unwrap();
    assert!(expression.contains("REMOVE #step") && expression.contains("#ttl"), "{expression}");
    assert!(!expression.contains("#token"), "{expression}");
    let put = &parts[1]["Put"];
    assert_eq!(put["Item"]["sequence"]["N"], "5");
    // 365 days after it was recorded.
    assert_eq!(put["Item"]["ttl"]["N"], (state(5).last_updated_at.as_second() + 365 * 86_400).to_string());
    let lock = &parts[2]["Put"];
    assert_eq!(lock["Item"]["operation_id"]["S"], "lock#111122223333/eu-central-1/staging");
    assert_eq!(lock["ConditionExpression"], "attribute_not_exists(#operation_id) OR #holder = :ours");
}

#[tokio::test]
async fn the_state_of_a_drill_is_kept_as_long_as_its_entries() {
    for (operation, days) in [("op-1", 90), ("drill-20261121-080000-7f3a-restore", 365)] {
        let ended = state(5).last_updated_at;
        let state = StateItem { operation_id: id(operation), ended_at: Some(ended), ttl: Some(1), ..state(5) };
        let event = Event::TakenOver { executor: ExecutorId::new("test").unwrap() };
        let entry = Entry { operation: id(operation), sequence: 5, at: ended, event };
        let replay = Replay::answering([done()]);
        replay.journal.append(TOKEN, &SealedEntry::seal(&entry, "").unwrap(), &state).await.unwrap();
        let (_, body) = replay.sent().remove(0);
        let values = &body["TransactItems"][0]["Update"]["ExpressionAttributeValues"];
        assert_eq!(values[":ttl"]["N"], (ended.as_second() + days * 86_400).to_string(), "{operation}");
    }
}

#[tokio::test]
async fn the_condition_that_failed_decides_what_an_append_is_told() {
    let state_failed = || cancelled(&[FAILED, "None", "None"]);
    let (fenced, actions) = append([state_failed(), stored(4, 4)]).await;
    assert!(matches!(fenced, Err(JournalError::Fenced { .. })), "{fenced:?}");
    assert_eq!(actions, ["TransactWriteItems", "GetItem"]);
    let (conflict, _) = append([state_failed(), stored(3, 5)]).await;
    assert!(matches!(conflict, Err(JournalError::Conflict { expected: 4, .. })), "{conflict:?}");
    let (unknown, _) = append([state_failed(), done()]).await;
    assert!(matches!(unknown, Err(JournalError::UnknownOperation { .. })), "{unknown:?}");

    let lock_failed = cancelled(&["None", "None", FAILED]);
    let (busy, _) = append([lock_failed, stored(3, 4), held_by("op-2")]).await;
    assert!(matches!(busy, Err(JournalError::TargetBusy { holder, .. }) if holder == id("op-2")));

    let entry_failed = cancelled(&["None", FAILED, "None"]);
    let (refused, _) = append([entry_failed, stored(3, 4), held_by("op-1"), held_by("op-1")]).await;
    assert!(matches!(&refused, Err(JournalError::Refused { reason, .. }) if reason.contains("entry 5")), "{refused:?}");
}

#[tokio::test]
async fn two_transactions_that_meet_are_a_conflict_if_one_won_and_else_worth_another_try() {
    let met = || cancelled(&["TransactionConflict", "None", "None"]);
    let (conflict, _) = append([met(), stored(3, 5)]).await;
    assert!(matches!(conflict, Err(JournalError::Conflict { .. })), "{conflict:?}");
    let (nobody, _) = append([met(), stored(3, 4), held_by("op-1"), done()]).await;
    assert!(matches!(nobody, Err(JournalError::Unavailable { .. })), "{nobody:?}");
}

#[tokio::test]
async fn an_operation_without_its_target_leaves_the_lock_of_another_alone() {
    let replay = Replay::answering([cancelled(&["None", "None", FAILED]), stored(3, 4), held_by("op-2"), done()]);
    let without = StateItem { holds_target: false, ..state(5) };
    replay.journal.append(TOKEN, &entry(5), &without).await.unwrap();
    let sent = replay.sent();
    assert_eq!(sent[0].1["TransactItems"].as_array().unwrap().len(), 3);
    assert_eq!(sent[3].1["TransactItems"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_creation_tells_a_taken_id_from_a_busy_target() {
    let new = NewOperation {
        target: state(1).target_key,
        executor: ExecutorId::new("test").unwrap(),
        first: entry(1),
        state: state(1),
    };
    let replay = Replay::answering([cancelled(&[FAILED, FAILED, "None"]), stored(1, 1)]);
    let exists = replay.journal.create(&new).await;
    assert!(matches!(exists, Err(JournalError::OperationExists { .. })), "{exists:?}");
    // The state may have expired before the entries.
    let replay = Replay::answering([cancelled(&["None", FAILED, "None"]), done(), stored(1, 1)]);
    let exists = replay.journal.create(&new).await;
    assert!(matches!(exists, Err(JournalError::OperationExists { .. })), "{exists:?}");
    let replay = Replay::answering([cancelled(&["None", "None", FAILED]), done(), done(), held_by("op-2")]);
    let busy = replay.journal.create(&new).await;
    assert!(matches!(&busy, Err(JournalError::TargetBusy { holder, .. }) if *holder == id("op-2")), "{busy:?}");
}

/// HTTP status, code, what it is for the port.
const ANSWERS: &[(u16, &str, &str)] = &[
    (400, "ProvisionedThroughputExceededException", "unavailable"),
    (400, "ThrottlingException", "unavailable"),
    (400, "RequestLimitExceeded", "unavailable"),
    (400, "TransactionConflictException", "unavailable"),
    (500, "InternalServerError", "unavailable"),
    (503, "ServiceUnavailable", "unavailable"),
    (400, "SomethingNewException", "unavailable"),
    (400, "ResourceNotFoundException", "does not exist"),
    (400, "ValidationException", "laid out otherwise"),
    (400, "AccessDeniedException", "access is denied"),
    (400, "UnrecognizedClientException", "access is denied"),
    (400, "ExpiredTokenException", "access is denied"),
];

#[tokio::test]
async fn every_answer_of_dynamodb_has_its_meaning() {
    for (status, code, meaning) in ANSWERS {
        let answer = || [refusal(*status, code, "said so")];
        let results = [
            ("head", Replay::answering(answer()).journal.head(&id("op-1")).await.map(|_| ())),
            ("append", Replay::answering(answer()).journal.append(TOKEN, &entry(5), &state(5)).await),
            ("entries", Replay::answering(answer()).journal.entries(&id("op-1"), 0).await.map(|_| ())),
            ("acquire", {
                let executor = ExecutorId::new("test").unwrap();
                Replay::answering(answer()).journal.acquire(&id("op-1"), &executor).await.map(|_| ())
            }),
            ("list", Replay::answering(answer()).journal.list(&OperationFilter::default()).await.map(|_| ())),
        ];
        for (call, result) in results {
            let error = result.unwrap_err();
            let holds = match &error {
                JournalError::Unavailable { reason, .. } => *meaning == "unavailable" && reason.contains(code),
                JournalError::Unusable { reason, .. } => reason.contains(meaning) && reason.contains(code),
                _ => false,
            };
            assert!(holds, "{call} {code}: {error}");
            assert!(error.to_string().contains("AuroraRestoreStateTable"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_transaction_that_is_throttled_in_one_part_is_unavailable() {
    let (throttled, _) = append([cancelled(&["None", "ThrottlingError", "None"])]).await;
    assert!(matches!(throttled, Err(JournalError::Unavailable { .. })), "{throttled:?}");
    let (layout, _) = append([cancelled(&["ValidationError", "None", "None"])]).await;
    assert!(matches!(layout, Err(JournalError::Unusable { .. })), "{layout:?}");
}

#[tokio::test]
async fn entries_are_read_consistently_page_after_page() {
    let page = |sequence: u64, more: bool| {
        let entry = entry(sequence);
        let last = if more { r#","LastEvaluatedKey":{"operation_id":{"S":"op-1"},"sequence":{"N":"1"}}"# } else { "" };
        let body = serde_json::to_string(&entry.body).unwrap();
        let item = format!(
            r#"{{"Items":[{{"operation_id":{{"S":"op-1"}},"sequence":{{"N":"{sequence}"}},"previous_hash":{{"S":""}},
                "hash":{{"S":"{}"}},"body":{{"S":{body}}}}}]{last}}}"#,
            entry.hash
        );
        (200, item)
    };
    let replay = Replay::answering([page(1, true), page(2, false)]);
    let entries = replay.journal.entries(&id("op-1"), 0).await.unwrap();
    assert_eq!(entries, [entry(1), entry(2)]);
    let sent = replay.sent();
    assert!(sent.iter().all(|(action, body)| action == "Query" && body["ConsistentRead"] == true), "{sent:?}");
    assert_eq!(sent[1].1["ExclusiveStartKey"]["sequence"]["N"], "1");
}

#[tokio::test]
async fn a_list_is_made_of_queries_and_a_cursor_that_is_not_ours_is_refused() {
    let replay = Replay::answering((0..5).map(|_| (200, r#"{"Items":[]}"#.to_owned())));
    assert_eq!(replay.journal.list(&OperationFilter::default()).await.unwrap().items.len(), 0);
    assert_eq!(replay.actions(), ["Query"; 5]);
    let foreign = OperationFilter { cursor: Some("page-2".into()), ..OperationFilter::default() };
    let error = Replay::answering([]).journal.list(&foreign).await.unwrap_err();
    assert!(error.to_string().contains("`page-2` is not where a page"), "{error}");
}
