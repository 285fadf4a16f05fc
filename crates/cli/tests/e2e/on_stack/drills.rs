//! Drills that are driven from here and kept in the tables of the stack.

use std::fs;

use super::OnStack;
use crate::support::{Pace, STAGING, World};

#[test]
fn a_drill_is_driven_from_here_and_kept_in_the_tables_of_the_stack() {
    let stage = OnStack::deploy(World::new(Pace::None, 40));
    stage.let_the_person_look_at_the_source();
    // What is restored is said where the command runs: here it is what the stack's own configuration says.
    let [of_stack, of_person] =
        ["stack.toml", "person.toml"].map(|name| fs::read_to_string(stage.world.path(name)).unwrap());
    let (_, services) = of_person.split_once("[aws]").unwrap();
    let target = format!("[target]\nregion = \"{}\"\n", STAGING.1);
    let here = of_stack.replace("[target]\n", &target).replace("[limits]\n", "[limits]\npoll = \"150ms\"\n");
    let merged = format!("{here}\n[aws]{services}");
    fs::write(stage.world.path("person.toml"), merged).unwrap();

    let ended = stage.run(&["drill", "run", "--yes"]).with_code(0);
    assert!(ended.err.contains("kept in the tables of stack pipeline"), "{}", ended.err);
    assert!(ended.err.contains("has passed: restored and verified in"), "{}", ended.err);
    let drills = stage.read(&["drill", "list"]);
    assert_eq!(drills["drills"][0]["verdict"]["word"], "passed", "{drills}");
    let ended = stage.run(&["drill", "run", "--yes", "--schedule", "quarterly"]).with_code(0);
    assert!(ended.err.contains("none is due"), "{}", ended.err);
    stage.world.assert_untouched();
}
