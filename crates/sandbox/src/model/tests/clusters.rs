//! Clusters: made, described, changed, stopped, deleted.

use jiff::SignedDuration;

use super::stage::{PASSWORD, Stage};
use crate::model::Secret;
use crate::model::call::{
    Call, DbClusterRole, DeleteDbCluster, DescribeDbClusters, Filter, ModifyDbCluster, NameDbCluster, PageRequest,
};
use crate::model::call::{CreateDbCluster, CreateParameterGroup};
use crate::model::error::RdsErrorCode;
use crate::model::reply::Reply;
use crate::model::resources::{ClusterStatus, InstanceStatus, ParameterStatus};

fn modify(name: &str) -> ModifyDbCluster {
    ModifyDbCluster {
        db_cluster_identifier: name.to_owned(),
        apply_immediately: Some(true),
        ..ModifyDbCluster::default()
    }
}

fn delete_instance(name: &str) -> Call {
    Call::DeleteDbInstance(crate::model::call::DeleteDbInstance {
        db_instance_identifier: name.to_owned(),
        skip_final_snapshot: Some(true),
        ..Default::default()
    })
}

#[test]
fn a_new_cluster_is_creating_until_its_time_has_passed() {
    let mut stage = Stage::new();
    stage.ok(Call::CreateDbCluster(Stage::new_cluster("Prod")));
    let shown = stage.see("PROD");
    assert_eq!(shown.db_cluster_identifier, "prod");
    assert_eq!(shown.status, ClusterStatus::Creating);
    stage.wait(SignedDuration::from_mins(5));
    assert_eq!(stage.see("prod").status, ClusterStatus::Available);
}

#[test]
fn names_that_rds_refuses_are_refused() {
    let mut stage = Stage::new();
    let long = "a".repeat(64);
    for name in ["1prod", "prod-", "pr--od", "prod_1", "prod:1", "-prod", long.as_str()] {
        let code = stage.refused(Call::CreateDbCluster(Stage::new_cluster(name)));
        assert_eq!(code, RdsErrorCode::InvalidParameterValue, "{name}");
    }
    assert_eq!(stage.refused(Call::CreateDbCluster(Stage::new_cluster(""))), RdsErrorCode::MissingParameter);
    stage.ok(Call::CreateDbCluster(Stage::new_cluster(&"a".repeat(63))));
}

#[test]
fn a_name_in_use_is_refused_whatever_its_case() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    let code = stage.refused(Call::CreateDbCluster(Stage::new_cluster("PROD")));
    assert_eq!(code, RdsErrorCode::DbClusterAlreadyExists);
}

#[test]
fn passwords_that_rds_refuses_are_refused_without_being_shown() {
    let mut stage = Stage::new();
    for password in ["tiny", "has space in it", "has/slash/in/it", "has@sign", "has\"quote", &"x".repeat(42)] {
        let mut input = Stage::new_cluster("prod");
        input.master_user_password = Some(Secret::new(password));
        let error = stage.call(Call::CreateDbCluster(input)).unwrap_err();
        assert_eq!(error.code, RdsErrorCode::InvalidParameterValue);
        assert!(!error.message.contains(password));
    }
}

#[test]
fn names_that_the_engine_keeps_and_ports_that_rds_does_not_give_are_refused() {
    let mut stage = Stage::new();
    for user in ["rdsadmin", "none", "pg_me", "rds_me", "1st", "a-b", ""] {
        let input = CreateDbCluster { master_username: Some(user.to_owned()), ..Stage::new_cluster("prod") };
        assert_eq!(stage.refused(Call::CreateDbCluster(input)), RdsErrorCode::InvalidParameterValue, "{user}");
    }
    for database in ["", "a b", "x\"y", "template0", "rdsadmin", "9to5", &"d".repeat(64)] {
        let input = CreateDbCluster { database_name: Some(database.to_owned()), ..Stage::new_cluster("prod") };
        assert_eq!(stage.refused(Call::CreateDbCluster(input)), RdsErrorCode::InvalidParameterValue, "{database}");
    }
    let mut low = Stage::new_cluster("prod");
    low.settings.port = Some(80);
    assert_eq!(stage.refused(Call::CreateDbCluster(low)), RdsErrorCode::InvalidParameterValue);
    stage.cluster("prod");
    let modify =
        ModifyDbCluster { db_cluster_identifier: "prod".to_owned(), port: Some(1149), ..ModifyDbCluster::default() };
    assert_eq!(stage.refused(Call::ModifyDbCluster(modify)), RdsErrorCode::InvalidParameterValue);
}

#[test]
fn the_forty_first_cluster_is_over_quota() {
    let mut stage = Stage::new();
    for number in 0..40 {
        stage.ok(Call::CreateDbCluster(Stage::new_cluster(&format!("c{number}"))));
    }
    let error = stage.call(Call::CreateDbCluster(Stage::new_cluster("one-more"))).unwrap_err();
    assert_eq!(error.code, RdsErrorCode::DbClusterQuotaExceeded);
    assert_eq!(error.http_status(), 403);
}

#[test]
fn restorable_times_come_with_the_first_backup_and_then_follow_the_clock() {
    let mut stage = Stage::new();
    stage.ok(Call::CreateDbCluster(Stage::new_cluster("prod")));
    stage.wait(SignedDuration::from_mins(5));
    let shown = stage.see("prod");
    assert_eq!(shown.status, ClusterStatus::Available);
    assert_eq!((shown.earliest_restorable_time, shown.latest_restorable_time), (None, None));
    stage.settle();
    let first = stage.see("prod");
    assert!(first.earliest_restorable_time.is_some());
    stage.wait(SignedDuration::from_hours(2));
    let later = stage.see("prod");
    assert_eq!(later.earliest_restorable_time, first.earliest_restorable_time);
    assert_eq!(later.latest_restorable_time, Some(stage.now - SignedDuration::from_mins(5)));
}

#[test]
fn a_protected_cluster_is_not_deleted_but_its_instances_are() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 1);
    stage.ok(Call::ModifyDbCluster(ModifyDbCluster { deletion_protection: Some(true), ..modify("prod") }));
    stage.settle();
    stage.ok(delete_instance("prod-1"));
    stage.settle();
    let code = stage.refused(Call::DeleteDbCluster(Stage::delete("prod")));
    assert_eq!(code, RdsErrorCode::InvalidParameterCombination);
}

#[test]
fn a_cluster_goes_only_once_all_its_instances_are_deleting() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 2);
    stage.ok(delete_instance("prod-2"));
    let call = || Call::DeleteDbCluster(Stage::delete("prod"));
    assert_eq!(
        stage.message(call()),
        "Cluster cannot be deleted, it still contains DB instances in non-deleting state."
    );
    stage.ok(delete_instance("prod-1"));
    stage.ok(call());
    assert_eq!(stage.see("prod").status, ClusterStatus::Deleting);
    assert_eq!(stage.refused(call()), RdsErrorCode::InvalidDbClusterState);
    stage.settle();
    assert_eq!(stage.refused(Stage::describe("prod")), RdsErrorCode::DbClusterNotFound);
}

#[test]
fn a_delete_says_what_becomes_of_the_final_snapshot() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    let neither = DeleteDbCluster { skip_final_snapshot: None, ..Stage::delete("prod") };
    let both = DeleteDbCluster { final_db_snapshot_identifier: Some("last".to_owned()), ..Stage::delete("prod") };
    for input in [neither, both] {
        assert_eq!(stage.refused(Call::DeleteDbCluster(input)), RdsErrorCode::InvalidParameterCombination);
    }
    assert_eq!(stage.see("prod").status, ClusterStatus::Available);
}

#[test]
fn the_final_snapshot_is_there_before_the_cluster_goes() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    let input = DeleteDbCluster {
        skip_final_snapshot: None,
        final_db_snapshot_identifier: Some("last".to_owned()),
        ..Stage::delete("prod")
    };
    stage.ok(Call::DeleteDbCluster(input));
    stage.wait(SignedDuration::from_mins(9));
    assert_eq!(stage.see("prod").status, ClusterStatus::Deleting);
    stage.settle();
    assert_eq!(stage.see_snapshot("last").percent_progress, 100);
    assert_eq!(stage.refused(Stage::describe("prod")), RdsErrorCode::DbClusterNotFound);
}

#[test]
fn a_final_snapshot_needs_a_free_name_and_an_available_cluster() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.snapshot("last", "prod");
    let input = DeleteDbCluster {
        skip_final_snapshot: None,
        final_db_snapshot_identifier: Some("last".to_owned()),
        ..Stage::delete("prod")
    };
    assert_eq!(stage.refused(Call::DeleteDbCluster(input.clone())), RdsErrorCode::DbClusterSnapshotAlreadyExists);
    stage.ok(Stage::new_snapshot("other", "prod"));
    let input = DeleteDbCluster { final_db_snapshot_identifier: Some("free".to_owned()), ..input };
    assert_eq!(stage.refused(Call::DeleteDbCluster(input)), RdsErrorCode::InvalidDbClusterState);
}

#[test]
fn a_stopped_cluster_is_not_deleted_and_starts_by_itself_after_a_week() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 1);
    let name = || NameDbCluster { db_cluster_identifier: "prod".to_owned() };
    stage.ok(Call::StopDbCluster(name()));
    assert_eq!(stage.see("prod").status, ClusterStatus::Stopping);
    stage.settle();
    assert_eq!(stage.see("prod").status, ClusterStatus::Stopped);
    assert_eq!(stage.see_instance("prod-1").db_instance_status, InstanceStatus::Stopped);
    assert_eq!(stage.refused(Call::DeleteDbCluster(Stage::delete("prod"))), RdsErrorCode::InvalidDbClusterState);
    assert_eq!(stage.refused(delete_instance("prod-1")), RdsErrorCode::InvalidDbClusterState);
    stage.wait(SignedDuration::from_hours(8 * 24));
    assert_eq!(stage.see("prod").status, ClusterStatus::Available);
    assert_eq!(stage.see_instance("prod-1").db_instance_status, InstanceStatus::Available);
    assert_eq!(stage.refused(Call::StartDbCluster(name())), RdsErrorCode::InvalidDbClusterState);
}

#[test]
fn a_new_password_passes_through_resetting_master_credentials() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 1);
    let input = ModifyDbCluster {
        master_user_password: Some(Secret::new("another-password")),
        apply_immediately: None,
        ..modify("prod")
    };
    stage.ok(Call::ModifyDbCluster(input));
    let shown = stage.see("prod");
    assert_eq!(shown.status, ClusterStatus::ResettingMasterCredentials);
    let pending = shown.pending_modified_values.as_ref().unwrap();
    assert_eq!(pending.master_user_password.as_deref(), Some("****"));
    assert_eq!(stage.refused(Call::ModifyDbCluster(modify("prod"))), RdsErrorCode::InvalidDbClusterState);
    stage.settle();
    let shown = stage.see("prod");
    assert_eq!((shown.status, shown.pending_modified_values.as_ref()), (ClusterStatus::Available, None));
}

#[test]
fn a_new_parameter_group_needs_a_reboot_of_each_member() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 1);
    let group = |family: &str, name: &str| {
        Call::CreateDbClusterParameterGroup(CreateParameterGroup {
            name: name.to_owned(),
            family: family.to_owned(),
            description: "tuned".to_owned(),
            tags: Vec::new(),
        })
    };
    stage.ok(group("aurora-postgresql16", "tuned"));
    assert_eq!(stage.refused(group("aurora-mysql8.0", "wrong")), RdsErrorCode::InvalidParameterValue);
    let input = ModifyDbCluster { db_cluster_parameter_group_name: Some("tuned".to_owned()), ..modify("prod") };
    stage.ok(Call::ModifyDbCluster(input));
    let status = |stage: &mut Stage| stage.see("prod").db_cluster_members[0].db_cluster_parameter_group_status;
    assert_eq!(status(&mut stage), ParameterStatus::Applying);
    stage.settle();
    assert_eq!(status(&mut stage), ParameterStatus::PendingReboot);
    stage.ok(Call::RebootDbInstance(crate::model::call::RebootDbInstance {
        db_instance_identifier: "prod-1".to_owned(),
        force_failover: None,
    }));
    assert_eq!(stage.see_instance("prod-1").db_instance_status, InstanceStatus::Rebooting);
    stage.settle();
    assert_eq!(status(&mut stage), ParameterStatus::InSync);
    let unknown = ModifyDbCluster { db_cluster_parameter_group_name: Some("nope".to_owned()), ..modify("prod") };
    assert_eq!(stage.refused(Call::ModifyDbCluster(unknown)), RdsErrorCode::DbClusterParameterGroupNotFound);
}

#[test]
fn without_apply_immediately_iam_authentication_waits_for_the_maintenance_window() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    let input = ModifyDbCluster {
        enable_iam_database_authentication: Some(true),
        preferred_maintenance_window: Some("wed:03:00-wed:03:30".to_owned()),
        apply_immediately: None,
        ..modify("prod")
    };
    stage.ok(Call::ModifyDbCluster(input));
    let shown = stage.see("prod");
    assert_eq!(shown.status, ClusterStatus::Available);
    assert!(!shown.iam_database_authentication_enabled);
    let pending = shown.pending_modified_values.as_ref().unwrap();
    assert_eq!(pending.iam_database_authentication_enabled, Some(true));
    // The stage begins on a Monday at noon.
    stage.wait("2026-03-04T03:00:30Z".parse::<jiff::Timestamp>().unwrap().duration_since(stage.now));
    assert_eq!(stage.see("prod").status, ClusterStatus::UpdateIamDbAuth);
    stage.settle();
    assert!(stage.see("prod").iam_database_authentication_enabled);
}

#[test]
fn an_upgrade_goes_forward_only_and_to_versions_on_offer() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 1);
    let to = |version: &str| {
        Call::ModifyDbCluster(ModifyDbCluster { engine_version: Some(version.to_owned()), ..modify("prod") })
    };
    assert_eq!(stage.refused(to("16.3")), RdsErrorCode::InvalidParameterCombination);
    assert_eq!(stage.message(to("16.99")), "Cannot find version 16.99 for aurora-postgresql");
    stage.ok(to("16.8"));
    assert_eq!(stage.see("prod").status, ClusterStatus::Upgrading);
    stage.settle();
    assert_eq!(stage.see("prod").engine_version, "16.8");
    assert_eq!(stage.see_instance("prod-1").engine_version, "16.8");
}

#[test]
fn a_sixth_role_is_over_quota() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    let role = |number: u32| DbClusterRole {
        db_cluster_identifier: "prod".to_owned(),
        role_arn: format!("arn:aws:iam::111111111111:role/r{number}"),
        feature_name: Some("s3Import".to_owned()),
    };
    for number in 0..5 {
        stage.ok(Call::AddRoleToDbCluster(role(number)));
    }
    assert_eq!(stage.refused(Call::AddRoleToDbCluster(role(0))), RdsErrorCode::DbClusterRoleAlreadyExists);
    assert_eq!(stage.refused(Call::AddRoleToDbCluster(role(5))), RdsErrorCode::DbClusterRoleQuotaExceeded);
    stage.ok(Call::RemoveRoleFromDbCluster(role(0)));
    assert_eq!(stage.refused(Call::RemoveRoleFromDbCluster(role(0))), RdsErrorCode::DbClusterRoleNotFound);
    assert_eq!(stage.see("prod").associated_roles.len(), 4);
}

#[test]
fn pages_have_twenty_to_a_hundred_records_and_lead_to_each_other() {
    let mut stage = Stage::new();
    for number in 0..30 {
        stage.ok(Call::CreateDbCluster(Stage::new_cluster(&format!("c{number:02}"))));
    }
    let list = |max_records, marker: Option<String>| {
        Call::DescribeDbClusters(DescribeDbClusters {
            page: PageRequest { marker, max_records },
            ..DescribeDbClusters::default()
        })
    };
    for size in [19, 101] {
        assert_eq!(stage.refused(list(Some(size), None)), RdsErrorCode::InvalidParameterValue);
    }
    let Reply::Clusters(first) = stage.ok(list(Some(20), None)) else { panic!("not clusters") };
    assert_eq!((first.items.len(), first.marker.as_deref()), (20, Some("c19")));
    let Reply::Clusters(rest) = stage.ok(list(Some(20), first.marker)) else { panic!("not clusters") };
    assert_eq!((rest.items.len(), rest.marker), (10, None));
    assert_eq!(rest.items[0].db_cluster_identifier, "c20");
}

#[test]
fn filters_select_by_name_arn_and_resource_id_and_unknown_ones_are_refused() {
    let mut stage = Stage::new();
    let one = stage.cluster("one");
    let two = stage.cluster("two");
    let list = |name: &str, values: &[&str]| {
        Call::DescribeDbClusters(DescribeDbClusters {
            filters: vec![Filter {
                name: name.to_owned(),
                values: values.iter().map(|value| (*value).to_owned()).collect(),
            }],
            ..DescribeDbClusters::default()
        })
    };
    let mut names = |call| match stage.ok(call) {
        Reply::Clusters(page) => page.items.iter().map(|shown| shown.db_cluster_identifier.clone()).collect::<Vec<_>>(),
        other => panic!("not clusters: {other:?}"),
    };
    assert_eq!(names(list("db-cluster-id", &["one", &two.db_cluster_arn])), ["one", "two"]);
    assert_eq!(names(list("db-cluster-resource-id", &[&one.db_cluster_resource_id])), ["one"]);
    assert_eq!(names(list("engine", &["aurora-mysql"])), Vec::<String>::new());
    assert_eq!(stage.refused(list("colour", &["red"])), RdsErrorCode::InvalidParameterValue);
}

#[test]
fn an_arn_of_another_account_or_region_finds_no_cluster() {
    let mut stage = Stage::new();
    let arn = stage.cluster("prod").db_cluster_arn.clone();
    assert_eq!(stage.see(&arn).db_cluster_identifier, "prod");
    stage.go("222222222222", "eu-west-1");
    assert_eq!(stage.refused(Stage::describe(&arn)), RdsErrorCode::DbClusterNotFound);
}

#[test]
fn no_debug_output_contains_a_password() {
    let mut stage = Stage::new();
    let call = Call::CreateDbCluster(Stage::new_cluster("prod"));
    assert!(!format!("{call:?}").contains(PASSWORD));
    stage.ok(call);
    assert!(!format!("{:?}", stage.world).contains(PASSWORD));
}
