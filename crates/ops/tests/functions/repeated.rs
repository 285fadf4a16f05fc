//! What was killed, or lost its way, is repeated: it goes on with just what was recorded.

use std::time::Duration;

use aurora_restore_ops::{
    change::{
        APPROVAL_GOOD_FOR, Change, ChangeControl, ChangeError, ChangeId, ChangeKind, Demand, Figures, Outcome, Stage,
    },
    functions::{FunctionsDeployment, FunctionsError, Moved, Rollback, Wanted, WentBack, at_once, gradually, rollback},
    ports::{Functions as _, Pointing},
};
use aurora_restore_testing::MemoryChanges;
use tokio::time::timeout;

use crate::shop::{CHECK, NOTIFY, Shop, Told, WATCH, at, new, nobody};

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

/// `functions deploy` of the new code to both functions, under the approval of a change, for so long and so many calls as its process lives.
async fn deploy(shop: &Shop, office: &Office, change: ChangeId, lives: Duration) -> (Option<Moved>, Told) {
    let (_held, mut stop) = nobody();
    let mut told = Told::default();
    let begun = office.begun(shop, ChangeKind::FunctionsDeploy).await;
    let plan = FunctionsDeployment::plan(new(), shop.standings(&BOTH).await, &begun).unwrap();
    assert!(!plan.is_done(), "nobody has watched it to the end");
    let demand = Demand::ApprovalOf(change);
    let began = office.of(shop).begin(&plan.proposal(None), demand, &Figures::new()).await.unwrap();
    assert_eq!(began.id, change);
    let moved = timeout(lives, async {
        let legs = plan.publish(shop.ports(), &at(), &mut told).await.ok()?;
        gradually(shop.ports(), &legs, WATCH, &mut stop, &mut told).await.ok()
    });
    let moved = moved.await.ok().flatten();
    if moved == Some(Moved::Arrived) {
        office.end(shop, change, Outcome::Applied).await;
    }
    (moved, told)
}

/// Proposes to deploy the new code to both functions; somebody else approves it.
async fn approved(shop: &Shop, office: &Office) -> ChangeId {
    let plan = FunctionsDeployment::plan(new(), shop.standings(&BOTH).await, &[]).unwrap();
    let change = office.of(shop).open(&plan.proposal(None)).await.unwrap().id;
    let somebody = ChangeControl { by: "somebody else", ..office.of(shop) };
    somebody.approve(change, None, APPROVAL_GOOD_FOR).await.unwrap();
    change
}

const LONG: Duration = Duration::from_secs(600);

/// Whoever deploys dies at each call that changes something, and in the middle of each watch: the same command with the same approval goes
/// on, watches what has all calls, and there is one change that ends once.
#[tokio::test(start_paused = true)]
async fn a_deployment_that_died_anywhere_is_gone_on_with_under_its_approval_and_watched_to_the_end() {
    let calls = (0..8).map(|calls| (calls, LONG));
    let watches = [45, 75, 119].map(|lives| (usize::MAX, Duration::from_secs(lives)));
    for (calls, lives) in calls.chain(watches) {
        let (shop, office) = (Shop::new(), Office::new());
        let change = approved(&shop, &office).await;
        if calls < usize::MAX {
            shop.functions.die_after(calls);
        }
        let (died, _) = deploy(&shop, &office, change, lives).await;
        assert_eq!(died, None, "after {calls} calls or {lives:?}");
        assert_eq!(office.stages(&shop).await, [Stage::Applying]);
        shop.functions.live();
        let (moved, told) = deploy(&shop, &office, change, LONG).await;
        assert_eq!(moved, Some(Moved::Arrived), "after {calls} calls or {lives:?}");
        assert!(told.0.iter().any(|line| line.starts_with("all calls to the new version; watching")), "{:?}", told.0);
        assert_eq!((shop.points_to(CHECK), shop.points_to(NOTIFY)), ((2, None), (2, None)));
        assert_eq!(office.stages(&shop).await, [Stage::Applied], "after {calls} calls or {lives:?}");
        let again = FunctionsDeployment::plan(new(), shop.standings(&BOTH).await, &[]).unwrap();
        assert!(again.is_done());
    }
}

/// Whoever cannot go on with it has to be told what is on its way, and of that alone how it goes back.
#[tokio::test(start_paused = true)]
async fn what_a_deployment_has_left_on_its_way_is_known_with_its_way_back() {
    // The code and a version of each, then a tenth of the calls to the first, to the second, and all of them to the first.
    for (calls, on_their_way) in [(4, &[][..]), (5, &[CHECK]), (6, &[CHECK, NOTIFY]), (7, &[CHECK, NOTIFY])] {
        let (shop, office) = (Shop::new(), Office::new());
        let change = approved(&shop, &office).await;
        shop.functions.die_after(calls);
        deploy(&shop, &office, change, LONG).await;
        shop.functions.live();
        let begun = office.begun(&shop, ChangeKind::FunctionsDeploy).await;
        let plan = FunctionsDeployment::plan(new(), shop.standings(&BOTH).await, &begun).unwrap();
        assert_eq!(plan.begun(), Some(change));
        let left = plan.under_way();
        let names: Vec<&str> = left.iter().map(|leg| leg.function.whole.as_str()).collect();
        assert_eq!(names, on_their_way, "after {calls} calls");
        assert!(left.iter().all(|leg| (leg.from, leg.to) == (2, 1)), "{left:?}");
    }
}

/// The alarm rings once somebody goes on with what has all calls: both go back to where they came from, though one has arrived.
#[tokio::test(start_paused = true)]
async fn what_was_left_with_all_calls_is_taken_back_if_it_fails_while_it_is_watched() {
    let (shop, office) = (Shop::new(), Office::new());
    let change = approved(&shop, &office).await;
    // One alias has arrived, the other one has a part.
    shop.functions.die_after(7);
    deploy(&shop, &office, change, LONG).await;
    assert_eq!((shop.points_to(CHECK), shop.points_to(NOTIFY)), ((2, None), (1, Some(2))));
    shop.functions.live();
    shop.alarms.ring_after("ours-notify-errors", 3);
    let (moved, _) = deploy(&shop, &office, change, LONG).await;
    assert!(matches!(moved, Some(Moved::Back { .. })), "{moved:?}");
    assert_eq!((shop.points_to(CHECK), shop.points_to(NOTIFY)), ((1, None), (1, None)));
}

/// What was begun for one of the functions, or moved by somebody since, is not what was approved.
#[tokio::test(start_paused = true)]
async fn another_deployment_than_the_one_that_was_begun_is_a_change_of_its_own() {
    let (shop, office) = (Shop::new(), Office::new());
    let change = approved(&shop, &office).await;
    deploy(&shop, &office, change, Duration::from_secs(75)).await;
    let begun = office.begun(&shop, ChangeKind::FunctionsDeploy).await;
    assert_eq!(begun.len(), 1);
    let plan = |standings| FunctionsDeployment::plan(new(), standings, &begun).unwrap();
    assert_eq!(plan(shop.standings(&BOTH).await).begun(), Some(change));
    assert_eq!(plan(shop.standings(&["snapshot-check"]).await).begun(), None);
    let version = shop.publish(CHECK, "third").await;
    shop.functions.repoint(CHECK, Pointing { version, shift: None });
    let fresh = plan(shop.standings(&BOTH).await);
    assert_eq!(fresh.begun(), None);
    let demand = Demand::ApprovalOf(change);
    let stale = office.of(&shop).check(&fresh.proposal(None), demand).await.unwrap_err();
    assert!(matches!(stale, ChangeError::Stale { .. }), "{stale}");
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
