//! Purges: exactly what is due goes, whatever happens meanwhile and wherever one is killed.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use aurora_restore_core::{
    engine::Engine,
    ids::OperationId,
    operation::Status,
    ports::{Clock as _, Journal as _, JournalError},
};
use aurora_restore_ops::{
    ports::{
        Forgotten, Lock, RecordedPage, Restoration, Restored, States, StatesPage, StoredState, Unchanged, WholePage,
    },
    state::{Purge, PurgePlan, StateError, import, verify},
};
use aurora_restore_testing::{
    MemoryJournal,
    scenario::{Scenario, Stage, operation},
};
use jiff::{SignedDuration, Timestamp};

use crate::stage::{Board, DAY, Full, done, halfway, seen, turn_to, updated};

fn purge(scenario: &Scenario) -> Purge<'_> {
    Purge { journal: &scenario.journal, states: &scenario.journal, drills: false }
}

async fn plan(scenario: &Scenario, until: Timestamp) -> PurgePlan {
    purge(scenario).plan(Status::Completed, until, 1_000).await.unwrap()
}

fn ids(plan: &PurgePlan) -> Vec<&str> {
    plan.due.iter().map(|stored| stored.state.operation_id.as_str()).collect()
}

#[tokio::test]
async fn drills_stay_unless_they_are_asked_for() {
    let scenario = Scenario::new(Stage::default());
    let _drill = done(&scenario, "drill-20261121-080000-7f3a-restore");
    let now = scenario.clock.now();
    let kept = plan(&scenario, now).await;
    assert_eq!((ids(&kept).len(), kept.left.len()), (0, 1), "{kept:?}");
    assert!(kept.left[0].reason.contains("the history of drills"), "{kept:?}");
    let due = Purge { drills: true, ..purge(&scenario) }.plan(Status::Completed, now, 1_000).await.unwrap();
    assert_eq!(ids(&due), ["drill-20261121-080000-7f3a-restore"]);
}

#[tokio::test]
async fn what_is_due_is_exported_and_deleted_and_comes_back_from_the_export() {
    let scenario = Scenario::new(Stage::default());
    let old = done(&scenario, "op-1");
    let until = updated(&scenario, &old).await;
    let young = done(&scenario, "op-2");
    let open = halfway(&scenario, "op-3");
    let plan = plan(&scenario, until).await;
    assert_eq!(ids(&plan), ["op-1"]);

    let (board, entries) = (Board::default(), scenario.journal.entries(&old, 0).await.unwrap());
    let batch = purge(&scenario).export(plan, board.shelf(), scenario.clock.now()).await.unwrap();
    let purged = purge(&scenario).delete(&batch, |_| {}).await.unwrap();
    assert_eq!((purged.gone, purged.missing, purged.changed), (1, 0, vec![]));
    assert_eq!(seen(&scenario.journal, &old).await, None);
    assert_eq!(scenario.journal.entries(&old, 0).await.unwrap(), entries, "entries are never purged");
    assert!(seen(&scenario.journal, &young).await.is_some() && seen(&scenario.journal, &open).await.is_some());

    let bytes = board.kept().unwrap();
    let summary = verify(&bytes[..]).unwrap();
    assert_eq!((summary.operations, &summary), (1, &batch.exported.summary));
    import(&scenario.journal, &bytes[..], &summary, scenario.clock.now()).await.unwrap();
    assert!(seen(&scenario.journal, &old).await.is_some());
}

#[tokio::test]
async fn an_item_is_due_to_the_second() {
    let scenario = Scenario::new(Stage::default());
    let id = done(&scenario, "op-1");
    let at = updated(&scenario, &id).await;
    assert_eq!(ids(&plan(&scenario, at - SignedDuration::from_secs(1)).await), Vec::<&str>::new());
    assert_eq!(ids(&plan(&scenario, at).await), ["op-1"]);
}

#[tokio::test]
async fn what_keeps_a_retired_cluster_or_holds_its_target_stays_and_says_why() {
    let scenario = Scenario::new(Stage::default());
    scenario.run("op-keeps", scenario.swap()).unwrap();
    let now = scenario.clock.now();
    let first = plan(&scenario, now).await;
    assert_eq!((ids(&first), first.left.len()), (vec![], 1));
    assert!(first.left[0].reason.contains("retired cluster"), "{}", first.left[0].reason);

    // Somebody has set the status of one that works, as the old procedures did.
    let open = halfway(&scenario, "op-open");
    scenario.journal.tamper(&open, |_, state| state.status = Status::Completed);
    let second = plan(&scenario, scenario.clock.now()).await;
    let left: Vec<&str> = second.left.iter().map(|left| left.operation.as_str()).collect();
    assert_eq!((ids(&second), left), (vec![], vec!["op-keeps", "op-open"]));
}

#[tokio::test]
async fn an_item_that_says_it_may_go_and_whose_entries_do_not_stays() {
    let scenario = Scenario::new(Stage::default());
    let open = halfway(&scenario, "op-open");
    scenario.journal.tamper(&open, |_, state| {
        state.status = Status::Completed;
        state.holds_target = false;
    });
    let broken = done_elsewhere(&scenario, "op-broken");
    scenario.journal.tamper(&broken, |entries, _| drop(entries.remove(1)));
    let plan = plan(&scenario, scenario.clock.now()).await;
    assert_eq!(plan.due.len(), 2);
    let batch = purge(&scenario).export(plan, Board::default().shelf(), scenario.clock.now()).await.unwrap();
    assert_eq!((batch.count(), batch.exported.summary.operations, batch.left.len()), (0, 0, 2));
}

/// A restore that is done while another one holds the usual target.
fn done_elsewhere(scenario: &Scenario, id: &str) -> OperationId {
    let other = Scenario::new(Stage::default());
    let id = done(&other, id);
    let entries = other.journal.stored(&id);
    let (replayed, _) = aurora_restore_core::journal::replay(&entries).unwrap();
    let what = Restoration {
        state: aurora_restore_core::journal::StateItem::of(&replayed, &Scenario::target_key()),
        executor: replayed.executor,
        token: aurora_restore_core::ports::FencingToken(1),
        entries,
        at: other.clock.now(),
    };
    turn_to(scenario, other.clock.now().max(scenario.clock.now()));
    aurora_restore_testing::block_on(scenario.journal.restore(&what)).unwrap();
    id
}

#[tokio::test]
async fn what_changes_between_the_export_and_the_deletion_survives() {
    let scenario = Scenario::new(Stage::default());
    let moved = done(&scenario, "op-1");
    let due = done(&scenario, "op-2");
    let plan = plan(&scenario, scenario.clock.now()).await;
    let batch = purge(&scenario).export(plan, Board::default().shelf(), scenario.clock.now()).await.unwrap();
    scenario.journal.acquire(&moved, &"rival".parse().unwrap()).await.unwrap();
    let purged = purge(&scenario).delete(&batch, |_| {}).await.unwrap();
    assert_eq!((purged.gone, purged.changed), (1, vec![moved.clone()]));
    assert!(seen(&scenario.journal, &moved).await.is_some() && seen(&scenario.journal, &due).await.is_none());
}

#[tokio::test]
async fn what_moves_between_the_plan_and_the_export_stays() {
    let scenario = Scenario::new(Stage::default());
    let (_, mut session) = scenario.run("op-1", scenario.swap()).unwrap();
    let now = scenario.clock.now();
    // An index that is behind shows it as it was before its cluster was kept.
    scenario.journal.tamper(&operation("op-1"), |_, state| state.retire_after = None);
    let plan = plan(&scenario, now).await;
    assert_eq!(plan.due.len(), 1);
    Engine::new(scenario.ports()).retire(&mut session, "test").await.unwrap();
    let batch = purge(&scenario).export(plan, Board::default().shelf(), now).await.unwrap();
    assert_eq!((batch.count(), batch.left.len()), (0, 1));
}

#[tokio::test]
async fn nothing_is_deleted_if_the_export_cannot_be_written() {
    let scenario = Scenario::new(Stage::default());
    let id = done(&scenario, "op-1");
    let plan = plan(&scenario, scenario.clock.now()).await;
    let error = purge(&scenario).export(plan, Box::new(Full), scenario.clock.now()).await.unwrap_err();
    assert!(matches!(error, StateError::Write(_)));
    assert!(seen(&scenario.journal, &id).await.is_some());
}

/// States of a process that is killed once it has forgotten so many.
struct Killed<'a> {
    states: &'a MemoryJournal,
    left: AtomicUsize,
}

#[async_trait]
impl States for Killed<'_> {
    async fn unchanged(&self, query: &Unchanged) -> Result<StatesPage, JournalError> {
        self.states.unchanged(query).await
    }

    async fn page(&self, cursor: Option<&str>) -> Result<WholePage, JournalError> {
        self.states.page(cursor).await
    }

    async fn recorded(&self, cursor: Option<&str>) -> Result<RecordedPage, JournalError> {
        self.states.recorded(cursor).await
    }

    async fn forget(&self, seen: &StoredState) -> Result<Forgotten, JournalError> {
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => self.states.forget(seen).await,
            Err(_) => Err(JournalError::Unusable { store: "memory".to_owned(), reason: "killed".to_owned() }),
        }
    }

    async fn unlock(&self, seen: &Lock) -> Result<Forgotten, JournalError> {
        self.states.unlock(seen).await
    }

    async fn restore(&self, what: &Restoration) -> Result<Restored, JournalError> {
        self.states.restore(what).await
    }
}

/// Five that are due, killed after each number of deletions: the next purge takes the rest, and every one that is gone is in an
/// export that was kept before it went.
#[tokio::test]
async fn whoever_is_killed_anywhere_leaves_nothing_unexported_and_the_next_one_ends_it() {
    const DUE: usize = 5;
    for deletions in 0..=DUE {
        let scenario = Scenario::new(Stage::default());
        let all: BTreeSet<OperationId> = (0..DUE).map(|number| done(&scenario, &format!("op-{number}"))).collect();
        scenario.clock.turn(DAY);
        let until = scenario.clock.now();
        let states = Killed { states: &scenario.journal, left: AtomicUsize::new(deletions) };
        let killed = Purge { journal: &scenario.journal, states: &states, drills: false };
        let (first, second) = (Board::default(), Board::default());
        let due = killed.plan(Status::Completed, until, 100).await.unwrap();
        let batch = killed.export(due, first.shelf(), until).await.unwrap();
        assert_eq!(killed.delete(&batch, |_| {}).await.is_err(), deletions < DUE);

        let plan = plan(&scenario, until).await;
        assert_eq!(plan.due.len(), DUE - deletions);
        let batch = purge(&scenario).export(plan, second.shelf(), until).await.unwrap();
        purge(&scenario).delete(&batch, |_| {}).await.unwrap();
        // Both exports together bring all of them back.
        for board in [first, second] {
            let bytes = board.kept().unwrap();
            let summary = verify(&bytes[..]).unwrap();
            import(&scenario.journal, &bytes[..], &summary, until).await.unwrap();
        }
        for id in &all {
            assert!(seen(&scenario.journal, id).await.is_some(), "{id} after {deletions}");
        }
    }
}

#[tokio::test]
async fn no_more_are_planned_than_were_asked_for() {
    let scenario = Scenario::new(Stage::default());
    for number in 0..3 {
        done(&scenario, &format!("op-{number}"));
    }
    let plan = purge(&scenario).plan(Status::Completed, scenario.clock.now(), 2).await.unwrap();
    assert_eq!((ids(&plan), plan.more), (vec!["op-0", "op-1"], true));
}
