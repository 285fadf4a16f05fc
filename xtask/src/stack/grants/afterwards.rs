//! What the functions of the way back may do, of the end of a retired cluster, and of the sweep.

use super::{
    ALL_CLUSTERS, ALL_GROUPS, ALL_INSTANCES, ALL_SNAPSHOTS, BROUGHT_BACK, COPIES, COPY, FINAL_SNAPSHOT,
    FINAL_SNAPSHOTS, Grant, INHERIT_TAGS, If, LOOK_AT_CLUSTERS, LOOK_AT_EVENTS, LOOK_AT_INSTANCES, LOOK_AT_SNAPSHOTS,
    MAKE_FINAL_SNAPSHOT, MARKS, On, PASS_CLUSTER_ROLE, PASS_MONITORING, RELEASE, RETIRED_CLUSTERS, RETIRED_INSTANCES,
    SETTINGS_SENT, TARGET_INSTANCES, TARGETS, beside, grant,
};

pub(super) fn undo() -> Vec<Grant> {
    [take_back(), bring_back()].concat()
}

/// The way back of a swap, and of whatever was made.
fn take_back() -> Vec<Grant> {
    let mut grants = vec![
        LOOK_AT_CLUSTERS,
        LOOK_AT_INSTANCES,
        LOOK_AT_SNAPSHOTS,
        grant("DeleteCopies", &["rds:DeleteDBClusterSnapshot"], &[COPIES], "the copies").only_if(If::MadeAs(COPY)),
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
    ];
    grants.extend(names_back());
    grants.push(RELEASE);
    grants
}

/// The old names, and the marks that go once they are back.
fn names_back() -> [Grant; 5] {
    const REMOVE: &[&str] = &["rds:RemoveTagsFromResource"];
    [
        grant("NameBack", &["rds:ModifyDBCluster"], &[RETIRED_CLUSTERS], "the old cluster gets its name back")
            .only_if(If::RetiredByUs),
        grant("NamesBack", &["rds:ModifyDBInstance"], &[RETIRED_INSTANCES], "so do its instances")
            .only_if(If::RetiredByUs),
        beside(&["rds:ModifyDBCluster", "rds:ModifyDBInstance"], ALL_GROUPS),
        grant("Unmark", REMOVE, &[TARGETS, TARGET_INSTANCES], "the marks of the switch, once the names are back")
            .only_if(If::OnlyTagsOnRetired(MARKS)),
        grant(
            "UnmarkOurs",
            REMOVE,
            &[ALL_CLUSTERS, ALL_INSTANCES],
            "the same where the old cluster was an earlier operation's",
        )
        .only_if(If::OnlyTagsOnOursRetired(MARKS)),
    ]
}

/// The way back of `replace`: the old cluster is made again. If it lives and only instances have gone, they alone are.
fn bring_back() -> Vec<Grant> {
    let back = [
        LOOK_AT_EVENTS,
        grant(
            "BringBack",
            &["rds:RestoreDBClusterFromSnapshot", "rds:CreateDBInstance", "rds:AddTagsToResource"],
            &[TARGETS, TARGET_INSTANCES],
            "`replace`: the old cluster and its instances under their names, and their tags, which travel in the calls",
        )
        .only_if(If::TaggedAs(BROUGHT_BACK)),
        grant(
            "FromFinalSnapshot",
            &["rds:RestoreDBClusterFromSnapshot"],
            &[FINAL_SNAPSHOTS],
            "`replace`: the final snapshot that the old cluster is restored from",
        )
        .only_if(If::TaggedAs(BROUGHT_BACK)),
        grant(
            "GroupsOfWhatIsBroughtBack",
            &["rds:RestoreDBClusterFromSnapshot", "rds:CreateDBInstance"],
            ALL_GROUPS,
            "the groups that the calls name",
        ),
        grant("RolesBack", &["rds:AddRoleToDBCluster"], &[TARGETS], "`replace`: the roles of the old cluster")
            .only_if(If::MadeByUs),
        grant("SettingsAreBack", &["rds:AddTagsToResource"], &[TARGETS], "`replace`: that its settings were sent")
            .only_if(If::OnlyTagsOnOurs(SETTINGS_SENT)),
        grant("ParametersBack", &["rds:RebootDBInstance"], &[TARGET_INSTANCES], "`replace`: its static parameters"),
        grant(
            "DeleteFinalSnapshot",
            &["rds:DeleteDBClusterSnapshot"],
            &[FINAL_SNAPSHOTS],
            "`replace`: a final snapshot that nobody needs, because the old cluster lives",
        )
        .only_if(If::MadeAs(FINAL_SNAPSHOT)),
    ];
    let passed = [PASS_MONITORING, PASS_CLUSTER_ROLE].map(|grant| grant.when("MayPassRolesBack"));
    back.map(|grant| grant.when("MayReplace")).into_iter().chain(passed).collect()
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
            &[RETIRED_CLUSTERS],
            "the final snapshot of the retired cluster",
        )
        .only_if(If::RetiredByUs),
        MAKE_FINAL_SNAPSHOT,
        INHERIT_TAGS,
        grant(
            "DeleteFailedFinalSnapshot",
            &["rds:DeleteDBClusterSnapshot"],
            &[FINAL_SNAPSHOTS],
            "one that failed, before another is taken",
        )
        .only_if(If::MadeAs(FINAL_SNAPSHOT)),
        grant(
            "DeleteRetired",
            &["rds:ModifyDBCluster", "rds:DeleteDBCluster"],
            &[RETIRED_CLUSTERS],
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
        beside(&["rds:ModifyDBCluster"], &[On::Rds("cluster-pg:*"), On::Rds("pg:*"), On::Rds("og:*")]),
    ]
}

pub(super) fn sweep() -> Vec<Grant> {
    vec![
        grant("States", &["dynamodb:GetItem"], &[On::StateTable], "how an operation stands")
            .only_if(If::KeysOfOperations),
        grant("Lists", &["dynamodb:Query"], &[On::StatusIndex], "which operations are stalled or due"),
        grant("Journals", &["dynamodb:Query"], &[On::AuditTable], "what an ended operation has made")
            .only_if(If::KeysOfOperations),
        LOOK_AT_CLUSTERS,
        LOOK_AT_INSTANCES,
        grant(
            "LookAtSnapshots",
            &["rds:DescribeDBClusterSnapshots"],
            &[On::RdsEverywhere("cluster-snapshot:*"), On::RdsEverywhere("cluster:*")],
            "left-overs with our tag, also in the Region that a copy passes through",
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
