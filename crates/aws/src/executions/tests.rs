//! What is sent for each call, and what each answer of Step Functions means.

use serde_json::json;

use super::*;
use crate::replay::{answering, only_body, refusal};

const MACHINE: &str = "arn:aws:states:eu-west-1:111122223333:stateMachine:aurora-restore";
const EXECUTION: &str = "arn:aws:states:eu-west-1:111122223333:execution:aurora-restore:op-1";

fn machine() -> MachineArn {
    MachineArn::new(Arn::new(MACHINE).unwrap()).unwrap()
}

fn name() -> ExecutionName {
    ExecutionName::new("op-1").unwrap()
}

fn described(rest: &str) -> (u16, String) {
    let head = format!(r#""executionArn":"{EXECUTION}","stateMachineArn":"{MACHINE}","name":"op-1""#);
    (200, format!("{{{head},{rest}}}"))
}

async fn start(answer: (u16, String)) -> Result<Started, ExecutionsError> {
    let (connection, _http) = answering([answer]);
    let executions = StepFunctions::new(&connection, machine(), None).unwrap();
    executions.start(&name(), &json!({ "operation_id": "op-1" })).await
}

async fn describe(answer: (u16, String)) -> Result<Option<Execution>, ExecutionsError> {
    let (connection, _http) = answering([answer]);
    StepFunctions::new(&connection, machine(), None).unwrap().describe(&name()).await
}

#[test]
fn only_the_arn_of_a_machine_itself_is_taken() {
    let others = [
        "arn:aws:states:eu-west-1:111122223333:stateMachine:aurora-restore:live",
        "arn:aws:states:eu-west-1:111122223333:execution:aurora-restore:op-1",
        "arn:aws:lambda:eu-west-1:111122223333:function:aurora-restore",
    ];
    for text in others {
        let arn = Arn::new(text).unwrap();
        assert_eq!(MachineArn::new(arn.clone()), Err(InvalidMachine { arn }));
    }
    assert_eq!(machine().execution(&name()), EXECUTION);
}

#[tokio::test]
async fn a_start_names_the_machine_the_execution_and_its_input_in_the_machines_region() {
    let body = format!(r#"{{"executionArn":"{EXECUTION}","startDate":1795000000.5}}"#);
    let (connection, http) = answering([(200, body)]);
    let executions = StepFunctions::new(&connection, machine(), None).unwrap();
    let started = executions.start(&name(), &json!({ "operation_id": "op-1" })).await;
    assert_eq!(started, Ok(Started::Started));
    let sent: Value = serde_json::from_str(&only_body(&http)).unwrap();
    let expected = json!({ "stateMachineArn": MACHINE, "name": "op-1", "input": "{\"operation_id\":\"op-1\"}" });
    assert_eq!(sent, expected);
    assert!(http.actual_requests().next().unwrap().uri().contains("eu-west-1"));
}

#[tokio::test]
async fn each_refusal_of_a_start_means_one_thing() {
    assert_eq!(start(refusal(400, "ExecutionAlreadyExists", "taken")).await, Ok(Started::NameTaken));
    let machine = || MACHINE.to_owned();
    for code in ["StateMachineDoesNotExist", "StateMachineDeleting"] {
        let error = start(refusal(400, code, "gone")).await.unwrap_err();
        assert_eq!(error, ExecutionsError::MachineMissing { machine: machine() }, "{code}");
    }
    for code in ["AccessDeniedException", "KmsAccessDeniedException", "KmsInvalidStateException"] {
        let error = start(refusal(400, code, "no")).await.unwrap_err();
        let reason = format!("{code}: no");
        assert_eq!(error, ExecutionsError::Denied { machine: machine(), action: START, reason });
    }
    for code in ["InvalidName", "InvalidExecutionInput", "ValidationException"] {
        let error = start(refusal(400, code, "bad")).await.unwrap_err();
        let reason = format!("{code}: bad");
        assert_eq!(error, ExecutionsError::Refused { machine: machine(), action: START, reason });
    }
    for (status, code) in [(400, "ExecutionLimitExceeded"), (400, "ThrottlingException"), (500, "InternalFailure")] {
        let error = start(refusal(status, code, "later")).await.unwrap_err();
        let reason = format!("{code}: later");
        assert_eq!(error, ExecutionsError::Unavailable { machine: machine(), action: START, reason });
    }
}

#[tokio::test]
async fn an_execution_is_read_with_its_end_and_its_error() {
    let failed = describe(described(
        r#""status":"FAILED","startDate":1795000000.5,"stopDate":1795000060,"error":"AuroraRestore.Failed","cause":"c","input":"{\"n\":1}""#,
    ));
    let expected = Execution {
        name: name(),
        status: ExecutionStatus::Failed,
        started_at: Timestamp::from_millisecond(1_795_000_000_500).unwrap(),
        ended_at: Some(Timestamp::from_second(1_795_000_060).unwrap()),
        input: Some(json!({ "n": 1 })),
        error: Some("AuroraRestore.Failed".into()),
        cause: Some("c".into()),
    };
    assert_eq!(failed.await.unwrap(), Some(expected));
    assert_eq!(describe(refusal(400, "ExecutionDoesNotExist", "no")).await, Ok(None));
}

#[tokio::test]
async fn a_status_that_is_not_known_counts_as_running() {
    let known = [
        ("RUNNING", ExecutionStatus::Running),
        ("PENDING_REDRIVE", ExecutionStatus::Running),
        ("MEDITATING", ExecutionStatus::Running),
        ("SUCCEEDED", ExecutionStatus::Succeeded),
        ("TIMED_OUT", ExecutionStatus::TimedOut),
        ("ABORTED", ExecutionStatus::Aborted),
    ];
    for (word, status) in known {
        let answer = describe(described(&format!(r#""status":"{word}","startDate":1795000000"#))).await.unwrap();
        assert_eq!(answer.unwrap().status, status, "{word}");
    }
}

#[tokio::test]
async fn stopping_what_is_not_there_is_done() {
    let (connection, http) = answering([refusal(400, "ExecutionDoesNotExist", "no")]);
    let executions = StepFunctions::new(&connection, machine(), None).unwrap();
    assert_eq!(executions.stop(&name(), "no longer needed").await, Ok(()));
    let sent: Value = serde_json::from_str(&only_body(&http)).unwrap();
    assert_eq!(sent, json!({ "executionArn": EXECUTION, "cause": "no longer needed" }));
}
