//! `kill -9` in every step, then `resume`: the same end as without.

use crate::support::{Pace, World};

/// Kills `run` once the journal says that it is in the step, and lets another process go on.
///
/// A step that takes a few milliseconds may be over when the signal arrives; the kill comes between steps then, which must
/// end the same.
fn killed_in(step: &str) {
    let world = World::new(Pace::Quick, 20);
    let mut run = world.begin(&["run", "--yes"]);
    world.wait_for(step, || {
        let in_step = world.standing().is_some_and(|(_, now)| now.as_deref() == Some(step));
        let past = world.standing().is_some_and(|_| {
            let report = world.report();
            let steps = report["timeline"].as_array().unwrap();
            steps.iter().any(|line| line["step"] == step && line["status"] == "finished")
        });
        (in_step || past || run.is_over()).then_some(())
    });
    run.kill();
    if world.report()["status"] == "IN_PROGRESS" {
        world.run(&["resume", "latest"]).with_code(0);
    }
    world.assert_swapped();
    assert_eq!(world.report()["status"], "COMPLETED");
}

macro_rules! killed_in_each {
    ($($name:ident: $step:literal),+ $(,)?) => {
        $( #[test] fn $name() { killed_in($step); } )+
    };
}

killed_in_each! {
    killed_while_it_checks_the_snapshot: "snapshot-check",
    killed_while_it_copies: "copy-snapshot",
    killed_while_it_restores: "restore-snapshot",
    killed_while_it_makes_instances: "create-instances",
    killed_while_it_applies_settings: "apply-settings",
    killed_while_it_sets_up_users: "setup-db-users",
    killed_while_it_verifies: "verify-restore",
    killed_while_it_switches_over: "switch-over",
    killed_while_it_archives: "archive-snapshot",
    killed_while_it_notifies: "notify",
}
