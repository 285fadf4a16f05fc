//! What everybody hopes for: a restore on the stack, asked for, followed, shown, ended and cleaned up by the same commands as
//! one from here.

use super::{
    OnStack,
    stage::{Inbox, STACK},
};
use crate::support::{Pace, STAGING, World};

#[test]
fn a_restore_on_the_stack_is_done_proven_shown_and_retired() {
    let stage = OnStack::deploy(World::new(Pace::None, 60));
    let inbox = Inbox::of(&stage);
    let started = stage.run(&["start", "--on-aws", "--yes", "--id", "op-1", "--watch"]).with_code(0);
    assert_eq!(started.out.trim(), "op-1", "{}", started.err);
    assert_eq!(stage.ended("op-1").0, "SUCCEEDED");
    stage.world.assert_swapped();
    assert!(inbox.wait_for(&stage, "op-1").contains("COMPLETED"));

    let again = stage.run(&["start", "--on-aws", "--yes", "--id", "op-1"]).with_code(1);
    assert!(again.err.contains("was started before"), "{}", again.err);
    assert_eq!(stage.executions(), 1);

    let report = stage.read(&["report", "op-1"]);
    assert_eq!(report["status"], "COMPLETED");
    assert_eq!(stage.read(&["status", "op-1"])["state"]["status"], "COMPLETED");
    assert!(stage.run(&["list"]).with_code(0).out.contains("op-1"));
    stage.run(&["watch", "op-1"]).with_code(0);
    assert!(stage.story("op-1").contains("switch-over"));
    for secret in ["master-pw", "app-pw", "reader-pw"] {
        assert!(!stage.story("op-1").contains(secret), "nothing secret passes through Step Functions");
    }

    stage.run(&["retire", "op-1", "--early", "--yes"]).with_code(0);
    stage.world.wait_for("the end of the old cluster", || (stage.world.clusters(STAGING) == ["staging"]).then_some(()));
    assert_eq!(stage.executions(), 2, "it was ended by an execution");

    let diff = stage.stack("diff", &["--detailed-exitcode"]).with_code(0);
    assert!(diff.err.contains("nothing"), "{}\n{}", diff.out, diff.err);
    assert!(stage.run(&["stack", "status"]).with_code(0).out.contains(STACK));
    stage.run(&["stack", "delete", "--yes"]).with_code(0);
    let gone = stage.run(&["list"]).with_code(3);
    assert!(gone.err.contains("does not exist"), "{}", gone.err);
}

#[test]
fn a_stack_that_is_updated_in_the_middle_goes_on_with_the_restore() {
    let stage = OnStack::deploy(World::new(Pace::Quick, 40));
    stage.start("op-1", &[]);
    stage.stands_in("op-1", "restore-snapshot");
    stage.stack("deploy", &["--yes", "--parameter", "MemorySize=512"]).with_code(0);
    assert_eq!(stage.execution("op-1").0, "RUNNING", "the update came in the middle");
    assert_eq!(stage.ended("op-1").0, "SUCCEEDED");
    stage.world.assert_swapped();
}
