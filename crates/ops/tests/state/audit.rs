//! Every kind of finding is planted and found, and where nothing is planted nothing is.

use aurora_restore_core::{
    ids::{ClusterId, OperationId},
    journal::{Entry, SealedEntry, StateItem},
    operation::{End, Event, Status},
    ports::{Clock as _, TargetKey},
};
use aurora_restore_ops::{
    ports::{Forgotten, Lock},
    state::{Audit, Audited, Kind, Locked, STALLED_AFTER, look_at_lock, unlock},
};
use aurora_restore_testing::scenario::{Scenario, Stage, operation};

use crate::stage::{done, halfway, turn_to, updated};

async fn audit(scenario: &Scenario) -> Audited {
    let audit = Audit {
        journal: &scenario.journal,
        states: &scenario.journal,
        executions: None,
        now: scenario.clock.now(),
        stalled_after: STALLED_AFTER,
    };
    audit.run().await.unwrap()
}

/// A journal with one operation of each sort, in which nothing is wrong.
fn sound() -> (Scenario, OperationId, OperationId) {
    let scenario = Scenario::new(Stage::default());
    let ended = done(&scenario, "op-ended");
    let open = halfway(&scenario, "op-open");
    (scenario, ended, open)
}

/// What an audit finds after something was planted: kinds and operations.
async fn found(plant: impl FnOnce(&Scenario, &OperationId, &OperationId)) -> Vec<(Kind, Option<String>)> {
    let (scenario, ended, open) = sound();
    plant(&scenario, &ended, &open);
    let audited = audit(&scenario).await;
    assert_eq!(audited.troubles, Vec::<String>::new());
    audited.findings.into_iter().map(|it| (it.kind, it.operation.map(|id| id.to_string()))).collect()
}

fn of(kind: Kind, operation: &str) -> Vec<(Kind, Option<String>)> {
    vec![(kind, Some(operation.to_owned()))]
}

#[tokio::test]
async fn in_a_sound_journal_nothing_is_found() {
    let (scenario, ..) = sound();
    let audited = audit(&scenario).await;
    assert_eq!(audited.findings, []);
    assert_eq!((audited.operations, audited.locks), (2, 1));
    assert!(audited.entries > 20, "{}", audited.entries);
}

#[tokio::test]
async fn what_stands_still_is_found() {
    let (scenario, _, open) = sound();
    turn_to(&scenario, updated(&scenario, &open).await + STALLED_AFTER);
    let audited = audit(&scenario).await;
    assert_eq!(audited.findings.len(), 1);
    assert_eq!((audited.findings[0].kind, audited.findings[0].operation.as_ref()), (Kind::Stalled, Some(&open)));
    assert!(audited.findings[0].action.contains("state resolve op-open --retry"), "{}", audited.findings[0].action);
}

#[tokio::test]
async fn a_chain_that_was_broken_in_any_way_is_found() {
    let plants: [fn(&mut Vec<SealedEntry>); 5] = [
        |entries| drop(entries.remove(1)),
        |entries| drop(entries.pop()),
        |entries| entries.swap(1, 2),
        |entries| entries[1].body = entries[1].body.replace("snapshot-check", "copy-snapshot"),
        |entries| entries[1].operation = operation("op-another"),
    ];
    for plant in plants {
        let found = found(|scenario, ended, _| scenario.journal.tamper(ended, |entries, _| plant(entries))).await;
        assert_eq!(found, of(Kind::BrokenChain, "op-ended"));
    }
}

#[tokio::test]
async fn entries_that_cannot_have_happened_are_found_although_their_chain_holds() {
    let found = found(|scenario, ended, _| {
        let at = scenario.clock.now();
        scenario.journal.tamper(ended, |entries, state| {
            let (sequence, event) = (state.sequence + 1, Event::Ended { end: End::Failed });
            let entry = Entry { operation: ended.clone(), sequence, at, event };
            let sealed = SealedEntry::seal(&entry, &entries.last().unwrap().hash).unwrap();
            entries.push(sealed);
            state.sequence = sequence;
        });
    });
    assert_eq!(found.await, of(Kind::Impossible, "op-ended"));
}

#[tokio::test]
async fn entries_of_a_newer_version_are_found() {
    let found = found(|scenario, ended, _| {
        scenario.journal.tamper(ended, |entries, state| {
            let body = r#"{"v":99,"at":"2026-11-22T10:00:00Z","event":{"kind":"paused"}}"#.to_owned();
            let hash = entries.last().unwrap().hash.clone();
            state.sequence += 1;
            entries.push(SealedEntry::over(ended, state.sequence, &hash, body));
        });
    });
    assert_eq!(found.await, of(Kind::Unreadable, "op-ended"));
}

/// What somebody does to an item.
type Plant = fn(&mut StateItem);

#[tokio::test]
async fn an_item_that_was_set_by_hand_is_found_with_what_differs() {
    let plants: [(&str, Plant); 4] = [
        ("`status` is FAILED, and the entries say COMPLETED", |state| state.status = Status::Failed),
        ("`holds_target` is true", |state| state.holds_target = true),
        ("`last_updated_at` is 2023-06-02T00:00:00Z", |state| {
            state.last_updated_at = "2023-06-02T00:00:00Z".parse().unwrap();
        }),
        ("`target` is another", |state| state.target = ClusterId::new("another").unwrap()),
    ];
    for (evidence, plant) in plants {
        let (scenario, ended, _) = sound();
        scenario.journal.tamper(&ended, |_, state| plant(state));
        let audited = audit(&scenario).await;
        let finding = audited.findings.iter().find(|finding| finding.kind == Kind::AlteredState).unwrap();
        assert!(finding.evidence.contains(evidence), "{}", finding.evidence);
    }
}

#[tokio::test]
async fn an_item_without_entries_is_found() {
    let found = found(|scenario, ended, _| scenario.journal.tamper(ended, |entries, _| entries.clear())).await;
    assert_eq!(found, of(Kind::Orphaned, "op-ended"));
}

fn another_target() -> TargetKey {
    TargetKey { cluster: ClusterId::new("another").unwrap(), ..Scenario::target_key() }
}

#[tokio::test]
async fn locks_that_were_left_are_found_whoever_they_name() {
    for holder in ["op-ended", "op-nobody", "op-open"] {
        let found = found(|scenario, _, _| {
            scenario.journal.tamper_with_lock(&another_target(), Some(&operation(holder)));
        });
        assert_eq!(found.await, of(Kind::LockLeft, holder));
    }
}

#[tokio::test]
async fn an_operation_whose_lock_is_gone_or_somebody_elses_is_found() {
    let gone = |scenario: &Scenario, _: &OperationId, _: &OperationId| {
        scenario.journal.tamper_with_lock(&Scenario::target_key(), None);
    };
    assert_eq!(found(gone).await, of(Kind::LockMissing, "op-open"));
    let turned_over = |scenario: &Scenario, ended: &OperationId, _: &OperationId| {
        scenario.journal.tamper_with_lock(&Scenario::target_key(), Some(ended));
    };
    let found = found(turned_over).await;
    assert_eq!(found, [of(Kind::LockLeft, "op-ended"), of(Kind::LockMissing, "op-open")].concat());
}

/// What is found has a command that mends it, and that refuses where it would take the target from somebody.
#[tokio::test]
async fn a_lock_that_was_left_is_given_up_and_one_that_is_held_or_doubtful_is_not() {
    let (scenario, ended, open) = sound();
    let (journal, another) = (&scenario.journal, another_target());
    assert_eq!(look_at_lock(journal, journal, &another).await.unwrap(), Locked::Free);
    let held = look_at_lock(journal, journal, &Scenario::target_key()).await.unwrap();
    assert_eq!(held, Locked::Held { holder: open.clone() });

    for holder in [operation("op-nobody"), ended.clone()] {
        journal.tamper_with_lock(&another, Some(&holder));
        let audited = audit(&scenario).await;
        assert_eq!(audited.findings[0].command(), format!("state unlock {another}"));
        let action = &audited.findings[0].action;
        assert!(action.contains(&format!("`aurora-restore state unlock {another}`")), "{action}");
        let Locked::Left { lock, .. } = look_at_lock(journal, journal, &another).await.unwrap() else {
            panic!("{holder}")
        };
        let stranger = Lock { holder: Some(open.clone()), ..lock.clone() };
        assert_eq!(unlock(journal, &stranger).await.unwrap(), Forgotten::Kept, "it is not as it was seen");
        assert_eq!(unlock(journal, &lock).await.unwrap(), Forgotten::Gone);
        assert_eq!(unlock(journal, &lock).await.unwrap(), Forgotten::Missing);
        assert_eq!(audit(&scenario).await.findings, []);
    }

    // Its item says that it has ended, and its entries do not.
    journal.tamper(&open, |_, state| state.holds_target = false);
    let found = look_at_lock(journal, journal, &Scenario::target_key()).await.unwrap();
    assert!(matches!(found, Locked::Untrusted(_)), "{found:?}");

    journal.tamper(&open, |_, state| state.holds_target = true);
    let lock = Lock { target: Scenario::target_key().to_string(), holder: Some(open) };
    assert_eq!(unlock(journal, &lock).await.unwrap(), Forgotten::Kept);
}
