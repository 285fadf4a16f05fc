//! What the domain needs from the world, as traits. Adapters live in rooms of their own.
//!
//! Every method says what is true after it returns. Fakes have behaviour and pass the same conformance suite as the
//! real thing (the `testing` room).

mod clock;
mod database;
mod journal;
mod logins;
mod notifier;
mod rds;
mod secret_document;
mod secret_versions;
mod secrets;

pub use clock::Clock;
pub use database::{
    AccessProof, Database, DatabaseError, DatabaseErrorKind, DatabaseFingerprint, DatabaseLogin, LoginProof,
    RoleSecret, SchemaChoice, UserSetup, UserSetupOutcome,
};
pub use journal::{
    FencingToken, Journal, JournalError, JournalHead, NewOperation, OperationFilter, OperationPage, RefusedOperation,
    TargetKey,
};
pub use logins::{Logins, Turn};
pub use notifier::{Notice, NoticeOutcome, Notifier, NotifierError};
pub use rds::{
    AccountQuota, Change, Cloud, CloudError, Cluster, ClusterMember, ClusterModify, ClusterRestore, ClusterStatus,
    Endpoint, EngineVersion, Instance, InstanceCreate, InstanceModify, InstanceStatus, Location, OrderableClass,
    ParameterGroup, ParameterGroupStatus, PointInTimeMethod, Rds, RdsError, RdsErrorKind, RdsReads, RdsResult,
    RestoreSource, Side, Snapshot, SnapshotAddress, SnapshotCopy, SnapshotKind, SnapshotQuery, SnapshotStatus,
    SubnetGroup, Tags,
};
pub use secret_document::SECRET_BYTES_MAX;
pub use secret_versions::{
    OwnRotation, PASSWORD_CHARS, PASSWORD_EXCLUDED, SecretHistory, SecretVersion, SecretVersions, SecretVersionsError,
    VersionStage,
};
pub use secrets::{SecretDocument, Secrets, SecretsError};

/// Everything the engine needs, gathered by the `app` room.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// RDS in the source and the target account.
    pub cloud: &'a dyn Cloud,
    /// The append-only record of operations.
    pub journal: &'a dyn Journal,
    /// Where passwords are kept.
    pub secrets: &'a dyn Secrets,
    /// What is done inside the restored database.
    pub database: &'a dyn Database,
    /// Who is told about the end of an operation.
    pub notifier: &'a dyn Notifier,
    /// What time it is.
    pub clock: &'a dyn Clock,
}
