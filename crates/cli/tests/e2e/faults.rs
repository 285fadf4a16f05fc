//! Trouble at AWS that no retry can help against: undone.

use aurora_restore_sandbox::model::{
    call::Action,
    faults::{Fault, FaultRule},
};

use crate::support::{Pace, World};

#[test]
fn a_copy_a_restore_and_an_instance_that_fail_are_undone() {
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
