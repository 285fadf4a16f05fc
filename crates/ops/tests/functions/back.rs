//! The way back, and its rehearsal.

use aurora_restore_core::{
    engine::{Engine, request_cancel},
    operation::CancelRequest,
    ports::{Clock as _, Journal as _},
};
use aurora_restore_ops::{
    drill::{self, EarlierVersions, LostVersions, Record, Scenario as Rehearsed, Verdict},
    functions::{ALIAS, Wanted, at_once, behind, plan_rollback, resize},
    ports::{CallAnswer, Functions as _, Pointing, Shift},
};

use aurora_restore_testing::{
    run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage, operation},
};

use serde_json::json;

use crate::shop::{CHECK, NOTIFY, Shop, Told, WATCH, ended, nobody};

#[tokio::test(start_paused = true)]
async fn functions_go_back_to_the_version_before_or_to_any() {
    let mut shop = Shop::new();
    let (_held, mut stop) = nobody();
    shop.deploy(&["snapshot-check"], &mut stop).await.unwrap();
    let back = plan_rollback(&shop.standings(&["snapshot-check"]).await, Wanted::Previous).unwrap();
    assert_eq!(back.proposal(None).diff, ["snapshot-check: version 2 -> version 1"]);
    at_once(&shop.functions, &back.legs).await.unwrap();
    assert_eq!(shop.points_to(CHECK), (1, None));
    let standings = shop.standings(&["snapshot-check"]).await;
    assert_eq!(behind(&standings), ["snapshot-check serves version 1, and 2 is its newest"]);
    let none = plan_rollback(&standings, Wanted::Previous).unwrap_err();
    assert_eq!(none.to_string(), "function ours-snapshot-check has no version to go back to; it has 1, 2 (taken back)");
    let none = plan_rollback(&standings, Wanted::Version(9)).unwrap_err();
    assert_eq!(
        none.to_string(),
        "function ours-snapshot-check has no version 9 to go back to; it has 1, 2 (taken back)"
    );
    let forward = plan_rollback(&standings, Wanted::Version(2)).unwrap();
    at_once(&shop.functions, &forward.legs).await.unwrap();
    assert_eq!(shop.points_to(CHECK), (2, None));
    let nothing = plan_rollback(&shop.standings(&["snapshot-check"]).await, Wanted::Version(2)).unwrap();
    assert_eq!(nothing.legs, []);
}

#[tokio::test(start_paused = true)]
async fn going_back_in_the_middle_of_a_shift_ends_the_shift() {
    let mut shop = Shop::new();
    let (_held, mut stop) = nobody();
    shop.deploy(&["snapshot-check"], &mut stop).await.unwrap();
    let shift = Some(Shift { version: 2, part: 0.1 });
    shop.functions.repoint(CHECK, Pointing { version: 1, shift });
    let back = plan_rollback(&shop.standings(&["snapshot-check"]).await, Wanted::Previous).unwrap();
    at_once(&shop.functions, &back.legs).await.unwrap();
    assert_eq!(shop.points_to(CHECK), (1, None));
}

/// The version that serves counts as lost: the one before it is asked, and nothing is moved.
#[tokio::test(start_paused = true)]
async fn the_versions_before_those_that_serve_are_asked_and_nothing_is_moved() {
    let mut shop = Shop::new();
    let (_held, mut stop) = nobody();
    let names = ["snapshot-check", "notify", "sweep"];
    let rehearse = async |shop: &Shop| {
        let lost = LostVersions { functions: &shop.functions, clock: &shop.clock };
        lost.rehearse(&shop.standings(&names).await, &ended()).await.unwrap()
    };
    let found = rehearse(&shop).await;
    assert_eq!((found.sound, found.wrong.len()), (0, 3), "{found:?}");
    assert!(found.wrong[0].contains("no version to go back to"), "{found:?}");

    shop.deploy(&names, &mut stop).await.unwrap();
    let failed = CallAnswer::Failed { name: "AuroraRestore.Panic".to_owned(), message: "why".to_owned() };
    shop.functions.answer(NOTIFY, failed);
    let (before, changes) = (shop.points_to(CHECK), shop.functions.changes().len());
    let found = rehearse(&shop).await;
    assert_eq!(found.sound, 2, "the sweeper is only looked at: {found:?}");
    assert!(found.wrong[0].starts_with("version 1 of function notify: AuroraRestore.Panic"), "{found:?}");
    assert_eq!((shop.points_to(CHECK), shop.functions.changes().len()), (before, changes));
    let Verdict::Failed { reasons } = verdict(&found).await else { panic!("one has not answered") };
    assert_eq!(reasons, found.wrong);

    shop.functions.answer(NOTIFY, CallAnswer::Answered(json!({ "outcome": "completed" })));
    let found = rehearse(&shop).await;
    assert_eq!((found.sound, found.wrong.len()), (3, 0), "{found:?}");
    assert_eq!(verdict(&found).await, Verdict::Passed);
}

/// What a drill shows whose record says this.
async fn verdict(found: &EarlierVersions) -> Verdict {
    let scenario = Scenario::new(Stage::default());
    let engine = Engine::new(scenario.ports());
    let id = drill::operation_id(&operation("op-1"), Rehearsed::LostFunctionVersion).unwrap();
    let mut session = engine.begin(scenario.begin(id.as_str(), scenario.swap())).await.unwrap();
    let request = CancelRequest { by: "drill".to_owned(), reason: Some(found.recorded().unwrap()) };
    request_cancel(&scenario.journal, &id, request, scenario.clock.now()).await.unwrap();
    run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
    let entries = scenario.journal.entries(&id, 0).await.unwrap();
    Record::of_journal(&entries, scenario.clock.now()).unwrap().unwrap().verdict
}

/// Version 2 rings and goes back to 1, version 3 is deployed: the way back is to 1, not to the version that is known to be bad.
#[tokio::test(start_paused = true)]
async fn a_version_that_was_taken_back_is_not_gone_back_to() {
    for forgotten in [false, true] {
        let mut shop = Shop::new();
        let (_held, mut stop) = nobody();
        let names = ["snapshot-check", "notify"];
        shop.alarms.ring_after("ours-notify-errors", 2);
        shop.deploy(&names, &mut stop).await.unwrap();
        assert_eq!((shop.points_to(CHECK), shop.points_to(NOTIFY)), ((1, None), (1, None)));
        shop.alarms.add("ours-notify-errors");
        let told = shop.functions.alias(CHECK, ALIAS).await.unwrap().unwrap().description;
        assert_eq!(told, "aurora-restore: serves 1, taken back 2");
        let version = shop.publish(CHECK, "third").await;
        if forgotten {
            // The stack moves it, and tells nothing.
            shop.functions.repoint(CHECK, Pointing { version, shift: None });
        } else {
            shop.move_to(CHECK, 1, version, &mut stop).await;
        }
        assert_eq!(shop.points_to(CHECK), (3, None));
        let standings = shop.standings(&["snapshot-check"]).await;
        let back = plan_rollback(&standings, Wanted::Previous).unwrap();
        let line = &back.proposal(None).diff[0];
        assert!(line.starts_with("snapshot-check: version 3 -> version 1"), "{line}");
        assert_eq!(line.contains("its alias does not tell what served before"), forgotten, "{line}");
        at_once(&shop.functions, &back.legs).await.unwrap();
        assert_eq!(shop.points_to(CHECK), (1, None));
        let none = plan_rollback(&shop.standings(&["snapshot-check"]).await, Wanted::Previous).unwrap_err();
        assert!(none.to_string().ends_with("it has 1, 2 (taken back), 3 (taken back)"), "{none}");
    }
}

/// What an alias tells is bounded, and it is a person's to alter: the nearest version below is what is left then, and that is said.
#[tokio::test(start_paused = true)]
async fn an_alias_that_tells_nothing_goes_back_to_the_nearest_below() {
    let mut shop = Shop::new();
    let (_held, mut stop) = nobody();
    shop.deploy(&["snapshot-check"], &mut stop).await.unwrap();
    shop.functions.describe_alias(CHECK, "The version that everything calls");
    let back = plan_rollback(&shop.standings(&["snapshot-check"]).await, Wanted::Previous).unwrap();
    let line = &back.proposal(None).diff[0];
    assert!(line.starts_with("snapshot-check: version 2 -> version 1 (the nearest below"), "{line}");
}

/// Two versions back, one by one, and forward again: what was left counts as bad until somebody names it.
#[tokio::test(start_paused = true)]
async fn each_step_back_is_one_version_that_has_served() {
    let shop = Shop::new();
    let (_held, mut stop) = nobody();
    for (from, code) in [(1, "second"), (2, "third")] {
        let version = shop.publish(CHECK, code).await;
        shop.move_to(CHECK, from, version, &mut stop).await;
    }
    for expected in [2, 1] {
        let back = plan_rollback(&shop.standings(&["snapshot-check"]).await, Wanted::Previous).unwrap();
        at_once(&shop.functions, &back.legs).await.unwrap();
        assert_eq!(shop.points_to(CHECK), (expected, None));
    }
    let forward = plan_rollback(&shop.standings(&["snapshot-check"]).await, Wanted::Version(3)).unwrap();
    at_once(&shop.functions, &forward.legs).await.unwrap();
    let told = shop.functions.alias(CHECK, ALIAS).await.unwrap().unwrap().description;
    assert_eq!(told, "aurora-restore: serves 3, before it 1, taken back 2");
}

/// A size that rang is a version that was taken back, like any other; the rehearsal of a loss asks the same version as the way back takes.
#[tokio::test(start_paused = true)]
async fn a_size_that_was_taken_back_is_neither_gone_back_to_nor_rehearsed() {
    let shop = Shop::new();
    let (_held, mut stop) = nobody();
    shop.alarms.ring_after("ours-snapshot-check-errors", 2);
    let standing = shop.standings(&["snapshot-check"]).await.remove(0);
    resize(shop.ports(), &standing, 512, WATCH, &mut stop, &mut Told::default()).await.unwrap();
    assert_eq!(shop.points_to(CHECK), (1, None));
    shop.alarms.add("ours-snapshot-check-errors");
    let lost = LostVersions { functions: &shop.functions, clock: &shop.clock };
    let version = shop.publish(CHECK, "third").await;
    shop.functions.repoint(CHECK, Pointing { version, shift: None });
    let standings = shop.standings(&["snapshot-check"]).await;
    assert_eq!(plan_rollback(&standings, Wanted::Previous).unwrap().legs[0].to, 1);
    let failed = CallAnswer::Failed { name: "Runtime.OutOfMemory".to_owned(), message: String::new() };
    shop.functions.answer(CHECK, failed);
    let found = lost.rehearse(&standings, &ended()).await.unwrap();
    assert!(found.wrong[0].starts_with("version 1 of function snapshot-check"), "{found:?}");
}
