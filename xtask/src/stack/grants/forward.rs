//! What the functions on the way forward may do.

use super::{
    ALL_CLUSTERS, ALL_INSTANCES, ALL_SNAPSHOTS, Grant, If, LOOK_AT_CLUSTERS, LOOK_AT_EVENTS, LOOK_AT_INSTANCES,
    LOOK_AT_SNAPSHOTS, On, PASS_CLUSTER_ROLE, PASS_MONITORING, RELEASE, TARGET_INSTANCES, TARGETS, beside, grant,
    tag_what_is_made,
};

const RETIRED_BY: &str = "aurora-restore:retired-by";
const SWITCH_STARTED: &str = "aurora-restore:switch-started-at";
/// The marks of a switch on the cluster whose name it takes.
pub(super) const MARKS: &[&str] = &[RETIRED_BY, SWITCH_STARTED];
/// What a switch says on a cluster of ours: the same, or since when it serves.
const MARKS_ON_OURS: &[&str] = &[RETIRED_BY, SWITCH_STARTED, "aurora-restore:serving-since"];
const MAKE_CLUSTER: &[&str] = &["rds:RestoreDBClusterFromSnapshot", "rds:RestoreDBClusterToPointInTime"];

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
            "the source, which may be another account's, and the copy",
        )
        .only_if(If::TaggedAsOurs),
        tag_what_is_made(&[On::RdsEverywhere("cluster-snapshot:*")]),
    ]
}

pub(super) fn restore_snapshot() -> Vec<Grant> {
    vec![
        LOOK_AT_CLUSTERS,
        LOOK_AT_EVENTS,
        grant("MakeCluster", MAKE_CLUSTER, &[ALL_CLUSTERS, ALL_SNAPSHOTS], "the new cluster").only_if(If::TaggedAsOurs),
        beside(MAKE_CLUSTER),
        tag_what_is_made(&[ALL_CLUSTERS]),
    ]
}

pub(super) fn create_instances() -> Vec<Grant> {
    vec![
        LOOK_AT_CLUSTERS,
        LOOK_AT_INSTANCES,
        LOOK_AT_EVENTS,
        grant("MakeInstances", &["rds:CreateDBInstance"], &[ALL_INSTANCES], "the new cluster's instances")
            .only_if(If::TaggedAsOurs),
        grant("IntoNewCluster", &["rds:CreateDBInstance"], &[ALL_CLUSTERS], "the cluster that they are made in")
            .only_if(If::MadeByUs),
        beside(&["rds:CreateDBInstance"]),
        tag_what_is_made(&[ALL_INSTANCES]),
        grant("Reboot", &["rds:RebootDBInstance"], &[ALL_INSTANCES], "to take up static parameters")
            .only_if(If::MadeByUs),
        PASS_MONITORING,
    ]
}

pub(super) fn apply_settings() -> Vec<Grant> {
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

pub(super) fn switch_over() -> Vec<Grant> {
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
            &[TARGETS],
            "whose work the switch is, before the old cluster gives up the name",
        )
        .only_if(If::OnlyTags(MARKS)),
        grant(
            "MarkOurs",
            &["rds:AddTagsToResource"],
            &[ALL_CLUSTERS],
            "the same where the old cluster was an earlier operation's; since when the new one serves",
        )
        .only_if(If::OnlyTagsOnOurs(MARKS_ON_OURS)),
        grant(
            "MarkInstances",
            &["rds:AddTagsToResource"],
            &[TARGET_INSTANCES],
            "the same for the old instances, by which they may be deleted later",
        )
        .only_if(If::OnlyTags(&[RETIRED_BY])),
        grant(
            "MarkInstancesOfOurs",
            &["rds:AddTagsToResource"],
            &[ALL_INSTANCES],
            "the same where the old cluster was an earlier operation's",
        )
        .only_if(If::OnlyTagsOnOurs(&[RETIRED_BY])),
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

pub(super) fn archive_snapshot() -> Vec<Grant> {
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
