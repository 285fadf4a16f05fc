//! The other strategies: beside, and instead.

use crate::support::{APP, PRODUCTION, PRODUCTION_MASTER, Pace, STAGING, STAGING_MASTER, World};

#[test]
fn side_by_side_leaves_the_target_alone() {
    let world = World::new(Pace::None, 50);
    let ended = world.run(&["run", "--strategy", "side-by-side", "--yes"]).with_code(0);
    assert_eq!(world.note(STAGING, "staging", APP), "stale");
    let clusters = world.clusters(STAGING);
    let new = clusters.iter().find(|name| *name != "staging").expect("a new cluster");
    let told = format!(
        "done: {new} is restored and verified at localhost:{}; staging is untouched.",
        world.port(STAGING, new)
    );
    assert!(ended.err.contains(&told), "{told}\n{}", ended.err);
    let wanted = world.content(PRODUCTION, "production", PRODUCTION_MASTER);
    assert_eq!(world.content(STAGING, new, STAGING_MASTER), wanted);
}

#[test]
fn replace_deletes_first_and_its_undo_brings_the_old_content_back() {
    let world = World::new(Pace::None, 50);
    world.run(&["run", "--strategy", "replace", "--yes"]).with_code(0);
    let wanted = world.content(PRODUCTION, "production", PRODUCTION_MASTER);
    assert_eq!(world.content(STAGING, "staging", STAGING_MASTER), wanted);
    assert_eq!(world.clusters(STAGING), ["staging"]);
    world.run(&["undo", "latest", "--yes"]).with_code(0);
    assert_eq!(world.clusters(STAGING), ["staging"]);
    assert_eq!(world.note(STAGING, "staging", STAGING_MASTER), "stale");
}

#[test]
fn replace_of_a_protected_target_is_refused_before_anything_is_changed() {
    let world = World::new(Pace::None, 20);
    let protect = [("DBClusterIdentifier", "staging"), ("DeletionProtection", "true"), ("ApplyImmediately", "true")];
    world.call(STAGING, "ModifyDBCluster", &protect);
    let ended = world.run(&["run", "--strategy", "replace", "--yes"]).with_code(1);
    assert!(ended.err.contains("ARP-TARGET-001"), "{}", ended.err);
    world.assert_untouched();
}
