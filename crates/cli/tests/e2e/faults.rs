//! Trouble at AWS that no retry can help against: undone.

use aurora_restore_sandbox::model::{
    call::Action,
    faults::{Fault, FaultRule},
    resources::InstanceStatus,
};

use crate::support::{APP, Pace, STAGING, World};

#[test]
fn a_copy_and_a_restore_that_fail_are_undone() {
    let world = World::new(Pace::None, 20);
    let failing = [
        (FaultRule::once(Fault::FailingCopy).on(Action::CopyDbClusterSnapshot), "ARP-COPY-001"),
        (FaultRule::once(Fault::KmsDenied).on(Action::CopyDbClusterSnapshot).times(50), "ARP-KMS-001"),
        (FaultRule::once(Fault::FailingRestore).on(Action::RestoreDbClusterFromSnapshot), "ARP-RESTORE-001"),
    ];
    for (rule, code) in failing {
        world.inject(&rule);
        let ended = world.run(&["run", "--yes"]).with_code(1);
        assert!(ended.err.contains(code), "{code}:\n{}", ended.err);
        world.clear_faults();
        world.assert_untouched();
    }
    world.run(&["run", "--yes"]).with_code(0);
    world.assert_swapped();
}

#[test]
fn instances_that_do_not_start_and_a_shortage_of_capacity_are_undone_while_the_old_cluster_serves() {
    let world = World::new(Pace::None, 20);
    let create = |fault| FaultRule::once(fault).on(Action::CreateDbInstance);
    let failing = |status| create(Fault::FailingInstance { status });
    // What is short for a moment is waited for; these are short for longer than anybody waits.
    let cases = [
        (failing(InstanceStatus::Failed), "ARP-INSTANCE-001", "`failed`"),
        (failing(InstanceStatus::IncompatibleParameters), "ARP-INSTANCE-001", "`incompatible-parameters`"),
        (failing(InstanceStatus::InsufficientCapacity), "ARP-INSTANCE-001", "`insufficient-capacity`"),
        (create(Fault::NoCapacity).times(10_000), "ARP-INSTANCE-002", "short of capacity"),
        (
            FaultRule::once(Fault::NoCapacity).on(Action::RestoreDbClusterFromSnapshot).times(10_000),
            "ARP-CAPACITY-001",
            "capacity",
        ),
    ];
    for (rule, code, says) in cases {
        world.inject(&rule);
        let limits = ["--set", "limits.instances=4s", "--set", "limits.attempts-max=2"];
        let ended = world.run(&[&limits, ["run", "--yes"].as_slice()].concat()).with_code(1);
        assert!(ended.err.contains(code) && ended.err.contains(says), "{code} {says}:\n{}", ended.err);
        assert!(ended.err.contains("hint:"), "{}", ended.err);
        world.clear_faults();
        world.assert_untouched();
        assert!(world.gets_in("staging", APP));
        assert_eq!(world.report()["status"], "FAILED");
        assert_eq!(world.clusters(STAGING), ["staging"]);
    }
    // A shortage that passes holds nothing up but the clock.
    world.inject(&create(Fault::NoCapacity).times(2));
    world.run(&["run", "--yes"]).with_code(0);
    world.assert_swapped();
}
