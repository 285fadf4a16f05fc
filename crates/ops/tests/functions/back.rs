//! The way back, and its rehearsal.

use aurora_restore_ops::{
    drill::LostVersions,
    functions::{Wanted, at_once, behind, plan_rollback},
    ports::{CallAnswer, Pointing, Shift},
};

use crate::shop::{CHECK, NOTIFY, Shop, ended, nobody};

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
    assert_eq!(none.to_string(), "function ours-snapshot-check has no version to go back to; it has 1, 2");
    let none = plan_rollback(&standings, Wanted::Version(9)).unwrap_err();
    assert_eq!(none.to_string(), "function ours-snapshot-check has no version 9 to go back to; it has 1, 2");
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
}

