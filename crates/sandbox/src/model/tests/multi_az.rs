//! Multi-AZ DB clusters: there, and not taken for Aurora.

use super::stage::{STAGING, Stage};
use crate::model::call::{
    Call, CreateDbCluster, DescribeOrderableOptions, ModifyDbClusterSnapshotAttribute, RestoreDbClusterToPointInTime,
};
use crate::model::error::RdsErrorCode::{InvalidDbClusterSnapshotState, InvalidParameterCombination};
use crate::model::reply::Reply;

fn multi_az(name: &str) -> CreateDbCluster {
    CreateDbCluster {
        engine: "postgres".to_owned(),
        db_cluster_instance_class: Some("db.m6gd.large".to_owned()),
        allocated_storage: Some(100),
        ..Stage::new_cluster(name)
    }
}

#[test]
fn a_snapshot_of_one_says_what_it_is_and_can_be_neither_shared_nor_restored_as_aurora() {
    let mut stage = Stage::new();
    stage.ok(Call::CreateDbCluster(multi_az("ledger")));
    stage.settle();
    let cluster = stage.see("ledger");
    assert_eq!((cluster.engine.as_str(), cluster.multi_az, cluster.allocated_storage), ("postgres", true, 100));
    let snapshot = stage.snapshot("of-ledger", "ledger");
    assert_eq!(snapshot.engine, "postgres");
    assert_eq!(
        stage.refused(Call::RestoreDbClusterFromSnapshot(Stage::restore("new", "of-ledger"))),
        InvalidParameterCombination
    );
    let mut as_it_was = Stage::restore("new", "of-ledger");
    as_it_was.engine = "postgres".to_owned();
    assert_eq!(stage.refused(Call::RestoreDbClusterFromSnapshot(as_it_was)), InvalidParameterCombination);
    let share = ModifyDbClusterSnapshotAttribute {
        db_cluster_snapshot_identifier: "of-ledger".to_owned(),
        attribute_name: "restore".to_owned(),
        values_to_add: vec![STAGING.to_owned()],
        ..ModifyDbClusterSnapshotAttribute::default()
    };
    assert_eq!(stage.refused(Call::ModifyDbClusterSnapshotAttribute(share)), InvalidDbClusterSnapshotState);
    let again = RestoreDbClusterToPointInTime {
        db_cluster_identifier: "again".to_owned(),
        source_db_cluster_identifier: Some("ledger".to_owned()),
        use_latest_restorable_time: Some(true),
        ..RestoreDbClusterToPointInTime::default()
    };
    assert_eq!(stage.refused(Call::RestoreDbClusterToPointInTime(again)), InvalidParameterCombination);
}

#[test]
fn one_needs_a_class_and_storage_and_takes_no_instances_and_aurora_is_the_other_way_round() {
    let mut stage = Stage::new();
    let without_class = CreateDbCluster { db_cluster_instance_class: None, ..multi_az("ledger") };
    let without_storage = CreateDbCluster { allocated_storage: None, ..multi_az("ledger") };
    let aurora = CreateDbCluster { engine: "aurora-postgresql".to_owned(), ..multi_az("ledger") };
    for wrong in [without_class, without_storage, aurora] {
        assert_eq!(stage.refused(Call::CreateDbCluster(wrong)), InvalidParameterCombination);
    }
    stage.ok(Call::CreateDbCluster(multi_az("ledger")));
    stage.settle();
    let mut instance = Stage::new_instance("ledger-1", "ledger");
    instance.engine = "postgres".to_owned();
    assert_eq!(stage.refused(Call::CreateDbInstance(instance)), InvalidParameterCombination);
    let classes = DescribeOrderableOptions { engine: "postgres".to_owned(), ..DescribeOrderableOptions::default() };
    let Reply::OrderableOptions(page) = stage.ok(Call::DescribeOrderableDbInstanceOptions(classes)) else {
        panic!("not options")
    };
    assert!(page.items.is_empty());
}
