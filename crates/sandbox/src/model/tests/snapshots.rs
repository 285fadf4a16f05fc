//! Snapshots: taken, listed, copied, deleted.

use jiff::SignedDuration;

use super::stage::{FRANKFURT, IRELAND, PROD, Stage};
use crate::model::SeedSnapshot;
use crate::model::call::{
    Call, CopyDbClusterSnapshot, DescribeDbClusterSnapshots, Filter, ModifyDbCluster, NameDbClusterSnapshot,
};
use crate::model::error::RdsErrorCode;
use crate::model::reply::Reply;
use crate::model::resources::{ClusterStatus, SnapshotKind, SnapshotStatus, Tag};

pub(super) fn copy(source: &str, target: &str) -> CopyDbClusterSnapshot {
    CopyDbClusterSnapshot {
        source_db_cluster_snapshot_identifier: source.to_owned(),
        target_db_cluster_snapshot_identifier: target.to_owned(),
        ..CopyDbClusterSnapshot::default()
    }
}

fn delete(name: &str) -> Call {
    Call::DeleteDbClusterSnapshot(NameDbClusterSnapshot { db_cluster_snapshot_identifier: name.to_owned() })
}

fn yesterday(stage: &Stage, cluster: &str) -> SeedSnapshot {
    SeedSnapshot {
        place: stage.place(),
        db_cluster_identifier: cluster.to_owned(),
        created_at: stage.now - SignedDuration::from_hours(24),
        name: None,
        tags: Vec::new(),
    }
}

#[test]
fn a_snapshot_is_creating_while_its_cluster_is_backing_up() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.ok(Stage::new_snapshot("Nightly", "prod"));
    let shown = stage.see_snapshot("nightly");
    assert_eq!((shown.status, shown.percent_progress), (SnapshotStatus::Creating, 0));
    assert_eq!(shown.snapshot_create_time, None);
    assert_eq!(stage.see("prod").status, ClusterStatus::BackingUp);
    assert_eq!(stage.refused(Stage::new_snapshot("other", "prod")), RdsErrorCode::InvalidDbClusterState);
    stage.wait(SignedDuration::from_mins(4));
    assert_eq!(stage.see_snapshot("nightly").percent_progress, 50);
    stage.settle();
    let shown = stage.see_snapshot("nightly");
    assert_eq!((shown.status, shown.percent_progress), (SnapshotStatus::Available, 100));
    assert!(shown.snapshot_create_time.is_some());
    assert_eq!(stage.see("prod").status, ClusterStatus::Available);
}

#[test]
fn no_snapshot_is_taken_before_the_first_backup() {
    let mut stage = Stage::new();
    stage.ok(Call::CreateDbCluster(Stage::new_cluster("prod")));
    stage.wait(SignedDuration::from_mins(5));
    assert_eq!(stage.see("prod").status, ClusterStatus::Available);
    assert_eq!(stage.refused(Stage::new_snapshot("early", "prod")), RdsErrorCode::InvalidDbClusterState);
}

#[test]
fn yesterdays_automated_snapshot_is_found_by_name_only_with_its_type() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    let seed = yesterday(&stage, "prod");
    let shown = stage.world.seed_snapshot(seed, stage.now).unwrap();
    let at = (stage.now - SignedDuration::from_hours(24)).strftime("%Y-%m-%d-%H-%M").to_string();
    let name = shown.db_cluster_snapshot_identifier.clone();
    assert_eq!(name, format!("rds:prod-{at}"));
    assert_eq!((shown.status, shown.snapshot_type), (SnapshotStatus::Available, SnapshotKind::Automated));
    let by_name = Stage::describe_snapshot(&name);
    assert_eq!(
        stage.refused(Call::DescribeDbClusterSnapshots(by_name.clone())),
        RdsErrorCode::DbClusterSnapshotNotFound
    );
    let typed = DescribeDbClusterSnapshots { snapshot_type: Some("automated".to_owned()), ..by_name };
    assert_eq!(stage.list_snapshots(typed), std::slice::from_ref(&name));
    assert_eq!(stage.list_snapshots(DescribeDbClusterSnapshots::default()), [name]);
}

#[test]
fn an_automated_snapshot_is_not_deleted_by_users_and_goes_with_its_cluster() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.snapshot("by-hand", "prod");
    let seed = yesterday(&stage, "prod");
    let name = stage.world.seed_snapshot(seed, stage.now).unwrap().db_cluster_snapshot_identifier.clone();
    assert_eq!(stage.refused(delete(&name)), RdsErrorCode::InvalidDbClusterSnapshotState);
    stage.ok(Call::DeleteDbCluster(Stage::delete("prod")));
    stage.settle();
    assert_eq!(stage.list_snapshots(DescribeDbClusterSnapshots::default()), ["by-hand"]);
}

#[test]
fn automated_snapshots_stay_when_the_delete_says_so() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    let seed = yesterday(&stage, "prod");
    stage.world.seed_snapshot(seed, stage.now).unwrap();
    let mut input = Stage::delete("prod");
    input.delete_automated_backups = Some(false);
    stage.ok(Call::DeleteDbCluster(input));
    stage.settle();
    assert_eq!(stage.list_snapshots(DescribeDbClusterSnapshots::default()).len(), 1);
}

#[test]
fn a_list_is_for_one_cluster_or_one_snapshot_and_the_cluster_must_exist() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.cluster("other");
    stage.snapshot("one", "prod");
    stage.snapshot("two", "other");
    let of = |cluster: &str| DescribeDbClusterSnapshots {
        db_cluster_identifier: Some(cluster.to_owned()),
        ..DescribeDbClusterSnapshots::default()
    };
    assert_eq!(stage.list_snapshots(of("prod")), ["one"]);
    let both = DescribeDbClusterSnapshots { db_cluster_snapshot_identifier: Some("one".to_owned()), ..of("prod") };
    assert_eq!(stage.refused(Call::DescribeDbClusterSnapshots(both)), RdsErrorCode::InvalidParameterCombination);
    stage.ok(Call::DeleteDbCluster(Stage::delete("prod")));
    stage.settle();
    assert_eq!(stage.refused(Call::DescribeDbClusterSnapshots(of("prod"))), RdsErrorCode::DbClusterNotFound);
    let filter = Filter { name: "db-cluster-id".to_owned(), values: vec!["prod".to_owned()] };
    let filtered = DescribeDbClusterSnapshots { filters: vec![filter], ..DescribeDbClusterSnapshots::default() };
    assert_eq!(stage.list_snapshots(filtered), ["one"]);
}

#[test]
fn a_copy_waits_in_a_queue_at_nothing_before_it_makes_progress() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.snapshot("nightly", "prod");
    let Reply::Snapshot(shown) = stage.ok(Call::CopyDbClusterSnapshot(copy("nightly", "copy"))) else {
        panic!("not a snapshot")
    };
    assert_eq!((shown.status, shown.percent_progress), (SnapshotStatus::Copying, 0));
    stage.wait(SignedDuration::from_mins(29));
    assert_eq!(stage.see_snapshot("copy").percent_progress, 0);
    stage.wait(SignedDuration::from_mins(36));
    assert_eq!(stage.see_snapshot("copy").percent_progress, 50);
    stage.settle();
    let shown = stage.see_snapshot("copy");
    assert_eq!(shown.status, SnapshotStatus::Available);
    let source = stage.see_snapshot("nightly").db_cluster_snapshot_arn.clone();
    assert_eq!(shown.source_db_cluster_snapshot_arn.as_deref(), Some(source.as_str()));
}

#[test]
fn copies_of_the_same_source_queue_behind_each_other() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.snapshot("nightly", "prod");
    stage.ok(Call::CopyDbClusterSnapshot(copy("nightly", "first")));
    stage.ok(Call::CopyDbClusterSnapshot(copy("nightly", "second")));
    stage.wait(SignedDuration::from_mins(101));
    assert_eq!(stage.see_snapshot("first").status, SnapshotStatus::Available);
    let second = stage.see_snapshot("second");
    assert_eq!(second.status, SnapshotStatus::Copying);
    assert!(second.percent_progress < 5, "{}", second.percent_progress);
}

#[test]
fn a_sixth_copy_in_progress_is_told_from_a_hundred_and_first_snapshot_by_its_text() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.snapshot("nightly", "prod");
    for number in 0..5 {
        stage.ok(Call::CopyDbClusterSnapshot(copy("nightly", &format!("copy{number}"))));
    }
    let sixth = || Call::CopyDbClusterSnapshot(copy("nightly", "sixth"));
    let error = stage.call(sixth()).unwrap_err();
    assert_eq!(error.code, RdsErrorCode::SnapshotQuotaExceeded);
    assert!(error.message.contains("across regions"), "{}", error.message);
    stage.settle();
    stage.ok(sixth());
    stage.settle();
    for number in 7..100 {
        stage.snapshot(&format!("s{number}"), "prod");
    }
    let error = stage.call(Stage::new_snapshot("too-many", "prod")).unwrap_err();
    assert_eq!(error.code, RdsErrorCode::SnapshotQuotaExceeded);
    assert_eq!(error.message, "Cannot create more than 100 manual snapshots");
}

#[test]
fn automated_snapshots_do_not_count_as_manual_ones() {
    let mut stage = Stage::new();
    stage.world.config.quotas.manual_snapshots = 1;
    stage.cluster("prod");
    let seed = yesterday(&stage, "prod");
    stage.world.seed_snapshot(seed, stage.now).unwrap();
    stage.snapshot("only", "prod");
    assert_eq!(stage.refused(Stage::new_snapshot("more", "prod")), RdsErrorCode::SnapshotQuotaExceeded);
}

#[test]
fn only_an_available_snapshot_is_copied_and_only_under_a_legal_free_name() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.ok(Stage::new_snapshot("nightly", "prod"));
    let refused = |stage: &mut Stage, source: &str, target: &str| {
        stage.refused(Call::CopyDbClusterSnapshot(copy(source, target)))
    };
    assert_eq!(refused(&mut stage, "nightly", "copy"), RdsErrorCode::InvalidDbClusterSnapshotState);
    stage.settle();
    assert_eq!(refused(&mut stage, "nightly", "rds:copy"), RdsErrorCode::InvalidParameterValue);
    assert_eq!(refused(&mut stage, "nightly", "nightly"), RdsErrorCode::DbClusterSnapshotAlreadyExists);
    assert_eq!(refused(&mut stage, "unknown", "copy"), RdsErrorCode::DbClusterSnapshotNotFound);
}

#[test]
fn a_copy_in_another_region_names_its_source_by_arn() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    let arn = stage.snapshot("nightly", "prod").db_cluster_snapshot_arn.clone();
    stage.go(PROD, FRANKFURT);
    assert_eq!(
        stage.refused(Call::CopyDbClusterSnapshot(copy("nightly", "copy"))),
        RdsErrorCode::DbClusterSnapshotNotFound
    );
    stage.ok(Call::CopyDbClusterSnapshot(copy(&arn, "copy")));
    stage.settle();
    assert!(stage.see_snapshot("copy").db_cluster_snapshot_arn.contains(FRANKFURT));
    stage.go(PROD, IRELAND);
    assert_eq!(stage.list_snapshots(DescribeDbClusterSnapshots::default()), ["nightly"]);
}

#[test]
fn deleting_a_copy_cancels_it_and_deleting_its_source_fails_it() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.snapshot("nightly", "prod");
    stage.ok(Call::CopyDbClusterSnapshot(copy("nightly", "cancelled")));
    stage.ok(Call::CopyDbClusterSnapshot(copy("nightly", "orphan")));
    stage.ok(delete("cancelled"));
    stage.ok(delete("nightly"));
    assert_eq!(stage.see_snapshot("orphan").status, SnapshotStatus::Failed);
    stage.settle();
    assert_eq!(stage.list_snapshots(DescribeDbClusterSnapshots::default()), ["orphan"]);
    stage.ok(delete("orphan"));
}

#[test]
fn copying_tags_fails_on_reserved_ones() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    let tags = vec![Tag::new("aws:cloudformation:stack-name", "db"), Tag::new("team", "data")];
    let seed = SeedSnapshot { name: Some("nightly".to_owned()), tags, ..yesterday(&stage, "prod") };
    stage.world.seed_snapshot(seed, stage.now).unwrap();
    let with_tags = CopyDbClusterSnapshot { copy_tags: Some(true), ..copy("nightly", "copy") };
    let message = stage.message(Call::CopyDbClusterSnapshot(with_tags.clone()));
    assert!(message.starts_with("Tag keys cannot start with the reserved prefix"), "{message}");
    let explicit = CopyDbClusterSnapshot { tags: vec![Tag::new("team", "data")], ..with_tags };
    stage.ok(Call::CopyDbClusterSnapshot(explicit));
    assert_eq!(stage.see_snapshot("copy").tag_list, [Tag::new("team", "data")]);
}

#[test]
fn a_snapshot_inherits_tags_only_when_the_cluster_says_so() {
    let mut stage = Stage::new();
    let mut input = Stage::new_cluster("prod");
    input.settings.tags = vec![Tag::new("team", "data")];
    stage.ok(Call::CreateDbCluster(input));
    stage.settle();
    assert_eq!(stage.snapshot("plain", "prod").tag_list, []);
    stage.ok(Call::ModifyDbCluster(ModifyDbCluster {
        db_cluster_identifier: "prod".to_owned(),
        copy_tags_to_snapshot: Some(true),
        ..ModifyDbCluster::default()
    }));
    assert_eq!(stage.snapshot("tagged", "prod").tag_list, [Tag::new("team", "data")]);
}

#[test]
fn a_new_snapshot_is_not_found_for_as_long_as_names_lag() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.world.config.lag.after_create = SignedDuration::from_secs(3);
    stage.ok(Stage::new_snapshot("nightly", "prod"));
    let by_name = || Call::DescribeDbClusterSnapshots(Stage::describe_snapshot("nightly"));
    assert_eq!(stage.refused(by_name()), RdsErrorCode::DbClusterSnapshotNotFound);
    assert_eq!(stage.refused(Stage::new_snapshot("nightly", "prod")), RdsErrorCode::DbClusterSnapshotAlreadyExists);
    stage.wait(SignedDuration::from_secs(3));
    stage.ok(by_name());
}
