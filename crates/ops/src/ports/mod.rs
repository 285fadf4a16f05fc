//! What maintenance needs from the world beside the ports of `core`, as traits.

mod executions;

pub use executions::{
    EXECUTION_NAME_CHARS_MAX, Execution, ExecutionName, ExecutionStatus, Executions, ExecutionsError,
    InvalidExecutionName, Started,
};
