//! Executions of a state machine in Step Functions (`StartExecution`, `DescribeExecution`, `StopExecution`).

use async_trait::async_trait;
use aurora_restore_core::{ids::Arn, ports::RdsErrorKind};
use aurora_restore_ops::ports::{Execution, ExecutionName, ExecutionStatus, Executions, ExecutionsError, Started};
use aws_sdk_sfn::{
    Client,
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        describe_execution::{DescribeExecutionError, DescribeExecutionOutput},
        start_execution::StartExecutionError,
        stop_execution::StopExecutionError,
    },
    primitives::DateTime,
    types::ExecutionStatus as SdkStatus,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
    failure::{Call, Failure},
};

/// The most characters that Step Functions takes as the cause of a stop.
const CAUSE_CHARS_MAX: usize = 32_768;

/// The permissions that the calls need.
const START: &str = "states:StartExecution";
const DESCRIBE: &str = "states:DescribeExecution";
const STOP: &str = "states:StopExecution";

/// Why an ARN is not that of a state machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{arn}` is not the ARN of a state machine, which looks like arn:aws:states:REGION:ACCOUNT:stateMachine:NAME")]
pub struct InvalidMachine {
    /// The ARN as given.
    pub arn: Arn,
}

/// The ARN of a state machine, without a version or an alias: executions are named by the machine alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineArn {
    arn: Arn,
    /// What the ARN of an execution begins with.
    executions: String,
}

impl MachineArn {
    /// Checks an ARN.
    ///
    /// # Errors
    /// [`InvalidMachine`].
    pub fn new(arn: Arn) -> Result<Self, InvalidMachine> {
        let parts: Vec<&str> = arn.as_str().split(':').collect();
        match parts[..] {
            ["arn", partition, "states", region, account, "stateMachine", name] if !name.is_empty() => {
                let executions = format!("arn:{partition}:states:{region}:{account}:execution:{name}:");
                Ok(Self { arn, executions })
            }
            _ => Err(InvalidMachine { arn }),
        }
    }

    /// The ARN as text.
    pub fn as_str(&self) -> &str {
        self.arn.as_str()
    }

    fn execution(&self, name: &ExecutionName) -> String {
        format!("{}{name}", self.executions)
    }
}

/// The [`Executions`] port on AWS.
#[derive(Debug, Clone)]
pub struct StepFunctions {
    client: Client,
    machine: MachineArn,
}

impl StepFunctions {
    /// Executions of that machine, in its own Region. Sends nothing yet.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(
        connection: &Connection,
        machine: MachineArn,
        endpoint: Option<&EndpointUrl>,
    ) -> Result<Self, InvalidEndpoint> {
        let mut config = aws_sdk_sfn::config::Builder::from(&connection.to_service("SFN", endpoint)?);
        if let Some(region) = machine.arn.region() {
            config = config.region(crate::connection::sdk_region(&region));
        }
        Ok(Self { client: Client::from_conf(config.build()), machine })
    }

    fn failed<E>(&self, action: &'static str, error: &SdkError<E, HttpResponse>, refusal: Refusal) -> ExecutionsError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let failure = Failure::of(error, Call::new(action));
        let machine = self.machine.as_str().to_owned();
        let reason = format!("{}: {}", failure.code, failure.message);
        match refusal {
            Refusal::MachineMissing => ExecutionsError::MachineMissing { machine },
            Refusal::Denied => ExecutionsError::Denied { machine, action, reason },
            Refusal::Final => ExecutionsError::Refused { machine, action, reason },
            Refusal::Other => match failure.kind {
                RdsErrorKind::AccessDenied | RdsErrorKind::KmsDenied => {
                    ExecutionsError::Denied { machine, action, reason }
                }
                RdsErrorKind::InvalidRequest => ExecutionsError::Refused { machine, action, reason },
                _ => ExecutionsError::Unavailable { machine, action, reason },
            },
        }
    }

    fn read(&self, name: &ExecutionName, answer: &DescribeExecutionOutput) -> Result<Execution, ExecutionsError> {
        let malformed = |what: &str| ExecutionsError::Unavailable {
            machine: self.machine.as_str().to_owned(),
            action: DESCRIBE,
            reason: format!("the answer about {name} holds {what}"),
        };
        let started_at = timestamp(answer.start_date()).ok_or_else(|| malformed("an impossible start date"))?;
        Ok(Execution {
            name: name.clone(),
            status: status(answer.status()),
            started_at,
            ended_at: answer.stop_date().and_then(timestamp),
            input: answer.input().and_then(|text| serde_json::from_str(text).ok()),
            error: answer.error().map(str::to_owned),
            cause: answer.cause().map(str::to_owned),
        })
    }
}

#[async_trait]
impl Executions for StepFunctions {
    async fn start(&self, name: &ExecutionName, input: &Value) -> Result<Started, ExecutionsError> {
        let start = self.client.start_execution().state_machine_arn(self.machine.as_str()).name(name.as_str());
        match start.input(input.to_string()).send().await {
            Ok(_) => Ok(Started::Started),
            Err(error) => match error.as_service_error() {
                Some(StartExecutionError::ExecutionAlreadyExists(_)) => Ok(Started::NameTaken),
                refusal => Err(self.failed(START, &error, refusal.map_or(Refusal::Other, start_refusal))),
            },
        }
    }

    async fn describe(&self, name: &ExecutionName) -> Result<Option<Execution>, ExecutionsError> {
        match self.client.describe_execution().execution_arn(self.machine.execution(name)).send().await {
            Ok(answer) => self.read(name, &answer).map(Some),
            Err(error) => match error.as_service_error() {
                Some(DescribeExecutionError::ExecutionDoesNotExist(_)) => Ok(None),
                refusal => Err(self.failed(DESCRIBE, &error, refusal.map_or(Refusal::Other, describe_refusal))),
            },
        }
    }

    async fn stop(&self, name: &ExecutionName, reason: &str) -> Result<(), ExecutionsError> {
        let cause: String = reason.chars().take(CAUSE_CHARS_MAX).collect();
        let stop = self.client.stop_execution().execution_arn(self.machine.execution(name)).cause(cause);
        match stop.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(StopExecutionError::ExecutionDoesNotExist(_)) => Ok(()),
                refusal => Err(self.failed(STOP, &error, refusal.map_or(Refusal::Other, stop_refusal))),
            },
        }
    }
}

/// What a refusal of Step Functions means where its code alone would not tell.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    MachineMissing,
    Denied,
    /// Repeating the call is of no use.
    Final,
    /// As its code says.
    Other,
}

fn start_refusal(error: &StartExecutionError) -> Refusal {
    match error {
        StartExecutionError::StateMachineDoesNotExist(_) | StartExecutionError::StateMachineDeleting(_) => {
            Refusal::MachineMissing
        }
        StartExecutionError::InvalidArn(_)
        | StartExecutionError::InvalidName(_)
        | StartExecutionError::InvalidExecutionInput(_)
        | StartExecutionError::ValidationException(_) => Refusal::Final,
        StartExecutionError::KmsAccessDeniedException(_) | StartExecutionError::KmsInvalidStateException(_) => {
            Refusal::Denied
        }
        _ => Refusal::Other,
    }
}

fn describe_refusal(error: &DescribeExecutionError) -> Refusal {
    match error {
        DescribeExecutionError::InvalidArn(_) => Refusal::Final,
        DescribeExecutionError::KmsAccessDeniedException(_) | DescribeExecutionError::KmsInvalidStateException(_) => {
            Refusal::Denied
        }
        _ => Refusal::Other,
    }
}

fn stop_refusal(error: &StopExecutionError) -> Refusal {
    match error {
        StopExecutionError::InvalidArn(_) | StopExecutionError::ValidationException(_) => Refusal::Final,
        StopExecutionError::KmsAccessDeniedException(_) | StopExecutionError::KmsInvalidStateException(_) => {
            Refusal::Denied
        }
        _ => Refusal::Other,
    }
}

fn status(status: &SdkStatus) -> ExecutionStatus {
    match status {
        SdkStatus::Succeeded => ExecutionStatus::Succeeded,
        SdkStatus::Failed => ExecutionStatus::Failed,
        SdkStatus::TimedOut => ExecutionStatus::TimedOut,
        SdkStatus::Aborted => ExecutionStatus::Aborted,
        _ => ExecutionStatus::Running,
    }
}

fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_nanosecond(time.as_nanos()).ok()
}

#[cfg(test)]
mod tests;
