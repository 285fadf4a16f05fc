//! What maintenance needs from the world beside the ports of `core`, as traits.

mod alarms;
mod artifacts;
mod changes;
mod executions;
mod functions;
mod patient;
mod rehearsals;
mod service_error;
mod stacks;
mod states;

pub use alarms::{Alarm, AlarmState, Alarms};
pub use artifacts::{Artifacts, Bucket, ObjectVersion};
pub use changes::{Appended, Changes, SealedRecord};
pub use executions::{
    EXECUTION_NAME_CHARS_MAX, Execution, ExecutionName, ExecutionStatus, Executions, ExecutionsError,
    InvalidExecutionName, Resumed, Started, start_resumption,
};
pub use functions::{
    Alias, CallAnswer, CallReport, Called, CodeAt, FunctionFacts, Functions, Pointing, Readiness, Shift,
};
pub use patient::Patient;
pub use rehearsals::{
    InvalidRehearsalName, RecoveryWindow, RehearsalName, RehearsalStatus, Rehearsals, RehearsedJournal,
};
pub use service_error::{ServiceError, ServiceResult};
pub use stacks::{
    Action, Change, ChangeSet, ChangeSetKind, ChangeSetStatus, NewChangeSet, ParameterValue, Stack, StackEvent, Stacks,
    TEMPLATE_BYTES_MAX, TemplateSource,
};
pub use states::{
    Forgotten, Lock, Restoration, Restored, STATES_PAGE_MAX, States, StatesPage, StoredState, Unchanged, WholePage,
};
