//! The records of changes in the audit table: the suite of their port on both stand-ins, and an audit that meets them.

use aurora_restore_ops::{
    change::{ChangeControl, ChangeKind, Demand, Figures, Outcome, Proposal, Stage},
    state::{Audit, STALLED_AFTER},
};
use aurora_restore_testing::{
    ManualClock,
    stand_in::{
        StandIn,
        tables::{self, Seed},
    },
    suites::{
        broken,
        changes::{Beside, run},
    },
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::journal::journal_at;

const STATE: &str = "suite-state";
const AUDIT: &str = "suite-audit";

#[tokio::test]
async fn the_changes_in_tables_of_both_stand_ins_pass_the_suite_of_their_port() {
    for server in [StandIn::moto(), StandIn::ministack()] {
        tables::create(&server, STATE, AUDIT);
        let journal = journal_at(&server.url(), STATE, AUDIT).await;
        let beside = Beside { journal: &journal, states: &journal };
        assert_eq!(broken(&run(&journal, beside).await), Vec::<String>::new());
    }
}

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("a constant that is a time")
}

fn dynamodb(server: &StandIn, action: &str, body: &Value) -> Value {
    server.json("dynamodb", &format!("DynamoDB_20120810.{action}"), body)
}

/// A stack that is called like an operation disturbs nothing of it, and what somebody does to a record by hand shows.
#[tokio::test]
async fn operations_are_audited_as_if_there_were_no_changes_and_a_record_that_is_deleted_shows() {
    let server = StandIn::ministack();
    tables::create(&server, STATE, AUDIT);
    let seed = Seed { id: "done-1".to_owned(), is_completed: true, at: now(), with_entries: true };
    tables::seed(&server, STATE, AUDIT, &[seed]);
    let journal = journal_at(&server.url(), STATE, AUDIT).await;
    let clock = ManualClock::at(now());
    let control = ChangeControl { changes: &journal, clock: &clock, stack: "done-1", by: "arn:aws:iam::1:user/a" };
    let proposal = Proposal::new(ChangeKind::StackDeploy, vec!["a line".to_owned()], "all of it", Some("a reason"));
    let change = control.begin(&proposal, Demand::Nothing, &Figures::new()).await.expect("it is recorded");
    control.end(change.id, Outcome::Applied, None, &Figures::new()).await.expect("it is recorded");
    let ledger = control.ledger().await.expect("it is read");
    assert_eq!((ledger.changes[0].stage, ledger.broken), (Stage::Applied, None));

    let audit =
        Audit { journal: &journal, states: &journal, executions: None, now: now(), stalled_after: STALLED_AFTER };
    assert_eq!(audit.run().await.expect("the tables answer").findings, []);

    let key = json!({ "operation_id": { "S": "change#done-1" }, "sequence": { "N": "2" } });
    let found = dynamodb(&server, "GetItem", &json!({ "TableName": AUDIT, "Key": key }));
    let a_year_later = now().as_second() + 365 * 24 * 60 * 60;
    assert_eq!(found["Item"]["ttl"]["N"], a_year_later.to_string());
    dynamodb(&server, "DeleteItem", &json!({ "TableName": AUDIT, "Key": key }));
    let broken = control.ledger().await.expect("it is read").broken;
    assert_eq!(broken.as_deref(), Some("record 2 is missing and had not expired"));
}
