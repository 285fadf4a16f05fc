//! Bad input that needs a server to be found out: one clear message, the right exit code, and nothing is changed.

use aurora_restore_sandbox::{
    client::text_of,
    model::{
        call::Action,
        faults::{Fault, FaultRule},
    },
};
use serde_json::json;

use crate::support::{APP, PRODUCTION, Pace, STAGING, World};

fn refused(world: &World, arguments: &[&str], code: i32, says: &[&str]) {
    let ended = world.run(arguments).with_code(code);
    for text in says {
        assert!(ended.err.contains(text), "`{text}` is not said:\n{}", ended.err);
    }
    assert!(ended.err.contains("hint:"), "{}", ended.err);
}

#[test]
fn what_cannot_work_is_refused_with_a_hint_and_changes_nothing() {
    let world = World::new(Pace::Quick, 20);

    refused(&world, &["run", "--snapshot", "no-such", "--yes"], 1, &["ARP-SNAPSHOT-001", "no-such"]);
    refused(&world, &["run", "--latest-of", "nobody", "--yes"], 1, &["ARP-SNAPSHOT-001", "nobody"]);
    refused(&world, &["run", "--prefix", "production", "--date", "2026-02-30", "--yes"], 2, &["2026-02-30"]);
    refused(&world, &["run", "--prefix", "production", "--date", "2999-01-01", "--yes"], 2, &["future"]);
    // The message is the rule itself.
    let broken = world.run(&["run", "--target", "a--b", "--yes"]).with_code(2);
    assert!(broken.err.contains("must not contain two hyphens in a row"), "{}", broken.err);

    world.configure("[target.require-tags]\nteam = \"ours\"");
    refused(&world, &["run", "--yes"], 1, &["ARP-TARGET-002"]);
    world.configure("");

    world.inject(&FaultRule::once(Fault::Slow { factor: 1_000 }).on(Action::CreateDbClusterSnapshot));
    let take = [("DBClusterIdentifier", "production"), ("DBClusterSnapshotIdentifier", "unfinished")];
    world.call(PRODUCTION, "CreateDBClusterSnapshot", &take);
    refused(&world, &["run", "--snapshot", "unfinished", "--yes"], 1, &["ARP-SNAPSHOT-002", "creating"]);
    let snapshots = world.snapshots(PRODUCTION);

    world.write_secret(
        "staging/users",
        &json!({"app_username": "a", "readonly_username": "b", "readonly_password": "b-password"}),
    );
    refused(&world, &["run", "--yes"], 1, &["ARP-SECRET-002", "app_password"]);
    std::fs::remove_file(world.path("secrets/staging/users.json")).unwrap();
    refused(&world, &["run", "--yes"], 1, &["ARP-SECRET-001", "staging/users"]);

    assert_eq!(world.snapshots(PRODUCTION), snapshots);
    assert_eq!(world.clusters(STAGING), ["staging"]);
    assert_eq!(world.note(STAGING, "staging", APP), "stale");
}

#[test]
fn a_snapshot_that_is_not_of_an_aurora_cluster_is_refused_with_a_hint_and_changes_nothing() {
    let world = World::new(Pace::None, 20);
    world.call(
        PRODUCTION,
        "CreateDBCluster",
        &[
            ("DBClusterIdentifier", "ledger"),
            ("Engine", "postgres"),
            ("DBClusterInstanceClass", "db.m6gd.large"),
            ("AllocatedStorage", "100"),
            ("MasterUsername", "dba"),
            ("MasterUserPassword", "ledger-master-pw"),
        ],
    );
    let take = [("DBClusterIdentifier", "ledger"), ("DBClusterSnapshotIdentifier", "of-ledger")];
    world.wait_for("the cluster", || world.try_call(PRODUCTION, "CreateDBClusterSnapshot", &take).ok());
    world.wait_for("the snapshot", || {
        let named = [("DBClusterSnapshotIdentifier", "of-ledger")];
        let shown = world.call(PRODUCTION, "DescribeDBClusterSnapshots", &named);
        (text_of(&shown, "Status").as_deref() == Some("available")).then_some(())
    });
    let snapshots = world.snapshots(PRODUCTION);

    let says = ["ARP-SNAPSHOT-002", "of-ledger", "engine postgres", "not of an Aurora cluster"];
    refused(&world, &["run", "--snapshot", "of-ledger", "--yes"], 1, &says);
    refused(&world, &["run", "--latest-of", "ledger", "--yes"], 1, &says);
    let plan = world.run(&["plan", "--snapshot", "of-ledger"]).with_code(1);
    assert!(says.iter().all(|text| plan.err.contains(text) || plan.out.contains(text)), "{plan:?}");
    // What RDS calls a DB snapshot is one of a single instance, and its ARN tells.
    let of_instance = "arn:aws:rds:eu-west-1:111122223333:snapshot:nightly";
    refused(&world, &["run", "--snapshot", of_instance, "--yes"], 2, &["snapshot:nightly", "cluster snapshot"]);

    assert_eq!(world.snapshots(PRODUCTION), snapshots);
    assert_eq!(world.clusters(STAGING), ["staging"]);
    assert_eq!(world.note(STAGING, "staging", APP), "stale");
}

#[test]
fn a_journal_of_a_newer_version_is_neither_read_nor_written() {
    let world = World::new(Pace::None, 20);
    world.run(&["run", "--yes"]).with_code(0);
    let journal = world.path("journal.sqlite");
    let mut bytes = std::fs::read(&journal).unwrap();
    // Where SQLite's file format keeps the application's version.
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(&journal, &bytes).unwrap();
    for arguments in [["status", "latest"].as_slice(), &["run", "--yes"]] {
        let ended = world.run(arguments);
        assert_ne!(ended.code, 0);
        assert!(ended.err.contains("newer"), "{}", ended.err);
    }
    assert_eq!(std::fs::read(&journal).unwrap(), bytes, "it is as it was");
}

#[test]
fn a_person_who_cannot_be_asked_has_not_agreed() {
    let world = World::new(Pace::None, 20);
    refused(&world, &["run"], 2, &["--yes"]);
    world.assert_untouched();
}
