//! Many restores in one process: what fails does not stop the others, and running again goes on with what is left.

use std::fs;

use serde_json::Value;

use crate::support::{Pace, World};

const MANIFEST: &str = "
[[items]]
name = \"lost\"
target.cluster = \"lost\"
source.latest-of = \"nobody\"

[[items]]
name = \"good\"
";

fn items(world: &World, code: i32) -> Vec<(String, String)> {
    let shown = world.run(&["--json", "batch", "status", "night"]).with_code(code);
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = shown["items"].as_array().unwrap().iter();
    items.map(|item| (text(&item["operation_id"]), text(&item["status"]))).collect()
}

#[test]
fn an_item_that_fails_does_not_stop_the_others_and_nothing_is_done_twice() {
    let world = World::new(Pace::None, 20);
    fs::write(world.path("night.toml"), MANIFEST).unwrap();
    let manifest = world.path("night.toml").display().to_string();
    let run = ["batch", "run", &manifest, "--id", "night", "--concurrency", "2", "--stagger", "1s", "--yes"];
    let ended = world.run(&run).with_code(1);
    for part in ["night-good", "COMPLETED", "night-lost", "FAILED"] {
        assert!(ended.out.contains(part), "{part}\n{}", ended.out);
    }
    world.assert_swapped();
    let expected = [("night-good", "COMPLETED"), ("night-lost", "FAILED")];
    let expected = expected.map(|(id, status)| (id.to_owned(), status.to_owned()));
    assert_eq!(items(&world, 1), expected);

    let again = world.run(&run).with_code(1);
    assert!(again.err.contains("night-good: COMPLETED already"), "{}", again.err);
    assert_eq!(items(&world, 1), expected);
}

#[test]
fn an_item_whose_id_was_taken_by_a_single_restore_is_not_taken_for_done() {
    let world = World::new(Pace::None, 5);
    world.run(&["run", "--yes"]).with_code(0);
    let listed: Value = serde_json::from_str(&world.run(&["--json", "list"]).out).unwrap();
    let id = listed["operations"][0]["operation_id"].as_str().unwrap();
    let (batch, item) = id.rsplit_once('-').unwrap();
    fs::write(world.path("night.toml"), format!("[[items]]\nname = \"{item}\"\n")).unwrap();
    let manifest = world.path("night.toml").display().to_string();
    let ended = world.run(&["batch", "run", &manifest, "--id", batch, "--yes"]).with_code(1);
    assert!(ended.err.contains(&format!("item {id} was not begun: its id was taken")), "{}", ended.err);
    let shown = world.run(&["batch", "status", batch]).with_code(1);
    for shown in [&ended.out, &shown.out] {
        assert!(shown.contains("not begun") && !shown.contains("COMPLETED"), "{shown}");
    }
}

#[test]
fn once_one_has_failed_no_more_are_begun_if_that_is_wanted() {
    let world = World::new(Pace::None, 5);
    // More than could be held open at once.
    let many: String = (0..600).map(|number| format!("[[items]]\ntarget.cluster = \"other-{number}\"\n")).collect();
    fs::write(world.path("night.toml"), format!("{MANIFEST}{many}")).unwrap();
    let manifest = world.path("night.toml").display().to_string();
    let run = ["batch", "run", &manifest, "--id", "night", "--concurrency", "1", "--stop-on-failure", "--yes"];
    let ended = world.run(&run).with_code(1);
    assert!(ended.err.contains("--id night"), "{}", ended.err);
    assert_eq!(ended.out.matches("not begun").count(), 601, "{}", ended.out);
    world.assert_untouched();
}
