//! A restore that goes well, and what it leaves.

use aurora_restore_sandbox::model::{
    call::Action,
    faults::{Fault, FaultRule},
};
use jiff::SignedDuration;

use crate::support::{APP, PRODUCTION, PRODUCTION_MASTER, Pace, READER, STAGING, STAGING_MASTER, World};

#[test]
fn the_name_serves_every_row_of_production_and_the_old_cluster_can_have_it_back() {
    let world = World::new(Pace::None, 2_000);
    world.run(&["run", "--yes"]).with_code(0);
    world.assert_swapped();
    let port = world.port(STAGING, "staging");
    let refused = world.block_on(async {
        let reader = world.connect(port, READER).await.unwrap();
        reader.execute("INSERT INTO shop.about VALUES ('x')", &[]).await.unwrap_err()
    });
    assert_eq!(refused.code().unwrap().code(), "42501", "the reader cannot write");

    let report = world.report();
    assert_eq!(report["status"], "COMPLETED");
    assert_eq!(report["figures"]["checks_passed"], report["figures"]["checks_total"]);

    world.run(&["undo", "latest", "--yes"]).with_code(0);
    world.assert_untouched();
}

#[test]
fn the_same_refresh_twice_ends_the_same_and_retiring_ends_the_old_cluster() {
    let world = World::new(Pace::None, 50);
    world.run(&["run", "--yes"]).with_code(0);
    world.assert_swapped();
    world.run(&["retire", "latest", "--early", "--yes"]).with_code(0);
    world.wait_for("the end of the retired cluster", || (world.clusters(STAGING) == ["staging"]).then_some(()));
    let finals = world.snapshots(STAGING);
    assert!(finals.len() == 1 && finals[0].starts_with("staging-final-"), "{finals:?}");
    world.call(STAGING, "DeleteDBClusterSnapshot", &[("DBClusterSnapshotIdentifier", &finals[0])]);

    world.execute(PRODUCTION, "production", PRODUCTION_MASTER, "UPDATE shop.about SET note = 'later'").unwrap();
    world.take_snapshot(SignedDuration::from_hours(20));
    world.run(&["run", "--yes"]).with_code(0);
    world.assert_swapped();
    assert_eq!(world.note(STAGING, "staging", APP), "later");
    assert_eq!(world.note(STAGING, "staging", STAGING_MASTER), "later");
}

#[test]
fn throttling_and_replies_that_are_lost_are_survived() {
    let world = World::new(Pace::None, 50);
    for action in [
        Action::CopyDbClusterSnapshot,
        Action::RestoreDbClusterFromSnapshot,
        Action::CreateDbInstance,
        Action::ModifyDbCluster,
    ] {
        world.inject(&FaultRule::once(Fault::ReplyLost).on(action));
    }
    world.inject(&FaultRule::once(Fault::Throttling).on(Action::DescribeDbClusters).after(3).times(2));
    world.inject(&FaultRule::once(Fault::ServerError).on(Action::DescribeDbInstances).after(1));
    world.run(&["run", "--yes"]).with_code(0);
    world.assert_swapped();
}
