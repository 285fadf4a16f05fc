//! Sources that are no snapshot: a clone of a running cluster, and a point in time.

use crate::support::{Pace, STAGING, STAGING_MASTER, World};

fn from_running(source: &str) {
    let world = World::new(Pace::None, 20);
    // Clones and points in time exist in one account and Region only.
    let key = "7a1e9b52-3c44-4f0d-8b7a-9d2e5c6f2b22";
    world.make_cluster(STAGING, "golden", STAGING_MASTER, key, &[]);
    let sql = "CREATE SCHEMA shop; CREATE TABLE shop.about (note text); INSERT INTO shop.about VALUES ('golden')";
    world.execute(STAGING, "golden", STAGING_MASTER, sql).unwrap();
    let text = std::fs::read_to_string(world.path("config.toml")).unwrap();
    let text = text
        .replace("latest-of = \"production\"", source)
        .replace("region = \"eu-west-1\"", "region = \"eu-central-1\"")
        .replace("source-master = \"production/master\"\n", "")
        .replace(
            "[aws.source]\nkeys-secret = \"sandbox/keys\"\nrole = \"arn:aws:iam::111122223333:role/reader\"\n",
            "",
        );
    let without_copy: String = text
        .lines()
        .filter(|line| !line.starts_with("kms-key") && !line.starts_with("source-kms-key"))
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(world.path("config.toml"), without_copy).unwrap();
    world.run(&["run", "--yes"]).with_code(0);
    assert_eq!(world.note(STAGING, "staging", STAGING_MASTER), "golden");
    assert_eq!(world.note(STAGING, "golden", STAGING_MASTER), "golden", "the source goes on");
}

#[test]
fn a_clone_of_a_running_cluster_takes_the_name() {
    from_running("clone-of = \"golden\"");
}

#[test]
fn a_cluster_as_it_was_takes_the_name() {
    from_running("point-in-time-of = \"golden\"");
}
