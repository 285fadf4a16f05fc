//! The loss of the journal, rehearsed: what comes back, and what is told where it is not what was lost.

use std::io::Cursor;

use aurora_restore_core::{
    engine::{BeginOperation, Engine, request_cancel},
    operation::{CancelRequest, Status},
    ports::{Clock as _, TargetKey},
};
use aurora_restore_ops::{
    drill::{self, HeldDrills, History, LostJournal, Origin, Rebuilt, Scenario as Rehearsed, Verdict},
    ports::States as _,
    review::Drills as _,
    state::{WholeJournal, export},
};
use aurora_restore_testing::{
    MemoryJournal, run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage, operation},
};
use jiff::SignedDuration;

use crate::stage::{Board, done, halfway, seen, updated};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

async fn exported(scenario: &Scenario) -> Vec<u8> {
    let board = Board::default();
    export(&scenario.journal, &scenario.journal, board.shelf(), scenario.clock.now()).await.unwrap();
    board.kept().unwrap()
}

async fn rebuilt(scenario: &Scenario, export: Vec<u8>) -> Rebuilt {
    let before = scenario.journal.page(None).await.unwrap();
    let empty = MemoryJournal::default();
    let lost = WholeJournal { journal: &scenario.journal, states: &scenario.journal };
    let beside = WholeJournal { journal: &empty, states: &empty };
    let rehearsed =
        LostJournal { lost, clock: scenario.clock.as_ref() }.rebuild_from_export(beside, Cursor::new(export)).await;
    assert_eq!(scenario.journal.page(None).await.unwrap(), before, "the real journal was changed");
    rehearsed.unwrap()
}

/// The same for the items alone.
async fn rebuilt_items(scenario: &Scenario) -> Rebuilt {
    let before = scenario.journal.page(None).await.unwrap();
    let empty = MemoryJournal::default();
    let lost = WholeJournal { journal: &scenario.journal, states: &scenario.journal };
    let beside = WholeJournal { journal: &empty, states: &empty };
    let rehearsed = LostJournal { lost, clock: scenario.clock.as_ref() }.rebuild_from_entries(beside).await;
    assert_eq!(scenario.journal.page(None).await.unwrap(), before, "the real journal was changed");
    rehearsed.unwrap()
}

/// Records what was found, as the command does.
async fn recorded(scenario: &Scenario, ordinary: &str, reason: Option<String>) {
    recorded_as(scenario, ordinary, Rehearsed::LostJournal, reason).await;
}

async fn recorded_as(scenario: &Scenario, ordinary: &str, rehearsed: Rehearsed, reason: Option<String>) {
    let id = drill::operation_id(&operation(ordinary), rehearsed).unwrap();
    let mut request = scenario.swap();
    request.target.cluster = drill::target_of(&request.target.cluster).unwrap();
    let target = TargetKey { cluster: request.target.cluster.clone(), ..Scenario::target_key() };
    let engine = Engine::new(scenario.ports());
    let new = BeginOperation { target, ..scenario.begin(id.as_str(), request) };
    let mut session = engine.begin(new).await.unwrap();
    let request = CancelRequest { by: "drill".to_owned(), reason };
    request_cancel(&scenario.journal, &id, request, scenario.clock.now()).await.unwrap();
    run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
}

async fn history(scenario: &Scenario) -> History {
    History::read(&scenario.journal, scenario.clock.now()).await.unwrap()
}

#[tokio::test]
async fn a_lost_journal_comes_back_from_its_export_and_the_drill_says_how_old_it_is() {
    let scenario = Scenario::new(Stage::default());
    done(&scenario, "op-ended");
    let open = halfway(&scenario, "op-open");
    let newest = updated(&scenario, &open).await;
    let export = exported(&scenario).await;
    scenario.clock.turn(HOUR);

    let found = rebuilt(&scenario, export).await;
    assert_eq!((found.sound, found.wrong, found.newest), (2, 0, Some(newest)), "{found:?}");
    assert!(found.recovery_point().unwrap() >= HOUR);
    recorded(&scenario, "op-20261121-080000-7f3a", Some(found.recorded().unwrap())).await;

    let history = history(&scenario).await;
    let drill = &history.drills[0];
    assert_eq!((drill.scenario, &drill.verdict), (Rehearsed::LostJournal, &Verdict::Passed));
    assert_eq!((drill.recovery_time, drill.recovery_point), (Some(found.took), found.recovery_point()));
    assert_eq!((drill.checks_passed, drill.checks_total), (2, 2));
    // It says nothing of how long the restore of a cluster takes.
    assert_eq!((history.figures().passed, history.figures().recovery_time_median), (1, None));
    let held = HeldDrills { journal: &scenario.journal, now: scenario.clock.now() };
    let newest = held.newest().await.unwrap();
    assert_eq!(newest.iter().map(|drill| drill.scenario).collect::<Vec<_>>(), [Rehearsed::LostJournal]);
}

#[tokio::test]
async fn an_export_that_is_empty_cut_or_another_one_fails_the_drill() {
    let scenario = Scenario::new(Stage::default());
    let nothing = exported(&scenario).await;
    assert_eq!(rebuilt(&scenario, nothing).await.told, ["nothing came back"]);

    done(&scenario, "op-ended");
    let export = exported(&scenario).await;
    let cut = export[..export.len() / 2].to_vec();
    let found = rebuilt(&scenario, cut).await;
    assert!(found.wrong == 1 && found.as_of.is_none() && found.told[0].contains("its end is missing"), "{found:?}");

    // What is there is sound, and not how the export goes on.
    let scenario = Scenario::new(Stage::default());
    scenario.clock.turn(HOUR);
    done(&scenario, "op-ended");
    let found = rebuilt(&scenario, export).await;
    assert_eq!((found.sound, found.wrong), (0, 1), "{found:?}");
    recorded(&scenario, "op-20261121-080000-7f3a", Some(found.recorded().unwrap())).await;
    let history = history(&scenario).await;
    let Verdict::Failed { reasons } = &history.drills[0].verdict else { panic!("{:?}", history.drills[0]) };
    assert!(reasons[0].starts_with("operation op-ended broken-chain: "), "{reasons:?}");
}

/// An item that was set by hand may be why the journal is recovered: what was recovered is sound.
#[tokio::test]
async fn what_was_damaged_since_the_export_is_no_fault_of_the_export() {
    let scenario = Scenario::new(Stage::default());
    let edited = done(&scenario, "op-edited");
    done(&scenario, "op-sound");
    let export = exported(&scenario).await;
    scenario.journal.tamper(&edited, |_, item| item.status = Status::Failed);
    let found = rebuilt(&scenario, export).await;
    assert_eq!((found.sound, found.wrong), (2, 0), "{found:?}");
    let export = exported(&scenario).await;
    scenario.journal.alter(&edited, 3, |entry| entry.body.push(' '));
    scenario.journal.make_unreadable(&operation("op-sound"));
    let found = rebuilt(&scenario, export).await;
    assert_eq!((found.sound, found.wrong), (2, 0), "{found:?}");
}

#[tokio::test]
async fn an_operation_that_was_left_out_of_the_export_is_missed_and_one_begun_since_is_not() {
    let scenario = Scenario::new(Stage::default());
    done(&scenario, "op-kept");
    let lost = done(&scenario, "op-lost");
    scenario.journal.alter(&lost, 3, |entry| entry.body.push(' '));
    let export = exported(&scenario).await;
    let found = rebuilt(&scenario, export).await;
    assert!(found.sound == 1 && found.told[0].starts_with("operation op-lost orphaned: "), "{found:?}");

    let scenario = Scenario::new(Stage::default());
    done(&scenario, "op-kept");
    let export = exported(&scenario).await;
    scenario.clock.turn(HOUR);
    halfway(&scenario, "op-since");
    let found = rebuilt(&scenario, export).await;
    assert_eq!((found.sound, found.begun_since, found.wrong), (1, 1, 0), "{found:?}");
}

#[tokio::test]
async fn a_drill_of_which_nothing_is_recorded_has_not_passed() {
    let scenario = Scenario::new(Stage::default());
    recorded(&scenario, "op-20261121-080000-0001", None).await;
    recorded(&scenario, "op-20261122-080000-0002", Some("rebuilt journal {\"version\":99}".to_owned())).await;
    for drill in history(&scenario).await.drills {
        let Verdict::Failed { reasons } = &drill.verdict else { panic!("{drill:?}") };
        assert_eq!(*reasons, ["nothing is recorded of what was rehearsed"]);
    }
}

#[test]
fn what_is_recorded_has_this_form() {
    let text = "rebuilt journal {\"version\":1,\"origin\":\"export\",\"as_of\":null,\"lost_at\":\"2026-11-22T10:00:00Z\",\
                \"took\":\"PT1S\",\"sound\":0,\"begun_since\":0,\"newest\":null,\"wrong\":1,\"told\":[\"it is empty\"]}";
    let found: Rebuilt = serde_json::from_str(text.strip_prefix("rebuilt journal ").unwrap()).unwrap();
    assert_eq!(found.recorded().unwrap(), text);
}

#[tokio::test]
async fn lost_items_come_back_from_the_entries_and_no_entry_is_missed() {
    let scenario = Scenario::new(Stage::default());
    done(&scenario, "op-ended");
    let purged = done(&scenario, "op-purged");
    halfway(&scenario, "op-open");
    let stored = seen(&scenario.journal, &purged).await.unwrap();
    scenario.journal.forget(&stored).await.unwrap();
    scenario.clock.turn(HOUR);

    let found = rebuilt_items(&scenario).await;
    assert_eq!((found.origin, found.sound, found.wrong), (Origin::Entries, 2, 0), "{found:?}");
    assert_eq!(found.recovery_point(), None, "the entries are there");
    let drill = Rehearsed::LostStateTable;
    recorded_as(&scenario, "op-20261121-080000-7f3a", drill, Some(found.recorded().unwrap())).await;
    let history = history(&scenario).await;
    let record = &history.drills[0];
    assert_eq!((record.scenario, &record.verdict), (drill, &Verdict::Passed));
    assert_eq!((record.recovery_time, record.recovery_point), (Some(found.took), None));
    assert_eq!((record.checks_passed, record.checks_total), (2, 2));

    // The record itself has no plan, and so no account but that of its item.
    let again = rebuilt_items(&scenario).await;
    assert_eq!((again.sound, again.wrong), (3, 0), "{again:?}");
}

#[tokio::test]
async fn an_item_that_says_what_its_entries_do_not_or_whose_entries_are_altered_fails_the_drill() {
    let scenario = Scenario::new(Stage::default());
    let edited = done(&scenario, "op-edited");
    scenario.journal.tamper(&edited, |_, item| item.status = Status::Failed);
    let found = rebuilt_items(&scenario).await;
    assert_eq!((found.sound, found.wrong), (0, 1), "{found:?}");
    assert!(found.told[0].starts_with("operation op-edited altered-state: `status` is FAILED"), "{:?}", found.told);

    // One that cannot be read comes back, and is told.
    let scenario = Scenario::new(Stage::default());
    done(&scenario, "op-sound");
    scenario.journal.make_unreadable(&done(&scenario, "op-newer"));
    let found = rebuilt_items(&scenario).await;
    assert_eq!((found.sound, found.wrong), (1, 1), "{found:?}");
    assert!(found.told[0].starts_with("operation op-newer unreadable: "), "{:?}", found.told);

    let scenario = Scenario::new(Stage::default());
    done(&scenario, "op-sound");
    let cut = done(&scenario, "op-cut");
    scenario.journal.tamper(&cut, |entries, _| {
        entries.remove(1);
    });
    let found = rebuilt_items(&scenario).await;
    assert_eq!(found.sound, 1, "{found:?}");
    assert!(found.told.iter().all(|told| told.starts_with("operation op-cut ")), "{:?}", found.told);
    recorded_as(&scenario, "op-20261121-080000-7f3a", Rehearsed::LostStateTable, found.recorded().ok()).await;
    assert!(matches!(history(&scenario).await.drills[0].verdict, Verdict::Failed { .. }));
}
