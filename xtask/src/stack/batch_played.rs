//! The batch machine, played: how many restores there are at once, where they are played, and what becomes of one that fails.

use std::collections::BTreeSet;

use aurora_restore_core::ports::Clock;
use aurora_restore_testing::{
    ManualClock,
    asl::{Call, End, Execution, Machine, Resource, Resources, State, Stopped, play},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    alone,
    batch::{self, INLINE_ITEMS_MAX},
};

/// Restores of different lengths, some of which fail, with when they began and ended.
#[derive(Default)]
struct Restores {
    failing: BTreeSet<usize>,
    times: Vec<(Timestamp, Timestamp)>,
}

impl Resources for Restores {
    fn call(&mut self, call: Call<'_>) -> Result<Value, Stopped> {
        assert_eq!(call.resource, Resource::Execution);
        let number = self.times.len();
        assert_eq!(call.parameters["Name"], format!("night-{number}"));
        assert_eq!(call.parameters["Input"], json!({ "operation_id": format!("night-{number}"), "request": {} }));
        let began = call.clock.now();
        let minutes = i64::try_from(20 + 7 * (number % 5)).unwrap();
        call.clock.turn(SignedDuration::from_mins(minutes));
        self.times.push((began, call.clock.now()));
        if self.failing.contains(&number) {
            // What Step Functions makes of an execution that failed, whatever that one's own error was.
            return Err(Stopped { error: "States.TaskFailed".to_owned(), cause: "{}".to_owned() });
        }
        Ok(json!({ "Status": "SUCCEEDED", "ExecutionArn": "not wanted", "Output": "nor this" }))
    }
}

impl Restores {
    /// The most that were in progress at one moment.
    fn most_at_once(&self) -> usize {
        let at = |moment| self.times.iter().filter(|(began, ended)| *began <= moment && moment < *ended).count();
        self.times.iter().map(|(began, _)| at(*began)).max().unwrap_or(0)
    }
}

/// What a batch of so many items is started with.
pub(super) fn input(items: usize, at_once: usize) -> Value {
    let item = |number| json!({ "operation_id": format!("night-{number}"), "request": {}, "wait_seconds": 0 });
    let items: Vec<Value> = (0..items).map(item).collect();
    json!({ "batch_id": "night", "max_concurrency": at_once, "items": items })
}

fn machine() -> Machine {
    Machine::read(&alone(&batch::machine()))
}

/// Where items are played.
fn played_in(items: usize) -> String {
    let machine = machine();
    let State::Choice(choice) = &machine.states["how-many"] else { panic!("it is a choice") };
    choice.next(&input(items, 5)).to_owned()
}

#[test]
fn up_to_forty_items_are_played_in_the_execution_and_more_as_executions_of_their_own() {
    assert_eq!(INLINE_ITEMS_MAX, 40);
    for (items, state) in [(1, "restore-few"), (40, "restore-few"), (41, "restore-many"), (1_000, "restore-many")] {
        assert_eq!(played_in(items), state, "{items} items");
    }
}

#[test]
fn so_many_are_restored_at_once_as_was_asked_for_and_one_that_fails_stops_no_other() {
    for items in [20, INLINE_ITEMS_MAX, INLINE_ITEMS_MAX + 1, 100] {
        let mut restores = Restores { failing: BTreeSet::from([0, 7]), ..Restores::default() };
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let execution = Execution { name: "night", input: input(items, 5) };
        let ended = play(&machine(), &execution, &clock, &mut restores);
        let End::Succeeded(Value::Array(told)) = ended.end else { panic!("{:?}", ended.end) };
        assert_eq!((told.len(), restores.times.len(), restores.most_at_once()), (items, items, 5));
        let failed = json!({ "operation_id": "night-7", "status": "FAILED", "error": "States.TaskFailed" });
        assert_eq!((&told[7], &told[8]), (&failed, &json!({ "operation_id": "night-8", "status": "SUCCEEDED" })));
        assert_eq!(told.iter().filter(|one| one["status"] == "FAILED").count(), 2);
        assert_eq!(Some(clock.now()), restores.times.iter().map(|(_, ended)| *ended).max());
    }
}

/// Even where every one fails the batch comes to its end and tells of each.
#[test]
fn a_batch_of_which_every_item_fails_tells_so() {
    let mut restores = Restores { failing: (0..50).collect(), ..Restores::default() };
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let ended = play(&machine(), &Execution { name: "night", input: input(50, 50) }, &clock, &mut restores);
    let End::Succeeded(Value::Array(told)) = ended.end else { panic!("{:?}", ended.end) };
    assert_eq!((told.len(), restores.most_at_once()), (50, 50));
    assert!(told.iter().all(|one| one["status"] == "FAILED"), "{told:?}");
}
