//! What was killed, or lost its way, is repeated: it goes on with just what was recorded.

use aurora_restore_ops::{
    change::{Change, ChangeControl, ChangeId, ChangeKind, Demand, Figures, Outcome, Stage},
    functions::{FunctionsError, Rollback, Wanted, WentBack, at_once, rollback},
    ports::{Functions as _, Pointing},
};
use aurora_restore_testing::MemoryChanges;

use crate::shop::{CHECK, NOTIFY, Shop, nobody};

const BOTH: [&str; 2] = ["snapshot-check", "notify"];

/// The records of the changes of a shop's stack.
struct Office(MemoryChanges);

impl Office {
    fn new() -> Self {
        Self(MemoryChanges::default())
    }

    fn of<'p>(&'p self, shop: &'p Shop) -> ChangeControl<'p> {
        ChangeControl { changes: &self.0, clock: &shop.clock, stack: "ours", by: "me" }
    }

    async fn begun(&self, shop: &Shop, kind: ChangeKind) -> Vec<Change> {
        self.of(shop).ledger().await.unwrap().applying_of(kind)
    }

    async fn stages(&self, shop: &Shop) -> Vec<Stage> {
        self.of(shop).ledger().await.unwrap().changes.iter().map(|change| change.stage).collect()
    }

    async fn end(&self, shop: &Shop, change: ChangeId, outcome: Outcome) {
        self.of(shop).end(change, outcome, None, &Figures::new()).await.unwrap();
    }

    /// Plans to go back, and records that it is begun.
    async fn begin(&self, shop: &Shop, names: &[&str], wanted: Wanted) -> Result<(Rollback, ChangeId), FunctionsError> {
        let begun = self.begun(shop, ChangeKind::FunctionsRollback).await;
        let plan = rollback(&begun, &shop.standings(names).await, wanted)?;
        let change = self.of(shop).begin(&plan.proposal(None), Demand::Nothing, &Figures::new()).await.unwrap();
        Ok((plan, change.id))
    }
}

/// A shop whose two functions serve their third version.
async fn third() -> Shop {
    let shop = Shop::new();
    let (_held, mut stop) = nobody();
    for function in [CHECK, NOTIFY] {
        for (from, code) in [(1, "second"), (2, "third")] {
            let version = shop.publish(function, code).await;
            shop.move_to(function, from, version, &mut stop).await;
        }
    }
    shop
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_died_on_one_of_two_functions_is_repeated_and_both_are_one_version_back() {
    for (wanted, expected) in [(Wanted::Previous, 2), (Wanted::Version(1), 1)] {
        let (shop, office) = (third().await, Office::new());
        let (plan, change) = office.begin(&shop, &BOTH, wanted).await.unwrap();
        assert_eq!(plan.begun, None);
        shop.functions.die_after(1);
        let went = plan.apply(&shop.functions).await;
        let WentBack::Partly { left, .. } = went else { panic!("{went:?}") };
        assert_eq!(left.iter().map(|leg| (leg.function.place, leg.to)).collect::<Vec<_>>(), [("notify", expected)]);
        assert_eq!((shop.points_to(CHECK), shop.points_to(NOTIFY)), ((expected, None), (3, None)));
        shop.functions.live();

        let (again, same) = office.begin(&shop, &BOTH, wanted).await.unwrap();
        assert_eq!((again.begun, same), (Some(change), change));
        assert_eq!(again.apply(&shop.functions).await, WentBack::Wholly);
        office.end(&shop, same, Outcome::Applied).await;
        assert_eq!((shop.points_to(CHECK), shop.points_to(NOTIFY)), ((expected, None), (expected, None)));
        assert_eq!(office.stages(&shop).await, [Stage::Applied]);
    }
}

/// All aliases were moved, and nobody lived to record it: the same again moves nothing.
#[tokio::test(start_paused = true)]
async fn a_rollback_that_was_killed_behind_its_last_move_is_not_done_twice() {
    let (shop, office) = (third().await, Office::new());
    let (plan, _) = office.begin(&shop, &BOTH, Wanted::Previous).await.unwrap();
    at_once(&shop.functions, &plan.legs).await.unwrap();
    let before = shop.functions.changes();
    let (again, _) = office.begin(&shop, &BOTH, Wanted::Previous).await.unwrap();
    assert_eq!(again.apply(&shop.functions).await, WentBack::Wholly);
    assert_eq!(shop.functions.changes(), before);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_moved_nothing_says_so() {
    let (shop, office) = (third().await, Office::new());
    let (plan, _) = office.begin(&shop, &BOTH, Wanted::Previous).await.unwrap();
    shop.functions.die_after(0);
    let went = plan.apply(&shop.functions).await;
    assert!(matches!(went, WentBack::NotAtAll(FunctionsError::Service(_))), "{went:?}");
}

/// Only one of the functions, or an alias that somebody has moved since: whoever asks has to say which version they want.
#[tokio::test(start_paused = true)]
async fn another_rollback_than_the_one_that_was_begun_has_to_name_its_version() {
    let (shop, office) = (third().await, Office::new());
    let (plan, change) = office.begin(&shop, &BOTH, Wanted::Previous).await.unwrap();
    let begun = office.begun(&shop, ChangeKind::FunctionsRollback).await;
    let one = shop.standings(&["snapshot-check"]).await;
    let refused = rollback(&begun, &one, Wanted::Previous).unwrap_err();
    assert_eq!(refused, FunctionsError::Begun { change, left: plan.legs[..1].to_vec() });
    assert_eq!(rollback(&begun, &one, Wanted::Version(1)).unwrap().begun, None);
    let other = rollback(&begun, &shop.standings(&["undo"]).await, Wanted::Previous).unwrap_err();
    assert!(matches!(other, FunctionsError::NoVersion { .. }), "it has nothing to do with it: {other}");

    let version = shop.publish(CHECK, "fourth").await;
    shop.functions.repoint(CHECK, Pointing { version, shift: None });
    let refused = rollback(&begun, &shop.standings(&BOTH).await, Wanted::Previous).unwrap_err();
    assert!(matches!(refused, FunctionsError::Begun { .. }), "{refused}");
    assert_eq!(shop.functions.alias(CHECK, "live").await.unwrap().unwrap().pointing.version, 4);
}
