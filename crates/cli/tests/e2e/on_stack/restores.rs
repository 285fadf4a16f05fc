//! What everybody hopes for: a restore on the stack, asked for, followed, shown, ended and cleaned up by the same commands as
//! one from here.

use std::path::Path;

use serde_json::Value;

use super::{
    OnStack,
    stage::{Inbox, STACK},
};
use crate::support::{Pace, STAGING, STAGING_MASTER, World};

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
    stage.run(&["functions", "smoke"]).with_code(0);
    let tuned = stage.run(&["functions", "tune", "notify", "--sizes", "128,512", "--calls", "2"]).with_code(0);
    assert!(tuned.out.contains("512 MB"), "{}", tuned.out);
    assert_eq!(stage.read(&["report", "op-1"])["journal_hash"], report["journal_hash"], "whoever asks moves nothing");
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
fn a_plan_that_was_approved_is_what_the_stack_does_or_nothing_and_it_is_taken_back_there() {
    let stage = OnStack::deploy(World::new(Pace::None, 40));
    let before = stage.world.content(STAGING, "staging", STAGING_MASTER);
    stage.let_the_person_look_at_the_source();
    let path = |name: &str| stage.world.path(name).display().to_string();
    let (stale, plan, here) = (path("stale.json"), path("plan.json"), path("here.json"));
    let saved = stage.run(&["plan", "--on-aws", "--out", &stale]).with_code(0);
    assert!(saved.err.contains("`aurora-restore --stack pipeline start --on-aws --plan "), "{}", saved.err);
    let change = [("DBClusterIdentifier", "staging"), ("BackupRetentionPeriod", "9"), ("ApplyImmediately", "true")];
    stage.world.call(STAGING, "ModifyDBCluster", &change);

    let refused = stage.run(&["start", "--on-aws", "--plan", &stale, "--yes", "--watch"]).with_code(1);
    assert!(refused.err.contains("ARP-PLAN-001"), "{}", refused.err);
    assert_eq!(stage.ended(&id_of(&stale)), ("FAILED".to_owned(), "AuroraRestore.Failed".to_owned()));
    stage.world.assert_untouched();

    stage.world.run(&["plan", "--out", &here]).with_code(0);
    let refused = stage.run(&["start", "--on-aws", "--plan", &here, "--yes"]).with_code(2);
    assert!(refused.err.contains("was not made for a stack"), "{}", refused.err);

    stage.run(&["plan", "--on-aws", "--out", &plan]).with_code(0);
    let started = stage.run(&["start", "--on-aws", "--plan", &plan, "--yes", "--watch"]).with_code(0);
    assert_eq!(started.out.trim(), id_of(&plan));
    stage.world.assert_swapped();

    let undone = stage.run(&["undo", &id_of(&plan), "--yes"]).with_code(0);
    assert!(undone.err.contains("is undone"), "{}", undone.err);
    assert_eq!(stage.world.content(STAGING, "staging", STAGING_MASTER), before, "every row of the old cluster");
    stage.world.assert_untouched();
    let by_execution = stage.executions_of(&format!("{}-r", id_of(&plan)));
    assert_eq!(by_execution.len(), 1, "it was taken back by an execution: {by_execution:?}");
    let again = stage.run(&["undo", &id_of(&plan), "--yes"]).with_code(1);
    assert!(again.err.contains("it is undone already"), "{}", again.err);
}

/// The operation of a saved plan.
fn id_of(plan: &str) -> String {
    let saved: Value = serde_json::from_slice(&std::fs::read(Path::new(plan)).unwrap()).unwrap();
    saved["plan"]["operation_id"].as_str().unwrap().to_owned()
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
