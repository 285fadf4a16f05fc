//! What each function may do: one table per place, with the reason for every grant.
//!
//! Deletions and changes rest on the tag that an operation puts on what it makes, in the very call that makes it, and on the
//! mark that a switch puts on a cluster and its instances before it takes their names. Two kinds of things bear neither: the
//! target and its instances when they are marked and their names are taken, and what `replace` ends. For those there are the
//! patterns of names `TargetClusters` and `TargetInstances`, and `AllowReplace`, without which nothing that is not ours
//! can be deleted at all.
//!
//! RDS asks for `rds:AddTagsToResource` when tags travel in the call that makes a thing, and has no key that tells this from
//! a call of its own, which could put our tag on anything. So whoever makes things may tag only what bears a name of the form
//! that the engine gives, and what is made under the target's own names needs `AllowReplace`, too.
//!
//! In the tables operations, locks and the records of changes to a stack are told apart by their keys. A function writes the
//! first two and has no business with the third: whoever could write those could forge who agreed to what.

mod afterwards;
mod forward;
mod rotation;

use aurora_restore_core::operation::StepKind;

use super::{
    permissions::{Grant, If, On},
    place::Place,
};

const ALL_CLUSTERS: On = On::Rds("cluster:*");
const ALL_INSTANCES: On = On::Rds("db:*");
const ALL_SNAPSHOTS: On = On::Rds("cluster-snapshot:*");
const TARGETS: On = On::Rds("cluster:${TargetClusters}");
const TARGET_INSTANCES: On = On::Rds("db:${TargetInstances}");
/// The new cluster until it takes the name, and its instances: their names are the engine's.
const STAGED_CLUSTERS: &[On] = &[On::Rds("cluster:*-new-????????"), On::Rds("cluster:*-beside-????????")];
const STAGED_INSTANCES: &[On] = &[On::Rds("db:*-new-????????-*"), On::Rds("db:*-beside-????????-*")];
/// The instances that `replace` makes: under the names of the target's, and beyond them under names made from the target's.
const REPLACING_INSTANCES: &[On] = &[TARGET_INSTANCES, On::Rds("db:${TargetClusters}-instance-*")];
/// A retired cluster and its instances. The mark of the switch is on them besides.
const RETIRED_CLUSTERS: On = On::Rds("cluster:*-old-????????");
const RETIRED_INSTANCES: On = On::Rds("db:*-old-????????-*");
/// The copies of a snapshot, also in the Region that they pass through.
const COPIES: On = On::RdsEverywhere("cluster-snapshot:*-copy-????????-*");
const FINAL_SNAPSHOTS: On = On::Rds("cluster-snapshot:*-final-????????");

/// What a thing is made as: the value of its tag `aurora-restore:role`.
const COPY: &str = "copy";
const STAGED: &str = "staged";
const FINAL_SNAPSHOT: &str = "final-snapshot";
const BROUGHT_BACK: &str = "brought-back";

const RETIRED_BY: &str = "aurora-restore:retired-by";
const SWITCH_STARTED: &str = "aurora-restore:switch-started-at";
/// The marks of a switch on the cluster whose name it takes.
const MARKS: &[&str] = &[RETIRED_BY, SWITCH_STARTED];
/// What a switch says on a cluster of ours: the same, or since when it serves.
const MARKS_ON_OURS: &[&str] = &[RETIRED_BY, SWITCH_STARTED, "aurora-restore:serving-since"];
/// That the settings were sent.
const SETTINGS_SENT: &[&str] = &["aurora-restore:settings-sent"];

/// A grant without conditions.
const fn grant(sid: &'static str, actions: &'static [&'static str], on: &'static [On], why: &'static str) -> Grant {
    Grant { sid, actions, on, only_if: If::Always, when: None, why }
}

impl Grant {
    const fn only_if(mut self, condition: If) -> Self {
        self.only_if = condition;
        self
    }

    const fn when(mut self, condition: &'static str) -> Self {
        self.when = Some(condition);
        self
    }

    /// The same for `replace`, which makes things under the target's own names.
    const fn for_replace(mut self, sid: &'static str, on: &'static [On]) -> Self {
        self.sid = sid;
        self.on = on;
        self.when = Some("MayReplace");
        self
    }
}

/// What every function needs, whatever it serves.
const EVERYWHERE: &[Grant] = &[
    grant(
        "Trace",
        &["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        &[On::Everything],
        "the traces of the function; X-Ray knows nothing narrower",
    ),
    grant("Configuration", &["ssm:GetParameter"], &[On::Configuration], "the request and the bounds"),
];

const KEY_OF_TABLES: Grant =
    grant("KeyOfTables", &["kms:Decrypt"], &[On::StackKey], "the tables are under the stack's key")
        .only_if(If::Via("dynamodb"));

/// The state, for whoever moves an operation.
const STATE: Grant =
    grant("State", &["dynamodb:GetItem", "dynamodb:UpdateItem"], &[On::StateTable], "the state and the token")
        .only_if(If::KeysOfOperations);

/// The lock, for whoever moves an operation in progress.
const LOCK: Grant = grant(
    "Lock",
    &["dynamodb:GetItem", "dynamodb:PutItem"],
    &[On::StateTable],
    "the lock of the target, which an append proves anew; who has it where an append was refused",
)
.only_if(If::KeysOfLocks);

/// The lock, for whoever moves an operation that has ended.
const LOCK_OF_ENDED: Grant = grant(
    "Lock",
    &["dynamodb:GetItem", "dynamodb:DeleteItem"],
    &[On::StateTable],
    "an append of an ended operation sees to it that it holds no lock",
)
.only_if(If::KeysOfLocks);

const ENTRIES: Grant = grant(
    "Entries",
    &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
    &[On::AuditTable],
    "the entries; one by its key where an append was refused",
)
.only_if(If::KeysOfOperations);

/// The end of an operation.
const RELEASE: Grant =
    grant("Release", &["dynamodb:DeleteItem"], &[On::StateTable], "the lock of the target, at the end of an operation")
        .only_if(If::KeysOfLocks);

/// A step that becomes stuck tells people at once.
const TELL: &[Grant] = &[
    grant(
        "Tell",
        &["sns:Publish"],
        &[On::Topic],
        "what people have to hear of: how something ended, or that it is stuck",
    ),
    grant("KeyOfTopic", &["kms:Decrypt", "kms:GenerateDataKey"], &[On::StackKey], "the topic is under the stack's key")
        .only_if(If::Via("sns")),
];

const SECRETS: &[Grant] = &[
    grant("Passwords", &["secretsmanager:GetSecretValue"], &[On::Secrets], "the logins of the database"),
    grant("KeysOfPasswords", &["kms:Decrypt"], &[On::DataKeys], "secrets under a key of the customer's")
        .only_if(If::Via("secretsmanager"))
        .when("HasKmsKeys"),
];

const SOURCE: &[Grant] =
    &[grant("EnterSourceAccount", &["sts:AssumeRole"], &[On::SourceRole], "the snapshot is in another account")
        .when("HasSourceRole")];

const LOOK_AT_CLUSTERS: Grant =
    grant("LookAtClusters", &["rds:DescribeDBClusters"], &[ALL_CLUSTERS], "how the clusters stand");
const LOOK_AT_INSTANCES: Grant =
    grant("LookAtInstances", &["rds:DescribeDBInstances"], &[ALL_INSTANCES], "how the instances stand");
const LOOK_AT_SNAPSHOTS: Grant = grant(
    "LookAtSnapshots",
    &["rds:DescribeDBClusterSnapshots"],
    &[On::RdsOfAnyone("cluster-snapshot:*"), On::RdsEverywhere("cluster:*")],
    "how the snapshots stand, those included that another account has shared",
);
const LOOK_AT_EVENTS: Grant = grant(
    "LookAtEvents",
    &["rds:DescribeEvents"],
    &[On::Everything],
    "why something failed, in RDS's own words; RDS knows nothing narrower",
);

/// The final snapshot itself, with the tags that travel in the call.
const MAKE_FINAL_SNAPSHOT: Grant = grant(
    "MakeFinalSnapshot",
    &["rds:CreateDBClusterSnapshot", "rds:AddTagsToResource"],
    &[FINAL_SNAPSHOTS],
    "the final snapshot itself, and its tags, which travel in the call",
)
.only_if(If::TaggedAs(FINAL_SNAPSHOT));

/// A cluster may hand its tags to its snapshots. RDS asks for that as for tags in the call, but with a key that says so.
const INHERIT_TAGS: Grant = grant(
    "InheritTags",
    &["rds:AddTagsToResource"],
    &[FINAL_SNAPSHOTS],
    "the tags of a cluster that hands them to its snapshots",
)
.only_if(If::InheritedTags);

/// What a call names beside the thing that it changes. RDS asks for each of them; none of them is changed.
const fn beside(actions: &'static [&'static str], groups: &'static [On]) -> Grant {
    grant("NamedBeside", actions, groups, "the groups that the call names")
}

const ALL_GROUPS: &[On] = &[On::Rds("cluster-pg:*"), On::Rds("pg:*"), On::Rds("og:*"), On::Rds("subgrp:*")];

/// RDS uses the keys on behalf of whoever calls.
const USE_DATA_KEYS: &[Grant] = &[
    grant(
        "UseKeys",
        &["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        &[On::DataKeys],
        "the data are under these keys",
    )
    .only_if(If::Via("rds"))
    .when("HasKmsKeys"),
    grant("LendKeys", &["kms:CreateGrant"], &[On::DataKeys], "RDS keeps a grant for what it makes")
        .only_if(If::GrantForRds)
        .when("HasKmsKeys"),
];

const PASS_MONITORING: Grant =
    grant("PassMonitoringRole", &["iam:PassRole"], &[On::PassedRoles], "Enhanced Monitoring of instances")
        .only_if(If::PassedTo(&["monitoring.rds.amazonaws.com"]))
        .when("HasPassedRoles");
const PASS_CLUSTER_ROLE: Grant =
    grant("PassClusterRoles", &["iam:PassRole"], &[On::PassedRoles], "roles that a cluster may use")
        .only_if(If::PassedTo(&["rds.amazonaws.com"]))
        .when("HasPassedRoles");

/// What the function of a place may do.
pub(crate) fn of(place: Place) -> Vec<Grant> {
    let mut grants = EVERYWHERE.to_vec();
    grants.extend(place.keeps_records().then_some(KEY_OF_TABLES));
    grants.extend(match place {
        Place::Sweep | Place::Rotate => TELL.to_vec(),
        Place::Step(_) | Place::Undo => [&[STATE, LOCK, ENTRIES], TELL].concat(),
        Place::Retire => [&[STATE, LOCK_OF_ENDED, ENTRIES], TELL].concat(),
    });
    if place.enters_source_account() {
        grants.extend(SOURCE);
    }
    grants.extend(match place {
        Place::Step(StepKind::SnapshotCheck) => [forward::snapshot_check(), SECRETS.to_vec()].concat(),
        Place::Step(StepKind::CopySnapshot) => [forward::copy_snapshot(), USE_DATA_KEYS.to_vec()].concat(),
        Place::Step(StepKind::RestoreSnapshot) => [forward::restore_snapshot(), USE_DATA_KEYS.to_vec()].concat(),
        Place::Step(StepKind::CreateInstances) => [forward::create_instances(), USE_DATA_KEYS.to_vec()].concat(),
        Place::Step(StepKind::ApplySettings) => [forward::apply_settings(), SECRETS.to_vec()].concat(),
        Place::Step(StepKind::SetupDbUsers | StepKind::VerifyRestore) => SECRETS.to_vec(),
        Place::Step(StepKind::SwitchOver) => [forward::switch_over(), SECRETS.to_vec()].concat(),
        Place::Step(StepKind::ArchiveSnapshot) => forward::archive_snapshot(),
        Place::Step(StepKind::Notify) => vec![RELEASE],
        Place::Undo => {
            [afterwards::undo(), USE_DATA_KEYS.iter().map(|grant| grant.when("MayUseKeysBack")).collect()].concat()
        }
        Place::Retire => afterwards::retire(),
        Place::Sweep => afterwards::sweep(),
        Place::Rotate => rotation::rotate(),
    });
    grants
}
