//! Functions in memory: new code step by step, an alarm, a death in the middle, the way back, sizes of memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod asked;
mod back;
mod repeated;
mod shop;
mod sizes;

use std::time::Duration;

use aurora_restore_ops::{
    functions::{
        FunctionNames, FunctionsDeployment, FunctionsError, Moved, NewCode, gradually, look, realign, require_settled,
    },
    ports::{CodeAt, Functions as _, Pointing, ServiceError, Shift},
};
use shop::{CHECK, NOTIFY, Shop, Told, WATCH, at, new, nobody};

#[tokio::test(start_paused = true)]
async fn new_code_gets_a_tenth_of_the_calls_and_then_all_of_them_and_the_same_again_does_nothing() {
    let mut shop = Shop::new();
    let (_held, mut stop) = nobody();
    assert_eq!(shop.deploy(&["snapshot-check"], &mut stop).await, Ok(Moved::Arrived));
    let expected = [
        "code ours-snapshot-check new.zip",
        "publish ours-snapshot-check",
        "point ours-snapshot-check 1 + 0.1 to 2",
        "point ours-snapshot-check 2",
    ];
    assert_eq!(shop.functions.changes(), expected);
    assert_eq!(shop.points_to(NOTIFY), (1, None));
    let again = FunctionsDeployment::plan(new(), shop.standings(&["snapshot-check"]).await, &[]).unwrap();
    assert!(again.is_done());
}

#[tokio::test(start_paused = true)]
async fn all_functions_move_together() {
    let mut shop = Shop::new();
    let (_held, mut stop) = nobody();
    assert_eq!(shop.deploy(&["snapshot-check", "notify"], &mut stop).await, Ok(Moved::Arrived));
    assert_eq!((shop.points_to(CHECK), shop.points_to(NOTIFY)), ((2, None), (2, None)));
    let changes = shop.functions.changes();
    let place = |what: &str| changes.iter().position(|change| change == what).unwrap();
    assert!(place("point ours-notify 1 + 0.1 to 2") < place("point ours-snapshot-check 2"), "{changes:?}");
}

#[tokio::test(start_paused = true)]
async fn an_alarm_takes_every_function_back() {
    for looks in [1, 4, 8, 9, 12] {
        let mut shop = Shop::new();
        let (_held, mut stop) = nobody();
        shop.alarms.ring_after("ours-notify-errors", looks);
        let moved = shop.deploy(&["snapshot-check", "notify"], &mut stop).await.unwrap();
        let why = "alarm ours-notify-errors rings: 3 errors within 15 minutes".to_owned();
        assert_eq!(moved, Moved::Back { why, on_request: false }, "after {looks} looks");
        assert_eq!((shop.points_to(CHECK), shop.points_to(NOTIFY)), ((1, None), (1, None)), "after {looks} looks");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_of_the_new_version_that_fail_take_it_back_and_few_are_borne() {
    for (count, expected) in [(3.0, (1, None)), (2.0, (2, None))] {
        let mut shop = Shop::new();
        let (_held, mut stop) = nobody();
        shop.alarms.fail(CHECK, 2, count);
        shop.alarms.fail(CHECK, 1, 100.0);
        shop.deploy(&["snapshot-check"], &mut stop).await.unwrap();
        assert_eq!(shop.points_to(CHECK), expected, "{count} failed calls");
    }
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_takes_it_back() {
    let mut shop = Shop::new();
    let (rise, mut stop) = nobody();
    drop(tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(75)).await;
        rise.send_replace(true);
    }));
    let moved = shop.deploy(&["snapshot-check"], &mut stop).await.unwrap();
    assert_eq!(moved, Moved::Back { why: "stopped on request".to_owned(), on_request: true });
    assert_eq!(shop.points_to(CHECK), (1, None));
}

#[tokio::test(start_paused = true)]
async fn without_an_alarm_that_can_ring_no_alias_is_moved() {
    let mut shop = Shop::new();
    let (_held, mut stop) = nobody();
    shop.alarms.ring_after("ours-snapshot-check-errors", 0);
    let deaf = shop.deploy(&["snapshot-check"], &mut stop).await.unwrap_err();
    assert_eq!(
        deaf.to_string(),
        "alarm ours-snapshot-check-errors rings already, so nobody would notice if the new version failed"
    );
    shop.alarms.remove("ours-snapshot-check-errors");
    let deaf = shop.deploy(&["snapshot-check"], &mut stop).await.unwrap_err();
    assert!(deaf.to_string().contains("does not exist"), "{deaf}");
    assert_eq!(shop.points_to(CHECK), (1, None));
}

/// Whoever deploys dies before each of the calls that change something; the same command then comes to the same end.
#[tokio::test(start_paused = true)]
async fn whoever_dies_anywhere_is_followed_by_the_same_command_to_the_same_end() {
    for calls in 0..8 {
        let mut shop = Shop::new();
        let (_held, mut stop) = nobody();
        shop.functions.die_after(calls);
        let names = ["snapshot-check", "notify"];
        let died = shop.deploy(&names, &mut stop).await;
        assert!(died.is_err(), "{calls} calls are not enough");
        shop.functions.live();
        assert_eq!(shop.deploy(&names, &mut stop).await, Ok(Moved::Arrived), "after {calls} calls");
        assert_eq!((shop.points_to(CHECK), shop.points_to(NOTIFY)), ((2, None), (2, None)), "after {calls} calls");
        assert_eq!(
            shop.functions.versions(CHECK).await.unwrap().len(),
            2,
            "one version of the code, after {calls} calls"
        );
    }
}

/// Whoever was killed in the middle of a move, and whose alarm rings since: nobody watches the new version, so it is taken back.
#[tokio::test(start_paused = true)]
async fn a_move_that_was_left_in_the_middle_is_taken_back_if_the_alarm_rings_by_now() {
    let mut shop = Shop::new();
    let (_held, mut stop) = nobody();
    // The version is published, and the first part of the calls goes to it.
    shop.functions.die_after(3);
    shop.deploy(&["snapshot-check"], &mut stop).await.unwrap_err();
    assert_eq!(shop.points_to(CHECK), (1, Some(2)));
    shop.functions.live();
    shop.alarms.ring_after("ours-snapshot-check-errors", 0);
    let moved = shop.deploy(&["snapshot-check"], &mut stop).await.unwrap();
    assert!(matches!(&moved, Moved::Back { why, on_request: false } if why.contains("rings already")), "{moved:?}");
    assert_eq!(shop.points_to(CHECK), (1, None));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_put_back_is_told_with_what_is_where() {
    let mut shop = Shop::new();
    let (_held, mut stop) = nobody();
    shop.alarms.ring_after("ours-snapshot-check-errors", 1);
    shop.functions.die_after(3);
    let astray = shop.deploy(&["snapshot-check"], &mut stop).await.unwrap_err();
    let FunctionsError::Astray { what, after, .. } = astray else { panic!("{astray}") };
    assert_eq!(what, "the alias of function ours-snapshot-check (to version 1)");
    assert!(after.contains("rings"), "{after}");
    assert_eq!(shop.points_to(CHECK), (1, Some(2)));
}

#[tokio::test(start_paused = true)]
async fn a_shift_to_other_code_and_an_alias_that_somebody_else_moves_are_left_alone() {
    let mut shop = Shop::new();
    let (_held, mut stop) = nobody();
    shop.deploy(&["snapshot-check"], &mut stop).await.unwrap();
    let shift = Shift { version: 1, part: 0.5 };
    shop.functions.repoint(CHECK, Pointing { version: 2, shift: Some(shift) });
    let newest = FunctionsDeployment::plan(NewCode::of(b"newer"), shop.standings(&["snapshot-check"]).await, &[]);
    assert_eq!(newest.unwrap_err(), FunctionsError::Shifting { function: CHECK.to_owned(), version: 1 });
    assert!(require_settled(&shop.standings(&["snapshot-check"]).await).is_err());

    let shop = Shop::new();
    let plan = FunctionsDeployment::plan(new(), shop.standings(&["snapshot-check"]).await, &[]).unwrap();
    let legs = plan.publish(shop.ports(), &at(), &mut Told::default()).await.unwrap();
    shop.functions.repoint(CHECK, Pointing { version: 7, shift: None });
    let moved = gradually(shop.ports(), &legs, WATCH, &mut stop, &mut Told::default()).await.unwrap_err();
    assert_eq!(moved, FunctionsError::Moved { function: CHECK.to_owned() });
    assert_eq!(shop.points_to(CHECK), (7, None), "it is somebody else's");
}

/// A stack whose package is the same as in its last deployment would publish the code that somebody has put there since.
#[tokio::test(start_paused = true)]
async fn code_that_was_given_beside_the_stack_is_the_stacks_again_before_it_is_published() {
    let mut shop = Shop::new();
    let (_held, mut stop) = nobody();
    shop.deploy(&["snapshot-check"], &mut stop).await.unwrap();
    let of_stack = NewCode { sha256: "old".to_owned(), bytes: 1 };
    shop.functions.know("old.zip", "old");
    let at = CodeAt { key: "old.zip".to_owned(), ..at() };
    let standings = shop.standings(&["snapshot-check", "notify"]).await;
    let before = shop.functions.changes().len();
    realign(&shop.functions, &standings, &of_stack, &at, &mut shop.told).await.unwrap();
    assert_eq!(shop.functions.changes()[before..], ["code ours-snapshot-check old.zip"]);
    assert_eq!(shop.functions.latest(CHECK).code_sha256, "old");
    assert_eq!(shop.points_to(CHECK), (2, None), "what serves is as it was");
}

#[tokio::test]
async fn a_function_that_is_not_there_is_named() {
    let shop = Shop::new();
    let names = FunctionNames::of("theirs");
    let missing = look(&shop.functions, &names.all()[..1]).await.unwrap_err();
    assert_eq!(missing, FunctionsError::Missing { what: "function theirs-snapshot-check".to_owned() });
    let refused = shop.functions.set_memory("theirs", 1, "r").await.unwrap_err();
    assert!(matches!(refused, ServiceError::Missing { .. }), "{refused}");
}
