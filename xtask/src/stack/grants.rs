//! What each function may do: one table per place, with the reason for every grant.
//!
//! Deletions and changes rest on the tag that an operation puts on what it makes, in the very call that makes it. Two kinds of
//! things bear none: the target and its instances when their names are taken, and what `replace` ends. For those there are
//! the patterns of names `TargetClusters` and `TargetInstances`, and `AllowReplace`, without which nothing that is not ours
//! can be deleted at all.

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
/// The instances of a retired cluster: their names are the engine's, and no tag of ours is on them.
const RETIRED_INSTANCES: On = On::Rds("db:*-old-*");

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
    grant("KeyOfTables", &["kms:Decrypt"], &[On::StackKey], "the tables are under the stack's key")
        .only_if(If::Via("dynamodb")),
];

/// The journal, for whoever moves an operation.
const JOURNAL: &[Grant] = &[
    grant(
        "State",
        &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
        &[On::StateTable],
        "the state, the token, and the lock of the target, which an append proves anew",
    ),
    grant(
        "Entries",
        &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
        &[On::AuditTable],
        "the entries; one by its key where an append was refused",
    ),
];

/// The end of an operation.
const RELEASE: Grant =
    grant("Release", &["dynamodb:DeleteItem"], &[On::StateTable], "the lock of the target, at the end of an operation");

/// A step that becomes stuck tells people at once.
const TELL: &[Grant] = &[
    grant("Tell", &["sns:Publish"], &[On::Topic], "the end of an operation, and that it is stuck"),
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
    &[On::RdsEverywhere("cluster-snapshot:*"), On::RdsEverywhere("cluster:*")],
    "how the snapshots stand",
);
const LOOK_AT_EVENTS: Grant = grant(
    "LookAtEvents",
    &["rds:DescribeEvents"],
    &[On::Everything],
    "why something failed, in RDS's own words; RDS knows nothing narrower",
);

/// Tags travel in the call that makes a thing, and RDS asks for this action then.
const fn tag_what_is_made(on: &'static [On]) -> Grant {
    grant("TagWhatIsMade", &["rds:AddTagsToResource"], on, "the tags travel in the call that makes the thing")
        .only_if(If::TaggedAsOurs)
}

/// What a call names beside the thing that it changes. RDS asks for each of them; none of them is changed.
const fn beside(actions: &'static [&'static str]) -> Grant {
    grant(
        "NamedBeside",
        actions,
        &[On::Rds("cluster-pg:*"), On::Rds("pg:*"), On::Rds("og:*"), On::Rds("subgrp:*")],
        "the groups that the call names",
    )
}

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

const MAKE_CLUSTER: &[&str] = &["rds:RestoreDBClusterFromSnapshot", "rds:RestoreDBClusterToPointInTime"];

fn snapshot_check() -> Vec<Grant> {
    vec![
        LOOK_AT_CLUSTERS,
        LOOK_AT_INSTANCES,
        LOOK_AT_SNAPSHOTS,
        grant(
            "LookAtGroups",
            &["rds:DescribeDBClusterParameterGroups", "rds:DescribeDBParameterGroups", "rds:DescribeDBSubnetGroups"],
            &[On::Rds("cluster-pg:*"), On::Rds("pg:*"), On::Rds("subgrp:*")],
            "whether the groups are there that the settings name",
        ),
        grant(
            "LookAtOffers",
            &[
                "rds:DescribeAccountAttributes",
                "rds:DescribeDBEngineVersions",
                "rds:DescribeOrderableDBInstanceOptions",
            ],
            &[On::Everything],
            "quotas, versions and classes; RDS knows nothing narrower",
        ),
        RELEASE,
    ]
}

fn copy_snapshot() -> Vec<Grant> {
    vec![
        LOOK_AT_SNAPSHOTS,
        grant(
            "Copy",
            &["rds:CopyDBClusterSnapshot"],
            &[On::RdsOfAnyone("cluster-snapshot:*")],
            "the source, which may be another account's, and the copy",
        )
        .only_if(If::TaggedAsOurs),
        tag_what_is_made(&[On::RdsEverywhere("cluster-snapshot:*")]),
    ]
}

fn restore_snapshot() -> Vec<Grant> {
    vec![
        LOOK_AT_CLUSTERS,
        LOOK_AT_EVENTS,
        grant("MakeCluster", MAKE_CLUSTER, &[ALL_CLUSTERS, ALL_SNAPSHOTS], "the new cluster").only_if(If::TaggedAsOurs),
        beside(MAKE_CLUSTER),
        tag_what_is_made(&[ALL_CLUSTERS]),
    ]
}

fn create_instances() -> Vec<Grant> {
    vec![
        LOOK_AT_CLUSTERS,
        LOOK_AT_INSTANCES,
        LOOK_AT_EVENTS,
        grant(
            "MakeInstances",
            &["rds:CreateDBInstance"],
            &[ALL_INSTANCES, ALL_CLUSTERS],
            "the new cluster's instances",
        )
        .only_if(If::TaggedAsOurs),
        beside(&["rds:CreateDBInstance"]),
        tag_what_is_made(&[ALL_INSTANCES]),
        grant("Reboot", &["rds:RebootDBInstance"], &[ALL_INSTANCES], "to take up static parameters")
            .only_if(If::MadeByUs),
        PASS_MONITORING,
    ]
}

fn apply_settings() -> Vec<Grant> {
    vec![
        LOOK_AT_CLUSTERS,
        LOOK_AT_INSTANCES,
        grant(
            "ChangeCluster",
            &["rds:ModifyDBCluster", "rds:AddRoleToDBCluster", "rds:AddTagsToResource"],
            &[ALL_CLUSTERS],
            "what a restore cannot set, the master password, and the tag that says so",
        )
        .only_if(If::MadeByUs),
        grant(
            "ChangeInstances",
            &["rds:ModifyDBInstance", "rds:RebootDBInstance"],
            &[ALL_INSTANCES],
            "what a restore cannot set, and to take up static parameters",
        )
        .only_if(If::MadeByUs),
        beside(&["rds:ModifyDBCluster", "rds:ModifyDBInstance"]),
        PASS_CLUSTER_ROLE,
    ]
}

fn switch_over() -> Vec<Grant> {
    vec![
        LOOK_AT_CLUSTERS,
        LOOK_AT_INSTANCES,
        grant("RenameNewCluster", &["rds:ModifyDBCluster"], &[ALL_CLUSTERS], "the new cluster takes the name")
            .only_if(If::MadeByUs),
        grant("RenameNewInstances", &["rds:ModifyDBInstance"], &[ALL_INSTANCES], "the new instances take their names")
            .only_if(If::MadeByUs),
        grant(
            "RenameTarget",
            &["rds:ModifyDBCluster"],
            &[TARGETS],
            "the old cluster gives up the name; it may bear no tag of ours",
        ),
        grant(
            "RenameTargetInstances",
            &["rds:ModifyDBInstance"],
            &[TARGET_INSTANCES],
            "the old instances give up their names",
        ),
        beside(&["rds:ModifyDBCluster", "rds:ModifyDBInstance"]),
        grant(
            "Mark",
            &["rds:AddTagsToResource"],
            &[ALL_CLUSTERS],
            "whose work the switch is, and since when the name serves",
        )
        .only_if(If::OnlyTags(&[
            "aurora-restore:retired-by",
            "aurora-restore:switch-started-at",
            "aurora-restore:serving-since",
        ])),
        grant(
            "LookAtFinalSnapshot",
            &["rds:DescribeDBClusterSnapshots"],
            &[ALL_SNAPSHOTS, ALL_CLUSTERS],
            "`replace`: the final snapshot",
        )
        .when("MayReplace"),
        grant(
            "SnapshotTarget",
            &["rds:CreateDBClusterSnapshot"],
            &[TARGETS, ALL_SNAPSHOTS],
            "`replace`: the final snapshot",
        )
        .only_if(If::TaggedAsOurs)
        .when("MayReplace"),
        tag_what_is_made(&[ALL_SNAPSHOTS]).when("MayReplace"),
        grant(
            "DeleteTarget",
            &["rds:DeleteDBCluster"],
            &[TARGETS, ALL_SNAPSHOTS],
            "`replace`: the old cluster, once its final snapshot is available",
        )
        .when("MayReplace"),
        grant("DeleteTargetInstances", &["rds:DeleteDBInstance"], &[TARGET_INSTANCES], "`replace`: its instances")
            .when("MayReplace"),
    ]
}

fn archive_snapshot() -> Vec<Grant> {
    vec![
        LOOK_AT_SNAPSHOTS,
        grant(
            "DeleteCopies",
            &["rds:DeleteDBClusterSnapshot"],
            &[On::RdsEverywhere("cluster-snapshot:*")],
            "copies that this product made; never the source",
        )
        .only_if(If::MadeAs("copy")),
    ]
}

fn undo() -> Vec<Grant> {
    let mut grants = vec![
        LOOK_AT_CLUSTERS,
        LOOK_AT_INSTANCES,
        LOOK_AT_SNAPSHOTS,
        grant(
            "DeleteSnapshots",
            &["rds:DeleteDBClusterSnapshot"],
            &[On::RdsEverywhere("cluster-snapshot:*")],
            "the copies, and a final snapshot that nobody needs",
        )
        .only_if(If::MadeByUs),
        grant(
            "DeleteNewCluster",
            &["rds:ModifyDBCluster", "rds:DeleteDBCluster"],
            &[ALL_CLUSTERS],
            "the new cluster loses the name, then its protection, then goes",
        )
        .only_if(If::MadeByUs),
        grant(
            "DeleteNewInstances",
            &["rds:ModifyDBInstance", "rds:DeleteDBInstance"],
            &[ALL_INSTANCES],
            "the same for its instances",
        )
        .only_if(If::MadeByUs),
        grant(
            "DeletesNameASnapshot",
            &["rds:DeleteDBCluster"],
            &[ALL_SNAPSHOTS],
            "RDS asks for it, though no snapshot is named",
        ),
        grant("NameBack", &["rds:ModifyDBCluster"], &[ALL_CLUSTERS], "the old cluster gets its name back")
            .only_if(If::RetiredByUs),
        grant("NamesBack", &["rds:ModifyDBInstance"], &[RETIRED_INSTANCES], "so do its instances"),
        beside(&["rds:ModifyDBCluster", "rds:ModifyDBInstance"]),
        grant("Unmark", &["rds:RemoveTagsFromResource"], &[ALL_CLUSTERS], "the mark of the switch")
            .only_if(If::OnlyTags(&["aurora-restore:retired-by", "aurora-restore:switch-started-at"])),
        LOOK_AT_EVENTS.when("MayReplace"),
        grant(
            "BringBackCluster",
            &["rds:RestoreDBClusterFromSnapshot"],
            &[ALL_CLUSTERS, ALL_SNAPSHOTS],
            "`replace`: the old cluster, from its final snapshot",
        )
        .only_if(If::TaggedAsOurs)
        .when("MayReplace"),
        grant(
            "BringBackInstances",
            &["rds:CreateDBInstance"],
            &[ALL_INSTANCES, ALL_CLUSTERS],
            "`replace`: its instances",
        )
        .only_if(If::TaggedAsOurs)
        .when("MayReplace"),
        grant(
            "GroupsOfWhatIsBroughtBack",
            &["rds:RestoreDBClusterFromSnapshot", "rds:CreateDBInstance"],
            &[On::Rds("cluster-pg:*"), On::Rds("pg:*"), On::Rds("og:*"), On::Rds("subgrp:*")],
            "the groups that the calls name",
        )
        .when("MayReplace"),
    ];
    grants.extend(bring_back());
    grants
}

/// What `replace` needs to make the old cluster anew: its tags, its settings, its roles; and what every place ends with.
fn bring_back() -> Vec<Grant> {
    vec![
        tag_what_is_made(&[ALL_CLUSTERS, ALL_INSTANCES]).when("MayReplace"),
        grant(
            "SettingsBack",
            &["rds:AddRoleToDBCluster", "rds:AddTagsToResource"],
            &[ALL_CLUSTERS],
            "`replace`: its settings",
        )
        .only_if(If::MadeByUs)
        .when("MayReplace"),
        grant("ParametersBack", &["rds:RebootDBInstance"], &[TARGET_INSTANCES], "`replace`: its static parameters")
            .when("MayReplace"),
        PASS_MONITORING.when("MayPassRolesBack"),
        PASS_CLUSTER_ROLE.when("MayPassRolesBack"),
        RELEASE,
    ]
}

fn retire() -> Vec<Grant> {
    vec![
        LOOK_AT_CLUSTERS,
        LOOK_AT_INSTANCES,
        grant(
            "LookAtFinalSnapshot",
            &["rds:DescribeDBClusterSnapshots"],
            &[ALL_SNAPSHOTS, ALL_CLUSTERS],
            "the final snapshot",
        ),
        grant(
            "SnapshotRetired",
            &["rds:CreateDBClusterSnapshot"],
            &[ALL_CLUSTERS],
            "the final snapshot of the retired cluster",
        )
        .only_if(If::RetiredByUs),
        grant(
            "MakeFinalSnapshot",
            &["rds:CreateDBClusterSnapshot", "rds:AddTagsToResource"],
            &[ALL_SNAPSHOTS],
            "the final snapshot itself",
        )
        .only_if(If::TaggedAsOurs),
        grant(
            "DeleteFailedFinalSnapshot",
            &["rds:DeleteDBClusterSnapshot"],
            &[ALL_SNAPSHOTS],
            "one that failed, before another is taken",
        )
        .only_if(If::MadeAs("final-snapshot")),
        grant(
            "DeleteRetired",
            &["rds:ModifyDBCluster", "rds:DeleteDBCluster"],
            &[ALL_CLUSTERS],
            "the retired cluster loses its protection, then goes",
        )
        .only_if(If::RetiredByUs),
        grant(
            "DeletesNameASnapshot",
            &["rds:DeleteDBCluster"],
            &[ALL_SNAPSHOTS],
            "RDS asks for it, though no snapshot is named",
        ),
        grant(
            "DeleteRetiredInstances",
            &["rds:DeleteDBInstance"],
            &[RETIRED_INSTANCES],
            "its instances, by the names that the switch gave them",
        ),
        beside(&["rds:ModifyDBCluster"]),
        grant(
            "Release",
            &["dynamodb:DeleteItem"],
            &[On::StateTable],
            "an append of an ended operation proves that it holds no lock",
        ),
    ]
}

fn sweep() -> Vec<Grant> {
    vec![
        grant(
            "States",
            &["dynamodb:GetItem", "dynamodb:Query"],
            &[On::StateTable, On::StatusIndex],
            "which operations are stalled or due",
        ),
        grant("Journals", &["dynamodb:Query"], &[On::AuditTable], "what an ended operation has made"),
        LOOK_AT_CLUSTERS,
        LOOK_AT_INSTANCES,
        grant(
            "LookAtSnapshots",
            &["rds:DescribeDBClusterSnapshots"],
            &[ALL_SNAPSHOTS, ALL_CLUSTERS],
            "left-overs with our tag",
        ),
        grant(
            "Start",
            &["states:StartExecution"],
            &[On::StateMachine],
            "to go on with what is stalled, and to end what is due",
        ),
        grant(
            "LookAtExecutions",
            &["states:DescribeExecution"],
            &[On::Executions],
            "whether somebody executes an operation",
        ),
    ]
}

/// What the function of a place may do.
pub(crate) fn of(place: Place) -> Vec<Grant> {
    let mut grants = EVERYWHERE.to_vec();
    grants.extend(match place {
        Place::Sweep => TELL.to_vec(),
        Place::Step(_) | Place::Undo | Place::Retire => [JOURNAL, TELL].concat(),
    });
    if place.enters_source_account() {
        grants.extend(SOURCE);
    }
    grants.extend(match place {
        Place::Step(StepKind::SnapshotCheck) => [snapshot_check(), SECRETS.to_vec()].concat(),
        Place::Step(StepKind::CopySnapshot) => [copy_snapshot(), USE_DATA_KEYS.to_vec()].concat(),
        Place::Step(StepKind::RestoreSnapshot) => [restore_snapshot(), USE_DATA_KEYS.to_vec()].concat(),
        Place::Step(StepKind::CreateInstances) => [create_instances(), USE_DATA_KEYS.to_vec()].concat(),
        Place::Step(StepKind::ApplySettings) => [apply_settings(), SECRETS.to_vec()].concat(),
        Place::Step(StepKind::SetupDbUsers | StepKind::VerifyRestore) => SECRETS.to_vec(),
        Place::Step(StepKind::SwitchOver) => [switch_over(), SECRETS.to_vec()].concat(),
        Place::Step(StepKind::ArchiveSnapshot) => archive_snapshot(),
        Place::Step(StepKind::Notify) => vec![RELEASE],
        Place::Undo => [undo(), USE_DATA_KEYS.iter().map(|grant| grant.when("MayUseKeysBack")).collect()].concat(),
        Place::Retire => retire(),
        Place::Sweep => sweep(),
    });
    grants
}
