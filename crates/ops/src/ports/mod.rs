//! What maintenance needs from the world beside the ports of `core`, as traits.

mod artifacts;
mod executions;
mod keys;
mod patient;
mod service_error;
mod stacks;

pub use artifacts::{Artifacts, Bucket, ObjectVersion};
pub use executions::{
    EXECUTION_NAME_CHARS_MAX, Execution, ExecutionName, ExecutionStatus, Executions, ExecutionsError,
    InvalidExecutionName, Resumed, Started, start_resumption,
};
pub use keys::{KeyFacts, KeyManager, KeyRotation, KeyState, Keys};
pub use patient::Patient;
pub use service_error::{ServiceError, ServiceResult};
pub use stacks::{
    Action, Change, ChangeSet, ChangeSetKind, ChangeSetStatus, NewChangeSet, ParameterValue, Stack, StackEvent, Stacks,
    TEMPLATE_BYTES_MAX, TemplateSource,
};
