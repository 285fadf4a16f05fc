//! Instances: made, changed, rebooted, deleted.

use jiff::SignedDuration;

use super::stage::Stage;
use crate::model::call::{
    Call, CreateDbInstance, CreateParameterGroup, DeleteDbInstance, ModifyDbInstance, RebootDbInstance,
};
use crate::model::error::RdsErrorCode;
use crate::model::faults::{Fault, FaultRule};
use crate::model::resources::{InstanceStatus, ParameterStatus, ServerlessV2Scaling};

fn delete(name: &str) -> DeleteDbInstance {
    DeleteDbInstance { db_instance_identifier: name.to_owned(), ..DeleteDbInstance::default() }
}

fn modify(name: &str) -> ModifyDbInstance {
    ModifyDbInstance {
        db_instance_identifier: name.to_owned(),
        apply_immediately: Some(true),
        ..ModifyDbInstance::default()
    }
}

#[test]
fn the_first_instance_writes_and_has_an_endpoint_once_it_is_available() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.ok(Call::CreateDbInstance(Stage::new_instance("prod-1", "prod")));
    stage.ok(Call::CreateDbInstance(Stage::new_instance("prod-2", "prod")));
    assert_eq!(stage.see_instance("prod-1").endpoint, None);
    stage.settle();
    let shown = stage.see_instance("prod-1");
    assert_eq!(shown.db_instance_status, InstanceStatus::Available);
    let address = &shown.endpoint.as_ref().unwrap().address;
    assert!(address.starts_with("prod-1.") && address.ends_with(".eu-west-1.rds.amazonaws.com"), "{address}");
    let members = &stage.see("prod").db_cluster_members;
    let writers: Vec<_> =
        members.iter().map(|member| (member.db_instance_identifier.as_str(), member.is_cluster_writer)).collect();
    assert_eq!(writers, [("prod-1", true), ("prod-2", false)]);
}

#[test]
fn the_cluster_endpoint_leads_nowhere_until_a_writer_is_available() {
    let mut stage = Stage::new();
    let cluster = stage.cluster("prod");
    let endpoint = cluster.endpoint.clone().unwrap();
    assert!(endpoint.address.starts_with("prod.cluster-"), "{}", endpoint.address);
    stage.ok(Call::CreateDbInstance(Stage::new_instance("prod-1", "prod")));
    assert_eq!(stage.world.who_answers(&endpoint.address, endpoint.port), None);
    stage.settle();
    let answering = stage.world.who_answers(&endpoint.address, endpoint.port).unwrap();
    assert_eq!(answering.db_cluster_resource_id, cluster.db_cluster_resource_id);
    assert!(answering.writable);
    let reader = cluster.reader_endpoint.clone().unwrap();
    assert!(!stage.world.who_answers(&reader.address, reader.port).unwrap().writable);
    assert_eq!(stage.world.who_answers(&endpoint.address, 1), None);
}

#[test]
fn an_instance_fits_its_cluster_and_a_class_that_is_offered() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    let mut refused = |change: &dyn Fn(&mut CreateDbInstance)| {
        let mut input = Stage::new_instance("prod-1", "prod");
        change(&mut input);
        stage.refused(Call::CreateDbInstance(input))
    };
    let combination = RdsErrorCode::InvalidParameterCombination;
    assert_eq!(refused(&|input| input.db_instance_class = "db.x9.mega".to_owned()), combination);
    assert_eq!(refused(&|input| input.engine = "aurora-mysql".to_owned()), combination);
    assert_eq!(refused(&|input| input.engine_version = Some("16.1".to_owned())), combination);
    assert_eq!(refused(&|input| input.deletion_protection = Some(true)), combination);
    assert_eq!(refused(&|input| input.db_cluster_identifier = None), combination);
    assert_eq!(
        refused(&|input| input.db_cluster_identifier = Some("other".to_owned())),
        RdsErrorCode::DbClusterNotFound
    );
    assert_eq!(refused(&|input| input.promotion_tier = Some(16)), RdsErrorCode::InvalidParameterValue);
    assert_eq!(
        refused(&|input| input.db_parameter_group_name = Some("nope".to_owned())),
        RdsErrorCode::DbParameterGroupNotFound
    );
}

#[test]
fn a_cluster_that_is_still_being_made_takes_no_instance() {
    let mut stage = Stage::new();
    stage.ok(Call::CreateDbCluster(Stage::new_cluster("prod")));
    let code = stage.refused(Call::CreateDbInstance(Stage::new_instance("prod-1", "prod")));
    assert_eq!(code, RdsErrorCode::InvalidDbClusterState);
}

#[test]
fn a_serverless_instance_needs_capacity_limits_of_its_cluster() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    let serverless = || {
        let mut input = Stage::new_instance("prod-1", "prod");
        input.db_instance_class = "db.serverless".to_owned();
        Call::CreateDbInstance(input)
    };
    assert_eq!(stage.refused(serverless()), RdsErrorCode::InvalidDbClusterState);
    let scaling = |min_capacity, max_capacity| {
        Call::ModifyDbCluster(crate::model::call::ModifyDbCluster {
            db_cluster_identifier: "prod".to_owned(),
            serverless_v2_scaling_configuration: Some(ServerlessV2Scaling {
                min_capacity,
                max_capacity,
                seconds_until_auto_pause: None,
            }),
            ..Default::default()
        })
    };
    assert_eq!(stage.refused(scaling(8.0, 4.0)), RdsErrorCode::InvalidParameterValue);
    stage.ok(scaling(0.5, 4.0));
    stage.settle();
    stage.ok(serverless());
}

#[test]
fn the_forty_first_instance_is_over_quota() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 40);
    let code = stage.refused(Call::CreateDbInstance(Stage::new_instance("one-more", "prod")));
    assert_eq!(code, RdsErrorCode::InstanceQuotaExceeded);
}

#[test]
fn a_final_snapshot_is_refused_for_an_instance_of_a_cluster() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 1);
    let input = DeleteDbInstance { final_db_snapshot_identifier: Some("last".to_owned()), ..delete("prod-1") };
    let error = stage.call(Call::DeleteDbInstance(input)).unwrap_err();
    assert_eq!(error.code, RdsErrorCode::InvalidParameterCombination);
    assert_eq!(error.message, "FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance");
    stage.ok(Call::DeleteDbInstance(delete("prod-1")));
    assert_eq!(stage.see_instance("prod-1").db_instance_status, InstanceStatus::Deleting);
    assert_eq!(stage.refused(Call::DeleteDbInstance(delete("prod-1"))), RdsErrorCode::InvalidDbInstanceState);
    stage.settle();
    assert_eq!(stage.refused(Stage::describe_instance("prod-1")), RdsErrorCode::DbInstanceNotFound);
    assert_eq!(stage.see("prod").db_cluster_members, []);
}

#[test]
fn when_the_writer_goes_the_reader_of_the_lowest_tier_takes_over() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 2);
    let mut third = Stage::new_instance("prod-3", "prod");
    third.promotion_tier = Some(0);
    stage.ok(Call::CreateDbInstance(third));
    stage.settle();
    stage.ok(Call::DeleteDbInstance(delete("prod-1")));
    let members = stage.see("prod").db_cluster_members.clone();
    let writer = members.iter().find(|member| member.is_cluster_writer).unwrap();
    assert_eq!(writer.db_instance_identifier, "prod-3");
}

#[test]
fn a_failed_instance_is_deleted_only_with_skip_final_snapshot() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    let fault = Fault::FailingInstance { status: InstanceStatus::IncompatibleRestore };
    stage.world.inject(FaultRule::once(fault));
    stage.ok(Call::CreateDbInstance(Stage::new_instance("prod-1", "prod")));
    stage.settle();
    assert_eq!(stage.see_instance("prod-1").db_instance_status, InstanceStatus::IncompatibleRestore);
    assert_eq!(stage.refused(Call::DeleteDbInstance(delete("prod-1"))), RdsErrorCode::InvalidDbInstanceState);
    let input = DeleteDbInstance { skip_final_snapshot: Some(true), ..delete("prod-1") };
    stage.ok(Call::DeleteDbInstance(input));
    stage.settle();
    assert_eq!(stage.refused(Stage::describe_instance("prod-1")), RdsErrorCode::DbInstanceNotFound);
}

#[test]
fn a_new_parameter_group_of_an_instance_is_pending_until_it_reboots() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 1);
    stage.ok(Call::CreateDbParameterGroup(CreateParameterGroup {
        name: "tuned".to_owned(),
        family: "aurora-postgresql16".to_owned(),
        description: "tuned".to_owned(),
        tags: Vec::new(),
    }));
    let input = ModifyDbInstance { db_parameter_group_name: Some("tuned".to_owned()), ..modify("prod-1") };
    stage.ok(Call::ModifyDbInstance(input));
    let shown = stage.see_instance("prod-1");
    assert_eq!(
        (shown.db_parameter_group.as_str(), shown.parameter_apply_status),
        ("tuned", ParameterStatus::PendingReboot)
    );
    let reboot = |force_failover| {
        Call::RebootDbInstance(RebootDbInstance { db_instance_identifier: "prod-1".to_owned(), force_failover })
    };
    assert_eq!(stage.refused(reboot(Some(true))), RdsErrorCode::InvalidParameterCombination);
    stage.ok(reboot(None));
    assert_eq!(stage.refused(reboot(None)), RdsErrorCode::InvalidDbInstanceState);
    stage.settle();
    assert_eq!(stage.see_instance("prod-1").parameter_apply_status, ParameterStatus::InSync);
}

#[test]
fn a_new_class_waits_for_the_maintenance_window_unless_applied_immediately() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 1);
    let class = |name: &str| ModifyDbInstance { db_instance_class: Some(name.to_owned()), ..modify("prod-1") };
    assert_eq!(stage.refused(Call::ModifyDbInstance(class("db.x9.mega"))), RdsErrorCode::InvalidParameterCombination);
    let later = ModifyDbInstance { apply_immediately: None, ..class("db.r6g.xlarge") };
    stage.ok(Call::ModifyDbInstance(later));
    let shown = stage.see_instance("prod-1");
    assert_eq!(
        (shown.db_instance_status, shown.db_instance_class.as_str()),
        (InstanceStatus::Available, "db.r6g.large")
    );
    assert_eq!(shown.pending_modified_values.db_instance_class.as_deref(), Some("db.r6g.xlarge"));
    stage.wait(SignedDuration::from_hours(8 * 24));
    assert_eq!(stage.see_instance("prod-1").db_instance_class, "db.r6g.xlarge");
    stage.ok(Call::ModifyDbInstance(class("db.r6g.2xlarge")));
    assert_eq!(stage.see_instance("prod-1").db_instance_status, InstanceStatus::Modifying);
    stage.settle();
    assert_eq!(stage.see_instance("prod-1").db_instance_class, "db.r6g.2xlarge");
}

#[test]
fn settings_of_the_cluster_are_refused_for_its_instances() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 1);
    let protect = ModifyDbInstance { deletion_protection: Some(true), ..modify("prod-1") };
    let groups = ModifyDbInstance { vpc_security_group_ids: vec!["sg-1".to_owned()], ..modify("prod-1") };
    for input in [protect, groups] {
        assert_eq!(stage.refused(Call::ModifyDbInstance(input)), RdsErrorCode::InvalidParameterCombination);
    }
}

#[test]
fn a_new_promotion_tier_is_seen_in_the_cluster() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 1);
    stage.ok(Call::ModifyDbInstance(ModifyDbInstance { promotion_tier: Some(7), ..modify("prod-1") }));
    assert_eq!(stage.see("prod").db_cluster_members[0].promotion_tier, 7);
}

#[test]
fn no_instance_is_deleted_while_its_cluster_is_renamed() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 1);
    stage.ok(Call::ModifyDbCluster(crate::model::call::ModifyDbCluster {
        db_cluster_identifier: "prod".to_owned(),
        new_db_cluster_identifier: Some("retired".to_owned()),
        apply_immediately: Some(true),
        ..Default::default()
    }));
    assert_eq!(stage.refused(Call::DeleteDbInstance(delete("prod-1"))), RdsErrorCode::InvalidDbClusterState);
    stage.settle();
    stage.ok(Call::DeleteDbInstance(delete("prod-1")));
}
