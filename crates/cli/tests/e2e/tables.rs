//! The journal in tables instead of a file: the same commands, on MiniStack.

use std::process::{Command, Stdio};

use aurora_restore_testing::stand_in::{StandIn, tables};
use serde_json::Value;

use crate::support::{Ended, Pace, Running, STAGING, World};

struct Tables<'w> {
    world: &'w World,
    server: StandIn,
}

impl<'w> Tables<'w> {
    fn of(world: &'w World) -> Self {
        // The sandbox's keys name their account, and MiniStack has them name its own.
        let server = StandIn::ministack().entered_with(STAGING.0);
        tables::create(&server, "AuroraRestoreStateTable", "restore-entries");
        Self { world, server }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.world.command(arguments);
        command
            .env("AURORA_RESTORE_JOURNAL_STORE", "tables")
            .env("AURORA_RESTORE_JOURNAL_AUDIT_TABLE", "restore-entries")
            .env("AWS_ENDPOINT_URL_DYNAMODB", self.server.url());
        command
    }

    /// The state table is deleted, and made anew without what was in it.
    fn lose_items(&self) {
        let table = serde_json::json!({ "TableName": "AuroraRestoreStateTable" });
        self.server.json("dynamodb", "DynamoDB_20120810.DeleteTable", &table);
        tables::create_state(&self.server, "AuroraRestoreStateTable");
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    fn begin(&self, arguments: &[&str]) -> Running {
        Running(self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn read(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = ["--json"].into_iter().chain(arguments.iter().copied()).collect();
        serde_json::from_str(&self.run(&arguments).with_code(0).out).unwrap()
    }
}

#[test]
fn a_restore_is_done_shown_and_undone_with_its_journal_in_tables() {
    let world = World::new(Pace::None, 50);
    let tables = Tables::of(&world);
    tables.run(&["doctor"]).with_code(0);
    tables.run(&["run", "--yes"]).with_code(0);
    world.assert_swapped();
    assert!(!world.path("journal.sqlite").exists(), "nothing is kept in a file");

    let report = tables.read(&["report", "latest"]);
    assert_eq!(report["status"], "COMPLETED");
    let id = report["operation_id"].as_str().unwrap();
    let listed = tables.run(&["list"]).with_code(0);
    assert!(listed.out.contains(id) && listed.out.contains("COMPLETED"), "{}", listed.out);
    // By the beginning of the id, too.
    let shown = tables.run(&["status", &id[..id.len() - 2]]).with_code(0);
    assert!(shown.out.contains(id), "{}", shown.out);
    tables.run(&["watch", id]).with_code(0);

    tables.run(&["undo", "latest", "--yes"]).with_code(0);
    world.assert_untouched();
}

#[test]
fn a_killed_restore_goes_on_from_the_tables_even_if_one_was_lost_and_a_cancelled_one_turns_back() {
    let world = World::new(Pace::Quick, 20);
    let tables = Tables::of(&world);
    let step_of_newest = || {
        let ended = tables.run(&["--json", "report", "latest"]);
        let report: Value = serde_json::from_str(&ended.out).ok()?;
        let steps = report["timeline"].as_array()?.clone();
        steps.into_iter().find(|step| step["status"] == "started")?["step"].as_str().map(str::to_owned)
    };
    let run = tables.begin(&["run", "--yes"]);
    world.wait_for("the restore", || (step_of_newest()? == "restore-snapshot").then_some(()));
    run.kill();
    tables.lose_items();
    let rebuilt = tables.run(&["state", "rebuild", "--unfinished", "--yes"]).with_code(0);
    assert!(rebuilt.err.contains("wrote 1 item"), "{}", rebuilt.err);
    tables.run(&["resume", "latest"]).with_code(0);
    world.assert_swapped();
    let nothing = tables.run(&["state", "rebuild", "--plan"]).with_code(0);
    assert!(nothing.err.contains("no item is to be written; already there: 1"), "{}", nothing.err);
    let restored = tables.read(&["report", "latest"]);
    let restored = restored["operation_id"].as_str().unwrap();
    let drill = tables.run(&["drill", "run", "--yes", "--scenario", "lost-state-table"]).with_code(0);
    assert!(drill.err.contains("has passed: the items were rebuilt from their entries and proven in"), "{}", drill.err);
    assert!(drill.err.contains("1 of 1 operations"), "{}", drill.err);
    tables.run(&["retire", restored, "--early", "--yes"]).with_code(0);

    let run = tables.begin(&["run", "--yes"]);
    world.wait_for("the next restore", || (step_of_newest()? == "restore-snapshot").then_some(()));
    tables.run(&["cancel", "latest"]).with_code(0);
    assert_eq!(run.code(), 1, "undone");
    assert_eq!(tables.read(&["report", "latest"])["status"], "CANCELLED");
}

#[test]
fn tables_that_are_not_there_are_told_with_what_to_do_and_nothing_is_begun() {
    let world = World::new(Pace::None, 5);
    let tables = Tables::of(&world);
    let ended = tables.run(&["--set", "journal.state-table=nowhere", "run", "--yes"]).with_code(3);
    for text in ["nowhere", "does not exist", "journal.state-table"] {
        assert!(ended.err.contains(text), "`{text}` is not said:\n{}", ended.err);
    }
    world.assert_untouched();
}
