//! What can go wrong on the stack: each of it ends as it would from here, and the execution says how.

use std::process::Stdio;

use aurora_restore_sandbox::model::{
    call::Action,
    faults::{Fault, FaultRule},
};
use serde_json::json;

use super::{OnStack, stage::Inbox};
use crate::support::{Ended, PRODUCTION, Pace, World};

/// A check that no restored database passes.
const TOO_MANY: &str = "[[verification.checks]]\nname = \"enough orders\"\nsql = \"SELECT count(*) FROM shop.orders\"\n\
                        database = \"shop\"\nat-least = 1000000\n";

/// A check that takes its time.
const SLOW: &str = "[[verification.checks]]\nname = \"patience\"\nsql = \"SELECT count(*) FROM pg_sleep(5)\"\n\
                    database = \"shop\"\nat-least = 1\n";

#[test]
fn a_verification_that_fails_is_undone_and_people_are_told() {
    let stage = OnStack::configured(World::new(Pace::None, 40), TOO_MANY);
    let inbox = Inbox::of(&stage);
    let watched = stage.run(&["start", "--on-aws", "--yes", "--id", "op-1", "--watch"]).with_code(1);
    assert!(watched.err.contains("ARP-VERIFY-001"), "{}", watched.err);
    assert_eq!(stage.ended("op-1"), ("FAILED".to_owned(), "AuroraRestore.Failed".to_owned()));
    stage.world.assert_untouched();
    assert_eq!(stage.read(&["report", "op-1"])["status"], "FAILED");
    assert!(inbox.wait_for(&stage, "op-1").contains("ARP-VERIFY-001"));
}

#[test]
fn a_restore_that_is_cancelled_is_undone_and_a_second_one_for_its_target_is_refused() {
    let stage = OnStack::deploy(World::new(Pace::Quick, 40));
    stage.world.inject(&FaultRule::once(Fault::StuckCopy).on(Action::CopyDbClusterSnapshot));
    stage.start("op-1", &[]);
    stage.stands_in("op-1", "copy-snapshot");

    stage.start("op-2", &[]);
    assert_eq!(stage.ended("op-2"), ("FAILED".to_owned(), "AuroraRestore.Refused".to_owned()));
    assert!(stage.cause("op-2").contains("op-1"), "{}", stage.cause("op-2"));
    // Nothing of it is in the journal: its execution tells why.
    for asked in [&["status", "op-2"][..], &["watch", "op-2"], &["start", "--on-aws", "--yes", "--id", "op-2"]] {
        let told = stage.run(asked).with_code(1);
        assert!(told.err.contains("AuroraRestore.Refused") && told.err.contains("op-1"), "{asked:?}: {}", told.err);
    }
    stage.run(&["status", "op-3"]).with_code(2);

    stage.run(&["cancel", "op-1", "--reason", "not today"]).with_code(0);
    assert_eq!(stage.ended("op-1"), ("FAILED".to_owned(), "AuroraRestore.Cancelled".to_owned()));
    assert_eq!(stage.read(&["report", "op-1"])["status"], "CANCELLED");
    stage.world.assert_untouched();

    // Its item is lost. Step Functions still knows the execution, and the entries say that it was not in vain.
    let key = json!({ "TableName": "AuroraRestoreStateTable", "Key": { "operation_id": { "S": "op-1" } } });
    stage.services.json("dynamodb", "DynamoDB_20120810.DeleteItem", &key);
    for asked in ["status", "report", "undo"] {
        let told = stage.run(&[asked, "op-1"]).with_code(1);
        assert!(told.err.contains("its entries are there") && told.err.contains("state rebuild"), "{}", told.err);
    }
    stage.run(&["state", "rebuild", "--yes"]).with_code(0);
    stage.run(&["status", "op-1"]).with_code(0);
}

/// The configuration is spoilt while a restore runs: the restore keeps its target, people are told, nothing is undone, and it
/// goes on once the configuration is mended.
#[test]
fn what_blocks_a_restore_that_was_begun_is_told_and_the_restore_goes_on_once_it_is_mended() {
    let stage = OnStack::deploy(World::new(Pace::Quick, 40));
    let inbox = Inbox::of(&stage);
    stage.world.inject(&FaultRule::once(Fault::Slow { factor: 8 }).on(Action::CopyDbClusterSnapshot));
    let watching = ["start", "--on-aws", "--yes", "--id", "op-1", "--watch"];
    let watcher = stage.command(&watching).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    stage.stands_in("op-1", "copy-snapshot");
    let mended = stage.configuration();
    stage.put_configuration("[instances]\nclas = \"db.r6g.large\"\n");
    // A function that is warm believes the old text for a minute.
    stage.kill_function("op-1", "copy-snapshot");
    assert_eq!(stage.ended("op-1"), ("FAILED".to_owned(), "AuroraRestore.Blocked".to_owned()));
    let cause = stage.cause("op-1");
    assert!(cause.contains("aurora-restore resume op-1 --stack pipeline"), "{cause}");
    assert!(cause.contains("Did you mean `instances.class`?"), "{cause}");
    assert!(inbox.wait_for(&stage, "op-1").contains("cannot go on"));
    // Nobody goes on with it: whoever watches it from a terminal or a pipeline is not left waiting.
    let watched = Ended::from(watcher.wait_with_output().unwrap()).with_code(5);
    assert!(
        watched.err.contains("has ended in the middle of operation op-1: AuroraRestore.Blocked"),
        "{}",
        watched.err
    );
    assert!(watched.err.contains("`aurora-restore --stack pipeline resume op-1`"), "{}", watched.err);
    assert_eq!(stage.read(&["report", "op-1"])["status"], "IN_PROGRESS");

    stage.put_configuration(&mended);
    stage.run(&["resume", "op-1"]).with_code(0);
    stage.world.assert_swapped();
}

/// Whoever follows the advice of `start` at once finds the operation, and learns that its execution was stopped.
#[test]
fn an_execution_that_was_stopped_is_told_to_whoever_watches_and_the_restore_goes_on_once_it_is_resumed() {
    let stage = OnStack::deploy(World::new(Pace::Quick, 20));
    stage.world.inject(&FaultRule::once(Fault::Slow { factor: 8 }).on(Action::CopyDbClusterSnapshot));
    stage.start("op-1", &[]);
    let watcher = stage.command(&["watch", "op-1"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    stage.stands_in("op-1", "copy-snapshot");
    assert!(!stage.run(&["status", "op-1"]).with_code(0).out.contains("its execution"));
    stage.stop("op-1");
    assert_eq!(stage.ended("op-1").0, "ABORTED");
    let watched = Ended::from(watcher.wait_with_output().unwrap()).with_code(5);
    assert!(watched.err.contains("execution op-1 has ended in the middle of operation op-1"), "{}", watched.err);
    assert!(watched.err.contains("`aurora-restore --stack pipeline resume op-1`"), "{}", watched.err);
    let shown = stage.run(&["status", "op-1"]).with_code(0);
    let line = "its execution op-1 is ABORTED: `aurora-restore --stack pipeline resume op-1`";
    assert!(shown.out.contains(line), "{}", shown.out);
    assert_eq!(stage.read(&["status", "op-1"])["left_by"]["status"], "ABORTED");

    stage.run(&["resume", "op-1"]).with_code(0);
    stage.world.assert_swapped();
    assert!(stage.read(&["status", "op-1"]).get("left_by").is_none());
}

#[test]
fn functions_that_are_killed_throttled_or_lose_replies_come_to_the_same_end() {
    let stage = OnStack::configured(World::new(Pace::Quick, 40), SLOW);
    let world = &stage.world;
    world.inject(&FaultRule::once(Fault::Throttling).times(3).on(Action::DescribeDbClusters));
    for making in [Action::CopyDbClusterSnapshot, Action::RestoreDbClusterFromSnapshot] {
        world.inject(&FaultRule::once(Fault::Slow { factor: 8 }).on(making));
        world.inject(&FaultRule::once(Fault::ReplyLost).on(making));
    }
    world.inject(&FaultRule::once(Fault::ReplyLost).on(Action::CreateDbInstance));
    stage.start("op-1", &[]);
    let killed = ["copy-snapshot", "restore-snapshot", "verify-restore"];
    for step in killed {
        stage.kill_function("op-1", step);
    }
    assert_eq!(stage.ended("op-1").0, "SUCCEEDED", "{}", stage.cause("op-1"));
    for step in killed {
        stage.was_called_again("op-1", step);
    }
    world.assert_swapped();
}

/// Without its way into the source account the stack would ask the target's for the copies there, and be told that they are gone.
#[test]
fn a_way_into_the_source_account_that_is_taken_away_leaves_no_copy_behind_once_it_is_given_back() {
    let stage = OnStack::deploy(World::new(Pace::Quick, 20));
    stage.start("op-1", &[]);
    stage.stands_in("op-1", "restore-snapshot");
    stage.stack("deploy", &["--yes", "--parameter", "SourceRoleArn="]).with_code(0);
    stage.run(&["cancel", "op-1", "--reason", "not today"]).with_code(0);
    assert_eq!(stage.ended("op-1"), ("FAILED".to_owned(), "AuroraRestore.Stuck".to_owned()));
    let shown = stage.run(&["status", "op-1"]);
    assert!(shown.out.contains("ARP-ACCESS-002"), "{}{}", shown.out, shown.err);
    assert!(stage.world.snapshots(PRODUCTION).iter().any(|name| name.contains("-copy-")), "it is there");

    stage.stack("deploy", &["--yes"]).with_code(0);
    stage.run(&["resume", "op-1"]).with_code(1);
    assert_eq!(stage.read(&["report", "op-1"])["status"], "CANCELLED");
    stage.world.assert_untouched();
}
