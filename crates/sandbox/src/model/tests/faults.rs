//! Trouble on request.

use jiff::SignedDuration;

use super::snapshots::copy;
use super::stage::Stage;
use crate::model::call::{Action, Call};
use crate::model::error::RdsErrorCode;
use crate::model::faults::{Fault, FaultRule};
use crate::model::resources::{ClusterStatus, InstanceStatus, SnapshotStatus};

#[test]
fn a_refusal_strikes_as_often_as_it_says_and_changes_nothing() {
    let mut stage = Stage::new();
    let create = || Call::CreateDbCluster(Stage::new_cluster("prod"));
    stage.world.inject(FaultRule::once(Fault::Throttling).times(2));
    stage.world.inject(FaultRule::once(Fault::ServerError).on(Action::CreateDbCluster));
    assert_eq!(stage.refused(create()), RdsErrorCode::Throttling);
    assert_eq!(stage.refused(Stage::describe("prod")), RdsErrorCode::Throttling);
    let error = stage.call(create()).unwrap_err();
    assert_eq!((error.code, error.http_status()), (RdsErrorCode::InternalFailure, 500));
    assert_eq!(stage.refused(Stage::describe("prod")), RdsErrorCode::DbClusterNotFound);
    stage.ok(create());
    assert_eq!(stage.world.fault_rules(), []);
}

#[test]
fn a_rule_can_wait_and_be_about_one_action_and_one_name() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.cluster("other");
    stage.world.inject(FaultRule::once(Fault::Throttling).on(Action::DescribeDbClusters).naming("Prod").after(1));
    stage.ok(Stage::describe("other"));
    stage.ok(Stage::describe("prod"));
    stage.ok(Stage::describe("other"));
    assert_eq!(stage.refused(Stage::describe("PROD")), RdsErrorCode::Throttling);
    stage.ok(Stage::describe("prod"));
}

#[test]
fn a_lost_reply_is_of_a_call_that_took_effect() {
    let mut stage = Stage::new();
    stage.world.inject(FaultRule::once(Fault::ReplyLost).on(Action::CreateDbCluster));
    let call = Call::CreateDbCluster(Stage::new_cluster("prod"));
    let served = stage.world.serve(&stage.caller.clone(), call.clone(), stage.now);
    assert!(served.reply_lost && served.result.is_ok());
    assert_eq!(stage.refused(call), RdsErrorCode::DbClusterAlreadyExists);
}

#[test]
fn a_stuck_copy_never_ends_and_does_not_hold_up_the_clock() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.snapshot("nightly", "prod");
    stage.world.inject(FaultRule::once(Fault::StuckCopy));
    stage.ok(Call::CopyDbClusterSnapshot(copy("nightly", "stuck")));
    stage.wait(SignedDuration::from_hours(48));
    let shown = stage.see_snapshot("stuck");
    assert_eq!((shown.status, shown.percent_progress), (SnapshotStatus::Copying, 37));
    stage.ok(Call::CopyDbClusterSnapshot(copy("nightly", "sound")));
    stage.settle();
    assert_eq!(stage.see_snapshot("sound").status, SnapshotStatus::Available);
}

#[test]
fn copies_snapshots_restores_and_instances_can_be_made_to_fail() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.snapshot("nightly", "prod");
    for fault in [
        Fault::FailingCopy,
        Fault::FailingSnapshot,
        Fault::FailingRestore,
        Fault::FailingInstance { status: InstanceStatus::InsufficientCapacity },
    ] {
        stage.world.inject(FaultRule::once(fault));
    }
    stage.ok(Call::CopyDbClusterSnapshot(copy("nightly", "copy")));
    stage.ok(Call::RestoreDbClusterFromSnapshot(Stage::restore("staged", "nightly")));
    stage.ok(Call::CreateDbInstance(Stage::new_instance("prod-1", "prod")));
    stage.ok(Stage::new_snapshot("bad", "prod"));
    stage.settle();
    assert_eq!(stage.see_snapshot("copy").status, SnapshotStatus::Failed);
    assert_eq!(stage.see_snapshot("bad").status, SnapshotStatus::Failed);
    assert_eq!(stage.see("staged").status, ClusterStatus::MigrationFailed);
    assert_eq!(stage.see_instance("prod-1").db_instance_status, InstanceStatus::InsufficientCapacity);
    stage.ok(Call::DeleteDbCluster(Stage::delete("staged")));
    stage.ok(Call::RestoreDbClusterFromSnapshot(Stage::restore("again", "nightly")));
}

#[test]
fn keys_and_capacity_can_be_denied() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.snapshot("nightly", "prod");
    let restore = || Call::RestoreDbClusterFromSnapshot(Stage::restore("staged", "nightly"));
    stage.world.inject(FaultRule::once(Fault::KmsDenied));
    stage.ok(Stage::describe("prod"));
    assert_eq!(stage.refused(restore()), RdsErrorCode::KmsKeyNotAccessible);
    stage.world.inject(FaultRule::once(Fault::NoCapacity).times(2));
    assert_eq!(stage.refused(restore()), RdsErrorCode::InsufficientDbClusterCapacity);
    let instance = Call::CreateDbInstance(Stage::new_instance("prod-1", "prod"));
    assert_eq!(stage.refused(instance), RdsErrorCode::InsufficientDbInstanceCapacity);
}

#[test]
fn a_slow_transition_takes_as_many_times_as_long() {
    let mut stage = Stage::new();
    stage.world.inject(FaultRule::once(Fault::Slow { factor: 10 }).on(Action::CreateDbCluster));
    stage.ok(Call::CreateDbCluster(Stage::new_cluster("prod")));
    stage.wait(SignedDuration::from_mins(39));
    assert_eq!(stage.see("prod").status, ClusterStatus::Creating);
    stage.wait(SignedDuration::from_mins(1));
    assert_eq!(stage.see("prod").status, ClusterStatus::Available);
}

#[test]
fn rules_are_read_strictly() {
    let read = |text: &str| serde_json::from_str::<FaultRule>(text);
    let rule = read(r#"{"fault": "reply-lost", "action": "CreateDBCluster", "times": 3}"#).unwrap();
    assert_eq!(rule, FaultRule::once(Fault::ReplyLost).on(Action::CreateDbCluster).times(3));
    let rule = read(r#"{"fault": {"failing-instance": {"status": "incompatible-restore"}}}"#).unwrap();
    assert_eq!(rule, FaultRule::once(Fault::FailingInstance { status: InstanceStatus::IncompatibleRestore }));
    for bad in [
        r#"{"fault": "earthquake"}"#,
        r#"{"fault": "throttling", "count": 3}"#,
        r#"{"fault": "throttling", "action": "CreateDbCluster"}"#,
        r#"{"fault": {"slow": {"factor": 2, "unit": "s"}}}"#,
        r#"{"fault": {"failing-instance": {"status": "tired"}}}"#,
        r#"{"action": "CreateDBCluster"}"#,
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}
