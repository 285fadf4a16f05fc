//! The state machine as it is deployed: `cloudformation/state-machine.asl.json`. Only the fields that it uses are known; a
//! field or a type of state that is not known here is an error, because it would be played wrongly.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::data::field;

const TEXT: &str = include_str!("../../../../../cloudformation/state-machine.asl.json");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Machine {
    #[serde(rename = "Comment")]
    _comment: String,
    pub(crate) start_at: String,
    pub(crate) timeout_seconds: i64,
    pub(crate) states: BTreeMap<String, State>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "Type")]
pub(crate) enum State {
    Task(Task),
    Choice(Choice),
    Wait(Wait),
    Pass(Pass),
    Succeed(Succeed),
    Fail(Fail),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Task {
    pub(crate) resource: Resource,
    pub(crate) parameters: Map<String, Value>,
    /// Where the result goes in the state's input; without it the result takes the input's place.
    pub(crate) result_path: Option<String>,
    pub(crate) output_path: Option<String>,
    pub(crate) timeout_seconds: i64,
    pub(crate) retry: Vec<Retrier>,
    pub(crate) catch: Vec<Catcher>,
    pub(crate) next: String,
}

/// What a task calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Resource {
    #[serde(rename = "arn:aws:states:::lambda:invoke")]
    Function,
    #[serde(rename = "arn:aws:states:::sns:publish")]
    Notice,
}

/// The bounds of a pause are left out where nothing is tried again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Retrier {
    pub(crate) error_equals: Vec<String>,
    pub(crate) max_attempts: u32,
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
pub(crate) struct Catcher {
    pub(crate) error_equals: Vec<String>,
    pub(crate) result_path: String,
    pub(crate) next: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Choice {
    choices: Vec<Rule>,
    default: String,
}

/// A rule: one test or several that must hold together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Rule {
    variable: Option<String>,
    string_equals: Option<String>,
    is_present: Option<bool>,
    #[serde(default)]
    and: Vec<Rule>,
    /// None inside of `And`.
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Wait {
    pub(crate) seconds_path: String,
    pub(crate) next: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Pass {
    pub(crate) parameters: Map<String, Value>,
    pub(crate) next: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Succeed {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Fail {
    pub(crate) error: String,
    pub(crate) cause: Option<String>,
    pub(crate) cause_path: Option<String>,
}

impl Machine {
    /// The pipeline's machine.
    pub(crate) fn of_the_pipeline() -> Self {
        Self::read(TEXT).unwrap_or_else(|error| panic!("the state machine is not understood: {error}"))
    }

    fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

impl Retrier {
    /// The pause before the attempt after so many others.
    pub(crate) fn pause_secs(&self, retried: u32) -> i64 {
        let (Some(interval), Some(rate), Some(longest)) =
            (self.interval_seconds, self.backoff_rate, self.max_delay_seconds)
        else {
            panic!("what is tried again says how long to pause: {self:?}");
        };
        rate.saturating_pow(retried).saturating_mul(interval).min(longest)
    }
}

/// Whether a list of errors names this one. `States.TaskFailed` is any error of a task but its timeout.
pub(crate) fn names(list: &[String], error: &str) -> bool {
    list.iter().any(|name| match name.as_str() {
        "States.ALL" => true,
        "States.TaskFailed" => error != "States.Timeout",
        name => name == error,
    })
}

impl Choice {
    /// Where a state's input leads: the first rule that holds decides.
    pub(crate) fn next(&self, data: &Value) -> &str {
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
        Machine::read(&format!(
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
    fn pauses_grow_to_their_bound() {
        let machine = Machine::of_the_pipeline();
        let State::Task(task) = &machine.states["copy-snapshot"] else { panic!("a step is a task") };
        let retrier = task.retry.iter().find(|one| names(&one.error_equals, "AuroraRestore.TryAgain")).unwrap();
        assert_eq!([0, 1, 2, 9].map(|retried| retrier.pause_secs(retried)), [5, 10, 20, 120]);
    }
}
