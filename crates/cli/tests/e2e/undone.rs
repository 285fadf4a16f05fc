//! Restores that fail or are cancelled: undone, while clients go on as if nothing were.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use aurora_restore_sandbox::model::{
    call::Action,
    faults::{Fault, FaultRule},
};

use crate::support::{APP, LOOK, Pace, STAGING, World};

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
