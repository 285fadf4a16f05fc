//! Walks through a machine, state by state, as Step Functions does. Time passes by the clock of the test.

use std::collections::BTreeMap;

use aurora_restore_core::ports::Clock;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    data::Sight,
    document::{Fail, Machine, QueryLanguage, Resource, State, Wait},
    jsonata,
};
use crate::ManualClock;

/// More states than any execution enters.
const STATES_MAX: u32 = 20_000;

/// What the tasks of a machine call.
pub trait Resources {
    /// Answers a call. What it takes is told by turning the clock of the call.
    ///
    /// # Errors
    /// What the task fails with.
    fn call(&mut self, call: Call<'_>) -> Result<Value, Stopped>;
}

/// A call of a task.
#[derive(Debug)]
pub struct Call<'c> {
    /// What is called.
    pub resource: Resource,
    /// With what.
    pub parameters: Map<String, Value>,
    /// The time where the task is: items of a map are played one after the other, each at its own time.
    pub clock: &'c ManualClock,
}

/// An execution to be played.
#[derive(Debug, Clone)]
pub struct Execution<'e> {
    /// Its name.
    pub name: &'e str,
    /// What it is started with.
    pub input: Value,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With this output.
    Succeeded(Value),
    /// With this error.
    Failed(Stopped),
    /// It took longer than it may.
    TimedOut,
}

/// An error with its cause, as Step Functions passes it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// The error's name.
    pub error: String,
    /// What was said of it.
    pub cause: String,
}

/// An execution that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub end: End,
    /// How many transitions it took: every state that was entered, and every time that one was tried again.
    pub transitions: u32,
}

/// Plays an execution to its end.
///
/// # Panics
/// If there is something in the machine that is not understood, or the execution does not end.
pub fn play(machine: &Machine, execution: &Execution<'_>, clock: &ManualClock, resources: &mut dyn Resources) -> Ended {
    let facts = json!({ "Execution": { "Name": execution.name, "Input": execution.input } });
    let deadline = clock.now() + SignedDuration::from_secs(machine.timeout_seconds);
    let mut walk = Walk { facts: &facts, clock, deadline, resources, transitions: 0 };
    let end = walk.through(&machine.states, &machine.start_at, execution.input.clone());
    Ended { end, transitions: walk.transitions }
}

/// Where an execution stands.
pub(super) struct Walk<'w> {
    /// What the execution knows of itself.
    pub(super) facts: &'w Value,
    pub(super) clock: &'w ManualClock,
    /// When it has taken longer than it may.
    pub(super) deadline: Timestamp,
    pub(super) resources: &'w mut dyn Resources,
    pub(super) transitions: u32,
}

/// What a state leads to.
pub(super) enum Step {
    To(String, Value),
    End(End),
}

impl Walk<'_> {
    /// From one state on to an end.
    pub(super) fn through(&mut self, states: &BTreeMap<String, State>, start_at: &str, input: Value) -> End {
        let (mut name, mut data) = (start_at.to_owned(), input);
        while self.transitions < STATES_MAX {
            self.transitions += 1;
            let state = states.get(&name).unwrap_or_else(|| panic!("there is no state {name}"));
            match self.enter(state, data) {
                Step::To(next, output) => (name, data) = (next, output),
                Step::End(end) => return end,
            }
            if self.clock.now() >= self.deadline {
                return End::TimedOut;
            }
        }
        panic!("the execution did not end within {STATES_MAX} states; it stands at {name}");
    }

    /// Lets time pass, but not past the time that the execution has.
    pub(super) fn turn(&self, by: SignedDuration) {
        self.clock.turn(by.min(self.deadline.duration_since(self.clock.now())));
    }

    fn enter(&mut self, state: &State, data: Value) -> Step {
        let sight = Sight { data: &data, context: self.facts };
        match state {
            State::Task(task) => self.perform(task, data),
            State::Choice(choice) => Step::To(choice.next(&data).to_owned(), data),
            State::Wait(wait) => {
                self.turn(SignedDuration::from_secs(pause_secs(wait, &sight)));
                Step::To(wait.next.clone(), data)
            }
            State::Pass(pass) => {
                let output = sight.filled(&pass.parameters).into();
                match (&pass.next, pass.end) {
                    (Some(next), false) => Step::To(next.clone(), output),
                    (None, true) => Step::End(End::Succeeded(output)),
                    other => panic!("a state leads on or ends: {other:?}"),
                }
            }
            State::Map(items) => self.all(items, &data),
            State::Succeed(_) => Step::End(End::Succeeded(data)),
            State::Fail(fail) => Step::End(End::Failed(failure(fail, &sight))),
        }
    }
}

fn pause_secs(wait: &Wait, sight: &Sight<'_>) -> i64 {
    let secs = match (wait.query_language, &wait.seconds, &wait.seconds_path) {
        (None, None, Some(path)) => sight.value(path),
        (Some(QueryLanguage::Jsonata), Some(expression), None) => {
            jsonata::value(expression, &json!({ "input": sight.data }))
        }
        other => panic!("how long to wait is not understood: {other:?}"),
    };
    secs.as_i64().expect("seconds to wait")
}

fn failure(fail: &Fail, sight: &Sight<'_>) -> Stopped {
    let cause = match (&fail.cause, &fail.cause_path) {
        (Some(text), None) => text.clone(),
        (None, Some(path)) => sight.value(path).as_str().expect("a cause is a text").to_owned(),
        other => panic!("a failure with the causes {other:?}"),
    };
    Stopped { error: fail.error.clone(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes this long, and then answers or fails.
    struct Takes(SignedDuration, Result<Value, Stopped>);

    impl Resources for Takes {
        fn call(&mut self, call: Call<'_>) -> Result<Value, Stopped> {
            call.clock.turn(self.0);
            self.1.clone()
        }
    }

    fn ended(timeout_secs: i64, mut takes: Takes) -> (Ended, SignedDuration) {
        let text = json!({
            "Comment": "", "StartAt": "ask", "TimeoutSeconds": timeout_secs,
            "States": {
                "ask": {
                    "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {}, "TimeoutSeconds": 60,
                    "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 10, "MaxAttempts": 2, "BackoffRate": 2,
                                "MaxDelaySeconds": 15, "JitterStrategy": "FULL" }],
                    "Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.cause", "Next": "bad" }], "Next": "rest",
                },
                "rest": { "Type": "Wait", "SecondsPath": "$.secs", "Next": "good" },
                "good": { "Type": "Succeed" },
                "bad": { "Type": "Fail", "Error": "Bad", "CausePath": "$.cause.Error" },
            },
        });
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let execution = Execution { name: "one", input: json!({}) };
        let ended = play(&Machine::read(&text.to_string()), &execution, &clock, &mut takes);
        (ended, clock.now().duration_since(Timestamp::UNIX_EPOCH))
    }

    fn stopped(error: &str) -> Stopped {
        Stopped { error: error.to_owned(), cause: String::new() }
    }

    fn secs(secs: i64) -> SignedDuration {
        SignedDuration::from_secs(secs)
    }

    #[test]
    fn an_execution_ends_in_the_moment_in_which_its_time_is_up() {
        let answer = json!({ "secs": 100 });
        let (in_time, took) = ended(200, Takes(secs(5), Ok(answer.clone())));
        assert_eq!((in_time.end, in_time.transitions, took), (End::Succeeded(answer.clone()), 3, secs(105)));
        let (late, took) = ended(90, Takes(secs(5), Ok(answer)));
        assert_eq!((late.end, took), (End::TimedOut, secs(90)));
        let (late, took) = ended(20, Takes(secs(5), Err(stopped("Busy"))));
        assert_eq!((late.end, took), (End::TimedOut, secs(20)), "in the pause before another attempt");
    }

    #[test]
    fn what_is_tried_again_counts_and_pauses_and_what_takes_too_long_fails() {
        let bad = |error: &str| End::Failed(Stopped { error: "Bad".to_owned(), cause: error.to_owned() });
        let (busy, took) = ended(200, Takes(secs(1), Err(stopped("Busy"))));
        // The task, two more attempts after ten and fifteen seconds, the end.
        assert_eq!((busy.end, busy.transitions, took), (bad("Busy"), 4, secs(3 + 10 + 15)));
        let (slow, _) = ended(200, Takes(secs(61), Ok(json!({}))));
        assert_eq!(slow.end, bad("States.Timeout"));
    }
}
