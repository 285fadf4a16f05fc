//! What Step Functions tells of the executions of the stack.

use serde_json::{Value, json};

use super::OnStack;
use crate::support::STAGING;

impl OnStack {
    /// How Step Functions says an execution stands: its status, and its error.
    pub(crate) fn execution(&self, name: &str) -> (String, String) {
        let found = self.described(name);
        let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        (text("status"), text("error"))
    }

    /// What it says of its error.
    pub(crate) fn cause(&self, name: &str) -> String {
        self.described(name)["cause"].as_str().unwrap_or_default().to_owned()
    }

    fn described(&self, name: &str) -> Value {
        self.states("DescribeExecution", &json!({ "executionArn": execution_arn(name) }))
    }

    /// Everything that passed through an execution.
    pub(crate) fn story(&self, name: &str) -> String {
        self.history(name).to_string()
    }

    fn history(&self, name: &str) -> Value {
        let asked = json!({ "executionArn": execution_arn(name), "maxResults": 1000, "includeExecutionData": true });
        self.states("GetExecutionHistory", &asked)
    }

    /// Sees that the call of a step's function failed, and that the retry of the same state called it again and got an answer.
    #[track_caller]
    pub(crate) fn was_called_again(&self, id: &str, step: &str) {
        let history = self.history(id);
        let events = history["events"].as_array().unwrap();
        let entered = |event: &Value| event["stateEnteredEventDetails"]["name"] == step;
        let visits = events.iter().enumerate().filter(|(_, event)| entered(event)).map(|(at, _)| {
            let kinds = events[at + 1..].iter().map(|event| event["type"].as_str().unwrap());
            kinds.take_while(|kind| *kind != "TaskStateExited").collect::<Vec<_>>()
        });
        let visits: Vec<_> = visits.collect();
        let retried = ["TaskScheduled", "TaskFailed", "TaskScheduled", "TaskSucceeded"];
        assert!(visits.iter().any(|visit| visit.ends_with(&retried)), "{step}: {visits:?}");
    }

    /// How many executions of the pipeline there were.
    pub(crate) fn executions(&self) -> usize {
        self.listed().len()
    }

    /// The names of the executions of the pipeline that begin like this.
    pub(crate) fn executions_of(&self, beginning: &str) -> Vec<String> {
        let names = self.listed().into_iter().filter_map(|execution| execution["name"].as_str().map(str::to_owned));
        names.filter(|name| name.starts_with(beginning)).collect()
    }

    /// The most executions that were in progress at one moment, of those whose names begin like this.
    pub(crate) fn most_at_once(&self, beginning: &str) -> usize {
        let mut moments: Vec<(f64, i32)> = Vec::new();
        for execution in self.listed() {
            if execution["name"].as_str().is_some_and(|name| name.starts_with(beginning)) {
                moments.push((execution["startDate"].as_f64().unwrap(), 1));
                moments.push((execution["stopDate"].as_f64().unwrap(), -1));
            }
        }
        // At one moment, ends go first.
        moments.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        let mut now = 0;
        let most = moments.iter().map(|(_, step)| {
            now += step;
            now
        });
        usize::try_from(most.max().unwrap_or(0)).unwrap()
    }

    /// How often items of a batch were played as executions of their own.
    pub(crate) fn map_runs(&self, batch: &str) -> usize {
        let found = self.states("ListMapRuns", &json!({ "executionArn": batch_arn(batch) }));
        found["mapRuns"].as_array().unwrap().len()
    }

    fn listed(&self) -> Vec<Value> {
        let arn = format!("arn:aws:states:{}:{}:stateMachine:aurora-restore", STAGING.1, STAGING.0);
        let found = self.states("ListExecutions", &json!({ "stateMachineArn": arn, "maxResults": 1000 }));
        found["executions"].as_array().unwrap().clone()
    }

    /// Stops an execution of the pipeline, as a person does in the console.
    pub(crate) fn stop(&self, name: &str) {
        self.states("StopExecution", &json!({ "executionArn": execution_arn(name) }));
    }

    /// The same with a batch, and with words.
    pub(crate) fn stop_batch(&self, name: &str, cause: &str) {
        self.states("StopExecution", &json!({ "executionArn": batch_arn(name), "cause": cause }));
    }

    /// Starts a batch by hand.
    pub(crate) fn start_batch(&self, name: &str, input: &Value) {
        let machine = format!("arn:aws:states:{}:{}:stateMachine:aurora-restore-batch", STAGING.1, STAGING.0);
        let asked = json!({ "stateMachineArn": machine, "name": name, "input": input.to_string() });
        self.states("StartExecution", &asked);
    }

    /// Waits until a batch has ended.
    #[track_caller]
    pub(crate) fn batch_ended(&self, name: &str) -> String {
        self.world.wait_for("the end of the batch", || {
            let found = self.states("DescribeExecution", &json!({ "executionArn": batch_arn(name) }));
            found["status"].as_str().filter(|status| *status != "RUNNING").map(str::to_owned)
        })
    }

    fn states(&self, action: &str, body: &Value) -> Value {
        self.services.json("states", &format!("AWSStepFunctions.{action}"), body)
    }

    /// Waits until an execution has ended.
    #[track_caller]
    pub(crate) fn ended(&self, name: &str) -> (String, String) {
        self.world.wait_for("the end of the execution", || {
            let found = self.execution(name);
            (found.0 != "RUNNING").then_some(found)
        })
    }
}

fn batch_arn(name: &str) -> String {
    format!("arn:aws:states:{}:{}:execution:aurora-restore-batch:{name}", STAGING.1, STAGING.0)
}

fn execution_arn(name: &str) -> String {
    format!("arn:aws:states:{}:{}:execution:aurora-restore:{name}", STAGING.1, STAGING.0)
}
