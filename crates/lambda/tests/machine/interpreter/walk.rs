//! Walks through the machine, state by state, as Step Functions does. Time passes by the scenario's clock.

use aurora_restore_core::ports::Clock;
use aurora_restore_lambda::{FunctionError, Measure, Outcome, Served};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    Execution,
    asl::{Catcher, Fail, Machine, Resource, State, Task, names},
    data::{Sight, with_result},
};

/// More states than any restore enters.
const STATES_MAX: u32 = 20_000;

/// How an execution ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How the operation stands then, or the error that stopped the execution.
    pub(crate) outcome: Result<Outcome, Stopped>,
    /// The places whose functions were called, each once in a row.
    pub(crate) places: Vec<&'static str>,
    /// How many transitions it took: every state that was entered, and every time that one was tried again.
    pub(crate) transitions: u32,
    /// What was measured.
    pub(crate) measures: Vec<Measure>,
    /// The notices of the machine itself.
    pub(crate) notices: Vec<Value>,
}

/// An error with its cause, as Step Functions passes it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stopped {
    pub(crate) error: String,
    pub(crate) cause: String,
}

impl Stopped {
    fn timed_out(what: &str) -> Self {
        Self { error: "States.Timeout".to_owned(), cause: what.to_owned() }
    }
}

/// How Lambda passes a function's error on.
impl From<&FunctionError> for Stopped {
    fn from(error: &FunctionError) -> Self {
        let said = json!({ "errorType": error.name(), "errorMessage": error.to_string() });
        Self { error: error.name().to_owned(), cause: said.to_string() }
    }
}

/// Where an execution stands.
struct Walk<'e, 's> {
    execution: &'e Execution<'s>,
    machine: &'e Machine,
    context: Value,
    began: Timestamp,
    ended: Ended,
}

/// What a state leads to.
enum Step {
    To(String, Value),
    End(Result<Outcome, Stopped>),
}

/// Runs the machine to its end.
pub(super) fn run(execution: &Execution<'_>) -> Ended {
    let ended = Ended {
        outcome: Ok(Outcome::Wait),
        places: Vec::new(),
        transitions: 0,
        measures: Vec::new(),
        notices: Vec::new(),
    };
    let context = json!({ "Execution": { "Name": execution.name, "Input": execution.input } });
    let machine = Machine::of_the_pipeline();
    let began = execution.scenario.clock.now();
    let mut walk = Walk { execution, machine: &machine, context, began, ended };
    let (mut name, mut data) = (machine.start_at.clone(), execution.input.clone());
    while walk.ended.transitions < STATES_MAX {
        walk.ended.transitions += 1;
        match walk.enter(&name, data) {
            Step::To(next, output) => (name, data) = (next, output),
            Step::End(outcome) => return Ended { outcome, ..walk.ended },
        }
        if walk.now().duration_since(walk.began) > SignedDuration::from_secs(machine.timeout_seconds) {
            return Ended { outcome: Err(Stopped::timed_out("the execution")), ..walk.ended };
        }
    }
    panic!("the execution did not end within {STATES_MAX} states: {:?}", walk.ended.places);
}

impl Walk<'_, '_> {
    fn now(&self) -> Timestamp {
        self.execution.scenario.clock.now()
    }

    fn turn(&self, secs: i64) {
        self.execution.scenario.clock.turn(SignedDuration::from_secs(secs));
    }

    fn enter(&mut self, name: &str, data: Value) -> Step {
        let machine = self.machine;
        let state = machine.states.get(name).unwrap_or_else(|| panic!("there is no state {name}"));
        let sight = Sight { data: &data, context: &self.context };
        match state {
            State::Task(task) => self.perform(task, data),
            State::Choice(choice) => Step::To(choice.next(&data).to_owned(), data),
            State::Wait(wait) => {
                self.turn(sight.value(&wait.seconds_path).as_i64().expect("seconds to wait"));
                Step::To(wait.next.clone(), data)
            }
            State::Pass(pass) => Step::To(pass.next.clone(), sight.filled(&pass.parameters).into()),
            State::Succeed(_) => Step::End(Ok(Outcome::Completed)),
            State::Fail(fail) => Step::End(failure(fail, &sight)),
        }
    }

    /// A task with its retries, then where its result or its error leads.
    fn perform(&mut self, task: &Task, data: Value) -> Step {
        let mut retried = vec![0; task.retry.len()];
        loop {
            let stopped = match self.attempt(task, &data) {
                Ok(result) => return Step::To(task.next.clone(), output(task, data, result)),
                Err(stopped) => stopped,
            };
            let retrier = task.retry.iter().position(|retrier| names(&retrier.error_equals, &stopped.error));
            match retrier.filter(|index| retried[*index] < task.retry[*index].max_attempts) {
                Some(index) => {
                    self.turn(task.retry[index].pause_secs(retried[index]));
                    retried[index] += 1;
                    self.ended.transitions += 1;
                }
                None => return caught(&task.catch, data, stopped),
            }
        }
    }

    fn attempt(&mut self, task: &Task, data: &Value) -> Result<Value, Stopped> {
        let parameters = Sight { data, context: &self.context }.filled(&task.parameters);
        match task.resource {
            Resource::Notice => {
                self.ended.notices.push(parameters.into());
                Ok(json!({ "MessageId": "a-notice" }))
            }
            Resource::Function => {
                let place = place(parameters["FunctionName"].as_str().expect("a function has a name"));
                if self.ended.places.last() != Some(&place) {
                    self.ended.places.push(place);
                }
                let began = self.now();
                let answer = self.execution.call(place, parameters["Payload"].clone(), &mut self.ended.measures);
                if self.now().duration_since(began) > SignedDuration::from_secs(task.timeout_seconds) {
                    return Err(Stopped::timed_out(place));
                }
                let reply = answer.map_err(|error| Stopped::from(&error))?;
                Ok(json!({ "StatusCode": 200, "Payload": reply }))
            }
        }
    }
}

/// The place whose alias a placeholder of the template stands for: `${CopySnapshotAlias}`.
fn place(function: &str) -> &'static str {
    let name = function.strip_prefix("${").and_then(|name| name.strip_suffix("Alias}"));
    let name = name.unwrap_or_else(|| panic!("{function} is no alias of a function"));
    let small =
        |sign: char| if sign.is_ascii_uppercase() { format!("-{}", sign.to_ascii_lowercase()) } else { sign.into() };
    let word: String = name.chars().map(small).collect();
    let served = Served::from_word(word.trim_start_matches('-'));
    served.unwrap_or_else(|| panic!("{function} serves no place")).as_str()
}

fn output(task: &Task, data: Value, result: Value) -> Value {
    let whole = match &task.result_path {
        Some(path) => with_result(data, path, result),
        None => result,
    };
    match &task.output_path {
        Some(path) => Sight { data: &whole, context: &Value::Null }.value(path),
        None => whole,
    }
}

fn caught(catchers: &[Catcher], data: Value, stopped: Stopped) -> Step {
    match catchers.iter().find(|catcher| names(&catcher.error_equals, &stopped.error)) {
        Some(catcher) => {
            let said = json!({ "Error": stopped.error, "Cause": stopped.cause });
            Step::To(catcher.next.clone(), with_result(data, &catcher.result_path, said))
        }
        None => Step::End(Err(stopped)),
    }
}

/// What a failed execution says: how the operation ended, or why nobody went on with it.
fn failure(fail: &Fail, sight: &Sight<'_>) -> Result<Outcome, Stopped> {
    let cause = match (&fail.cause, &fail.cause_path) {
        (Some(text), None) => text.clone(),
        (None, Some(path)) => sight.value(path).as_str().expect("a cause is a text").to_owned(),
        other => panic!("a failure with the causes {other:?}"),
    };
    match fail.error.as_str() {
        "AuroraRestore.Failed" => Ok(Outcome::Failed),
        "AuroraRestore.Cancelled" => Ok(Outcome::Cancelled),
        "AuroraRestore.Stuck" => Ok(Outcome::Stuck),
        error => Err(Stopped { error: error.to_owned(), cause }),
    }
}
