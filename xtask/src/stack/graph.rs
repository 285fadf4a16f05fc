//! The machines as graphs: what a person would check on the console.

use std::collections::{BTreeMap, BTreeSet};

use aurora_restore_core::{operation::StepKind, ports::Clock, request::Strategy};
use aurora_restore_testing::{
    ManualClock,
    asl::{self, Call, End, Execution, Machine, Resources, State, Stopped},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{alone, batch, node::Node, pipeline, place::Place};

/// Every state that a state can lead to.
fn nexts(state: &Node) -> Vec<String> {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_text).map(str::to_owned);
    let below = ["Catch", "Choices"].into_iter().filter_map(|key| state.get(key)).flat_map(Node::members);
    let own = ["Next", "Default"].into_iter().filter_map(|key| text(state, key));
    own.chain(below.filter_map(|one| text(one, "Next"))).collect()
}

fn edges(machine: &Node) -> BTreeMap<String, Vec<String>> {
    let states = machine.get("States").unwrap().entries();
    states.iter().map(|(name, state)| (name.clone(), nexts(state))).collect()
}

fn reachable(edges: &BTreeMap<String, Vec<String>>, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![from.to_owned()];
    while let Some(name) = waiting.pop() {
        if seen.insert(name.clone()) {
            waiting.extend(edges[&name].clone());
        }
    }
    seen
}

/// Names exist, every state is reached, and from every state an end is reached.
fn check(machine: &Node) {
    let states = machine.get("States").unwrap();
    let edges = edges(machine);
    for (name, nexts) in &edges {
        for next in nexts {
            assert!(edges.contains_key(next), "{name} leads to {next}, which is not there");
        }
    }
    let start = machine.get("StartAt").and_then(Node::as_text).unwrap();
    let unreached: Vec<_> = edges.keys().filter(|name| !reachable(&edges, start).contains(*name)).collect();
    assert!(unreached.is_empty(), "nothing leads to {unreached:?}");
    let is_end = |name: &str| {
        let state = states.get(name).unwrap();
        let kind = state.get("Type").and_then(Node::as_text).unwrap();
        kind == "Succeed" || kind == "Fail" || state.get("End") == Some(&Node::Bool(true))
    };
    for name in edges.keys() {
        assert_eq!(edges[name].is_empty(), is_end(name), "{name}");
        assert!(reachable(&edges, name).iter().any(|end| is_end(end)), "from {name} there is no way to an end");
    }
}

#[test]
fn every_state_of_the_pipeline_is_reached_and_comes_to_an_end() {
    check(&pipeline::machine());
}

#[test]
fn every_state_of_the_batch_is_reached_and_comes_to_an_end() {
    let machine = batch::machine();
    check(&machine);
    for map in ["restore-few", "restore-many"] {
        check(machine.get("States").unwrap().get(map).unwrap().get("ItemProcessor").unwrap());
    }
}

#[test]
fn the_function_of_each_place_is_called_in_one_state() {
    let machine = pipeline::machine();
    let mut called: Vec<String> = machine
        .get("States")
        .unwrap()
        .entries()
        .iter()
        .filter_map(|(_, state)| state.get("Parameters")?.get("FunctionName")?.as_text().map(str::to_owned))
        .collect();
    let mut expected: Vec<String> =
        Place::of_machine().into_iter().map(|place| format!("${{{}Alias}}", place.logical())).collect();
    called.sort();
    expected.sort();
    assert_eq!(called, expected);
}

/// The reply of a function leads to where it says that the operation stands, wherever the machine is.
#[test]
fn from_every_answer_the_machine_goes_where_the_reply_says() {
    let machine = read(&pipeline::machine());
    for place in Place::of_machine() {
        let answered = format!("{}-answered", place.name());
        for step in StepKind::ALL {
            assert_eq!(goes(&machine, &answered, "next", step.as_str()), step.as_str());
        }
        for outcome in ["completed", "failed", "cancelled", "stuck", "retire"] {
            assert_eq!(goes(&machine, &answered, outcome, "notify"), outcome, "from {answered}");
        }
        assert_eq!(goes(&machine, &answered, "undo", "undo"), "undo-asked");
        assert_eq!(goes(&machine, &answered, "wait", place.name()), format!("{}-waits", place.name()));
        assert_eq!(goes(&machine, &answered, "a word of a later version", "notify"), "tell-people");
    }
}

/// What a function could not answer leads to where a person is told, unless the way back can be tried or nothing is under way.
#[test]
fn from_every_error_the_machine_goes_where_it_should() {
    let machine = pipeline::machine();
    let states = machine.get("States").unwrap();
    for place in Place::of_machine() {
        let catches = |error: &str| {
            let catchers = states.get(place.name()).unwrap().get("Catch").unwrap().members().to_vec();
            let names = |catcher: &Node| catcher.get("ErrorEquals").unwrap().members().to_vec();
            let is_meant = |name: &Node| name.as_text() == Some(error) || name.as_text() == Some("States.ALL");
            let caught = catchers.into_iter().find(|catcher| names(catcher).iter().any(is_meant)).unwrap();
            caught.get("Next").and_then(Node::as_text).unwrap().to_owned()
        };
        let (blocked, broken, refused) = match place {
            Place::Step(StepKind::SnapshotCheck) => ("tell-what-blocks", "undo-after-broken-function", "was-it-begun"),
            Place::Step(StepKind::Notify) | Place::Undo | Place::Retire => {
                ("tell-what-blocks", "tell-people", "tell-people")
            }
            Place::Step(_) | Place::Sweep | Place::Rotate => ["undo-after-broken-function"; 3].into(),
        };
        let expected = [
            ("AuroraRestore.Fenced", "fenced"),
            ("AuroraRestore.Blocked", blocked),
            ("AuroraRestore.Refused", refused),
            ("AuroraRestore.Panic", broken),
            ("AuroraRestore.TryAgain", broken),
            ("States.Timeout", broken),
        ];
        for (error, next) in expected {
            assert_eq!(catches(error), next, "{error} of {}", place.name());
        }
    }
    let next = |state: &str| states.get(state).unwrap().get("Next").and_then(Node::as_text);
    assert_eq!((next("tell-what-blocks"), next("tell-people")), (Some("blocked"), Some("interrupted")));
    let looks = states.get("was-it-begun").unwrap();
    assert_eq!(looks.get("Default").and_then(Node::as_text), Some("refused"));
    let answered = &looks.get("Choices").unwrap().members()[0];
    assert_eq!(answered.get("Next").and_then(Node::as_text), Some("tell-what-blocks"));
}

/// The machine as its reader has it.
fn read(machine: &Node) -> Machine {
    Machine::read(&alone(machine))
}

/// Follows the choices from a state for a reply, to the first state that is none.
fn goes(machine: &Machine, from: &str, outcome: &str, step: &str) -> String {
    let reply = json!({ "outcome": outcome, "step": step, "wait_seconds": 1 });
    let mut name = from.to_owned();
    for _ in 0..4 {
        match &machine.states[&name] {
            State::Choice(choice) => name = choice.next(&reply).to_owned(),
            State::Task(_) | State::Wait(_) | State::Pass(_) | State::Map(_) | State::Succeed(_) | State::Fail(_) => {
                return name;
            }
        }
    }
    panic!("from {from} choices lead in a circle");
}

/// Functions whose steps are done at once, but for one that is waited for.
struct OneIsLong {
    order: Vec<StepKind>,
    long: StepKind,
    looks_left: u32,
    called: Vec<StepKind>,
}

/// The time between two looks.
const LOOK_SECS: u64 = 60;

impl Resources for OneIsLong {
    fn call(&mut self, call: Call<'_>) -> Result<Value, Stopped> {
        let alias = |step: &StepKind| format!("${{{}Alias}}", Place::Step(*step).logical());
        let at = self.order.iter().position(|step| call.parameters["FunctionName"] == alias(step)).unwrap();
        let step = self.order[at];
        if self.called.last() != Some(&step) {
            self.called.push(step);
        }
        let waits = step == self.long && self.looks_left > 0;
        let (outcome, stands_at) = match self.order.get(at + 1) {
            _ if waits => ("wait", step.as_str()),
            Some(next) => ("next", next.as_str()),
            None => ("completed", "end"),
        };
        self.looks_left -= u32::from(waits);
        let wait_seconds = if waits { LOOK_SECS } else { 0 };
        Ok(
            json!({ "Payload": { "operation_id": "op-1", "outcome": outcome, "step": stands_at, "wait_seconds": wait_seconds } }),
        )
    }
}

/// A restore of an hour that is looked at every minute, walked from its beginning to its end: what is paid for is counted in
/// transitions. It costs the same whichever step takes the hour.
#[test]
fn an_hour_of_waiting_costs_at_most_250_transitions() {
    let machine = read(&pipeline::machine());
    for strategy in [Strategy::Swap, Strategy::SideBySide, Strategy::Replace] {
        let order = StepKind::order(strategy);
        for long in order {
            let mut functions = OneIsLong { order: order.to_vec(), long: *long, looks_left: 60, called: Vec::new() };
            let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
            let execution = Execution { name: "op-1", input: json!({ "operation_id": "op-1", "request": {} }) };
            let ended = asl::play(&machine, &execution, &clock, &mut functions);
            assert!(matches!(ended.end, End::Succeeded(_)), "{:?}", ended.end);
            assert_eq!(functions.called, order);
            assert_eq!(clock.now().as_second(), 60 * 60);
            assert!(ended.transitions <= 250, "{strategy:?}, {long}: {}", ended.transitions);
        }
    }
}
