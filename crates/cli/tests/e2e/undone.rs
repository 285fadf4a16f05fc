//! Restores that fail or are cancelled: undone, while clients go on as if nothing were.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use aurora_restore_sandbox::model::{
    call::Action,
    faults::{Fault, FaultRule},
};
use serde_json::json;

use crate::support::{APP, LOOK, PRODUCTION, Pace, STAGING, World};

#[test]
fn a_failing_verification_is_undone_while_a_client_keeps_reading_the_old_content() {
    let world = World::new(Pace::None, 50);
    world.configure(
        "[[verification.checks]]\nname = \"enough orders\"\nsql = \"SELECT count(*) FROM shop.orders\"\n\
         database = \"shop\"\nat-least = 1000000",
    );
    let over = Arc::new(AtomicBool::new(false));
    let port = world.port(STAGING, "staging");
    let authority = world.status.ca_certificate.clone().unwrap();
    let flag = Arc::clone(&over);
    let reader = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = crate::support::connect(&authority, port, APP).await.unwrap();
            let mut answers = 0_u64;
            while !flag.load(Ordering::SeqCst) {
                let note: String = client.query_one("SELECT note FROM shop.about", &[]).await.unwrap().get(0);
                assert_eq!(note, "stale");
                answers += 1;
                tokio::time::sleep(LOOK).await;
            }
            answers
        })
    });
    let ended = world.run(&["run", "--yes"]).with_code(1);
    over.store(true, Ordering::SeqCst);
    assert!(reader.join().unwrap() > 10, "one connection was served all the time");
    assert!(ended.err.contains("ARP-VERIFY-001") && ended.err.contains("enough orders"), "{}", ended.err);
    world.assert_untouched();
    assert_eq!(world.report()["status"], "FAILED");
}

#[test]
fn a_cancelled_restore_is_undone() {
    let world = World::new(Pace::Quick, 50);
    world.inject(&FaultRule::once(Fault::StuckCopy).on(Action::CopyDbClusterSnapshot));
    let run = world.begin(&["run", "--yes"]);
    world.wait_for("the copy", || {
        world.standing().filter(|(_, step)| step.as_deref() == Some("copy-snapshot")).map(drop)
    });
    world.run(&["cancel", "latest", "--reason", "not today"]).with_code(0);
    assert_eq!(run.code(), 1);
    assert_eq!(world.report()["status"], "CANCELLED");
    world.assert_untouched();
}

#[test]
fn whoever_interrupts_is_told_once_how_to_go_on_and_a_watcher_just_leaves() {
    let world = World::new(Pace::Quick, 20);
    world.inject(&FaultRule::once(Fault::StuckCopy).on(Action::CopyDbClusterSnapshot));
    let interrupted = |arguments: &[&str]| {
        let child = world.command(arguments).stderr(std::process::Stdio::piped()).spawn().unwrap();
        world.wait_for("the copy", || {
            world.standing().filter(|(_, step)| step.as_deref() == Some("copy-snapshot")).map(drop)
        });
        let pid = child.id();
        // A process that has just begun may not listen yet: an interrupt would end it without a word.
        world.wait_for("its ear", || listens(pid).then_some(()));
        let told = std::process::Command::new("kill").args(["-INT", &pid.to_string()]).status().unwrap();
        assert!(told.success());
        crate::support::Ended::from(child.wait_with_output().unwrap()).with_code(5)
    };
    let left = interrupted(&["run", "--yes"]);
    assert_eq!(left.err.matches("stopping after the current move").count(), 1, "{}", left.err);
    assert!(left.err.contains("aurora-restore resume op-"), "{}", left.err);
    let watched = interrupted(&["watch", "latest"]);
    assert!(watched.err.contains("stopped watching") && !watched.err.contains("current move"), "{}", watched.err);
    in_another_account(&world);
    world.run(&["cancel", "latest"]).with_code(0);
    world.run(&["resume", "latest"]).with_code(1);
    world.assert_untouched();
}

/// Another account says of everything that is the operation's that it is not there: whoever enters it by mistake changes nothing.
fn in_another_account(world: &World) {
    let enter = |account: &str| {
        world.write_secret("sandbox/keys", &json!({ "access_key_id": account, "secret_access_key": "any" }));
    };
    let before = world.report()["journal_entries"].clone();
    enter(PRODUCTION.0);
    for asked in [&["resume", "latest"][..], &["state", "resolve", "latest", "--fail", "--note", "lost", "--yes"]] {
        let told = world.run(asked).with_code(3);
        assert!(told.err.contains(&format!("works in {}", STAGING.0)), "{}", told.err);
    }
    enter(STAGING.0);
    assert_eq!(world.report()["journal_entries"], before);
}

/// Whether the process has a handler of its own for SIGINT.
fn listens(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 0b10 != 0)
}
