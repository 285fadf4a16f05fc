//! What maintenance needs from the world beside the ports of `core`, as traits.

mod alarms;
mod artifacts;
mod bills;
mod cause;
mod changes;
mod drifts;
mod executions;
mod functions;
mod grants;
mod insights;
mod keys;
mod logs;
mod metrics;
mod monitors;
mod patient;
mod rehearsals;
mod restore_tests;
mod safeguards;
mod service_error;
mod stacks;
mod states;
mod table_settings;

pub use alarms::{Alarm, AlarmState, Alarms};
pub use artifacts::{Artifacts, Bucket, ObjectVersion};
pub use bills::{Billed, BilledTag, Bills};
pub use cause::Cause;
pub use changes::{Appended, Changes, SealedRecord};
pub use drifts::{Drifts, PropertyDrift, ResourceDrift};
pub use executions::{
    EXECUTION_NAME_CHARS_MAX, Execution, ExecutionName, ExecutionStatus, Executions, ExecutionsError,
    InvalidExecutionName, Resumed, Started, resumption_runs, start_resumption,
};
pub use functions::{
    Alias, CallAnswer, CallReport, Called, CodeAt, FunctionFacts, Functions, Pointing, Readiness, Shift,
};
pub use grants::{Decision, DeniedBy, GrantedRole, Grants, Question, RolePolicy, ServiceUse};
pub use insights::{Insights, InsightsAnswer, InsightsQuery, InsightsRow};
pub use keys::{KeyFacts, KeyManager, KeyRotation, KeyState, Keys};
pub use logs::{LogLine, LogPage, LogQuery, Logs};
pub use metrics::{DailyQuery, Day, Metric, Metrics, PeriodQuery, Statistic};
pub use monitors::{AlarmSettings, LiveAlarm, Monitors, SavedQuery};
pub use patient::Patient;
pub use rehearsals::{
    InvalidRehearsalName, RecoveryWindow, RehearsalName, RehearsalStatus, Rehearsals, RehearsedJournal,
};
pub use restore_tests::{
    InvalidRestoreJobId, RestoreJob, RestoreJobId, RestoreJobStatus, RestoreTests, TestVerdict, Validation,
};
pub use safeguards::{BucketGuard, LogGuard, Safeguards, SecretGuard, TableGuard, TopicGuard};
pub use service_error::{ServiceError, ServiceResult};
pub use stacks::{
    Action, Change, ChangeSet, ChangeSetKind, ChangeSetStatus, NewChangeSet, ParameterValue, Stack, StackEvent,
    StackResource, Stacks, TEMPLATE_BYTES_MAX, TemplateSource,
};
pub use states::{
    Forgotten, Lock, RecordedPage, Restoration, Restored, STATES_PAGE_MAX, States, StatesPage, StoredState, Unchanged,
    WholePage,
};
pub use table_settings::{Billing, IndexShape, Projection, Scaling, TableIndex, TableSettings, Tables};
