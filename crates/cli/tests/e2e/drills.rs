//! Drills on real servers: what they prove, what they leave, and that one that was left is finished.

use std::fs;

use aurora_restore_sandbox::model::{
    call::Action,
    faults::{Fault, FaultRule},
};
use serde_json::Value;

use crate::support::{PRODUCTION, Pace, STAGING, World};

fn drills(world: &World) -> Vec<Value> {
    let listed: Value = serde_json::from_str(&world.run(&["--json", "drill", "list"]).with_code(0).out).unwrap();
    listed["drills"].as_array().unwrap().clone()
}

#[test]
fn a_drill_proves_a_restore_and_leaves_nothing_but_its_record() {
    let world = World::new(Pace::None, 200);
    let ended = world.run(&["drill", "run", "--yes"]).with_code(0);
    assert!(ended.err.contains("has passed: restored and verified in"), "{}", ended.err);
    world.assert_untouched();

    let found = drills(&world);
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["verdict"]["word"], &found[0]["target"]), (&"passed".into(), &"staging-drill".into()));
    assert_eq!(found[0]["checks_passed"], found[0]["checks_total"]);
    assert!(found[0]["checks_total"].as_u64().unwrap() > 0, "{}", found[0]);

    // Within the period there is nothing to do, and nothing is done.
    let ended = world.run(&["drill", "run", "--yes", "--schedule", "quarterly"]).with_code(0);
    assert!(ended.err.contains("none is due"), "{}", ended.err);
    assert_eq!(drills(&world).len(), 1);

    let report: Value = serde_json::from_str(&world.run(&["--json", "drill", "report"]).with_code(0).out).unwrap();
    assert_eq!((&report["success_percent"], &report["figures"]["passed"]), (&100.into(), &1.into()));
    let page = world.path("drills.html");
    world.run(&["drill", "report", "--html", page.to_str().unwrap()]).with_code(0);
    let page = fs::read_to_string(page).unwrap();
    // The hash of the last entry is what proves that nobody has edited the journal since.
    for text in [&found[0]["operation_id"], &found[0]["journal_hash"], &report["quarters"][0]["name"]] {
        assert!(page.contains(text.as_str().unwrap()), "{text} is not on the page");
    }
}

#[test]
fn data_that_are_refused_fail_the_drill_and_nothing_is_left() {
    let world = World::new(Pace::None, 20);
    world.configure(
        "[[verification.checks]]\nname = \"enough orders\"\nsql = \"SELECT count(*) FROM shop.orders\"\n\
         database = \"shop\"\nat-least = 1000000",
    );
    let ended = world.run(&["drill", "run", "--yes"]).with_code(1);
    assert!(ended.err.contains("has not passed: verify-restore failed"), "{}", ended.err);
    world.assert_untouched();
    assert_eq!(drills(&world)[0]["verdict"]["word"], "failed");
    // A failed drill is no reason to do nothing.
    let ended = world.run(&["drill", "run", "--yes", "--schedule", "weekly"]).with_code(1);
    assert!(ended.err.contains("has not passed"), "{}", ended.err);
    assert_eq!(drills(&world).len(), 2);
}

#[test]
fn a_drill_that_was_killed_is_in_the_way_of_the_next_until_it_is_finished() {
    let world = World::new(Pace::Quick, 20);
    let run = world.begin(&["drill", "run", "--yes"]);
    world.wait_for("the cluster", || world.clusters(STAGING).contains(&"staging-drill".to_owned()).then_some(()));
    run.kill();
    assert_eq!(drills(&world)[0]["verdict"]["word"], "unfinished");

    let refused = world.run(&["drill", "run", "--yes"]).with_code(1);
    assert!(refused.err.contains("aurora-restore drill finish drill-"), "{}", refused.err);
    let finished = world.run(&["drill", "finish", "latest"]).with_code(0);
    assert!(finished.err.contains("has passed"), "{}", finished.err);
    world.assert_untouched();
    let found = drills(&world);
    assert_eq!((found.len(), &found[0]["verdict"]["word"], &found[0]["executors"]), (1, &"passed".into(), &2.into()));
    // Who asks again is told the same, and nothing is done.
    world.run(&["drill", "finish", "latest"]).with_code(0);
}

#[test]
fn a_drill_that_was_left_is_told_even_where_none_is_due() {
    let world = World::new(Pace::Quick, 20);
    world.run(&["drill", "run", "--yes"]).with_code(0);
    let run = world.begin(&["drill", "run", "--yes"]);
    world.wait_for("the cluster", || world.clusters(STAGING).contains(&"staging-drill".to_owned()).then_some(()));
    run.kill();
    let refused = world.run(&["drill", "run", "--yes", "--schedule", "quarterly"]).with_code(1);
    assert!(refused.err.contains("was not finished") && !refused.err.contains("none is due"), "{}", refused.err);
    assert!(refused.err.contains("aurora-restore drill finish drill-"), "{}", refused.err);

    world.run(&["drill", "finish", "latest"]).with_code(0);
    let ended = world.run(&["drill", "run", "--yes", "--schedule", "quarterly"]).with_code(0);
    assert!(ended.err.contains("none is due"), "{}", ended.err);
    world.assert_untouched();
}

#[test]
fn an_executor_that_is_lost_in_every_step_and_a_restore_that_is_given_up_are_rehearsed() {
    let world = World::new(Pace::None, 20);
    world.run(&["drill", "run", "--yes", "--scenario", "handed-over"]).with_code(0);
    world.assert_untouched();
    let found = drills(&world);
    assert!(found[0]["executors"].as_u64().unwrap() > 5, "{}", found[0]);

    world.run(&["drill", "run", "--yes", "--scenario", "given-up-in-create-instances"]).with_code(0);
    world.assert_untouched();
    assert_eq!(drills(&world)[0]["scenario"], "given-up-in-create-instances");
}

#[test]
fn the_loss_of_the_journal_is_rehearsed_from_an_export_and_nothing_is_restored() {
    let world = World::new(Pace::None, 20);
    let lost = ["drill", "run", "--yes", "--scenario", "lost-journal"];
    let refused = world.run(&lost).with_code(2);
    assert!(refused.err.contains("--export"), "{}", refused.err);
    assert_eq!(drills(&world), Vec::<Value>::new());

    world.run(&["drill", "run", "--yes"]).with_code(0);
    let export = world.path("state.export");
    let export = export.to_str().unwrap();
    world.run(&["state", "export", export]).with_code(0);
    let ended = world.run(&[&lost[..], &["--export", export]].concat()).with_code(0);
    assert!(ended.err.contains("has passed: the journal was rebuilt and proven in"), "{}", ended.err);
    let found = drills(&world);
    assert_eq!((&found[0]["scenario"], &found[0]["checks_passed"]), (&"lost-journal".into(), &1.into()));
    assert!(found[0]["recovery_point"].is_string(), "{}", found[0]);
    world.run(&["state", "verify"]).with_code(0);
    world.assert_untouched();

    // An export that was edited is no journal: that is a drill that has not passed, and it is on record.
    let edited = fs::read_to_string(export).unwrap().replace("staging-drill", "staging-other");
    fs::write(export, edited).unwrap();
    let ended = world.run(&[&lost[..], &["--export", export]].concat()).with_code(1);
    assert!(ended.err.contains("has not passed: "), "{}", ended.err);
    assert_eq!(drills(&world)[0]["verdict"]["word"], "failed");
    let refused = world.run(&["drill", "run", "--yes", "--export", export]).with_code(2);
    assert!(refused.err.contains("does not use an export"), "{}", refused.err);
}

/// Production's Region counts as lost: what is left is a copy of its snapshot in the target's Region.
#[test]
fn the_loss_of_the_source_s_region_is_rehearsed_from_what_was_copied_before() {
    let world = World::new(Pace::None, 20);
    let drill = ["drill", "run", "--yes", "--scenario", "unavailable-region"];
    let nothing = world.run(&drill).with_code(1);
    assert!(nothing.err.contains("hint: Region eu-west-1 counts as lost"), "{}", nothing.err);
    assert_eq!(drills(&world), Vec::<Value>::new(), "nothing was begun");

    let beside = (PRODUCTION.0, STAGING.1);
    let key = "1c9e6f1d-58d1-4f57-8a58-0c8f4a1f3c33";
    world.put_key(beside, key, Some(STAGING.0));
    let original = world.snapshots(PRODUCTION).remove(0);
    let arn = format!("arn:aws:rds:{}:{}:cluster-snapshot:{original}", PRODUCTION.1, PRODUCTION.0);
    let copy = [
        ("SourceDBClusterSnapshotIdentifier", arn.as_str()),
        ("TargetDBClusterSnapshotIdentifier", "kept-elsewhere"),
        ("SourceRegion", PRODUCTION.1),
        ("KmsKeyId", key),
    ];
    world.call(beside, "CopyDBClusterSnapshot", &copy);
    world.wait_for("the copy", || {
        let place =
            world.inventory().into_iter().find(|found| (found.account.as_str(), found.region.as_str()) == beside)?;
        place.snapshots.iter().any(|one| one.name == "kept-elsewhere" && one.status == "available").then_some(())
    });
    let ended = world.run(&drill).with_code(0);
    assert!(ended.err.contains("has passed: restored and verified in"), "{}", ended.err);
    let found = drills(&world).remove(0);
    assert_eq!(found["scenario"], "unavailable-region");
    assert!(found["source"].as_str().unwrap().contains("kept-elsewhere"), "{found}");
    world.assert_untouched();
    assert_eq!(world.snapshots(beside), ["kept-elsewhere"]);

    // With the target in the same Region nothing would be left.
    let here = format!("source.region={}", STAGING.1);
    let refused = world.run(&[&drill[..], &["--set", &here]].concat()).with_code(2);
    assert!(refused.err.contains("the target is lost, too"), "{}", refused.err);
}

#[test]
fn what_rds_refuses_fails_the_drill_and_leaves_what_serves_alone() {
    let world = World::new(Pace::None, 20);
    world.inject(&FaultRule::once(Fault::AccessDenied).on(Action::RestoreDbClusterFromSnapshot).times(500));
    let ended = world.run(&["drill", "run", "--yes"]).with_code(1);
    assert!(ended.err.contains("has not passed: restore-snapshot failed"), "{}", ended.err);
    world.assert_untouched();
}

#[test]
fn what_is_no_drill_and_what_nobody_rehearses_is_refused() {
    let world = World::new(Pace::None, 20);
    let refused = world.run(&["drill", "run", "--yes", "--scenario", "flood"]).with_code(2);
    assert!(refused.err.contains("given-up-in-switch-over"), "{}", refused.err);
    assert!(world.run(&["drill", "run"]).with_code(2).err.contains("--yes"));
    assert_eq!(world.clusters(STAGING), ["staging"]);

    world.run(&["run", "--yes"]).with_code(0);
    let refused = world.run(&["drill", "finish", "latest"]).with_code(2);
    assert!(refused.err.contains("is not a drill"), "{}", refused.err);
    world.assert_swapped();
    assert_eq!(drills(&world), Vec::<Value>::new());
}
