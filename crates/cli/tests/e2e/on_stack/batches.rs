//! Many restores as one execution, a few at a time.

use std::fs;

use aurora_restore_sandbox::model::{
    call::Action,
    faults::{Fault, FaultRule},
};
use serde_json::json;

use super::OnStack;
use crate::support::{PRODUCTION, PRODUCTION_MASTER, Pace, STAGING, STAGING_MASTER, World};

const ITEMS: usize = 20;
const AT_ONCE: &str = "5";

#[test]
fn twenty_restores_are_done_five_at_a_time_and_one_that_fails_stops_no_other() {
    let stage = OnStack::deploy(World::new(Pace::None, 10));
    let item = |number: usize| {
        let source = if number == 7 { "source.latest-of = \"nobody\"\n" } else { "" };
        format!("[[items]]\nname = \"t{number:02}\"\ntarget.cluster = \"copy-{number:02}\"\n{source}\n")
    };
    let manifest = stage.world.path("night.toml");
    let items: String = (1..=ITEMS).map(item).collect();
    fs::write(&manifest, format!("[defaults.instances]\nclass = \"db.r6g.large\"\n\n{items}")).unwrap();
    let manifest = manifest.display().to_string();
    let run = ["batch", "run", &manifest, "--id", "night", "--concurrency", AT_ONCE, "--yes", "--watch"];
    let ended = stage.run(&run).with_code(1);
    assert_eq!(ended.out.matches("COMPLETED").count(), ITEMS - 1, "{}\n{}", ended.out, ended.err);
    assert_eq!(ended.out.matches("FAILED").count(), 1, "{}", ended.out);
    assert_eq!(stage.most_at_once("night-t"), 5);
    let wanted = stage.world.content(PRODUCTION, "production", PRODUCTION_MASTER);
    for number in (1..=ITEMS).filter(|number| *number != 7) {
        let name = format!("copy-{number:02}");
        assert_eq!(stage.world.content(STAGING, &name, STAGING_MASTER), wanted, "{name}");
    }
    let again = stage.run(&run).with_code(1);
    assert!(again.err.contains("started before"), "{}", again.err);
    assert!(stage.run(&["batch", "status", "night"]).with_code(1).out.contains("night-t20"));
    more_than_forty(&stage);
}

/// They are played as executions of their own. MiniStack does not heed how many at once there: these are refused at once.
fn more_than_forty(stage: &OnStack) {
    const MANY: usize = 41;
    let item = |number: usize| format!("[[items]]\ntarget.cluster = \"many-{number:02}\"\n");
    let manifest = stage.world.path("many.toml");
    let items: String = (1..=MANY).map(item).collect();
    let common = "[defaults.instances]\nclass = \"db.r6g.large\"\n[defaults.source]\nlatest-of = \"nobody\"\n";
    fs::write(&manifest, format!("{common}{items}")).unwrap();
    let manifest = manifest.display().to_string();
    let ended = stage.run(&["batch", "run", &manifest, "--id", "many", "--yes", "--watch"]).with_code(1);
    assert_eq!(ended.out.matches("FAILED").count(), MANY, "{}\n{}", ended.out, ended.err);
    assert_eq!(stage.executions_of("many-").len(), MANY);
    assert_eq!(stage.map_runs("many"), 1, "as a distributed map");
    assert_eq!(stage.map_runs("night"), 0);
}

/// What was not restored is told, and never as a success.
#[test]
fn a_batch_answers_for_its_own_items_only_and_tells_how_its_execution_has_ended() {
    let stage = OnStack::deploy(World::new(Pace::Quick, 10));
    an_id_that_was_taken(&stage);
    a_batch_that_cannot_be_evaluated(&stage);
    a_batch_that_is_stopped(&stage);
}

fn an_id_that_was_taken(stage: &OnStack) {
    stage.run(&["start", "--on-aws", "--yes", "--id", "op-a", "--watch"]).with_code(0);
    let manifest = stage.world.path("taken.toml");
    fs::write(&manifest, "[[items]]\nname = \"a\"\n").unwrap();
    let manifest = manifest.display().to_string();
    let ended = stage.run(&["batch", "run", &manifest, "--id", "op", "--yes", "--watch"]).with_code(1);
    let shown = stage.run(&["batch", "status", "op"]).with_code(1);
    for shown in [&ended.out, &shown.out] {
        assert!(shown.contains("its id was taken before") && !shown.contains("COMPLETED"), "{shown}");
    }
}

fn a_batch_that_cannot_be_evaluated(stage: &OnStack) {
    stage.start_batch("broken", &json!({ "batch_id": "broken", "items": [{ "operation_id": "broken-a" }, {}] }));
    assert_eq!(stage.batch_ended("broken"), "FAILED");
    let shown = stage.run(&["batch", "status", "broken"]).with_code(1);
    assert!(shown.out.contains("broken-a") && shown.out.contains("not begun"), "{}", shown.out);
    assert!(shown.err.contains("the execution of batch broken has ended FAILED"), "{}", shown.err);
    assert!(shown.err.contains("1 item of batch broken without the id of an operation"), "{}", shown.err);
}

fn a_batch_that_is_stopped(stage: &OnStack) {
    stage.world.inject(&FaultRule::once(Fault::StuckCopy).on(Action::CopyDbClusterSnapshot));
    let manifest = stage.world.path("late.toml");
    let items = "[[items]]\nname = \"a\"\n\n[[items]]\nname = \"b\"\ntarget.cluster = \"staging-b\"\n";
    fs::write(&manifest, items).unwrap();
    let manifest = manifest.display().to_string();
    stage.run(&["batch", "run", &manifest, "--id", "late", "--concurrency", "1", "--yes"]).with_code(0);
    stage.stands_in("late-a", "copy-snapshot");
    stage.run(&["batch", "status", "late"]).with_code(5);
    stage.stop_batch("late", "not today");
    assert_eq!(stage.batch_ended("late"), "ABORTED");
    // AWS stops what the batch waits for; not everything that plays its part does.
    if stage.execution("late-a").0 == "RUNNING" {
        stage.stop("late-a");
    }
    let shown = stage.run(&["batch", "status", "late"]).with_code(1);
    assert!(shown.out.contains("IN_PROGRESS") && shown.out.contains("not begun"), "{}", shown.out);
    assert!(shown.out.contains("execution late-a is ABORTED") && shown.out.contains("resume late-a"), "{}", shown.out);
    assert!(shown.err.contains("the execution of batch late has ended ABORTED: not today"), "{}", shown.err);
    assert!(shown.err.contains("their rows name the command that does"), "{}", shown.err);
}
