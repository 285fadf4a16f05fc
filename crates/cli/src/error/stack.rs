//! What is told about failures of a stack and of its services.

use aurora_restore_app::StackError;
use aurora_restore_core::catalogue::ErrorCode;
use aurora_restore_ops::{OpsError, ports::ServiceError};

use super::CommandError;

impl From<StackError> for CommandError {
    fn from(error: StackError) -> Self {
        let text = error.to_string();
        match error {
            StackError::Services(error) => error.into(),
            StackError::Service(error) => error.into(),
            StackError::NotAStack { .. } => Self::configuration(text).hint("Look at `--stack`."),
            StackError::NoStack { .. } => Self::configuration(text)
                .hint("Deploy it with `aurora-restore stack deploy`, or correct `--stack`, the Region or the account."),
        }
    }
}

impl From<ServiceError> for CommandError {
    fn from(error: ServiceError) -> Self {
        let text = error.to_string();
        match error {
            ServiceError::Denied { action, .. } => Self::configuration(text).hint(format!(
                "Whoever runs this needs the permission {action}; a policy, a boundary or a service control policy denies it."
            )),
            ServiceError::Missing { .. } => Self::failed(text),
            ServiceError::Refused { .. } => Self::failed(text).hint("Nothing else was changed by this call."),
            ServiceError::Unavailable { .. } => Self::failed(text)
                .code(ErrorCode::Unavailable)
                .hint("Check the network, the proxy and the endpoint, then run the same command again: it goes on."),
        }
    }
}

impl From<OpsError> for CommandError {
    fn from(error: OpsError) -> Self {
        let text = error.to_string();
        match error {
            OpsError::Service(error) => error.into(),
            OpsError::NoTable { .. } => Self::configuration(text).hint("Look at `--stack`, the Region and the account."),
            OpsError::Unresolved(_) => Self::usage(text)
                .hint("Take the declaration of the stack's own version, or bring the stack up to date with `aurora-restore stack deploy`. Nothing was changed."),
            OpsError::NoStack { .. } => Self::configuration(text)
                .hint("Deploy it with `aurora-restore stack deploy`, or correct `--stack` or `--region`."),
            OpsError::NotNow { hint, .. } => Self::failed(text).hint(hint),
            OpsError::ChangeSet { .. } => Self::failed(text).hint("The stack is as it was."),
            OpsError::Failed { ref stack, .. } => Self::failed(text).hint(format!(
                "See `aurora-restore stack status --stack {stack}`; mend the cause and run the same command again."
            )),
            OpsError::TooLong { .. } => {
                Self::still_running(text).hint("Run the same command again: it follows what is going on.")
            }
            OpsError::Bucket { .. } => Self::configuration(text).hint("Nothing was changed."),
            OpsError::Unanswered { .. } => Self::failed(text).hint("Ask about less time with `--since`."),
            OpsError::Package { .. } => {
                Self::usage(text).hint("Give that one with `--package FILE`. Nothing was changed.")
            }
            OpsError::InTheWay { .. } => Self::failed(text).hint(
                "A backup is restored where nothing of its stack is. Name another stack, other tables (`--parameter \
                 StateTableName=…`) or another account, or delete what nobody needs. Nothing was changed.",
            ),
            OpsError::ParametersMissing { ref names } => {
                let flags: Vec<String> = names.iter().map(|name| format!("--parameter '{name}=VALUE'")).collect();
                Self::usage(text).hint(format!("Give it with {}. Nothing was changed.", flags.join(" ")))
            }
            OpsError::Parameter { .. } => Self::usage(text).hint("Nothing was changed."),
        }
    }
}
