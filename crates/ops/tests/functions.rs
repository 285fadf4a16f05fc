//! Functions in memory: new code step by step, an alarm, a death in the middle, the way back, sizes of memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

use std::time::Duration;

use aurora_restore_core::ids::{ExecutorId, OperationId};
use aurora_restore_ops::{
    Narrator,
    drill::LostVersions,
    functions::{
        Fit, FunctionNames, FunctionPorts, FunctionsDeployment, FunctionsError, Moved, NewCode, Smoke, Standing, Stop,
        Tuning, TuningPlan, Wanted, Watch, at_once, behind, gradually, look, plan_rollback, realign, require_settled,
        resize, smoke,
    },
    ports::{CallAnswer, CodeAt, Functions as _, Pointing, ServiceError, Shift, StackEvent},
};
use aurora_restore_testing::{ManualClock, MemoryAlarms, MemoryFunctions};
use jiff::Timestamp;
use tokio::sync::watch;

const PREFIX: &str = "ours";
const CHECK: &str = "ours-snapshot-check";
const NOTIFY: &str = "ours-notify";

#[derive(Default)]
struct Told(Vec<String>);

impl Narrator for Told {
    fn event(&mut self, _: &StackEvent) {}

    fn note(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }
}

struct Shop {
    functions: MemoryFunctions,
    alarms: MemoryAlarms,
    clock: ManualClock,
    names: FunctionNames,
    told: Told,
}

impl Shop {
    /// A stack whose functions all serve version 1 of the old code.
    fn new() -> Self {
        let names = FunctionNames::of(PREFIX);
        let (functions, alarms) = (MemoryFunctions::default(), MemoryAlarms::default());
        for name in names.all() {
            functions.add(&name.whole, "old");
            alarms.add(&name.alarm);
        }
        functions.know("new.zip", &new().sha256);
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        Self { functions, alarms, clock, names, told: Told::default() }
    }

    fn ports(&self) -> FunctionPorts<'_> {
        FunctionPorts { functions: &self.functions, alarms: &self.alarms, clock: &self.clock }
    }

    async fn standings(&self, names: &[&str]) -> Vec<Standing> {
        let names: Vec<_> = names.iter().map(|name| self.names.find(name).unwrap().clone()).collect();
        look(&self.functions, &names).await.unwrap()
    }

    async fn deploy(&mut self, names: &[&str], stop: &mut Stop) -> Result<Moved, FunctionsError> {
        let plan = FunctionsDeployment::plan(new(), self.standings(names).await)?;
        let mut told = std::mem::take(&mut self.told);
        let result = async {
            let legs = plan.publish(self.ports(), &at(), &mut told).await?;
            gradually(self.ports(), &legs, WATCH, stop, &mut told).await
        };
        let result = result.await;
        self.told = told;
        result
    }

    fn points_to(&self, function: &str) -> (u64, Option<u64>) {
        let pointing = self.functions.pointing(function);
        (pointing.version, pointing.shift.map(|shift| shift.version))
    }
}

const WATCH: Watch = Watch { lasting: Duration::from_secs(60), errors_max: 2 };

fn new() -> NewCode {
    NewCode::of(b"new code")
}

fn at() -> CodeAt {
    CodeAt { bucket: "bucket".to_owned(), key: "new.zip".to_owned(), version: "v1".to_owned() }
}

/// Nobody asks to stop.
fn nobody() -> (watch::Sender<bool>, Stop) {
    watch::channel(false)
}

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
    let again = FunctionsDeployment::plan(new(), shop.standings(&["snapshot-check"]).await).unwrap();
    assert_eq!(again.targets(), []);
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
    let newest = FunctionsDeployment::plan(NewCode::of(b"newer"), shop.standings(&["snapshot-check"]).await);
    assert_eq!(newest.unwrap_err(), FunctionsError::Shifting { function: CHECK.to_owned(), version: 1 });
    assert!(require_settled(&shop.standings(&["snapshot-check"]).await).is_err());

    let shop = Shop::new();
    let plan = FunctionsDeployment::plan(new(), shop.standings(&["snapshot-check"]).await).unwrap();
    let legs = plan.publish(shop.ports(), &at(), &mut Told::default()).await.unwrap();
    shop.functions.repoint(CHECK, Pointing { version: 7, shift: None });
    let moved = gradually(shop.ports(), &legs, WATCH, &mut stop, &mut Told::default()).await.unwrap_err();
    assert_eq!(moved, FunctionsError::Moved { function: CHECK.to_owned() });
    assert_eq!(shop.points_to(CHECK), (7, None), "it is somebody else's");
}

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

fn ended() -> Smoke {
    Smoke::Ended { operation: OperationId::new("op-1").unwrap(), executor: ExecutorId::new("op-1").unwrap() }
}

#[tokio::test]
async fn functions_that_answer_otherwise_are_told_and_who_knows_no_operation_is_never_called() {
    let shop = Shop::new();
    let all = smoke(&shop.functions, shop.names.all(), &ended()).await.unwrap();
    assert!(all.iter().all(|result| result.objection.is_none()), "{all:?}");
    assert_eq!(all.len(), shop.names.all().len() - 2);
    assert!(all.iter().all(|result| !["sweep", "rotate"].contains(&result.function)));
    let failed = |name: &str| CallAnswer::Failed { name: name.to_owned(), message: "no such file".to_owned() };
    shop.functions.answer(NOTIFY, failed("Runtime.InvalidEntrypoint"));
    let objections = |results: Vec<aurora_restore_ops::functions::SmokeResult>| {
        results.into_iter().filter_map(|result| Some((result.function, result.objection?))).collect::<Vec<_>>()
    };
    let told = objections(smoke(&shop.functions, shop.names.all(), &ended()).await.unwrap());
    assert_eq!(told, [("notify", "Runtime.InvalidEntrypoint: no such file".to_owned())]);
    let unknown = Smoke::Unknown(OperationId::new("nobodys").unwrap());
    shop.functions.answer(CHECK, failed("AuroraRestore.Refused"));
    let one = [shop.names.find("snapshot-check").unwrap().clone()];
    assert_eq!(objections(smoke(&shop.functions, &one, &unknown).await.unwrap()), []);
}

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

#[tokio::test]
async fn a_function_that_is_not_there_is_named() {
    let shop = Shop::new();
    let names = FunctionNames::of("theirs");
    let missing = look(&shop.functions, &names.all()[..1]).await.unwrap_err();
    assert_eq!(missing, FunctionsError::Missing { what: "function theirs-snapshot-check".to_owned() });
    let refused = shop.functions.set_memory("theirs", 1, "r").await.unwrap_err();
    assert!(matches!(refused, ServiceError::Missing { .. }), "{refused}");
}
