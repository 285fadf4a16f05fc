//! What the functions of the way back may do, of the end of a retired cluster, and of the sweep.

use super::{
    ALL_CLUSTERS, ALL_INSTANCES, ALL_SNAPSHOTS, Grant, If, LOOK_AT_CLUSTERS, LOOK_AT_EVENTS, LOOK_AT_INSTANCES,
    LOOK_AT_SNAPSHOTS, On, PASS_CLUSTER_ROLE, PASS_MONITORING, RELEASE, RETIRED_INSTANCES, TARGET_INSTANCES, beside,
    forward::MARKS, grant, tag_what_is_made,
};

pub(super) fn undo() -> Vec<Grant> {
    [take_back(), bring_back()].concat()
}

/// The way back of a swap, and of whatever was made.
fn take_back() -> Vec<Grant> {
    vec![
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
        grant("NamesBack", &["rds:ModifyDBInstance"], &[RETIRED_INSTANCES], "so do its instances")
            .only_if(If::RetiredByUs),
        beside(&["rds:ModifyDBCluster", "rds:ModifyDBInstance"]),
        grant("Unmark", &["rds:RemoveTagsFromResource"], &[ALL_CLUSTERS, ALL_INSTANCES], "the marks of the switch")
            .only_if(If::OnlyTagsOnRetired(MARKS)),
        RELEASE,
    ]
}

/// The way back of `replace`: the old cluster is made again.
fn bring_back() -> Vec<Grant> {
    vec![
        LOOK_AT_EVENTS.when("MayReplace"),
        grant(
            "BringBackCluster",
            &["rds:RestoreDBClusterFromSnapshot"],
            &[ALL_CLUSTERS, ALL_SNAPSHOTS],
            "`replace`: the old cluster, from its final snapshot",
        )
        .only_if(If::TaggedAsOurs)
        .when("MayReplace"),
        grant("BringBackInstances", &["rds:CreateDBInstance"], &[ALL_INSTANCES], "`replace`: its instances")
            .only_if(If::TaggedAsOurs)
            .when("MayReplace"),
        grant("IntoWhatIsBroughtBack", &["rds:CreateDBInstance"], &[ALL_CLUSTERS], "the cluster that they are made in")
            .only_if(If::MadeByUs)
            .when("MayReplace"),
        grant(
            "GroupsOfWhatIsBroughtBack",
            &["rds:RestoreDBClusterFromSnapshot", "rds:CreateDBInstance"],
            &[On::Rds("cluster-pg:*"), On::Rds("pg:*"), On::Rds("og:*"), On::Rds("subgrp:*")],
            "the groups that the calls name",
        )
        .when("MayReplace"),
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
    ]
}

pub(super) fn retire() -> Vec<Grant> {
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
            "its instances, by the names and the marks that the switch gave them",
        )
        .only_if(If::RetiredByUs),
        beside(&["rds:ModifyDBCluster"]),
    ]
}

pub(super) fn sweep() -> Vec<Grant> {
    vec![
        grant("States", &["dynamodb:GetItem"], &[On::StateTable], "how an operation stands"),
        grant("Lists", &["dynamodb:Query"], &[On::StatusIndex], "which operations are stalled or due"),
        grant("Journals", &["dynamodb:Query"], &[On::AuditTable], "what an ended operation has made"),
        LOOK_AT_CLUSTERS,
        LOOK_AT_INSTANCES,
        grant(
            "LookAtSnapshots",
            &["rds:DescribeDBClusterSnapshots"],
            &[ALL_SNAPSHOTS, ALL_CLUSTERS],
            "left-overs with our tag",
        ),
        grant("Start", &["states:StartExecution"], &[On::StateMachine], "to end the retired clusters that are due"),
        grant(
            "LookAtExecutions",
            &["states:DescribeExecution"],
            &[On::Executions],
            "whether somebody executes an operation",
        ),
    ]
}
