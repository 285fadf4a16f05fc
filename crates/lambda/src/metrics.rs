//! Figures for CloudWatch, as lines of the log in embedded metric format.
//!
//! | metric | unit | dimensions |
//! |---|---|---|
//! | `StepDuration`, `StepFailures` | s, count | `Environment`, `Step` |
//! | `OperationsCompleted`, `OperationsFailed`, `OperationsCancelled`, `OperationsStuck` | count | `Environment` |
//! | `RecoveryTime` | s | `Environment` |
//! | `ClustersRetired`, `RetirementsFailed` | count | `Environment` |
//! | `FunctionErrors` | count | `Environment`, `Step` |
//! | `SweepRetirementsStarted`, `SweepOperationsStalled`, `SweepLeftovers`, `SweepTroubles` | count | `Environment` |
//!
//! The operation's id is a field of the line and never a dimension: every one would be a metric to pay for.

use aurora_restore_core::{
    operation::{End, Operation, Phase, StepKind, StepStatus},
    report::recovery_time,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The namespace of all of them.
const NAMESPACE: &str = "AuroraRestore";

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// The metric.
    pub name: &'static str,
    /// The step that it is about, if it is about one.
    pub step: Option<&'static str>,
    /// How much.
    pub amount: Amount,
}

/// How much, and of what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// So many.
    Count(u64),
    /// So long.
    Time(SignedDuration),
}

impl Measure {
    pub(crate) fn count(name: &'static str, count: u64) -> Self {
        Self { name, step: None, amount: Amount::Count(count) }
    }

    pub(crate) fn of_step(name: &'static str, step: &'static str, amount: Amount) -> Self {
        Self { name, step: Some(step), amount }
    }

    /// The line of the log that makes it a metric.
    pub fn line(&self, environment: &str, operation: Option<&str>, now: Timestamp) -> Value {
        let (unit, value) = match self.amount {
            Amount::Count(count) => ("Count", json!(count)),
            Amount::Time(length) => ("Seconds", json!(length.as_secs_f64())),
        };
        let dimensions = if self.step.is_some() { json!([["Environment", "Step"]]) } else { json!([["Environment"]]) };
        let mut line = json!({
            "_aws": {
                "Timestamp": now.as_millisecond(),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": dimensions,
                    "Metrics": [{ "Name": self.name, "Unit": unit }],
                }],
            },
            "Environment": environment,
            "operation_id": operation,
        });
        line[self.name] = value;
        if let Some(step) = self.step {
            line["Step"] = json!(step);
        }
        line
    }
}

/// What of an operation is compared before and after a move.
#[derive(Debug, Clone)]
pub(crate) struct Glimpse {
    phase: Phase,
    steps: Vec<(StepKind, StepStatus)>,
}

impl Glimpse {
    pub(crate) fn of(operation: &Operation) -> Self {
        let steps = operation.steps.iter().map(|step| (step.kind, step.status)).collect();
        Self { phase: operation.phase, steps }
    }

    /// Notes what has happened since.
    pub(crate) fn compare(&self, now: &Operation, measures: &mut Vec<Measure>) {
        for ((kind, before), step) in self.steps.iter().zip(&now.steps) {
            if *before == step.status {
                continue;
            }
            let took = step.started_at.zip(step.ended_at).map(|(from, to)| to.duration_since(from));
            match step.status {
                StepStatus::Finished => {
                    let amount = Amount::Time(took.unwrap_or_default());
                    measures.push(Measure::of_step("StepDuration", kind.as_str(), amount));
                }
                StepStatus::Retrying
                | StepStatus::Failed
                | StepStatus::Abandoned
                | StepStatus::UndoRetrying
                | StepStatus::UndoFailed => {
                    measures.push(Measure::of_step("StepFailures", kind.as_str(), Amount::Count(1)));
                }
                StepStatus::Pending
                | StepStatus::Started
                | StepStatus::Skipped
                | StepStatus::UndoStarted
                | StepStatus::Undone
                | StepStatus::Waived => {}
            }
        }
        if self.phase != now.phase {
            self.compare_phase(now, measures);
        }
    }

    fn compare_phase(&self, now: &Operation, measures: &mut Vec<Measure>) {
        let name = match (self.phase, now.phase) {
            (Phase::Retiring, Phase::Ended(_)) if now.retired_at.is_some() => "ClustersRetired",
            (Phase::Retiring, Phase::Ended(_)) => "RetirementsFailed",
            (_, Phase::Ended(End::Completed)) => "OperationsCompleted",
            (_, Phase::Ended(End::Failed)) => "OperationsFailed",
            (_, Phase::Ended(End::Cancelled)) => "OperationsCancelled",
            (_, Phase::Stuck(_)) => "OperationsStuck",
            (_, Phase::Forward | Phase::Back | Phase::Retiring) => return,
        };
        measures.push(Measure::count(name, 1));
        if name == "OperationsCompleted"
            && let Some(time) = recovery_time(now)
        {
            measures.push(Measure { name: "RecoveryTime", step: None, amount: Amount::Time(time) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_its_dimensions_and_never_makes_the_operation_one() {
        let measure =
            Measure::of_step("StepDuration", "copy-snapshot", Amount::Time(SignedDuration::from_millis(1_500)));
        let line = measure.line("prod", Some("op-1"), Timestamp::UNIX_EPOCH);
        let expected = json!({
            "_aws": {"Timestamp": 0, "CloudWatchMetrics": [{
                "Namespace": "AuroraRestore",
                "Dimensions": [["Environment", "Step"]],
                "Metrics": [{"Name": "StepDuration", "Unit": "Seconds"}],
            }]},
            "Environment": "prod", "Step": "copy-snapshot", "operation_id": "op-1", "StepDuration": 1.5,
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn what_is_about_no_step_has_the_environment_alone() {
        let line = Measure::count("OperationsStuck", 1).line("prod", None, Timestamp::UNIX_EPOCH);
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Environment"]]));
        assert_eq!((&line["OperationsStuck"], line.get("Step")), (&json!(1), None));
    }
}
