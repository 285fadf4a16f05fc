//! Drills that are driven from here and kept in the tables of the stack, and those that its functions restore.

use std::{fs, process::Stdio};

use serde_json::Value;

use super::OnStack;
use crate::support::{Pace, Running, STAGING, World};

/// A stack, and a person with a configuration that says here what the stack's own says there.
fn stage(pace: Pace) -> OnStack {
    let stage = OnStack::deploy(World::new(pace, 40));
    stage.let_the_person_look_at_the_source();
    // What is restored is said where the command runs: here it is what the stack's own configuration says.
    let [of_stack, of_person] =
        ["stack.toml", "person.toml"].map(|name| fs::read_to_string(stage.world.path(name)).unwrap());
    let (_, services) = of_person.split_once("[aws]").unwrap();
    let target = format!("[target]\nregion = \"{}\"\n", STAGING.1);
    let here = of_stack.replace("[target]\n", &target).replace("[limits]\n", "[limits]\npoll = \"150ms\"\n");
    let merged = format!("{here}\n[aws]{services}");
    fs::write(stage.world.path("person.toml"), merged).unwrap();
    stage
}

#[test]
fn a_drill_is_driven_from_here_and_kept_in_the_tables_of_the_stack() {
    let stage = stage(Pace::None);
    let ended = stage.run(&["drill", "run", "--yes"]).with_code(0);
    assert!(ended.err.contains("kept in the tables of stack pipeline"), "{}", ended.err);
    assert!(ended.err.contains("has passed: restored and verified in"), "{}", ended.err);
    let drills = stage.read(&["drill", "list"]);
    assert_eq!(drills["drills"][0]["verdict"]["word"], "passed", "{drills}");
    let ended = stage.run(&["drill", "run", "--yes", "--schedule", "quarterly"]).with_code(0);
    assert!(ended.err.contains("none is due"), "{}", ended.err);
    stage.world.assert_untouched();
    assert_eq!(stage.executions(), 0, "no function of the stack was asked");
}

#[test]
fn the_functions_of_the_stack_restore_a_drill_and_take_it_back_also_for_whoever_comes_after_the_one_who_asked() {
    let stage = stage(Pace::Quick);
    let refused = stage.run(&["drill", "run", "--on-aws", "--yes", "--scenario", "handed-over"]).with_code(2);
    assert!(refused.err.contains("cannot rehearse `handed-over`"), "{}", refused.err);

    let refused = stage.run(&["start", "--on-aws", "--yes", "--id", "drill-of-mine"]).with_code(2);
    assert!(refused.err.contains("drill-of-mine would be a drill"), "{}", refused.err);

    let mut command = stage.command(&["drill", "run", "--on-aws", "--yes"]);
    let running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let drill = stage.world.wait_for("the drill", || stage.executions_of("drill-").pop());
    stage.stands_in(&drill, "restore-snapshot");
    running.kill();
    let again = stage.run(&["drill", "run", "--on-aws", "--yes"]).with_code(1);
    assert!(again.err.contains("was not finished"), "{}", again.err);
    let finished = stage.run(&["drill", "finish", &drill]).with_code(0);
    assert!(finished.err.contains("has passed: restored and verified in"), "{}", finished.err);
    assert_eq!(stage.ended(&drill).0, "SUCCEEDED");
    let back = stage.executions_of(&format!("{drill}-r"));
    assert_eq!((back.len(), stage.executions()), (1, 2), "one restored it, one took it back");
    assert_eq!(stage.ended(&back[0]).0, "SUCCEEDED", "nobody is woken by a drill that has passed");
    stage.world.assert_untouched();

    let told = stage.run(&["drill", "run", "--on-aws", "--yes", "--json"]).with_code(0);
    assert!(told.err.contains("has passed: restored and verified in"), "{}", told.err);
    let stream: Vec<Value> = told.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = stream.iter().map(|record| record["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "version").count(), 1, "{kinds:?}");
    assert_eq!((kinds.first(), kinds.last()), (Some(&"version"), Some(&"end")), "{kinds:?}");
    assert_eq!(stream.last().unwrap()["exit_code"], 0);
    let drills = stage.read(&["drill", "list"]);
    let verdicts: Vec<&str> =
        drills["drills"].as_array().unwrap().iter().map(|drill| drill["verdict"]["word"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["passed", "passed"], "{drills}");
    stage.world.assert_untouched();
}
