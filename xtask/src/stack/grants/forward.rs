//! What the functions on the way forward may do.

use super::{
    ALL_CLUSTERS, ALL_GROUPS, ALL_INSTANCES, ALL_SNAPSHOTS, COPIES, COPY, FINAL_SNAPSHOT, Grant, INHERIT_TAGS, If,
    LOOK_AT_CLUSTERS, LOOK_AT_EVENTS, LOOK_AT_INSTANCES, LOOK_AT_SNAPSHOTS, MAKE_FINAL_SNAPSHOT, MARKS, MARKS_ON_OURS,
    On, PASS_CLUSTER_ROLE, PASS_MONITORING, RELEASE, REPLACING_INSTANCES, RETIRED_BY, STAGED, STAGED_CLUSTERS,
    STAGED_INSTANCES, TARGET_INSTANCES, TARGETS, beside, grant,
};

pub(super) fn snapshot_check() -> Vec<Grant> {
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
        grant("Begin", &["dynamodb:PutItem"], &[On::StateTable], "the state of an operation that begins")
            .only_if(If::KeysOfOperations),
        RELEASE,
    ]
}

pub(super) fn copy_snapshot() -> Vec<Grant> {
    vec![
        LOOK_AT_SNAPSHOTS,
        grant(
            "Copy",
            &["rds:CopyDBClusterSnapshot"],
            &[On::RdsOfAnyone("cluster-snapshot:*")],
            "the source, which may be another account's, and the copy: RDS does not tell them apart, the copy's name is held by its tags",
        )
        .only_if(If::TaggedAs(COPY)),
        grant("TagCopies", &["rds:AddTagsToResource"], &[COPIES], "the copies' tags, which travel in the call")
            .only_if(If::TaggedAs(COPY)),
    ]
}

pub(super) fn restore_snapshot() -> Vec<Grant> {
    const MAKE: &[&str] = &["rds:RestoreDBClusterFromSnapshot", "rds:RestoreDBClusterToPointInTime"];
    let make = grant(
        "MakeCluster",
        &["rds:RestoreDBClusterFromSnapshot", "rds:RestoreDBClusterToPointInTime", "rds:AddTagsToResource"],
        STAGED_CLUSTERS,
        "the new cluster, and its tags, which travel in the call",
    )
    .only_if(If::TaggedAs(STAGED));
    vec![
        LOOK_AT_CLUSTERS,
        LOOK_AT_EVENTS,
        make,
        make.for_replace("MakeReplacement", &[TARGETS]),
        grant(
            "FromSnapshot",
            &["rds:RestoreDBClusterFromSnapshot"],
            &[ALL_SNAPSHOTS],
            "the snapshot that is restored from",
        )
        .only_if(If::TaggedAs(STAGED)),
        grant(
            "FromCluster",
            &["rds:RestoreDBClusterToPointInTime"],
            &[ALL_CLUSTERS],
            "the cluster that is cloned: RDS does not tell it from the new one, whose name is held by its tags",
        )
        .only_if(If::TaggedAs(STAGED)),
        beside(MAKE, &[On::Rds("cluster-pg:*"), On::Rds("og:*"), On::Rds("subgrp:*")]),
    ]
}

pub(super) fn create_instances() -> Vec<Grant> {
    let make = grant(
        "MakeInstances",
        &["rds:CreateDBInstance", "rds:AddTagsToResource"],
        STAGED_INSTANCES,
        "the new cluster's instances, and their tags, which travel in the call",
    )
    .only_if(If::TaggedAs(STAGED));
    let into = grant("IntoNewCluster", &["rds:CreateDBInstance"], STAGED_CLUSTERS, "the cluster that they are made in")
        .only_if(If::MadeByUs);
    let reboot = grant("Reboot", &["rds:RebootDBInstance"], STAGED_INSTANCES, "to take up static parameters")
        .only_if(If::MadeByUs);
    vec![
        LOOK_AT_CLUSTERS,
        LOOK_AT_INSTANCES,
        LOOK_AT_EVENTS,
        make,
        make.for_replace("MakeReplacingInstances", REPLACING_INSTANCES),
        into,
        into.for_replace("IntoReplacement", &[TARGETS]),
        beside(&["rds:CreateDBInstance"], &[On::Rds("pg:*"), On::Rds("og:*"), On::Rds("subgrp:*")]),
        reboot,
        reboot.for_replace("RebootReplacing", REPLACING_INSTANCES),
        PASS_MONITORING,
    ]
}

pub(super) fn apply_settings() -> Vec<Grant> {
    let cluster = grant(
        "ChangeCluster",
        &["rds:ModifyDBCluster", "rds:AddRoleToDBCluster"],
        STAGED_CLUSTERS,
        "what a restore cannot set, and the master password",
    )
    .only_if(If::MadeByUs);
    let tags = grant(
        "TagCluster",
        &["rds:AddTagsToResource"],
        STAGED_CLUSTERS,
        "the tags that are wished, and one that says that everything was sent",
    )
    .only_if(If::OtherTagsOnOurs);
    let instances = grant(
        "ChangeInstances",
        &["rds:ModifyDBInstance", "rds:RebootDBInstance"],
        STAGED_INSTANCES,
        "what a restore cannot set, and to take up static parameters",
    )
    .only_if(If::MadeByUs);
    vec![
        LOOK_AT_CLUSTERS,
        LOOK_AT_INSTANCES,
        cluster,
        cluster.for_replace("ChangeReplacement", &[TARGETS]),
        tags,
        tags.for_replace("TagReplacement", &[TARGETS]),
        instances,
        instances.for_replace("ChangeReplacingInstances", REPLACING_INSTANCES),
        beside(&["rds:ModifyDBCluster", "rds:ModifyDBInstance"], ALL_GROUPS),
        PASS_CLUSTER_ROLE,
    ]
}

pub(super) fn switch_over() -> Vec<Grant> {
    let mut grants = vec![LOOK_AT_CLUSTERS, LOOK_AT_INSTANCES];
    grants.extend(rename());
    grants.extend(mark());
    grants.extend(replace());
    grants
}

/// Names change hands.
fn rename() -> [Grant; 5] {
    [
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
        beside(&["rds:ModifyDBCluster", "rds:ModifyDBInstance"], ALL_GROUPS),
    ]
}

/// Whose work it is, before names change hands.
fn mark() -> [Grant; 4] {
    const ADD: &[&str] = &["rds:AddTagsToResource"];
    [
        grant("Mark", ADD, &[TARGETS], "whose work the switch is, before the old cluster gives up the name")
            .only_if(If::OnlyTags(MARKS)),
        grant(
            "MarkOurs",
            ADD,
            &[ALL_CLUSTERS],
            "the same where the old cluster was an earlier operation's; since when the new one serves",
        )
        .only_if(If::OnlyTagsOnOurs(MARKS_ON_OURS)),
        grant(
            "MarkInstances",
            ADD,
            &[TARGET_INSTANCES],
            "the same for the old instances, by which they may be deleted later",
        )
        .only_if(If::OnlyTags(&[RETIRED_BY])),
        grant(
            "MarkInstancesOfOurs",
            ADD,
            &[ALL_INSTANCES],
            "the same where the old cluster was an earlier operation's",
        )
        .only_if(If::OnlyTagsOnOurs(&[RETIRED_BY])),
    ]
}

/// What `replace` needs besides.
fn replace() -> [Grant; 6] {
    [
        grant(
            "LookAtFinalSnapshot",
            &["rds:DescribeDBClusterSnapshots"],
            &[ALL_SNAPSHOTS, ALL_CLUSTERS],
            "`replace`: the final snapshot",
        )
        .when("MayReplace"),
        grant("SnapshotTarget", &["rds:CreateDBClusterSnapshot"], &[TARGETS], "`replace`: the final snapshot")
            .only_if(If::TaggedAs(FINAL_SNAPSHOT))
            .when("MayReplace"),
        MAKE_FINAL_SNAPSHOT.when("MayReplace"),
        INHERIT_TAGS.when("MayReplace"),
        grant(
            "DeleteTarget",
            &["rds:DeleteDBCluster"],
            &[TARGETS, ALL_SNAPSHOTS],
            "`replace`: the old cluster, once its final snapshot is available; RDS asks for a snapshot, though none is named",
        )
        .when("MayReplace"),
        grant("DeleteTargetInstances", &["rds:DeleteDBInstance"], &[TARGET_INSTANCES], "`replace`: its instances")
            .when("MayReplace"),
    ]
}

pub(super) fn archive_snapshot() -> Vec<Grant> {
    vec![
        LOOK_AT_SNAPSHOTS,
        grant(
            "DeleteCopies",
            &["rds:DeleteDBClusterSnapshot"],
            &[COPIES],
            "copies that this product made; never the source",
        )
        .only_if(If::MadeAs(COPY)),
    ]
}
