//! Functions of the deployed stack: new code step by step, an alarm in the middle, an interrupt, the way back.

use std::{fs, process::Stdio};

use serde_json::Value;

use super::{OnStack, stage::package};
use crate::support::{PRODUCTION, Pace, Running, World};

const DEPLOY: [&str; 4] = ["functions", "deploy", "snapshot-check", "--yes"];

#[test]
fn new_code_serves_once_it_was_watched_and_goes_back_for_an_alarm_an_interrupt_and_on_request() {
    let stage = OnStack::deploy(World::new(Pace::None, 40));
    stage.run(&["functions", "smoke"]).with_code(0);
    let none = stage.run(&["functions", "rollback", "snapshot-check", "--yes"]).with_code(2);
    assert!(none.err.contains("no version to go back to"), "{}", none.err);

    the_loss_of_a_version_is_rehearsed(&stage, "failed");
    let other = other_package(&stage);
    let deploy = [&DEPLOY[..], &["--package", &other, "--watch"]].concat();
    for what in ["alarm", "interrupt"] {
        let mut command = stage.command(&[&deploy[..], &["60s"]].concat());
        let mut running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        stage.world.wait_for("the shift", || (standing(&stage)["shift"]["version"] == 2).then_some(()));
        assert!(!running.is_over());
        match what {
            "alarm" => set_alarm(&stage, "ALARM"),
            _ => running.interrupt(),
        }
        assert_eq!(running.code(), 1, "{what}");
        assert_eq!((serves(&stage), standing(&stage)["shift"].is_null()), (1, true), "{what}");
        set_alarm(&stage, "OK");
    }
    let done = stage.run(&[&deploy[..], &["1s"]].concat()).with_code(0);
    assert!(done.err.contains("the new code serves in 1 function"), "{}", done.err);
    assert_eq!(serves(&stage), 2);
    stage.run(&["functions", "smoke", "snapshot-check"]).with_code(0);
    for place in ["rotate", "sweep"] {
        let refused = stage.run(&["functions", "smoke", place]).with_code(2);
        assert!(refused.err.contains("knows of no operation that it could be asked for"), "{}", refused.err);
    }
    let again = stage.run(&[&deploy[..], &["1s"]].concat()).with_code(0);
    assert!(again.err.contains("nothing to do"), "{}", again.err);

    // One of the functions has a version to go back to, and it answers.
    let drill = the_loss_of_a_version_is_rehearsed(&stage, "failed");
    assert_eq!((drill["checks_passed"].as_u64(), serves(&stage)), (Some(1), 2), "{drill}");
    stage.run(&["functions", "rollback", "snapshot-check", "--yes"]).with_code(0);
    assert_eq!(serves(&stage), 1);
    let outcomes = stages(&stage);
    assert_eq!(outcomes, ["applied", "applied", "rolled-back", "rolled-back", "applied"], "the newest first");
    the_stack_puts_it_right(&stage);
}

/// What was done beside the stack is told, and the stack's own package is what its next deployment publishes.
fn the_stack_puts_it_right(stage: &OnStack) {
    let unchanged = stage.stack("deploy", &["--yes"]).with_code(0);
    assert!(unchanged.err.contains("snapshot-check serves version 1, and 2 is its newest"), "{}", unchanged.err);
    let more = ["--yes", "--parameter", "MemorySize=512", "--parameter", "Runtime=provided.al2"];
    let changed = stage.stack("deploy", &more).with_code(0);
    assert!(changed.err.contains("The functions are to run on provided.al2."), "{}", changed.err);
    assert!(changed.err.contains("snapshot-check: it was given other code beside the stack"), "{}", changed.err);
    let listed = stage.read(&["functions", "list"]);
    let functions = listed["functions"].as_array().unwrap();
    let code = |place: &str| functions.iter().find(|row| row["serves"] == place).unwrap()["code_sha256"].clone();
    assert_eq!(code("snapshot-check"), code("notify"), "all functions serve the stack's package");
    assert_eq!(standing(stage)["memory_mb"], 512);
    assert_eq!(standing(stage)["runtime"], "provided.al2", "what serves runs on it");
    stage.run(&["functions", "smoke"]).with_code(0);
}

/// A drill of which nothing is moved; gives its record.
fn the_loss_of_a_version_is_rehearsed(stage: &OnStack, verdict: &str) -> Value {
    // What would be restored is said where the command runs, as for every drill.
    let source = format!("source.region={}", PRODUCTION.1);
    let said = [&source, "source.latest-of=production", "target.cluster=staging", "secrets.master=staging/master"];
    let mut drill = vec!["drill", "run", "--yes", "--scenario", "lost-function-version"];
    drill.extend(said.iter().flat_map(|one| ["--set", one]));
    let rehearsed = stage.run(&drill).with_code(1);
    assert!(rehearsed.err.contains("no version to go back to"), "{}", rehearsed.err);
    let drills = stage.read(&["drill", "list"]);
    let drill = drills["drills"][0].clone();
    assert_eq!((&drill["scenario"], &drill["verdict"]["word"]), (&"lost-function-version".into(), &verdict.into()));
    drill
}

fn standing(stage: &OnStack) -> Value {
    let listed = stage.read(&["functions", "list"]);
    let functions = listed["functions"].as_array().unwrap();
    functions.iter().find(|row| row["serves"] == "snapshot-check").unwrap().clone()
}

fn serves(stage: &OnStack) -> u64 {
    standing(stage)["live"].as_u64().unwrap()
}

/// Where the changes of functions and of the stack stand, the newest first.
fn stages(stage: &OnStack) -> Vec<String> {
    let list = stage.run(&["--json", "change", "list"]).with_code(0);
    let lines = list.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter_map(|line| line["change"]["stage"].as_str().map(str::to_owned)).collect()
}

fn set_alarm(stage: &OnStack, state: &str) {
    let form = [
        ("Action", "SetAlarmState"),
        ("Version", "2010-08-01"),
        ("AlarmName", "aurora-restore-snapshot-check-errors"),
        ("StateValue", state),
        ("StateReason", "a test"),
    ];
    stage.services.query("monitoring", &form);
}

/// The same package with other bytes: a comment at its end.
fn other_package(stage: &OnStack) -> String {
    let mut content = fs::read(package()).unwrap();
    let comment = b"other";
    let length = content.len() - 2;
    content[length..].copy_from_slice(&u16::try_from(comment.len()).unwrap().to_le_bytes());
    content.extend(comment);
    let path = stage.world.path("other.zip");
    fs::write(&path, content).unwrap();
    path.display().to_string()
}
