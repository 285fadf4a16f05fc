//! A state machine as it is written down. Only the fields that ours use are known; a field or a type of state that is not
//! known here is an error, because it would be played wrongly.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::data::field;

/// A whole machine.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Machine {
    #[serde(rename = "Comment")]
    _comment: String,
    pub(super) start_at: String,
    pub(super) timeout_seconds: i64,
    /// The states by their names.
    pub states: BTreeMap<String, State>,
}

/// A state.
#[derive(Debug, Deserialize)]
#[serde(tag = "Type")]
pub enum State {
    /// Calls something.
    Task(Box<Task>),
    /// Leads on by what its input says.
    Choice(Choice),
    /// Lets time pass.
    Wait(Wait),
    /// Puts an output together.
    Pass(Pass),
    /// Plays states for each of many items.
    Map(Items),
    /// The good end.
    Succeed(Succeed),
    /// The bad one.
    Fail(Fail),
}

/// A state that calls something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Task {
    /// None where it is written in JSONPath.
    pub(super) query_language: Option<QueryLanguage>,
    pub(super) resource: Resource,
    pub(super) parameters: Option<Map<String, Value>>,
    /// What it is called with, in JSONata.
    pub(super) arguments: Option<Value>,
    /// What it leads on with, in JSONata.
    pub(super) output: Option<Value>,
    /// What is taken of the result.
    pub(super) result_selector: Option<Map<String, Value>>,
    /// Where the result goes in the state's input; without it the result takes the input's place.
    pub(super) result_path: Option<String>,
    pub(super) output_path: Option<String>,
    pub(super) timeout_seconds: Option<i64>,
    pub(super) retry: Vec<Retrier>,
    pub(super) catch: Vec<Catcher>,
    pub(super) next: String,
}

/// What a task calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Resource {
    /// A function.
    #[serde(rename = "arn:aws:states:::lambda:invoke")]
    Function,
    /// A topic.
    #[serde(rename = "arn:aws:states:::sns:publish")]
    Notice,
    /// Another machine, whose end is waited for.
    #[serde(rename = "arn:aws:states:::states:startExecution.sync:2")]
    Execution,
}

/// The bounds of a pause are left out where nothing is tried again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Retrier {
    pub(super) error_equals: Vec<String>,
    pub(super) max_attempts: u32,
    interval_seconds: Option<i64>,
    backoff_rate: Option<i64>,
    max_delay_seconds: Option<i64>,
    #[serde(rename = "JitterStrategy")]
    _jitter_strategy: Option<Jitter>,
}

/// Any pause up to the computed one. The longest is played.
#[derive(Debug, Deserialize)]
enum Jitter {
    #[serde(rename = "FULL")]
    Full,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Catcher {
    pub(super) error_equals: Vec<String>,
    pub(super) result_path: Option<String>,
    /// What it leads on with, in JSONata.
    pub(super) output: Option<Value>,
    pub(super) next: String,
}

/// A state that leads on by what its input says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Choice {
    choices: Vec<Rule>,
    default: String,
}

/// A rule: one test or several that must hold together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Rule {
    variable: Option<String>,
    string_equals: Option<String>,
    is_present: Option<bool>,
    #[serde(default)]
    and: Vec<Rule>,
    /// None inside of `And`.
    next: Option<String>,
}

/// A state that lets time pass.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Wait {
    /// None where it is written in JSONPath.
    pub(super) query_language: Option<QueryLanguage>,
    /// An expression in JSONata.
    pub(super) seconds: Option<String>,
    pub(super) seconds_path: Option<String>,
    pub(super) next: String,
}

/// A state that puts an output together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Pass {
    pub(super) parameters: Map<String, Value>,
    /// None where the states of an item end.
    pub(super) next: Option<String>,
    #[serde(default)]
    pub(super) end: bool,
}

/// A state that plays others for each of many items. Which items, and how many at a time, stands there as paths or as
/// expressions in JSONata.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Items {
    pub(super) query_language: Option<QueryLanguage>,
    pub(super) items: Option<String>,
    pub(super) items_path: Option<String>,
    pub(super) max_concurrency: Option<String>,
    pub(super) max_concurrency_path: Option<String>,
    pub(super) tolerated_failure_count: Option<usize>,
    pub(super) item_processor: ItemProcessor,
    pub(super) next: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum QueryLanguage {
    #[serde(rename = "JSONata")]
    Jsonata,
}

/// The states of one item.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct ItemProcessor {
    pub(super) processor_config: ProcessorConfig,
    pub(super) start_at: String,
    pub(super) states: BTreeMap<String, State>,
}

/// Where the items are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, tag = "Mode")]
pub(super) enum ProcessorConfig {
    /// Inside of the execution.
    #[serde(rename = "INLINE")]
    Inline {},
    /// As executions of their own.
    #[serde(rename = "DISTRIBUTED")]
    Distributed {
        #[serde(rename = "ExecutionType")]
        _execution_type: ExecutionType,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum ExecutionType {
    #[serde(rename = "STANDARD")]
    Standard,
}

/// The good end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Succeed {}

/// The bad end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Fail {
    pub(super) error: String,
    pub(super) cause: Option<String>,
    pub(super) cause_path: Option<String>,
}

impl Machine {
    /// Reads one.
    ///
    /// # Panics
    /// If there is anything in it that is not understood.
    pub fn read(text: &str) -> Self {
        Self::understood(text).unwrap_or_else(|error| panic!("the state machine is not understood: {error}"))
    }

    fn understood(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

impl Retrier {
    /// The pause before the attempt after so many others.
    pub(super) fn pause_secs(&self, retried: u32) -> i64 {
        let (Some(interval), Some(rate), Some(longest)) =
            (self.interval_seconds, self.backoff_rate, self.max_delay_seconds)
        else {
            panic!("what is tried again says how long to pause: {self:?}");
        };
        rate.saturating_pow(retried).saturating_mul(interval).min(longest)
    }
}

/// Whether a list of errors names this one. `States.TaskFailed` is any error of a task but its timeout.
pub(super) fn names(list: &[String], error: &str) -> bool {
    list.iter().any(|name| match name.as_str() {
        "States.ALL" => true,
        "States.TaskFailed" => error != "States.Timeout",
        name => name == error,
    })
}

impl Choice {
    /// Where a state's input leads: the first rule that holds decides.
    ///
    /// # Panics
    /// If a rule is not understood, or compares what is not there.
    pub fn next(&self, data: &Value) -> &str {
        let chosen = self.choices.iter().find(|rule| rule.holds(data));
        chosen.map_or(&self.default, |rule| rule.next.as_ref().expect("a rule leads somewhere"))
    }
}

impl Rule {
    /// Whether it holds of a state's input. A value that is compared has to be there, as it has for Step Functions.
    fn holds(&self, data: &Value) -> bool {
        let found = self.variable.as_deref().map(|path| (path, field(path, data)));
        match (found, &self.string_equals, self.is_present, &self.and[..]) {
            (Some((path, found)), Some(text), None, []) => {
                let found = found.unwrap_or_else(|| panic!("there is no {path} in {data}"));
                found.as_str() == Some(text)
            }
            (Some((_, found)), None, Some(expected), []) => found.is_some() == expected,
            (None, None, None, rules @ [_, ..]) => rules.iter().all(|rule| rule.holds(data)),
            other => panic!("a rule that is not understood: {other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(state: &str) -> Result<Machine, serde_json::Error> {
        Machine::understood(&format!(
            r#"{{ "Comment": "", "StartAt": "a", "TimeoutSeconds": 1, "States": {{ "a": {state} }} }}"#
        ))
    }

    #[test]
    fn a_field_or_a_state_that_is_not_known_is_an_error() {
        assert!(read(r#"{ "Type": "Wait", "SecondsPath": "$.wait_seconds", "Next": "b" }"#).is_ok());
        for state in [
            r#"{ "Type": "Wait", "Seconds": 5, "Next": "b" }"#,
            r#"{ "Type": "Wait", "SecondsPath": "$.a", "OutputPath": "$.b", "Next": "b" }"#,
            r#"{ "Type": "Parallel", "Next": "b" }"#,
            r#"{ "Type": "Succeed", "OutputPath": "$.a" }"#,
            r#"{ "Type": "Pass", "Parameters": {}, "Result": {}, "Next": "b" }"#,
            r#"{ "Type": "Choice", "Choices": [{ "Variable": "$.a", "NumericEquals": 1, "Next": "b" }], "Default": "b" }"#,
        ] {
            assert!(read(state).is_err(), "{state}");
        }
    }

    #[test]
    fn where_items_are_played_is_understood_to_the_last_field() {
        let config = |text: &str| serde_json::from_str::<ProcessorConfig>(text).ok();
        assert_eq!(config(r#"{ "Mode": "INLINE" }"#), Some(ProcessorConfig::Inline {}));
        assert!(config(r#"{ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" }"#).is_some());
        for text in [
            r#"{ "Mode": "DISTRIBUTED" }"#,
            r#"{ "Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS" }"#,
            r#"{ "Mode": "INLINE", "ExecutionType": "STANDARD" }"#,
        ] {
            assert_eq!(config(text), None, "{text}");
        }
    }

    #[test]
    fn pauses_grow_to_their_bound() {
        let retrier = r#"{ "ErrorEquals": ["AuroraRestore.TryAgain"], "IntervalSeconds": 5, "MaxAttempts": 120,
                           "BackoffRate": 2, "MaxDelaySeconds": 120, "JitterStrategy": "FULL" }"#;
        let retrier: Retrier = serde_json::from_str(retrier).unwrap();
        assert_eq!([0, 1, 2, 9].map(|retried| retrier.pause_secs(retried)), [5, 10, 20, 120]);
    }
}
