//! A journal whose disk is full or cannot be written: it is said, nothing is lost, and it goes on afterwards.

use std::{fs, process::Stdio};

use aurora_restore_testing::SmallDisk;

use crate::support::{Pace, Running, World};

/// A world whose journal lies on a small disk.
fn stage() -> Option<(SmallDisk, World)> {
    let world = World::new(Pace::Quick, 50);
    let disk = SmallDisk::mount(&world.path("small"), 8 * 1_024)?;
    let file = world.path("config.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("/journal.sqlite", "/small/journal.sqlite")).unwrap();
    Some((disk, world))
}

#[test]
fn a_full_disk_under_the_journal_is_told_before_anything_is_changed() {
    let Some((disk, world)) = stage() else { return };
    disk.fill();
    let ended = world.run(&["run", "--yes"]).with_code(1);
    assert!(ended.err.contains("small/journal.sqlite is not available: no space is left on its disk"), "{}", ended.err);
    world.assert_untouched();
    disk.make_room();
    world.run(&["run", "--yes"]).with_code(0);
    world.assert_swapped();
}

#[test]
fn a_disk_that_fills_up_under_a_running_restore_is_told_and_it_goes_on_once_there_is_room() {
    let Some((disk, world)) = stage() else { return };
    let told = world.path("told");
    let mut command = world.command(&["run", "--yes"]);
    command.stdout(Stdio::null()).stderr(fs::File::create(&told).unwrap());
    let mut run = Running(command.spawn().unwrap());
    world.wait_for("the copy", || {
        assert!(!run.is_over(), "it ended early");
        world.standing().is_some_and(|(_, step)| step.as_deref() == Some("copy-snapshot")).then_some(())
    });
    disk.fill();
    world.wait_for("the trouble", || {
        assert!(!run.is_over(), "it ended early");
        fs::read_to_string(&told).unwrap().contains("no space is left on its disk; trying again").then_some(())
    });
    // What cannot be written down is not done: the operation stands where it stood.
    assert_eq!(world.report()["status"], "IN_PROGRESS");
    disk.make_room();
    world.wait_for("its end", || run.is_over().then_some(()));
    assert_eq!(run.code(), 0, "{}", fs::read_to_string(&told).unwrap());
    world.assert_swapped();
}

#[test]
fn a_journal_in_a_directory_that_became_read_only_is_told_and_can_still_be_read() {
    let Some((disk, world)) = stage() else { return };
    let mut run = world.begin(&["run", "--yes"]);
    world.wait_for("the copy", || {
        assert!(!run.is_over(), "it ended early");
        world.standing().is_some_and(|(_, step)| step.as_deref() == Some("copy-snapshot")).then_some(())
    });
    run.kill();
    disk.change("ro");
    let ended = world.run(&["resume", "latest"]).with_code(3);
    assert!(ended.err.contains("cannot be used: it cannot be written"), "{}", ended.err);
    assert_eq!(world.report()["status"], "IN_PROGRESS");
    disk.change("rw");
    world.run(&["resume", "latest"]).with_code(0);
    world.assert_swapped();
}
