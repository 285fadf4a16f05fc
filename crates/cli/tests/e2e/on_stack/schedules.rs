//! What the schedules of the stack would have done, done as they say it. MiniStack keeps schedules, and calls nothing of the SDK's
//! for them.

use serde_json::{Value, json};

use super::OnStack;
use crate::support::{Pace, STAGING, World};

/// How EventBridge Scheduler tells one run from another: its example of `<aws.scheduler.execution-id>`, with other digits.
const RUN: &str = "c41d6jeecg6aa9b2";

#[test]
fn the_schedules_restore_under_an_id_of_their_own_and_sweep_by_the_alias() {
    let stage = OnStack::configured(World::new(Pace::None, 40), "[retirement]\nretain-old = \"1s\"\n");
    let restore = schedule(&stage, "restore");
    assert_eq!(restore["State"], "DISABLED", "off by default");
    let target = &restore["Target"];
    assert_eq!(target["Arn"], "arn:aws:scheduler:::aws-sdk:sfn:startExecution");
    let said = target["Input"].as_str().unwrap().replace("<aws.scheduler.execution-id>", RUN);
    let said: Value = serde_json::from_str(&said).unwrap();
    let asked = json!({ "stateMachineArn": said["StateMachineArn"], "name": said["Name"], "input": said["Input"] });
    assert_eq!(said.as_object().unwrap().len(), 3, "{said}");
    stage.services.json("states", "AWSStepFunctions.StartExecution", &asked);
    let name = format!("scheduled-{RUN}");
    assert_eq!(stage.ended(&name).0, "SUCCEEDED");
    stage.world.assert_swapped();
    assert_eq!(stage.read(&["status", &name])["state"]["status"], "COMPLETED");

    let sweep = schedule(&stage, "sweep");
    assert_eq!(sweep["State"], "ENABLED");
    let (_, alias) = sweep["Target"]["Arn"].as_str().unwrap().split_once(":function:").unwrap();
    assert_eq!(alias, "aurora-restore-sweep:live");
    let event: Value = serde_json::from_str(sweep["Target"]["Input"].as_str().unwrap()).unwrap();
    let ended = stage.world.wait_for("the retired cluster to be due", || {
        stage.services.invoke(alias, &event);
        stage.executions_of(&format!("{name}-r")).pop()
    });
    assert_eq!(stage.ended(&ended).0, "SUCCEEDED");
    assert_eq!(stage.world.clusters(STAGING), ["staging"]);
}

fn schedule(stage: &OnStack, name: &str) -> Value {
    stage.services.schedule("aurora-restore", &format!("aurora-restore-{name}"))
}
