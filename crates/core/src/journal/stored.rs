//! The stored forms: one twin for every domain type that an entry can hold.

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    catalogue::ErrorCode,
    ids::{
        AccountId, Arn, ClusterId, ExecutorId, InstanceId, KmsKey, OperationId, Region, ResourceId, SecretId,
        SnapshotId,
    },
    journal::twin::{Twin, twin_enum, twin_struct, words},
    operation::{
        ArchiveOutcome, CancelRequest, CopyMade, Direction, End, Event, Failure, FailureClass, InstanceMade,
        InstancesReady, NoticeSent, RestoredCluster, RetiredCluster, SettingsApplied, SnapshotCopied, StepFacts,
        StepKind, SwitchedOver, UndoReason, UsersReady, Verified,
    },
    plan::{CopyHop, ExistingInstance, ExistingTarget, Finding, Names, Plan, Severity, Share},
    ports::{
        AccessProof, DatabaseFingerprint, Endpoint, Location, PointInTimeMethod, RestoreSource, SchemaChoice, Side,
        Snapshot, SnapshotAddress, SnapshotKind, SnapshotStatus, Tags, TargetKey, UserSetupOutcome,
    },
    request::{
        ArchivePolicy, CopyOptions, CopyRoute, FinalSnapshot, InstanceOptions, Limits, Request, Retirement, SecretRefs,
        Source, SourceSelector, Strategy, Target, UserOptions, VerificationOptions,
    },
    settings::{ClusterSettings, InstanceSettings, ServerlessScaling, SettingComparison},
    verification::{CheckDetail, CheckOutcome, CheckResult, CustomCheck, Expectation, IntegrityDepth},
};

words!(bool, u8, u16, u32, u64, i64, String, Timestamp, SignedDuration, Date);
words!(
    AccountId,
    Arn,
    ClusterId,
    ExecutorId,
    InstanceId,
    KmsKey,
    OperationId,
    Region,
    ResourceId,
    SecretId,
    SnapshotId
);
words!(ErrorCode, FailureClass, StepKind, Direction, End, Severity, Side, SnapshotKind, PointInTimeMethod);
words!(Strategy, CopyRoute, FinalSnapshot, IntegrityDepth, CheckOutcome, DatabaseFingerprint);

twin_enum! {
    #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
    StoredEvent of Event {
        Requested { request: Box<Request>, executor: ExecutorId, approved_plan: Option<String> },
        TakenOver { executor: ExecutorId },
        StepStarted { step: StepKind, attempt: u32 },
        StepFinished { step: StepKind, facts: Box<StepFacts> },
        StepSkipped { step: StepKind, reason: String },
        StepFailed {
            step: StepKind,
            failure: Failure,
            retry_after: Option<SignedDuration>,
            checks: Option<Vec<CheckResult>>,
        },
        StepAbandoned { step: StepKind, failure: Failure, left: Vec<String> },
        CancelRequested { request: CancelRequest },
        UndoStarted { reason: UndoReason },
        StepUndoStarted { step: StepKind, attempt: u32 },
        StepUndone { step: StepKind, note: Option<String> },
        StepUndoFailed { step: StepKind, failure: Failure, retry_after: Option<SignedDuration> },
        StepUndoWaived { step: StepKind, by: String, note: String },
        BecameStuck { step: StepKind, direction: Direction, failure: Failure, left: Vec<String> },
        Unstuck { by: String, direction: Direction },
        Ended { end: End },
        RetireStarted { by: String },
        RetireFinished { retired: RetiredCluster },
        RetireFailed { failure: Failure },
    }
    #[serde(rename_all = "kebab-case")]
    StoredUndoReason of UndoReason {
        Failed { step: StepKind },
        Cancelled(request: CancelRequest),
        Asked { by: String },
    }
    #[serde(rename_all = "kebab-case")]
    StoredStepFacts of StepFacts {
        SnapshotCheck(plan: Box<Plan>),
        CopySnapshot(copied: SnapshotCopied),
        RestoreSnapshot(restored: RestoredCluster),
        CreateInstances(ready: InstancesReady),
        ApplySettings(applied: SettingsApplied),
        SetupDbUsers(users: UsersReady),
        VerifyRestore(verified: Verified),
        SwitchOver(switched: SwitchedOver),
        ArchiveSnapshot(archived: ArchiveOutcome),
        Notify(notice: NoticeSent),
    }
    #[serde(rename_all = "kebab-case")]
    StoredSourceSelector of SourceSelector {
        Snapshot(address: SnapshotAddress),
        ByDate { prefix: String, date: Date },
        LatestOf { cluster: ClusterId, kinds: Vec<SnapshotKind> },
        PointInTime { cluster: ClusterId, at: Option<Timestamp> },
        Clone { cluster: ClusterId },
    }
    #[serde(rename_all = "kebab-case")]
    StoredSnapshotAddress of SnapshotAddress {
        Name(name: SnapshotId),
        Arn(arn: Arn),
    }
    #[serde(rename_all = "kebab-case")]
    StoredArchivePolicy of ArchivePolicy {
        Keep,
        KeepLast(count: u16),
        Delete,
    }
    #[serde(rename_all = "kebab-case")]
    StoredSchemaChoice of SchemaChoice {
        AllUserSchemas,
        Only(schemas: Vec<String>),
    }
    #[serde(rename_all = "kebab-case")]
    StoredExpectation of Expectation {
        Equals(text: String),
        AtLeast(number: i64),
        AtMost(number: i64),
        NewerThanSnapshotMinus(age: SignedDuration),
    }
    #[serde(rename_all = "kebab-case")]
    StoredSnapshotStatus of SnapshotStatus {
        Available,
        Creating,
        Copying,
        Failed(word: String),
        Deleting,
        Other(word: String),
    }
    #[serde(rename_all = "kebab-case")]
    StoredRestoreSource of RestoreSource {
        Snapshot(address: SnapshotAddress),
        LatestOf { cluster: ClusterId, method: PointInTimeMethod },
        PointInTime { cluster: ClusterId, at: Timestamp },
    }
}

// The request.
twin_struct! {
    StoredRequest of Request {
        source: Source, target: Target, strategy: Strategy, copy: CopyOptions, settings: ClusterSettings,
        instances: InstanceOptions, engine_version: Option<String>, secrets: SecretRefs, users: UserOptions,
        verification: VerificationOptions, archive: ArchivePolicy, retirement: Retirement, tags: Tags, limits: Limits,
    }
    StoredSource of Source { region: Region, selector: SourceSelector }
    StoredTarget of Target { region: Region, cluster: ClusterId, require_tags: Tags }
    StoredCopyOptions of CopyOptions { kms_key: Option<KmsKey>, source_kms_key: Option<KmsKey>, route: CopyRoute }
    StoredInstanceOptions of InstanceOptions { count: Option<u8>, settings: InstanceSettings }
    StoredSecretRefs of SecretRefs { master: SecretId, users: Option<SecretId>, source_master: Option<SecretId> }
    StoredUserOptions of UserOptions { schemas: SchemaChoice, keep_logins: Vec<String> }
    StoredVerificationOptions of VerificationOptions {
        tables_min: u64, databases: Vec<String>, integrity: IntegrityDepth, checks: Vec<CustomCheck>,
    }
    StoredCustomCheck of CustomCheck {
        name: String, sql: String, database: Option<String>, expect: Expectation,
    }
    StoredRetirement of Retirement { retain_old: SignedDuration, final_snapshot: FinalSnapshot }
    StoredLimits of Limits {
        copy: SignedDuration, restore: SignedDuration, instances: SignedDuration, step: SignedDuration,
        attempts_max: u32, poll: SignedDuration,
    }
}

// The plan, and what it was made from.
twin_struct! {
    StoredPlan of Plan {
        operation_id: OperationId, digest: String, made_at: Timestamp, strategy: Strategy, target_key: TargetKey,
        target_location: Location, source_location: Location, snapshot: Option<Snapshot>, hops: Vec<CopyHop>,
        restore_source: RestoreSource, restore_kms_key: Option<KmsKey>, engine: String, engine_version: String,
        master_username: Option<String>, existing: Option<ExistingTarget>, names: Names, settings: ClusterSettings,
        instances: Vec<InstanceSettings>, warnings: Vec<Finding>,
    }
    StoredTargetKey of TargetKey { account: String, region: Region, cluster: ClusterId }
    StoredLocation of Location { side: Side, region: Region }
    StoredSnapshot of Snapshot {
        id: SnapshotId, arn: Arn, cluster: ClusterId, kind: SnapshotKind, status: SnapshotStatus, percent: u8,
        created_at: Option<Timestamp>, engine: String, engine_version: String, size_gib: u32, encrypted: bool,
        kms_key: Option<KmsKey>, master_username: Option<String>, tags: Tags,
    }
    StoredCopyHop of CopyHop {
        location: Location, from: SnapshotAddress, to: SnapshotId, kms_key: Option<KmsKey>, share_first: Option<Share>,
    }
    StoredShare of Share { location: Location, snapshot: SnapshotId, with: AccountId }
    StoredExistingTarget of ExistingTarget {
        resource_id: ResourceId, cluster: ClusterId, engine: String, engine_version: String,
        settings: ClusterSettings, instances: Vec<ExistingInstance>, made_by_us: bool,
    }
    StoredExistingInstance of ExistingInstance {
        instance: InstanceId, resource_id: ResourceId, settings: InstanceSettings,
    }
    StoredNames of Names {
        staged: ClusterId, staged_instances: Vec<InstanceId>, serving_instances: Vec<InstanceId>, retired: ClusterId,
        retired_instances: Vec<InstanceId>, final_snapshot: SnapshotId, copies: Vec<SnapshotId>,
    }
    StoredFinding of Finding { code: ErrorCode, severity: Severity, message: String, hint: Option<String> }
    StoredServerlessScaling of ServerlessScaling { min_half_acus: u16, max_half_acus: u16 }
}

// The settings manifest. Newer readers find older entries without the newer fields, hence the optional ones.
twin_struct! {
    StoredClusterSettings of ClusterSettings {
        parameter_group: Option<String>, subnet_group: Option<String>,
        security_groups: Option<std::collections::BTreeSet<String>>, port: Option<u16>,
        backup_retention_days: Option<u16>, backup_window: Option<String>, maintenance_window: Option<String>,
        deletion_protection: Option<bool>, iam_authentication: Option<bool>, copy_tags_to_snapshot: Option<bool>,
        log_exports: Option<std::collections::BTreeSet<String>>, serverless_scaling: Option<ServerlessScaling>,
        storage_type: Option<String>, engine_lifecycle_support: Option<String>,
        roles: Option<std::collections::BTreeMap<Arn, Option<String>>>, tags: Option<Tags>,
    }
    StoredInstanceSettings of InstanceSettings {
        class: Option<String>, parameter_group: Option<String>, promotion_tier: Option<u8>, zone: Option<String>,
        publicly_accessible: Option<bool>, monitoring_interval_secs: Option<u16>, monitoring_role: Option<Arn>,
        performance_insights: Option<bool>, auto_minor_version_upgrade: Option<bool>, ca_certificate: Option<String>,
        maintenance_window: Option<String>, tags: Option<Tags>,
    }
}

// What finished steps found and made.
twin_struct! {
    StoredSnapshotCopied of SnapshotCopied { restore_from: SnapshotAddress, copies: Vec<CopyMade> }
    StoredCopyMade of CopyMade { location: Location, snapshot: SnapshotId, arn: Arn }
    StoredRestoredCluster of RestoredCluster { cluster: ClusterId, resource_id: ResourceId }
    StoredInstancesReady of InstancesReady { instances: Vec<InstanceMade>, endpoint: Endpoint }
    StoredInstanceMade of InstanceMade { instance: InstanceId, resource_id: ResourceId }
    StoredEndpoint of Endpoint { host: String, port: u16 }
    StoredSettingsApplied of SettingsApplied { comparison: Vec<SettingComparison> }
    StoredSettingComparison of SettingComparison {
        object: String, field: String, wished: String, found: String, same: bool,
    }
    StoredUsersReady of UsersReady { outcome: UserSetupOutcome }
    StoredUserSetupOutcome of UserSetupOutcome {
        created: Vec<String>, updated: Vec<String>, locked: Vec<String>, kept: Vec<String>, proofs: Vec<AccessProof>,
    }
    StoredAccessProof of AccessProof { claim: String, holds: bool, detail: Option<String> }
    StoredVerified of Verified {
        checks: Vec<CheckResult>, fingerprint: DatabaseFingerprint, verified_at: Timestamp,
    }
    StoredCheckResult of CheckResult {
        name: String, outcome: CheckOutcome, found: String, expected: Option<String>, took_ms: u64,
        details: Vec<CheckDetail>,
    }
    StoredCheckDetail of CheckDetail { subject: String, value: String }
    StoredSwitchedOver of SwitchedOver {
        endpoint: Option<Endpoint>, switched_at: Timestamp, name_unanswered_max: Option<SignedDuration>,
        retired: Option<RetiredCluster>,
    }
    StoredRetiredCluster of RetiredCluster {
        cluster: ClusterId, resource_id: ResourceId, instances: Vec<InstanceId>, final_snapshot: Option<SnapshotId>,
    }
    StoredArchiveOutcome of ArchiveOutcome { kept: Vec<SnapshotId>, deleted: Vec<SnapshotId> }
    StoredNoticeSent of NoticeSent { subject: String }
    StoredFailure of Failure { code: ErrorCode, class: FailureClass, message: String, hints: Vec<String> }
    StoredCancelRequest of CancelRequest { by: String, reason: Option<String> }
}
