//! A stack that was backed up, lost as a whole, and made again from the backup; and what watches it.

use std::fs;

use serde_json::{Value, json};

use super::OnStack;
use crate::support::{Pace, World};

#[test]
fn a_stack_that_is_lost_with_its_tables_comes_back_from_its_backup() {
    let stage = OnStack::deploy(World::new(Pace::None, 5));
    let path = |name: &str| stage.world.path(name).display().to_string();
    let (before, after) = (path("before.json"), path("after.json"));
    let stack = stage.read(&["stack", "status"]);
    stage.run(&["stack", "backup", "--out", &before]).with_code(0);
    stage.run(&["stack", "backup", "verify", &before]).with_code(0);
    let again = stage.run(&["stack", "backup", "--out", &before]).with_code(2);
    assert!(again.err.contains("exists already"), "{}", again.err);

    let refused = stage.run(&["stack", "restore", &before, "--yes"]).with_code(1);
    assert!(refused.err.contains("there already"), "{}", refused.err);
    stage.run(&["stack", "delete", "--yes"]).with_code(0);
    let refused = stage.run(&["stack", "restore", &before, "--yes"]).with_code(1);
    assert!(refused.err.contains("AuroraRestoreStateTable"), "a kept table holds a journal: {}", refused.err);
    lose_what_was_kept(&stage);

    let altered = path("altered.json");
    fs::write(&altered, fs::read_to_string(&before).unwrap().replacen("prod", "prud", 1)).unwrap();
    let refused = stage.run(&["stack", "restore", &altered, "--yes"]).with_code(1);
    assert!(refused.err.contains("altered after it was written"), "{}", refused.err);
    stage.run(&["stack", "status"]).with_code(3);

    let restored = stage.run(&["stack", "restore", &before, "--yes"]).with_code(0);
    assert!(restored.err.contains("of the backup"), "{}", restored.err);
    assert!(stage.run(&["change", "list"]).with_code(0).out.contains("stack deploy"), "the restore is recorded");
    stage.run(&["stack", "backup", "--out", &after]).with_code(0);
    assert_eq!(outline(&before), outline(&after));
    let parameters = |mut stack: Value| {
        // The same package is another version of its object in its new bucket.
        stack["parameters"].as_object_mut().unwrap().remove("CodeVersion");
        stack["parameters"].take()
    };
    assert_eq!(parameters(stage.read(&["stack", "status"])), parameters(stack));
    let diff = stage.stack("diff", &["--detailed-exitcode"]).with_code(0);
    assert!(diff.err.contains("nothing to change"), "{}\n{}", diff.out, diff.err);
    stage.start("op-1", &[]);
    assert_eq!(stage.ended("op-1").0, "SUCCEEDED");
    stage.world.assert_swapped();
}

/// Everything of a backup that has to be the same in another account and at another time.
fn outline(path: &str) -> Value {
    let text = fs::read_to_string(path).unwrap();
    let mut backup: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let resources =
        backup["resources"].as_array().unwrap().iter().map(|resource| json!([resource["logical"], resource["kind"]]));
    let resources: Vec<Value> = resources.collect();
    assert!(resources.len() > 100, "{} resources", resources.len());
    backup["parameters"].as_object_mut().unwrap().remove("CodeVersion");
    json!({
        "resources": resources,
        "template": backup["template"],
        "parameters": backup["parameters"],
        "tags": backup["tags"],
        "code": [backup["code"]["key"], backup["code"]["sha256"], backup["code"]["content"]],
        "monitoring": backup["monitoring"],
    })
}

/// The tables, which outlive their stack.
fn lose_what_was_kept(stage: &OnStack) {
    for table in ["AuroraRestoreStateTable", "AuroraRestoreAuditTable"] {
        stage.services.json("dynamodb", "DynamoDB_20120810.DeleteTable", &json!({ "TableName": table }));
    }
}

#[test]
fn what_watches_a_stack_is_as_declared_and_brought_back_where_somebody_changed_it() {
    let stage = OnStack::deploy(World::new(Pace::None, 5));
    let clean = stage.run(&["monitoring", "diff"]).with_code(0);
    assert!(clean.err.contains("watched as it is declared"), "{}{}", clean.out, clean.err);

    let declared = stage.run(&["monitoring", "show"]).with_code(0).out;
    let changed =
        declared.replacen("at-least = 3", "at-least = 7", 1).replacen("retention-days = 90", "retention-days = 30", 1);
    let file = stage.world.path("own.toml").display().to_string();
    fs::write(&file, changed).unwrap();
    let diff = stage.run(&["monitoring", "diff", "--declaration", &file]).with_code(6);
    assert!(diff.out.contains("threshold 3 -> 7") && diff.out.contains("LogRetentionDays=30"), "{}", diff.out);
    let apply = ["monitoring", "apply", "--declaration", &file, "--yes"];
    let unapproved = stage.run(&[&apply[..], &["--require-approval"]].concat()).with_code(1);
    assert!(unapproved.err.contains("nobody has approved"), "{}", unapproved.err);
    stage.run(&[&apply[..], &["--why", "it is noisy"]].concat()).with_code(0);
    let changes = stage.run(&["change", "list"]).with_code(0);
    assert!(changes.out.contains("monitoring apply"), "{}", changes.out);
    let again = stage.run(&["monitoring", "apply", "--declaration", &file, "--yes"]).with_code(0);
    assert!(again.err.contains("nothing to change"), "{}", again.err);
    assert_eq!(stage.read(&["stack", "status"])["parameters"]["LogRetentionDays"], "30");
    assert_eq!(stage.read(&["logs", "retention"])["groups"]["/aws/lambda/aurora-restore-undo"], 30);

    // A deployment leaves what nobody speaks of, the number of days included.
    stage.stack("deploy", &["--yes"]).with_code(0);
    stage.run(&["monitoring", "diff", "--declaration", &file]).with_code(0);
    stage.run(&["monitoring", "apply", "--yes"]).with_code(0);
    stage.run(&["monitoring", "diff"]).with_code(0);
}
