//! What the port promises.

use aurora_restore_core::{
    ids::ClusterId,
    operation::{Progress, Status, StepKind},
    ports::{FencingToken, Journal, JournalError, JournalHead, OperationFilter},
};

use super::support::*;

#[tokio::test]
async fn a_new_operation_is_there_with_entry_state_token_and_lock() {
    let home = Home::new();
    let token = home.begin("op-1", "staging").await;
    let seen = home.another();
    assert_eq!(seen.head(&id("op-1")).await.unwrap(), JournalHead { sequence: 1, token });
    assert_eq!(seen.entries(&id("op-1"), 0).await.unwrap(), [entry("op-1", 1, "")]);
    assert_eq!(seen.state(&id("op-1")).await.unwrap(), state("op-1", "staging", 1));
    assert_eq!(seen.holder(&target("staging")).await.unwrap(), Some(id("op-1")));
    assert_eq!(seen.holder(&target("other")).await.unwrap(), None);
}

#[tokio::test]
async fn an_id_is_used_once() {
    let home = Home::new();
    let _token = home.begin("op-1", "staging").await;
    let error = home.journal.create(&new("op-1", "other")).await.unwrap_err();
    assert_eq!(error, JournalError::OperationExists { operation: id("op-1") });
    assert_eq!(home.journal.holder(&target("other")).await.unwrap(), None);
}

#[tokio::test]
async fn a_target_is_worked_on_by_one_operation_at_a_time() {
    let home = Home::new();
    let _token = home.begin("op-1", "staging").await;
    let error = home.another().create(&new("op-2", "staging")).await.unwrap_err();
    assert_eq!(error, JournalError::TargetBusy { target: target("staging"), holder: id("op-1") });
    let error = home.journal.state(&id("op-2")).await.unwrap_err();
    assert_eq!(error, JournalError::UnknownOperation { operation: id("op-2") });
    assert!(home.journal.create(&new("op-2", "other")).await.is_ok());
}

#[tokio::test]
async fn the_lock_is_given_back_at_the_end_and_taken_again_if_it_is_free() {
    let home = Home::new();
    let first = home.begin("op-1", "staging").await;
    let second = entry("op-1", 2, &entry("op-1", 1, "").hash);
    home.journal.append(first, &second, &ended("op-1", "staging", 2)).await.unwrap();
    assert_eq!(home.journal.holder(&target("staging")).await.unwrap(), None);

    // An undo after the end wants the target back.
    let third = entry("op-1", 3, &second.hash);
    home.journal.append(first, &third, &state("op-1", "staging", 3)).await.unwrap();
    assert_eq!(home.journal.holder(&target("staging")).await.unwrap(), Some(id("op-1")));
    let fourth = entry("op-1", 4, &third.hash);
    home.journal.append(first, &fourth, &ended("op-1", "staging", 4)).await.unwrap();

    // Meanwhile somebody else has it.
    let _second = home.begin("op-2", "staging").await;
    let fifth = entry("op-1", 5, &fourth.hash);
    let error = home.journal.append(first, &fifth, &state("op-1", "staging", 5)).await.unwrap_err();
    assert_eq!(error, JournalError::TargetBusy { target: target("staging"), holder: id("op-2") });
    assert_eq!(home.journal.head(&id("op-1")).await.unwrap().sequence, 4);
    assert_eq!(home.journal.entries(&id("op-1"), 4).await.unwrap(), []);
}

#[tokio::test]
async fn whoever_was_taken_over_from_is_fenced() {
    let home = Home::new();
    let old = home.begin("op-1", "staging").await;
    let new = home.another().acquire(&id("op-1"), &executor("second")).await.unwrap();
    assert!(new > old);
    let second = entry("op-1", 2, &entry("op-1", 1, "").hash);
    let state = state("op-1", "staging", 2);
    let fenced = JournalError::Fenced { operation: id("op-1") };
    assert_eq!(home.journal.append(old, &second, &state).await.unwrap_err(), fenced);
    let progress = Progress { step: StepKind::CopySnapshot, text: "40 %".into(), percent: Some(40) };
    assert_eq!(home.journal.note_progress(&id("op-1"), old, &progress).await.unwrap_err(), fenced);
    assert_eq!(home.journal.head(&id("op-1")).await.unwrap(), JournalHead { sequence: 1, token: new });
    home.journal.append(new, &second, &state).await.unwrap();
}

#[tokio::test]
async fn a_bystander_appends_without_a_token_and_the_executor_notices() {
    let home = Home::new();
    let token = home.begin("op-1", "staging").await;
    let second = entry("op-1", 2, &entry("op-1", 1, "").hash);
    let state = state("op-1", "staging", 2);
    home.another().append_as_bystander(&second, &state).await.unwrap();
    let error = home.journal.append(token, &second, &state).await.unwrap_err();
    assert_eq!(error, JournalError::Conflict { operation: id("op-1"), expected: 1 });
    assert_eq!(home.journal.head(&id("op-1")).await.unwrap(), JournalHead { sequence: 2, token });
}

#[tokio::test]
async fn a_gap_is_refused() {
    let home = Home::new();
    let token = home.begin("op-1", "staging").await;
    let error = home.journal.append(token, &entry("op-1", 3, "x"), &state("op-1", "staging", 3)).await.unwrap_err();
    assert_eq!(error, JournalError::Conflict { operation: id("op-1"), expected: 2 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_executors_that_race_for_one_place_exactly_one_wins() {
    let home = Home::new();
    let token = home.begin("op-1", "staging").await;
    let mut previous = entry("op-1", 1, "").hash;
    for sequence in 2..12 {
        let entry = entry("op-1", sequence, &previous);
        previous.clone_from(&entry.hash);
        let racers: Vec<_> = (0..4)
            .map(|_| {
                let (journal, entry) = (home.another(), entry.clone());
                let state = state("op-1", "staging", sequence);
                tokio::spawn(async move { journal.append(token, &entry, &state).await })
            })
            .collect();
        let mut winners = 0;
        for racer in racers {
            match racer.await.unwrap() {
                Ok(()) => winners += 1,
                Err(error) => assert!(matches!(error, JournalError::Conflict { .. }), "{error}"),
            }
        }
        assert_eq!(winners, 1, "at {sequence}");
    }
    assert_eq!(home.journal.head(&id("op-1")).await.unwrap().sequence, 11);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_operations_that_race_for_one_target_exactly_one_begins() {
    let home = Home::new();
    let racers: Vec<_> = (0..6)
        .map(|number| {
            let journal = home.another();
            tokio::spawn(async move { journal.create(&new(&format!("op-{number}"), "staging")).await })
        })
        .collect();
    let mut winners = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(_) => winners += 1,
            Err(error) => assert!(matches!(error, JournalError::TargetBusy { .. }), "{error}"),
        }
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn progress_is_replaced_and_gone_with_the_next_entry() {
    let home = Home::new();
    let token = home.begin("op-1", "staging").await;
    for percent in [10, 40] {
        let progress = Progress { step: StepKind::CopySnapshot, text: format!("{percent} %"), percent: Some(percent) };
        home.journal.note_progress(&id("op-1"), token, &progress).await.unwrap();
    }
    let shown = home.journal.state(&id("op-1")).await.unwrap();
    assert_eq!(shown.progress.unwrap().percent, Some(40));
    assert_eq!(shown.sequence, 1);
    let second = entry("op-1", 2, &entry("op-1", 1, "").hash);
    home.journal.append(token, &second, &state("op-1", "staging", 2)).await.unwrap();
    assert_eq!(home.journal.state(&id("op-1")).await.unwrap().progress, None);
}

#[tokio::test]
async fn operations_are_listed_newest_first_page_by_page() {
    let home = Home::new();
    for number in 1..=5_u64 {
        let name = format!("op-{number}");
        let mut operation = new(&name, &format!("c{number}"));
        // Two of them at the same time: the order must still be the same on every page.
        operation.state.last_updated_at = time(number / 2);
        let _token = home.journal.create(&operation).await.unwrap();
    }
    let mut filter = OperationFilter { limit: 2, ..OperationFilter::default() };
    let mut listed = Vec::new();
    for _ in 0..3 {
        let page = home.journal.list(&filter).await.unwrap();
        listed.extend(page.items.into_iter().map(|item| item.operation_id.to_string()));
        filter.cursor = page.cursor;
    }
    assert_eq!(listed, ["op-5", "op-4", "op-3", "op-2", "op-1"]);
    assert_eq!(filter.cursor, None);
}

#[tokio::test]
async fn lists_are_filtered_by_status_and_target() {
    let home = Home::new();
    let token = home.begin("op-1", "staging").await;
    let second = entry("op-1", 2, &entry("op-1", 1, "").hash);
    home.journal.append(token, &second, &ended("op-1", "staging", 2)).await.unwrap();
    let _token = home.begin("op-2", "staging").await;
    let _token = home.begin("op-3", "other").await;
    let staging = Some(ClusterId::new("staging").unwrap());
    for (status, target, expected) in [
        (Some(Status::Completed), None, vec!["op-1"]),
        (Some(Status::InProgress), None, vec!["op-3", "op-2"]),
        (None, staging.clone(), vec!["op-1", "op-2"]),
        (Some(Status::InProgress), staging, vec!["op-2"]),
        (Some(Status::Stuck), None, vec![]),
    ] {
        let filter = OperationFilter { status, target, ..OperationFilter::default() };
        let page = home.journal.list(&filter).await.unwrap();
        let ids: Vec<_> = page.items.iter().map(|item| item.operation_id.as_str()).collect();
        assert_eq!(ids, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_store_is_refused() {
    let home = Home::new();
    let filter = OperationFilter { cursor: Some("nonsense".into()), ..OperationFilter::default() };
    assert!(matches!(home.journal.list(&filter).await.unwrap_err(), JournalError::Unusable { .. }));
}

#[tokio::test]
async fn what_is_not_there_is_unknown_everywhere() {
    let home = Home::new();
    let unknown = JournalError::UnknownOperation { operation: id("nope") };
    assert_eq!(home.journal.head(&id("nope")).await.unwrap_err(), unknown);
    assert_eq!(home.journal.state(&id("nope")).await.unwrap_err(), unknown);
    assert_eq!(home.journal.entries(&id("nope"), 0).await.unwrap_err(), unknown);
    assert_eq!(home.journal.acquire(&id("nope"), &executor("x")).await.unwrap_err(), unknown);
    let append = home.journal.append(FencingToken(1), &entry("nope", 2, ""), &state("nope", "staging", 2)).await;
    assert_eq!(append.unwrap_err(), unknown);
}
