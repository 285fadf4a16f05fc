//! What is told about failures of a state machine's executions.

use aurora_restore_core::catalogue::ErrorCode;
use aurora_restore_ops::ports::ExecutionsError;

use super::CommandError;

impl From<ExecutionsError> for CommandError {
    fn from(error: ExecutionsError) -> Self {
        let text = error.to_string();
        match error {
            ExecutionsError::MachineMissing { .. } => {
                Self::configuration(text).hint("Deploy the stack with `aurora-restore stack deploy`.")
            }
            ExecutionsError::Denied { action, .. } => Self::configuration(text)
                .hint(format!("Whoever runs this needs the permission {action} on the state machine of the stack.")),
            ExecutionsError::Refused { .. } => Self::failed(text).hint("Nothing was started."),
            ExecutionsError::Unavailable { .. } => Self::failed(text)
                .code(ErrorCode::Unavailable)
                .hint("Run the same command again, with the same id: what was started already is not started twice."),
        }
    }
}
