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

#[test]
fn an_end_of_the_retired_cluster_that_is_refused_tells_why_and_can_be_tried_again() {
    let world = World::new(Pace::None, 20);
    world.run(&["run", "--yes"]).with_code(0);
    let refuse = FaultRule::once(Fault::AccessDenied).on(Action::DeleteDbInstance).times(500);
    world.inject(&refuse);
    let told = |ended: crate::support::Ended| {
        for text in
            ["has not ended its retired cluster", "AccessDenied", "ARP-ACCESS-001", "hint:", "can be tried again"]
        {
            assert!(ended.err.contains(text), "`{text}` is not said:\n{}", ended.err);
        }
        assert!(!ended.err.contains("done:"), "{}", ended.err);
    };
    told(world.run(&["retire", "latest", "--early", "--yes"]).with_code(1));

    // Interrupted while it waits, then gone on with, and refused only then.
    world.clear_faults();
    world.inject(&FaultRule::once(Fault::Throttling).on(Action::DeleteDbInstance).times(500));
    let retire = world.begin(&["retire", "latest", "--early", "--yes"]);
    world.wait_for("the retirement", || {
        let report = world.report();
        let began =
            report["incidents"].as_array()?.iter().filter(|one| one["text"].as_str().is_some_and(is_retirement));
        (began.count() >= 2).then_some(())
    });
    retire.kill();
    world.clear_faults();
    world.inject(&refuse);
    let resumed = world.run(&["--json", "resume", "latest"]).with_code(1);
    assert!(resumed.out.trim_end().ends_with("\"status\":\"COMPLETED\",\"exit_code\":1}"), "{}", resumed.out);
    told(resumed);

    world.clear_faults();
    let done = world.run(&["retire", "latest", "--early", "--yes"]).with_code(0);
    assert!(done.err.contains("is gone"), "{}", done.err);
    world.wait_for("the end of the retired cluster", || (world.clusters(STAGING) == ["staging"]).then_some(()));
}

fn is_retirement(incident: &str) -> bool {
    incident.contains("retired cluster") && !incident.contains("could not")
}

#[test]
fn a_reader_that_goes_away_changes_neither_the_restore_nor_its_exit_code() {
    let world = World::new(Pace::None, 20);
    let unread = |arguments: &[&str]| {
        let mut child = world
            .command(arguments)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        child.wait().unwrap().code().unwrap()
    };
    assert_eq!(unread(&["--json", "run", "--yes", "--snapshot", "no-such"]), 1);
    assert_eq!(unread(&["--json", "plan", "--snapshot", "no-such"]), 1);
    let saved = world.path("saved.json");
    assert_eq!(unread(&["plan", "--out", saved.to_str().unwrap()]), 0);
    assert!(saved.exists(), "the plan is saved though nobody saw it");
    world.configure(
        "[[verification.checks]]\nname = \"enough orders\"\nsql = \"SELECT count(*) FROM shop.orders\"\n\
         database = \"shop\"\nat-least = 1000000",
    );
    assert_eq!(unread(&["--json", "run", "--yes"]), 1, "it failed, whoever listened");
    assert_eq!(world.report()["status"], "FAILED");
    world.assert_untouched();
}

/// Where the time of a whole restore went: its steps, the calls of AWS, and the statements on real databases.
#[test]
fn a_restore_tells_where_its_time_went_if_it_is_asked() {
    let world = World::new(Pace::None, 20);
    let ended = world.run(&["--profile", "run", "--yes"]).with_code(0);
    let (_, told) = ended.err.split_once("where the time went, of ").expect("it is told");
    for (kind, name) in [
        ("steps", "restore-snapshot"),
        ("calls of AWS", "RDS.DescribeDBClusters"),
        ("statements", "reading the tables and columns"),
    ] {
        let section = told.split_once(&format!("\n{kind} ")).unwrap_or_else(|| panic!("no {kind}: {told}")).1;
        assert!(section.contains(name), "{name}: {told}");
    }
    assert!(!told.contains(APP.1) && !told.contains(STAGING_MASTER.1), "{told}");
    world.assert_swapped();
}
