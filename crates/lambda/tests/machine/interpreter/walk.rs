//! What the tasks of the machine call: the functions, and the topic that the machine itself publishes to.

use aurora_restore_lambda::{FunctionError, Measure, Outcome, Served};
use aurora_restore_testing::asl::{self, Call, End, Machine, Resource, Resources, Stopped};
use serde_json::{Map, Value, json};

use super::Execution;

const TEXT: &str = include_str!("../../../../../cloudformation/state-machine.asl.json");

/// How an execution ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How the operation stands then, or the error that stopped the execution.
    pub(crate) outcome: Result<Outcome, Stopped>,
    /// The places whose functions were called, each once in a row.
    pub(crate) places: Vec<&'static str>,
    /// How many transitions it took.
    pub(crate) transitions: u32,
    /// What was measured.
    pub(crate) measures: Vec<Measure>,
    /// The notices of the machine itself.
    pub(crate) notices: Vec<Value>,
}

/// The error of an execution that took longer than it may, as Step Functions names that of a state.
pub(crate) const TIMED_OUT: &str = "States.Timeout";

/// How Lambda passes a function's error on.
pub(crate) fn told(error: &FunctionError) -> Stopped {
    let said = json!({ "errorType": error.name(), "errorMessage": error.to_string() });
    Stopped { error: error.name().to_owned(), cause: said.to_string() }
}

/// Everything that an execution calls, with what is seen of it.
struct Called<'e, 's> {
    execution: &'e Execution<'s>,
    seen: Ended,
}

/// Runs the machine to its end.
pub(super) fn run(execution: &Execution<'_>) -> Ended {
    let seen = Ended {
        outcome: Ok(Outcome::Wait),
        places: Vec::new(),
        transitions: 0,
        measures: Vec::new(),
        notices: Vec::new(),
    };
    let mut called = Called { execution, seen };
    let started = asl::Execution { name: execution.name, input: execution.input.clone() };
    let ended = asl::play(&Machine::read(TEXT), &started, &execution.scenario.clock, &mut called);
    let outcome = match ended.end {
        End::Succeeded(_) => Ok(Outcome::Completed),
        End::Failed(stopped) => of_operation(stopped),
        End::TimedOut => Err(Stopped { error: TIMED_OUT.to_owned(), cause: "the execution".to_owned() }),
    };
    Ended { outcome, transitions: ended.transitions, ..called.seen }
}

/// What a failed execution says: how the operation ended, or why nobody went on with it.
fn of_operation(stopped: Stopped) -> Result<Outcome, Stopped> {
    match stopped.error.as_str() {
        "AuroraRestore.Failed" => Ok(Outcome::Failed),
        "AuroraRestore.Cancelled" => Ok(Outcome::Cancelled),
        "AuroraRestore.Stuck" => Ok(Outcome::Stuck),
        _ => Err(stopped),
    }
}

impl Resources for Called<'_, '_> {
    fn call(&mut self, call: Call<'_>) -> Result<Value, Stopped> {
        match call.resource {
            Resource::Notice => {
                self.seen.notices.push(call.parameters.into());
                Ok(json!({ "MessageId": "a-notice" }))
            }
            Resource::Function => self.function(&call.parameters),
            Resource::Execution => panic!("the pipeline starts no executions"),
        }
    }
}

impl Called<'_, '_> {
    fn function(&mut self, parameters: &Map<String, Value>) -> Result<Value, Stopped> {
        let place = place(parameters["FunctionName"].as_str().expect("a function has a name"));
        if self.seen.places.last() != Some(&place) {
            self.seen.places.push(place);
        }
        let answer = self.execution.call(place, parameters["Payload"].clone(), &mut self.seen.measures);
        let reply = answer.map_err(|error| told(&error))?;
        Ok(json!({ "StatusCode": 200, "Payload": reply }))
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
