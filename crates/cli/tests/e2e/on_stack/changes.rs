//! Changes to the stack: recorded by whoever deploys, approved by somebody else, and left `applying` by who is killed.

use std::{process::Stdio, sync::mpsc, thread};

use aurora_restore_testing::{
    stand_in::StandIn,
    way::{self, Request},
};
use serde_json::Value;

use super::OnStack;
use crate::support::{Ended, PATIENCE, Pace, Running, World};

const MORE_MEMORY: [&str; 2] = ["--parameter", "MemorySize=512"];

#[test]
fn what_is_deployed_is_recorded_and_where_it_is_required_only_what_somebody_else_approved() {
    let stage = OnStack::deploy(World::new(Pace::None, 40));
    let first = stage.read(&["change", "show", "chg-1"]);
    assert_eq!((first["stage"].as_str(), first["kind"].as_str()), (Some("applied"), Some("stack-deploy")));
    assert!(first["ended"]["note"].as_str().unwrap().contains("first deployment"), "{first}");

    let unapproved = [&["--yes", "--require-approval"], &MORE_MEMORY[..]].concat();
    let refused = stage.stack("deploy", &unapproved).with_code(1);
    assert!(refused.err.contains("nobody has approved what would be applied now"), "{}", refused.err);
    let proposed = stage.stack("deploy", &[&["--propose", "--why", "slow"], &MORE_MEMORY[..]].concat()).with_code(0);
    assert!(proposed.out.contains("parameter MemorySize: 256 -> 512"), "{}", proposed.out);
    let refused = stage.run(&["change", "approve", "chg-4", "--yes"]).with_code(1);
    assert!(refused.err.contains("was opened by arn:aws:iam::"), "{}", refused.err);
    assert_eq!(memory(&stage), "256");

    Approver(StandIn::moto()).run(&stage, &["change", "approve", "chg-4", "--yes"]);
    let other = ["--yes", "--require-approval", "chg-4", "--parameter", "MemorySize=1024"];
    let stale = stage.stack("deploy", &other).with_code(1);
    assert!(stale.err.contains("the approval of change chg-4 is stale"), "{}", stale.err);
    stage.stack("deploy", &[&["--yes", "--require-approval", "chg-4"], &MORE_MEMORY[..]].concat()).with_code(0);
    assert_eq!(memory(&stage), "512");
    let change = stage.read(&["change", "show", "chg-4"]);
    assert_eq!((change["stage"].as_str(), change["why"].as_str()), (Some("applied"), Some("slow")));
    assert!(change["approval"]["by"].as_str().unwrap().ends_with(":user/moto"), "{change}");
    assert!(change["before"]["operations in progress"] == 0.0, "{change}");
    assert!(change["after"]["alarms ringing"].is_number(), "{change}");
}

/// How tables are paid for is changed under the same control as everything else. Whether they grow by themselves is asked of moto,
/// because MiniStack knows no Application Auto Scaling; nor does it change how a table is paid for, so that is proposed and no more.
#[test]
fn how_tables_are_paid_for_is_proposed_and_refused_without_an_approval() {
    let stage = OnStack::deploy(World::new(Pace::None, 40));
    let scaling = StandIn::moto();
    let run = |arguments: &[&str]| -> Ended {
        let mut command = stage.command(arguments);
        command.env("AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING", scaling.url()).output().unwrap().into()
    };
    let reviewed = run(&["indexes", "review"]).with_code(0);
    assert!(!reviewed.out.contains("MISSING"), "{}", reviewed.out);
    let same = run(&["indexes", "apply", "--yes"]).with_code(0);
    assert!(same.err.contains("nothing to change"), "{}", same.err);
    let set = ["capacity", "set", "--read", "5", "--write", "5"];
    let refused = run(&[&set[..], &["--yes", "--require-approval"]].concat()).with_code(1);
    assert!(refused.err.contains("nobody has approved what would be applied now"), "{}", refused.err);
    run(&[&set[..], &["--propose", "--why", "a steady load"]].concat()).with_code(0);
    let changes = stage.read_lines(&["change", "list"]);
    let of_tables: Vec<_> =
        changes.iter().map(|line| &line["change"]).filter(|change| change["kind"] == "capacity-set").collect();
    let [change] = of_tables[..] else { panic!("{changes:?}") };
    assert_eq!((change["stage"].as_str(), change["why"].as_str()), (Some("proposed"), Some("a steady load")));
}

/// If we die between the record before and the record after: what carries the change to the stack is held, and its sender killed.
#[test]
fn a_deployment_that_is_killed_stays_applying_and_says_so_until_somebody_ends_it() {
    let stage = OnStack::deploy(World::new(Pace::None, 40));
    let (held, waiting) = mpsc::channel();
    let way = way::to(&stage.services.url(), move |request| {
        if executes(request) {
            // Whoever waits for it may have given up.
            held.send(()).ok();
            thread::park();
        }
    });
    let mut command = stage.stack_command("deploy", &[&["--yes"], &MORE_MEMORY[..]].concat());
    command.env("AWS_ENDPOINT_URL", way).stdout(Stdio::null()).stderr(Stdio::null());
    let running = Running(command.spawn().unwrap());
    waiting.recv_timeout(PATIENCE).expect("the change set is executed");
    running.kill();
    let list = stage.run(&["change", "list"]).with_code(0);
    assert!(list.err.contains("nobody has recorded how it ended"), "{}", list.err);
    assert_eq!(memory(&stage), "256");
    // The same command makes the change once more.
    stage.stack("deploy", &[&["--yes"], &MORE_MEMORY[..]].concat()).with_code(0);
    assert_eq!(memory(&stage), "512");
    let left: Vec<Value> = applying(&stage);
    for change in left {
        let id = change["id"].as_str().unwrap().to_owned();
        stage.run(&["change", "close", &id, "--outcome", "applied", "--note", "looked at the stack"]).with_code(0);
    }
    assert_eq!(applying(&stage), Vec::<Value>::new());
}

/// Whether a call sets a change set going.
fn executes(request: &Request) -> bool {
    request.signed().is_some_and(|signed| signed.service == "cloudformation")
        && request.form().get("Action") == Some("ExecuteChangeSet")
}

fn applying(stage: &OnStack) -> Vec<Value> {
    let changes = stage.read_lines(&["change", "list"]).into_iter().map(|line| line["change"].clone());
    changes.filter(|change| change["stage"] == "applying").collect()
}

fn memory(stage: &OnStack) -> String {
    stage.read(&["stack", "status"])["parameters"]["MemorySize"].as_str().unwrap().to_owned()
}

/// Somebody else: their STS names another caller. MiniStack gives its own users no way to the stack of an account that is named by its
/// digits, so who they are is asked of moto.
struct Approver(StandIn);

impl Approver {
    #[track_caller]
    fn run(&self, stage: &OnStack, arguments: &[&str]) {
        let sts = format!("aws.sts-endpoint={}", self.0.url());
        stage.run(&[&["--set", &sts], arguments].concat()).with_code(0);
    }
}
