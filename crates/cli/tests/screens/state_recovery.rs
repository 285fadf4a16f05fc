//! The recovery of the journal's tables, rehearsed on moto: MiniStack does not say what a table was restored from.

use aurora_restore_testing::stand_in::{
    StandIn,
    tables::{self, Seed},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::harness::{COMPLETE, Home};

const STATES: &str = "states";
const ENTRIES: &str = "entries";

/// Two operations that are completed, in tables that can be recovered.
fn journal(now: Timestamp) -> StandIn {
    let server = StandIn::moto();
    tables::create(&server, STATES, ENTRIES);
    for table in [STATES, ENTRIES] {
        let on = json!({ "PointInTimeRecoveryEnabled": true });
        call(
            &server,
            "UpdateContinuousBackups",
            &json!({ "TableName": table, "PointInTimeRecoverySpecification": on }),
        );
    }
    let at = now - SignedDuration::from_hours(1);
    let seed = |id: &str| Seed { id: id.to_owned(), is_completed: true, at, with_entries: true };
    tables::seed(&server, STATES, ENTRIES, &["done-1", "done-2"].map(seed));
    server
}

fn call(server: &StandIn, action: &str, body: &Value) {
    server.json("dynamodb", &format!("DynamoDB_20120810.{action}"), body);
}

fn home_on(server: &StandIn, now: Timestamp) -> Home {
    let mut home = Home::with_config(COMPLETE);
    for (name, value) in [
        ("AWS_ENDPOINT_URL", server.url().as_str()),
        ("AWS_ACCESS_KEY_ID", "suite"),
        ("AWS_SECRET_ACCESS_KEY", "not-checked"),
        ("AURORA_RESTORE_JOURNAL_STORE", "tables"),
        ("AURORA_RESTORE_JOURNAL_STATE_TABLE", STATES),
        ("AURORA_RESTORE_JOURNAL_AUDIT_TABLE", ENTRIES),
        // Moto can recover what is there by its own clock.
        ("AURORA_RESTORE_TEST_NOW", now.to_string().as_str()),
    ] {
        home.set(name, value);
    }
    home
}

#[test]
fn what_was_damaged_since_is_told_by_name_and_is_no_fault_of_the_recovery() {
    let now = Timestamp::now();
    let server = journal(now);
    let home = home_on(&server, now);
    let rehearse = ["state", "restore", "--name", "again", "--yes"];
    let recovered = home.screen(&[&rehearse[..], &["--keep"]].concat());
    assert!(recovered.contains("recovered: 2 the same") && recovered.contains("damaged since    0"), "{recovered}");
    assert!(recovered.ends_with("--- exit 0"), "{recovered}");

    // Somebody sets what an entry says by hand, in the table that is used.
    let entry = json!({ "operation_id": { "S": "done-2" }, "sequence": { "N": "2" } });
    call(&server, "DeleteItem", &json!({ "TableName": ENTRIES, "Key": entry }));
    let told = home.screen(&[&["--json"], &rehearse[..], &["--keep"]].concat());
    let records: Vec<Value> = told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of_kind = |kind: &str| records.iter().filter(|record| record["kind"] == kind).collect::<Vec<_>>();
    assert_eq!(of_kind("finding"), Vec::<&Value>::new(), "{told}");
    assert_eq!(of_kind("damaged-since")[0]["operation"], "done-2", "{told}");
    let rehearsal = of_kind("rehearsal")[0];
    assert_eq!((&rehearsal["same"], &rehearsal["damaged_since"]), (&json!(1), &json!(1)), "{told}");

    let told = home.screen(&rehearse);
    assert!(told.contains("recovered: 1 the same") && told.contains("damaged since    1"), "{told}");
    assert!(told.contains("warning: sound as recovered, and damaged in the journal that is used: done-2"), "{told}");
    assert!(told.ends_with("--- exit 0"), "{told}");
}
