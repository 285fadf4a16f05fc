//! The conformance suite of the executions port.

use aurora_restore_ops::ports::{ExecutionName, ExecutionStatus, Executions, Started};
use serde_json::json;

use super::{Case, CaseResult, holds, same, verdict};

/// Runs every case. The machine's executions have to run for some minutes by themselves.
pub async fn run(executions: &dyn Executions) -> Vec<CaseResult> {
    let cases = [
        ("an execution runs under its name, and starting it again starts nothing", repeated(executions).await),
        ("a name that runs with another input is taken", other_input(executions).await),
        ("a stopped execution has ended, and its name is taken for good", stopped(executions).await),
        ("what never was is not there, and stopping it is done", unknown(executions).await),
    ];
    cases.into_iter().map(|(case, result)| CaseResult { case, verdict: verdict(result) }).collect()
}

async fn repeated(executions: &dyn Executions) -> Case {
    let (name, input) = (ExecutionName::new("suite-repeated")?, json!({ "operation_id": "suite-repeated" }));
    same("the first start", &executions.start(&name, &input).await?, &Started::Started)?;
    let first = executions.describe(&name).await?.ok_or("it is not shown")?;
    same("its status", &first.status, &ExecutionStatus::Running)?;
    same("its end", &first.ended_at, &None)?;
    same("its input", &first.input, &Some(input.clone()))?;
    // Whether the input of one that runs is compared is the implementation's business.
    let _either = executions.start(&name, &input).await?;
    let second = executions.describe(&name).await?.ok_or("it is not shown any more")?;
    same("its beginning", &second.started_at, &first.started_at)
}

async fn other_input(executions: &dyn Executions) -> Case {
    let name = ExecutionName::new("suite-other-input")?;
    same("the first start", &executions.start(&name, &json!({ "n": 1 })).await?, &Started::Started)?;
    same("the other start", &executions.start(&name, &json!({ "n": 2 })).await?, &Started::NameTaken)
}

async fn stopped(executions: &dyn Executions) -> Case {
    let (name, input) = (ExecutionName::new("suite-stopped")?, json!({}));
    executions.start(&name, &input).await?;
    executions.stop(&name, "the suite has seen enough").await?;
    let ended = executions.describe(&name).await?.ok_or("it is not shown")?;
    same("its status", &ended.status, &ExecutionStatus::Aborted)?;
    holds("it has an end", ended.ended_at.is_some())?;
    same("a start under its name", &executions.start(&name, &input).await?, &Started::NameTaken)?;
    executions.stop(&name, "again").await?;
    Ok(())
}

async fn unknown(executions: &dyn Executions) -> Case {
    let name = ExecutionName::new("suite-never-was")?;
    same("what is shown", &executions.describe(&name).await?, &None)?;
    executions.stop(&name, "it never was").await?;
    Ok(())
}
