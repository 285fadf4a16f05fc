//! Restores from snapshots, from a point in time, and clones.

use jiff::SignedDuration;

use super::stage::{FRANKFURT, PROD, Stage};
use crate::model::call::{
    Call, CreateParameterGroup, DbClusterRole, ModifyDbCluster, RestoreDbClusterFromSnapshot,
    RestoreDbClusterToPointInTime,
};
use crate::model::error::RdsErrorCode;
use crate::model::resources::{ClusterStatus, KmsKey, ServerlessV2Scaling, Tag};

fn point_in_time(name: &str, source: &str) -> RestoreDbClusterToPointInTime {
    RestoreDbClusterToPointInTime {
        db_cluster_identifier: name.to_owned(),
        source_db_cluster_identifier: Some(source.to_owned()),
        use_latest_restorable_time: Some(true),
        ..RestoreDbClusterToPointInTime::default()
    }
}

fn clone(name: &str, source: &str) -> RestoreDbClusterToPointInTime {
    RestoreDbClusterToPointInTime { restore_type: Some("copy-on-write".to_owned()), ..point_in_time(name, source) }
}

/// A cluster with every setting that a restore loses, and a snapshot of it.
fn adorned(stage: &mut Stage) {
    stage.ok(Call::CreateDbClusterParameterGroup(CreateParameterGroup {
        name: "tuned".to_owned(),
        family: "aurora-postgresql16".to_owned(),
        description: "tuned".to_owned(),
        tags: Vec::new(),
    }));
    let mut input = Stage::new_cluster("prod");
    input.engine_version = Some("16.6".to_owned());
    let settings = &mut input.settings;
    settings.db_cluster_parameter_group_name = Some("tuned".to_owned());
    settings.deletion_protection = Some(true);
    settings.enable_iam_database_authentication = Some(true);
    settings.enable_cloudwatch_logs_exports = vec!["postgresql".to_owned()];
    settings.copy_tags_to_snapshot = Some(true);
    settings.storage_type = Some("aurora-iopt1".to_owned());
    settings.serverless_v2_scaling_configuration =
        Some(ServerlessV2Scaling { min_capacity: 0.5, max_capacity: 4.0, seconds_until_auto_pause: None });
    settings.vpc_security_group_ids = vec!["sg-00000000000000001".to_owned()];
    settings.tags = vec![Tag::new("team", "data")];
    settings.engine_lifecycle_support = Some("open-source-rds-extended-support-disabled".to_owned());
    settings.enable_performance_insights = Some(true);
    stage.ok(Call::CreateDbCluster(input));
    stage.settle();
    stage.ok(Call::CreateDbInstance(Stage::new_instance("prod-1", "prod")));
    stage.ok(Call::AddRoleToDbCluster(DbClusterRole {
        db_cluster_identifier: "prod".to_owned(),
        role_arn: "arn:aws:iam::111111111111:role/import".to_owned(),
        feature_name: None,
    }));
    stage.settle();
    stage.snapshot("nightly", "prod");
}

#[test]
fn a_restore_brings_the_data_and_none_of_the_settings() {
    let mut stage = Stage::new();
    adorned(&mut stage);
    stage.ok(Call::RestoreDbClusterFromSnapshot(Stage::restore("staged", "nightly")));
    stage.settle();
    let shown = stage.see("staged");
    assert_eq!(shown.status, ClusterStatus::Available);
    assert_eq!(shown.master_username, "postgres");
    assert_eq!(shown.db_cluster_members, []);
    assert_eq!(shown.db_cluster_parameter_group, "default.aurora-postgresql16");
    assert!(!shown.deletion_protection && !shown.iam_database_authentication_enabled && !shown.copy_tags_to_snapshot);
    assert_eq!(shown.enabled_cloudwatch_logs_exports, Vec::<String>::new());
    assert_eq!((shown.storage_type.as_deref(), shown.serverless_v2_scaling_configuration), (None, None));
    assert_ne!(shown.vpc_security_groups[0].vpc_security_group_id, "sg-00000000000000001");
    assert_eq!(shown.tag_list, []);
    assert_eq!(shown.associated_roles, []);
    assert!(!shown.performance_insights_enabled);
    assert_eq!(shown.engine_lifecycle_support, "open-source-rds-extended-support");
    assert_ne!(shown.db_cluster_resource_id, stage.see("prod").db_cluster_resource_id);
}

#[test]
fn a_restore_has_the_settings_that_it_names() {
    let mut stage = Stage::new();
    adorned(&mut stage);
    let mut input = Stage::restore("staged", "nightly");
    input.settings.db_cluster_parameter_group_name = Some("tuned".to_owned());
    input.settings.deletion_protection = Some(true);
    input.settings.tags = vec![Tag::new("operation", "42")];
    stage.ok(Call::RestoreDbClusterFromSnapshot(input));
    let shown = stage.see("staged");
    assert_eq!(shown.db_cluster_parameter_group, "tuned");
    assert!(shown.deletion_protection);
    assert_eq!(shown.tag_list, [Tag::new("operation", "42")]);
}

#[test]
fn a_restoring_cluster_shows_progress_as_text_and_no_restorable_time_until_it_is_complete() {
    let mut stage = Stage::new();
    adorned(&mut stage);
    stage.ok(Call::RestoreDbClusterFromSnapshot(Stage::restore("staged", "nightly")));
    stage.wait(SignedDuration::from_secs(35 * 30));
    let shown = stage.see("staged");
    assert_eq!(shown.status, ClusterStatus::Migrating);
    assert_eq!(shown.percent_progress.as_deref(), Some("50"));
    stage.wait(SignedDuration::from_secs(35 * 30));
    let shown = stage.see("staged");
    assert_eq!(shown.status, ClusterStatus::Available);
    assert_eq!((shown.earliest_restorable_time, shown.latest_restorable_time), (None, None));
    assert_eq!(stage.refused(Stage::new_snapshot("early", "staged")), RdsErrorCode::InvalidDbClusterState);
    assert_eq!(
        stage.refused(Call::RestoreDbClusterToPointInTime(point_in_time("again", "staged"))),
        RdsErrorCode::InvalidRestore
    );
    stage.settle();
    assert!(stage.see("staged").earliest_restorable_time.is_some());
}

#[test]
fn without_a_version_the_default_is_used_and_a_newer_snapshot_refuses_it() {
    let mut stage = Stage::new();
    let mut input = Stage::new_cluster("prod");
    input.engine_version = Some("16.8".to_owned());
    stage.ok(Call::CreateDbCluster(input));
    stage.settle();
    stage.snapshot("nightly", "prod");
    let message = stage.message(Call::RestoreDbClusterFromSnapshot(Stage::restore("staged", "nightly")));
    assert!(
        message.contains("(16.6) is earlier than the engine version of the DB cluster snapshot (16.8)"),
        "{message}"
    );
    let restore = |version: &str| {
        let mut input = Stage::restore("staged", "nightly");
        input.engine_version = Some(version.to_owned());
        Call::RestoreDbClusterFromSnapshot(input)
    };
    assert_eq!(stage.message(restore("14.1")), "Cannot find version 14.1 for aurora-postgresql");
    stage.ok(restore("16.8"));
}

#[test]
fn a_restore_needs_the_engine_of_the_snapshot() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.snapshot("nightly", "prod");
    let with = |engine: &str| {
        Call::RestoreDbClusterFromSnapshot(RestoreDbClusterFromSnapshot {
            engine: engine.to_owned(),
            ..Stage::restore("staged", "nightly")
        })
    };
    assert_eq!(stage.refused(with("")), RdsErrorCode::MissingParameter);
    assert_eq!(stage.refused(with("aurora-mysql")), RdsErrorCode::InvalidParameterValue);
}

#[test]
fn a_restore_needs_an_available_snapshot_of_this_region() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.ok(Stage::new_snapshot("nightly", "prod"));
    let restore = |name: &str| Call::RestoreDbClusterFromSnapshot(Stage::restore("staged", name));
    assert_eq!(stage.refused(restore("nightly")), RdsErrorCode::InvalidDbClusterSnapshotState);
    assert_eq!(stage.refused(restore("unknown")), RdsErrorCode::DbClusterSnapshotNotFound);
    stage.settle();
    let arn = stage.see_snapshot("nightly").db_cluster_snapshot_arn.clone();
    stage.ok(restore(&arn));
    stage.go(PROD, FRANKFURT);
    assert_eq!(stage.refused(restore(&arn)), RdsErrorCode::DbClusterSnapshotNotFound);
}

#[test]
fn a_restore_is_refused_for_unknown_groups_and_groups_of_another_family() {
    let mut stage = Stage::new();
    stage.world.config.engine_versions.extend(crate::model::config::aurora_postgresql(15));
    stage.cluster("prod");
    stage.snapshot("nightly", "prod");
    let mut input = Stage::restore("staged", "nightly");
    input.engine_version = Some("16.6".to_owned());
    input.settings.db_subnet_group_name = Some("nope".to_owned());
    assert_eq!(stage.refused(Call::RestoreDbClusterFromSnapshot(input.clone())), RdsErrorCode::DbSubnetGroupNotFound);
    input.settings.db_subnet_group_name = None;
    stage.ok(Call::CreateDbClusterParameterGroup(CreateParameterGroup {
        name: "old".to_owned(),
        family: "aurora-postgresql15".to_owned(),
        description: "old".to_owned(),
        tags: Vec::new(),
    }));
    input.settings.db_cluster_parameter_group_name = Some("old".to_owned());
    assert_eq!(stage.refused(Call::RestoreDbClusterFromSnapshot(input)), RdsErrorCode::InvalidParameterCombination);
}

#[test]
fn a_restore_encrypts_what_was_not_encrypted() {
    let mut stage = Stage::new();
    let key_id = "cccccccc-0000-4000-8000-000000000003";
    let key = KmsKey { key_id: key_id.to_owned(), alias: None, allowed_accounts: [].into(), disabled: false };
    let place = stage.place();
    stage.world.put_kms_key(&place, key);
    stage.cluster("prod");
    stage.snapshot("nightly", "prod");
    let mut input = Stage::restore("staged", "nightly");
    input.settings.kms_key_id = Some(key_id.to_owned());
    stage.ok(Call::RestoreDbClusterFromSnapshot(input));
    let shown = stage.see("staged");
    assert!(shown.storage_encrypted);
    assert!(shown.kms_key_id.as_ref().unwrap().ends_with(key_id));
}

#[test]
fn a_clone_is_quick_and_needs_an_instance_at_the_source() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    assert_eq!(
        stage.refused(Call::RestoreDbClusterToPointInTime(clone("twin", "prod"))),
        RdsErrorCode::InvalidDbClusterState
    );
    stage.ok(Call::CreateDbInstance(Stage::new_instance("prod-1", "prod")));
    stage.settle();
    stage.ok(Call::RestoreDbClusterToPointInTime(clone("twin", "prod")));
    stage.wait(SignedDuration::from_mins(7));
    let twin = stage.see("twin");
    assert_eq!(twin.status, ClusterStatus::Available);
    assert!(twin.clone_group_id.is_some());
    assert_eq!(twin.clone_group_id, stage.see("prod").clone_group_id);
}

#[test]
fn a_moment_is_the_latest_or_lies_between_the_restorable_times() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 1);
    stage.wait(SignedDuration::from_hours(3));
    let earliest = stage.see("prod").earliest_restorable_time.unwrap();
    let mut call = |change: &dyn Fn(&mut RestoreDbClusterToPointInTime)| {
        let mut input = point_in_time("twin", "prod");
        change(&mut input);
        stage.call(Call::RestoreDbClusterToPointInTime(input)).map_err(|error| error.code)
    };
    let hour = SignedDuration::from_hours(1);
    let combination = Err(RdsErrorCode::InvalidParameterCombination);
    assert_eq!(call(&|input| input.restore_to_time = Some(earliest)), combination);
    assert_eq!(call(&|input| input.use_latest_restorable_time = None), combination);
    let refused = call(&|input| {
        input.use_latest_restorable_time = None;
        input.restore_to_time = Some(earliest - hour);
    });
    assert_eq!(refused, Err(RdsErrorCode::InvalidRestore));
    let refused = call(&|input| {
        input.restore_type = Some("copy-on-write".to_owned());
        input.use_latest_restorable_time = None;
        input.restore_to_time = Some(earliest + hour);
    });
    assert_eq!(refused, combination);
    let taken = call(&|input| {
        input.use_latest_restorable_time = None;
        input.restore_to_time = Some(earliest + hour);
    });
    assert!(taken.is_ok());
}

#[test]
fn the_name_of_a_restored_cluster_must_be_free_even_of_renames_under_way() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.snapshot("nightly", "prod");
    stage.ok(Call::ModifyDbCluster(ModifyDbCluster {
        db_cluster_identifier: "prod".to_owned(),
        new_db_cluster_identifier: Some("retired".to_owned()),
        apply_immediately: Some(true),
        ..ModifyDbCluster::default()
    }));
    for name in ["prod", "retired"] {
        let code = stage.refused(Call::RestoreDbClusterFromSnapshot(Stage::restore(name, "nightly")));
        assert_eq!(code, RdsErrorCode::DbClusterAlreadyExists, "{name}");
    }
    stage.settle();
    stage.ok(Call::RestoreDbClusterFromSnapshot(Stage::restore("prod", "nightly")));
}
