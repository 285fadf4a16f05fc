//! A task with its retries, in both languages: what it is called with, what it leads on with, and where its error leads.

use aurora_restore_core::ports::Clock;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::{
    data::{Sight, with_result},
    document::{Catcher, QueryLanguage, Task, names},
    jsonata,
    walk::{Call, End, Step, Stopped, Walk},
};

impl Walk<'_> {
    /// A task, then where its result or its error leads.
    pub(super) fn perform(&mut self, task: &Task, data: Value) -> Step {
        let mut retried = vec![0; task.retry.len()];
        loop {
            let stopped = match self.attempt(task, &data) {
                Ok(result) => return Step::To(task.next.clone(), output(task, data, result)),
                Err(stopped) => stopped,
            };
            let retrier = task.retry.iter().position(|retrier| names(&retrier.error_equals, &stopped.error));
            match retrier.filter(|index| retried[*index] < task.retry[*index].max_attempts) {
                Some(index) => {
                    self.turn(SignedDuration::from_secs(task.retry[index].pause_secs(retried[index])));
                    if self.clock.now() >= self.deadline {
                        return Step::End(End::TimedOut);
                    }
                    retried[index] += 1;
                    self.transitions += 1;
                }
                None => return caught(task, data, stopped),
            }
        }
    }

    fn attempt(&mut self, task: &Task, data: &Value) -> Result<Value, Stopped> {
        let parameters = parameters(task, &Sight { data, context: self.facts });
        let began = self.clock.now();
        let answer = self.resources.call(Call { resource: task.resource, parameters, clock: self.clock });
        let took = self.clock.now().duration_since(began);
        match task.timeout_seconds {
            Some(secs) if took > SignedDuration::from_secs(secs) => Err(Stopped {
                error: "States.Timeout".to_owned(),
                cause: format!("the task took longer than {secs} seconds"),
            }),
            Some(_) | None => answer,
        }
    }
}

fn parameters(task: &Task, sight: &Sight<'_>) -> Map<String, Value> {
    match (task.query_language, &task.parameters, &task.arguments) {
        (None, Some(parameters), None) => sight.filled(parameters),
        (Some(QueryLanguage::Jsonata), None, Some(arguments)) => {
            match jsonata::filled(arguments, &json!({ "input": sight.data })) {
                Value::Object(parameters) => parameters,
                other => panic!("a task is called with {other}"),
            }
        }
        other => panic!("what a task is called with is not understood: {other:?}"),
    }
}

fn output(task: &Task, data: Value, result: Value) -> Value {
    let paths = (&task.result_selector, &task.result_path, &task.output_path);
    match (task.query_language, &task.output, paths) {
        (None, None, _) => output_by_paths(task, data, result),
        (Some(QueryLanguage::Jsonata), Some(output), (None, None, None)) => {
            jsonata::filled(output, &json!({ "input": data, "result": result }))
        }
        other => panic!("what a task leads on with is not understood: {other:?}"),
    }
}

fn output_by_paths(task: &Task, data: Value, result: Value) -> Value {
    let selected = match &task.result_selector {
        Some(selector) => Sight { data: &result, context: &Value::Null }.filled(selector).into(),
        None => result,
    };
    let whole = match &task.result_path {
        Some(path) => with_result(data, path, selected),
        None => selected,
    };
    match &task.output_path {
        Some(path) => Sight { data: &whole, context: &Value::Null }.value(path),
        None => whole,
    }
}

fn caught(task: &Task, data: Value, stopped: Stopped) -> Step {
    match task.catch.iter().find(|catcher| names(&catcher.error_equals, &stopped.error)) {
        Some(catcher) => Step::To(catcher.next.clone(), told(catcher, task.query_language, data, &stopped)),
        None => Step::End(End::Failed(stopped)),
    }
}

/// What a catcher leads on with.
fn told(catcher: &Catcher, language: Option<QueryLanguage>, data: Value, stopped: &Stopped) -> Value {
    let said = json!({ "Error": stopped.error, "Cause": stopped.cause });
    match (language, &catcher.result_path, &catcher.output) {
        (None, Some(path), None) => with_result(data, path, said),
        (Some(QueryLanguage::Jsonata), None, Some(output)) => {
            jsonata::filled(output, &json!({ "input": data, "errorOutput": said }))
        }
        other => panic!("what a catcher leads on with is not understood: {other:?}"),
    }
}
