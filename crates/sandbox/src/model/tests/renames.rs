//! Renames, and names that stay behind the truth.

use jiff::SignedDuration;

use super::stage::Stage;
use crate::model::Secret;
use crate::model::call::{Call, ModifyDbCluster, ModifyDbInstance};
use crate::model::error::RdsErrorCode;
use crate::model::resources::{ClusterStatus, InstanceStatus};

fn rename(from: &str, to: &str) -> Call {
    Call::ModifyDbCluster(ModifyDbCluster {
        db_cluster_identifier: from.to_owned(),
        new_db_cluster_identifier: Some(to.to_owned()),
        apply_immediately: Some(true),
        ..ModifyDbCluster::default()
    })
}

fn rename_instance(from: &str, to: &str) -> Call {
    Call::ModifyDbInstance(ModifyDbInstance {
        db_instance_identifier: from.to_owned(),
        new_db_instance_identifier: Some(to.to_owned()),
        apply_immediately: Some(true),
        ..ModifyDbInstance::default()
    })
}

#[test]
fn a_renamed_cluster_keeps_its_resource_id_and_gets_new_endpoints() {
    let mut stage = Stage::new();
    let before = stage.cluster_with("prod", 1);
    stage.ok(rename("prod", "Retired"));
    let during = stage.see("prod");
    assert_eq!(during.status, ClusterStatus::Renaming);
    let pending = during.pending_modified_values.as_ref().unwrap();
    assert_eq!(pending.db_cluster_identifier.as_deref(), Some("retired"));
    stage.settle();
    let after = stage.see("retired");
    assert_eq!(after.status, ClusterStatus::Available);
    assert_eq!(after.pending_modified_values, None);
    assert_eq!(after.db_cluster_resource_id, before.db_cluster_resource_id);
    assert!(after.db_cluster_arn.ends_with(":cluster:retired"));
    assert!(after.endpoint.as_ref().unwrap().address.starts_with("retired.cluster-"));
    assert_eq!(stage.see_instance("prod-1").db_cluster_identifier, "retired");
    assert_eq!(stage.refused(Stage::describe("prod")), RdsErrorCode::DbClusterNotFound);
    let old = before.endpoint.as_ref().unwrap();
    assert_eq!(stage.world.who_answers(&old.address, old.port), None);
}

#[test]
fn a_name_in_use_or_promised_to_another_is_refused() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.cluster("staged");
    stage.cluster("third");
    assert_eq!(stage.refused(rename("staged", "prod")), RdsErrorCode::DbClusterAlreadyExists);
    assert_eq!(stage.refused(rename("staged", "no--good")), RdsErrorCode::InvalidParameterValue);
    stage.ok(rename("prod", "retired"));
    for name in ["prod", "retired"] {
        assert_eq!(stage.refused(rename("third", name)), RdsErrorCode::DbClusterAlreadyExists, "{name}");
    }
    stage.settle();
    stage.ok(rename("staged", "prod"));
}

#[test]
fn a_cluster_that_is_backing_up_is_not_renamed() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.ok(Stage::new_snapshot("nightly", "prod"));
    assert_eq!(stage.refused(rename("prod", "retired")), RdsErrorCode::InvalidDbClusterState);
}

#[test]
fn for_a_while_the_old_name_answers_and_the_new_one_does_not() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 1);
    stage.world.config.lag.after_rename = SignedDuration::from_secs(20);
    stage.ok(rename("prod", "retired"));
    stage.wait(SignedDuration::from_mins(2));
    assert_eq!(stage.see("prod").db_cluster_identifier, "retired");
    assert_eq!(stage.refused(Stage::describe("retired")), RdsErrorCode::DbClusterNotFound);
    stage.wait(SignedDuration::from_secs(20));
    assert_eq!(stage.refused(Stage::describe("prod")), RdsErrorCode::DbClusterNotFound);
    assert_eq!(stage.see("retired").status, ClusterStatus::Available);
}

#[test]
fn without_apply_immediately_a_rename_waits_and_is_dropped_if_the_name_is_taken() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    let later = |to: &str| {
        Call::ModifyDbCluster(ModifyDbCluster {
            db_cluster_identifier: "prod".to_owned(),
            new_db_cluster_identifier: Some(to.to_owned()),
            ..ModifyDbCluster::default()
        })
    };
    stage.ok(later("retired"));
    assert_eq!(stage.see("prod").status, ClusterStatus::Available);
    stage.cluster("retired");
    stage.wait(SignedDuration::from_hours(8 * 24));
    let shown = stage.see("prod");
    assert_eq!((shown.status, shown.pending_modified_values.as_ref()), (ClusterStatus::Available, None));
    stage.ok(later("gone"));
    stage.wait(SignedDuration::from_hours(8 * 24));
    assert_eq!(stage.see("gone").status, ClusterStatus::Available);
}

#[test]
fn a_renamed_instance_keeps_its_place_in_the_cluster() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 2);
    let before = stage.see_instance("prod-1");
    assert_eq!(stage.refused(rename_instance("prod-1", "prod-2")), RdsErrorCode::DbInstanceAlreadyExists);
    stage.ok(rename_instance("prod-1", "retired-1"));
    assert_eq!(stage.see_instance("prod-1").db_instance_status, InstanceStatus::Renaming);
    stage.settle();
    let after = stage.see_instance("retired-1");
    assert_eq!(after.dbi_resource_id, before.dbi_resource_id);
    assert!(after.endpoint.as_ref().unwrap().address.starts_with("retired-1."));
    assert_eq!(after.pending_modified_values.db_instance_identifier, None);
    let members = &stage.see("prod").db_cluster_members;
    assert!(members.iter().any(|member| member.db_instance_identifier == "retired-1" && member.is_cluster_writer));
    assert_eq!(stage.refused(Stage::describe_instance("prod-1")), RdsErrorCode::DbInstanceNotFound);
}

#[test]
fn a_swap_of_names_leads_clients_from_the_old_data_to_the_new() {
    let mut stage = Stage::new();
    let old = stage.cluster_with("target", 1);
    let new = stage.cluster_with("staged", 1);
    let endpoint = old.endpoint.clone().unwrap();
    let who = |stage: &Stage| {
        stage.world.who_answers(&endpoint.address, endpoint.port).map(|found| found.db_cluster_resource_id.to_owned())
    };
    assert_eq!(who(&stage).as_deref(), Some(old.db_cluster_resource_id.as_str()));
    stage.ok(rename("target", "retired"));
    stage.settle();
    assert_eq!(who(&stage), None);
    stage.ok(rename("staged", "target"));
    stage.settle();
    assert_eq!(who(&stage).as_deref(), Some(new.db_cluster_resource_id.as_str()));
}

#[test]
fn a_name_is_promised_from_the_call_on_even_if_other_changes_come_first() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.ok(Call::ModifyDbCluster(ModifyDbCluster {
        db_cluster_identifier: "prod".to_owned(),
        new_db_cluster_identifier: Some("retired".to_owned()),
        master_user_password: Some(Secret::new("another-password")),
        apply_immediately: Some(true),
        ..ModifyDbCluster::default()
    }));
    assert_eq!(stage.see("prod").status, ClusterStatus::ResettingMasterCredentials);
    let code = stage.refused(Call::CreateDbCluster(Stage::new_cluster("retired")));
    assert_eq!(code, RdsErrorCode::DbClusterAlreadyExists);
    stage.settle();
    assert_eq!(stage.see("retired").status, ClusterStatus::Available);
}
