//! Sizes of memory: measured, put back, given for good.

use std::time::Duration;

use aurora_restore_ops::{
    functions::{Fit, FunctionsError, Moved, Tuning, TuningPlan, resize},
    ports::{CallAnswer, Functions as _},
};

use crate::shop::{CHECK, Shop, Told, WATCH, at, ended, new, nobody};

fn tuning() -> TuningPlan {
    TuningPlan { sizes: vec![128, 256, 512, 1_024, 2_048], calls: 3, ask: ended(), gb_second: 1e-5, call: 2e-7 }
}

/// A call takes 100 ms with a gigabyte, and never less than 10 ms: up to some size more memory costs the same.
#[tokio::test(start_paused = true)]
async fn the_cheapest_size_within_the_limit_is_proposed_and_the_function_has_its_own_again() {
    let shop = Shop::new();
    let (_held, stop) = nobody();
    let standing = shop.standings(&["snapshot-check"]).await.remove(0);
    let measured = Tuning::measure(shop.ports(), &standing, &tuning(), &stop, &mut Told::default()).await.unwrap();
    let medians: Vec<f64> = measured.measured.iter().map(|one| one.median_ms).collect();
    assert_eq!(medians, [800.0, 400.0, 200.0, 100.0, 50.0]);
    assert_eq!(measured.fit(None), Fit::Cheapest(128));
    assert_eq!(measured.fit(Some(Duration::from_millis(250))), Fit::Cheapest(512));
    assert_eq!(measured.fit(Some(Duration::from_millis(20))), Fit::NoneWithin(2_048));
    assert_eq!(shop.functions.latest(CHECK).memory_mb, 256);
    assert_eq!(shop.points_to(CHECK), (1, None));

    let (_held, mut stop) = nobody();
    let moved = resize(shop.ports(), &standing, 512, WATCH, &mut stop, &mut Told::default()).await;
    assert_eq!(moved, Ok(Moved::Arrived));
    let live = shop.standings(&["snapshot-check"]).await.remove(0);
    assert_eq!(live.live().unwrap().memory_mb, 512);
}

#[tokio::test(start_paused = true)]
async fn the_size_is_put_back_after_a_refusal_an_interrupt_and_a_death() {
    let shop = Shop::new();
    let (rise, stop) = nobody();
    let standing = shop.standings(&["snapshot-check"]).await.remove(0);
    rise.send_replace(true);
    let stopped = Tuning::measure(shop.ports(), &standing, &tuning(), &stop, &mut Told::default()).await;
    assert_eq!(stopped, Err(FunctionsError::Stopped));
    assert_eq!(shop.functions.latest(CHECK).memory_mb, 256);

    rise.send_replace(false);
    shop.functions.die_after(1);
    let astray = Tuning::measure(shop.ports(), &standing, &tuning(), &stop, &mut Told::default()).await.unwrap_err();
    assert!(matches!(astray, FunctionsError::Astray { .. }), "{astray}");
    assert_ne!(shop.functions.latest(CHECK).memory_mb, 256, "nobody could put it back");
    shop.functions.live();
    let standing = shop.standings(&["snapshot-check"]).await.remove(0);
    let mut told = Told::default();
    let tuning = Tuning::measure(shop.ports(), &standing, &tuning(), &stop, &mut told).await.unwrap();
    assert_eq!((tuning.found_mb, shop.functions.latest(CHECK).memory_mb), (256, 256));
    assert!(told.0[0].contains("somebody was killed while measuring"), "{:?}", told.0);
}

#[tokio::test(start_paused = true)]
async fn a_size_that_an_alarm_rings_for_is_taken_back_with_its_version() {
    let shop = Shop::new();
    let (_held, mut stop) = nobody();
    shop.alarms.ring_after("ours-snapshot-check-errors", 2);
    let standing = shop.standings(&["snapshot-check"]).await.remove(0);
    let moved = resize(shop.ports(), &standing, 512, WATCH, &mut stop, &mut Told::default()).await.unwrap();
    assert!(matches!(moved, Moved::Back { on_request: false, .. }), "{moved:?}");
    assert_eq!((shop.points_to(CHECK), shop.functions.latest(CHECK).memory_mb), ((1, None), 256));
}

#[tokio::test(start_paused = true)]
async fn a_size_and_an_alias_that_cannot_be_taken_back_are_both_told() {
    let shop = Shop::new();
    let (_held, mut stop) = nobody();
    shop.alarms.ring_after("ours-snapshot-check-errors", 1);
    let standing = shop.standings(&["snapshot-check"]).await.remove(0);
    // The size, the version and the first part of the calls.
    shop.functions.die_after(3);
    let astray = resize(shop.ports(), &standing, 512, WATCH, &mut stop, &mut Told::default()).await.unwrap_err();
    let FunctionsError::Astray { what, after, .. } = astray else { panic!("{astray}") };
    let expected = "the alias of function ours-snapshot-check (to version 1) and the memory of function ours-snapshot-check (to 256 MB)";
    assert_eq!(what, expected);
    assert!(after.contains("rings"), "{after}");
}

#[tokio::test(start_paused = true)]
async fn a_size_at_which_the_function_fails_is_not_proposed() {
    let shop = Shop::new();
    let (_held, stop) = nobody();
    let failed = CallAnswer::Failed { name: "Runtime.OutOfMemory".to_owned(), message: String::new() };
    shop.functions.answer(CHECK, failed);
    let standing = shop.standings(&["snapshot-check"]).await.remove(0);
    let measured = Tuning::measure(shop.ports(), &standing, &tuning(), &stop, &mut Told::default()).await.unwrap();
    assert_eq!(measured.fit(None), Fit::None);
}

#[tokio::test(start_paused = true)]
async fn a_size_that_was_left_by_a_measurement_is_not_published() {
    let mut shop = Shop::new();
    let (_held, mut stop) = nobody();
    let standing = shop.standings(&["snapshot-check"]).await.remove(0);
    shop.functions.die_after(1);
    Tuning::measure(shop.ports(), &standing, &tuning(), &stop, &mut Told::default()).await.unwrap_err();
    shop.functions.live();
    assert_ne!(shop.functions.latest(CHECK).memory_mb, 256, "it was left");
    assert_eq!(shop.deploy(&["snapshot-check"], &mut stop).await, Ok(Moved::Arrived));
    let live = shop.standings(&["snapshot-check"]).await.remove(0);
    assert_eq!((shop.points_to(CHECK), live.live().unwrap().memory_mb), ((2, None), 256));
}

/// `$LATEST` keeps the code of a deployment that was taken back: a size of it would have put that code live.
#[tokio::test(start_paused = true)]
async fn code_that_was_taken_back_is_neither_measured_nor_published_with_another_size() {
    let mut shop = Shop::new();
    let (_held, mut stop) = nobody();
    shop.alarms.ring_after("ours-snapshot-check-errors", 2);
    let moved = shop.deploy(&["snapshot-check"], &mut stop).await.unwrap();
    assert!(matches!(moved, Moved::Back { .. }), "{moved:?}");
    shop.alarms.add("ours-snapshot-check-errors");
    let (standing, before) = (shop.standings(&["snapshot-check"]).await.remove(0), shop.functions.changes());
    let measured = Tuning::measure(shop.ports(), &standing, &tuning(), &stop, &mut Told::default()).await.unwrap_err();
    let resized = resize(shop.ports(), &standing, 512, WATCH, &mut stop, &mut Told::default()).await.unwrap_err();
    assert_eq!(measured, resized);
    let new = new().sha256[..12].to_owned();
    let expected = format!(
        "version 1 of function ours-snapshot-check serves code old…, and what can be changed of it is code {new}…"
    );
    assert!(measured.to_string().starts_with(&expected), "{measured}");
    assert_eq!(Tuning::proposal(&standing, 512, None).unwrap_err(), measured);
    assert_eq!((shop.points_to(CHECK), shop.functions.changes()), ((1, None), before), "nothing was changed");

    // With its own code again it can be.
    shop.functions.know("new.zip", "old");
    shop.functions.set_code(CHECK, &at(), &shop.functions.latest(CHECK).revision).await.unwrap();
    let standing = shop.standings(&["snapshot-check"]).await.remove(0);
    let approved = Tuning::proposal(&standing, 512, None).unwrap();
    assert_eq!(approved.diff, ["snapshot-check: version 1 (256 MB) -> a new version (512 MB), both of code old…"]);
}

#[tokio::test(start_paused = true)]
async fn a_function_in_the_middle_of_a_shift_is_neither_measured_nor_resized() {
    let mut shop = Shop::new();
    let (_held, mut stop) = nobody();
    shop.functions.die_after(3);
    shop.deploy(&["snapshot-check"], &mut stop).await.unwrap_err();
    shop.functions.live();
    let (standing, before) = (shop.standings(&["snapshot-check"]).await.remove(0), shop.functions.changes());
    let unsettled = FunctionsError::Unsettled { function: CHECK.to_owned(), version: 2 };
    let measured = Tuning::measure(shop.ports(), &standing, &tuning(), &stop, &mut Told::default()).await;
    assert_eq!(measured, Err(unsettled.clone()));
    let resized = resize(shop.ports(), &standing, 512, WATCH, &mut stop, &mut Told::default()).await;
    assert_eq!(resized, Err(unsettled));
    assert_eq!(shop.functions.changes(), before);
}

/// Whoever deploys between the look and the publication does not have their code published with a size.
#[tokio::test(start_paused = true)]
async fn code_that_comes_meanwhile_is_not_published_with_another_size() {
    let shop = Shop::new();
    let (_held, mut stop) = nobody();
    let standing = shop.standings(&["snapshot-check"]).await.remove(0);
    shop.functions.set_code(CHECK, &at(), &shop.functions.latest(CHECK).revision).await.unwrap();
    let refused = resize(shop.ports(), &standing, 512, WATCH, &mut stop, &mut Told::default()).await.unwrap_err();
    assert!(refused.to_string().contains("the code is another"), "{refused}");
    assert_eq!((shop.points_to(CHECK), shop.functions.latest(CHECK).memory_mb), ((1, None), 256));
}
