//! Maintenance over the tables: the suite of its port on both stand-ins, what somebody wrote by hand, and what a look costs.

use aurora_restore_aws::DynamoJournal;
use aurora_restore_core::{
    ids::{AccountId, OperationId},
    operation::Status,
};
use aurora_restore_ops::{
    drill::{LostJournal, Origin},
    ports::{Forgotten, Lock, RehearsalName, RehearsalStatus, Rehearsals as _, States as _, Unchanged},
    state::{Audit, Compared, Kind, Rehearsal, STALLED_AFTER, StalledSearch, Wanted, WholeJournal},
};
use aurora_restore_testing::{
    ManualClock,
    stand_in::{
        StandIn,
        tables::{self, Seed},
    },
    suites::{broken, states},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    journal::journal_at,
    wire::{Loss, Wire},
};

const STATE: &str = "suite-state";
const AUDIT: &str = "suite-audit";

#[tokio::test]
async fn the_states_in_tables_of_moto_pass_the_suite_of_their_port() {
    let server = StandIn::moto();
    tables::create(&server, STATE, AUDIT);
    // A transaction that is cancelled there brings back whole tables: it is given one request at a time.
    let wire = Wire::to(server.port(), Loss::Nothing).await;
    let journal = journal_at(&wire.url, STATE, AUDIT).await;
    assert_eq!(broken(&states::run(&journal, &journal).await), Vec::<String>::new());
}

#[tokio::test]
async fn the_states_in_tables_of_ministack_pass_the_suite_of_their_port() {
    let server = StandIn::ministack();
    tables::create(&server, STATE, AUDIT);
    let journal = journal_at(&server.url(), STATE, AUDIT).await;
    assert_eq!(broken(&states::run(&journal, &journal).await), Vec::<String>::new());
}

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("a constant that is a time")
}

fn seed(id: &str, is_completed: bool, age: SignedDuration) -> Seed {
    Seed { id: id.to_owned(), is_completed, at: now() - age, with_entries: true }
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);

async fn found(journal: &DynamoJournal) -> Vec<(Kind, String)> {
    let audit = Audit { journal, states: journal, executions: None, now: now(), stalled_after: STALLED_AFTER };
    let audited = audit.run().await.expect("the tables answer");
    assert_eq!(audited.troubles, Vec::<String>::new());
    let text = |id: Option<OperationId>| id.map_or_else(String::new, |id| id.to_string());
    audited.findings.into_iter().map(|finding| (finding.kind, text(finding.operation))).collect()
}

fn dynamodb(server: &StandIn, action: &str, body: &Value) {
    let _answer = server.json("dynamodb", &format!("DynamoDB_20120810.{action}"), body);
}

fn lock(server: &StandIn, target: &str, holder: &str) {
    let item = json!({ "operation_id": { "S": format!("lock#{target}") }, "holder": { "S": holder } });
    dynamodb(server, "PutItem", &json!({ "TableName": STATE, "Item": item }));
}

/// Each thing that somebody may do with plain calls of the API is found, and before it nothing is.
async fn what_was_written_by_hand_is_found(server: &StandIn) {
    tables::create(server, STATE, AUDIT);
    let seeds = ["done-1", "done-2", "done-3"].map(|id| seed(id, true, HOUR));
    tables::seed(server, STATE, AUDIT, &[&seeds[..], &[seed("open-1", false, HOUR)]].concat());
    lock(server, "222222222222/eu-central-1/open-1", "open-1");
    let journal = journal_at(&server.url(), STATE, AUDIT).await;
    assert_eq!(found(&journal).await, []);

    let entry =
        |id: &str, sequence: u32| json!({ "operation_id": { "S": id }, "sequence": { "N": sequence.to_string() } });
    for sequence in [1, 2] {
        dynamodb(server, "DeleteItem", &json!({ "TableName": AUDIT, "Key": entry("done-1", sequence) }));
    }
    dynamodb(
        server,
        "UpdateItem",
        &json!({
            "TableName": AUDIT,
            "Key": entry("done-2", 1),
            "UpdateExpression": "SET body = :other",
            "ExpressionAttributeValues": { ":other": { "S": "{}" } },
        }),
    );
    // The guide's own procedure, with `status` aliased.
    dynamodb(
        server,
        "UpdateItem",
        &json!({
            "TableName": STATE,
            "Key": { "operation_id": { "S": "done-3" } },
            "UpdateExpression": "SET #status = :status, last_updated_at = :date",
            "ExpressionAttributeNames": { "#status": "status" },
            "ExpressionAttributeValues": { ":status": { "S": "FAILED" }, ":date": { "S": "2023-06-02T00:00:00Z" } },
        }),
    );
    lock(server, "222222222222/eu-central-1/done-2", "done-2");
    lock(server, "222222222222/eu-central-1/nobodys", "nobody");
    dynamodb(
        server,
        "DeleteItem",
        &json!({
            "TableName": STATE,
            "Key": { "operation_id": { "S": "lock#222222222222/eu-central-1/open-1" } },
        }),
    );
    let expected = [
        (Kind::BrokenChain, "done-2"),
        (Kind::AlteredState, "done-3"),
        (Kind::Orphaned, "done-1"),
        (Kind::LockLeft, "done-2"),
        (Kind::LockLeft, "nobody"),
        (Kind::LockMissing, "open-1"),
    ];
    assert_eq!(found(&journal).await, expected.map(|(kind, id)| (kind, id.to_owned())));
}

/// The seeds have no plan, so their entries do not say whose account their target is in.
#[tokio::test]
async fn an_altered_item_of_what_has_ended_comes_back_from_the_entries_once_it_is_deleted() {
    for server in [StandIn::moto(), StandIn::ministack()] {
        tables::create(&server, STATE, AUDIT);
        tables::seed(&server, STATE, AUDIT, &[seed("done-1", true, HOUR)]);
        let journal = journal_at(&server.url(), STATE, AUDIT).await;
        let key = json!({ "operation_id": { "S": "done-1" } });
        let update = json!({
            "TableName": STATE,
            "Key": key,
            "UpdateExpression": "SET #it = :value",
            "ExpressionAttributeNames": { "#it": "status" },
            "ExpressionAttributeValues": { ":value": { "S": "IN_PROGRESS" } },
        });
        dynamodb(&server, "UpdateItem", &update);
        let audit = Audit { journal: &journal, states: &journal, executions: None, now: now(), stalled_after: HOUR };
        let findings = audit.run().await.expect("the tables answer").findings;
        assert_eq!(findings.iter().map(|it| it.kind).collect::<Vec<_>>(), [Kind::AlteredState], "it is not stalled");
        assert_eq!(findings[0].command(), "state rebuild --account 222222222222");

        dynamodb(&server, "DeleteItem", &json!({ "TableName": STATE, "Key": key }));
        let whole = WholeJournal { journal: &journal, states: &journal };
        let account = AccountId::new("222222222222").expect("a legal account");
        let lost = whole.lost_items(Wanted::All, Some(&account)).await.expect("the tables answer").lost;
        assert_eq!(whole.rebuild(&lost, now()).await.expect("it is written").written, 1);
        assert_eq!(found(&journal).await, []);
    }
}

#[tokio::test]
async fn what_was_written_by_hand_into_tables_of_moto_is_found() {
    what_was_written_by_hand_is_found(&StandIn::moto()).await;
}

#[tokio::test]
async fn what_was_written_by_hand_into_tables_of_ministack_is_found() {
    what_was_written_by_hand_is_found(&StandIn::ministack()).await;
}

/// What the program itself goes by is no less found than what a list shows, set by hand or taken away.
#[tokio::test]
async fn attributes_that_the_program_goes_by_are_found_where_they_were_set_by_hand() {
    let hands = [
        ("sequence", "SET #it = :value", json!({ "N": "1" }), Kind::AlteredState),
        ("sequence", "SET #it = :value", json!({ "N": "3" }), Kind::BrokenChain),
        ("sequence", "REMOVE #it", Value::Null, Kind::AlteredState),
        ("holds_target", "SET #it = :value", json!({ "BOOL": true }), Kind::AlteredState),
        ("holds_target", "REMOVE #it", Value::Null, Kind::AlteredState),
        ("retire_after", "SET #it = :value", json!({ "S": "2026-11-20T00:00:00Z" }), Kind::AlteredState),
    ];
    for server in [StandIn::moto(), StandIn::ministack()] {
        tables::create(&server, STATE, AUDIT);
        let journal = journal_at(&server.url(), STATE, AUDIT).await;
        for (attribute, expression, value, kind) in &hands {
            tables::seed(&server, STATE, AUDIT, &[seed("done-1", true, HOUR)]);
            assert_eq!(found(&journal).await, []);
            let mut update = json!({
                "TableName": STATE,
                "Key": { "operation_id": { "S": "done-1" } },
                "UpdateExpression": expression,
                "ExpressionAttributeNames": { "#it": attribute },
            });
            if !value.is_null() {
                update["ExpressionAttributeValues"] = json!({ ":value": value });
            }
            dynamodb(&server, "UpdateItem", &update);
            let found = found(&journal).await;
            let what = format!("{attribute}, {expression}, {value}");
            assert!(found.contains(&(*kind, "done-1".to_owned())), "{what}: {found:?}");
        }
    }
}

/// Five have stalled among a thousand that work: the index is asked from its old end, so five are read.
async fn what_has_not_stalled_is_not_read(server: &StandIn) {
    tables::create(server, STATE, AUDIT);
    let young = (0..1_000).map(|number| seed(&format!("young-{number:04}"), false, HOUR));
    let old = (0..5).map(|number| seed(&format!("stalled-{number}"), false, STALLED_AFTER + HOUR));
    let seeds: Vec<Seed> = young.chain(old).map(|seed| Seed { with_entries: false, ..seed }).collect();
    tables::seed(server, STATE, AUDIT, &seeds);
    let journal = journal_at(&server.url(), STATE, AUDIT).await;
    let one = Unchanged { status: Status::InProgress, until: now(), limit: 1, cursor: None };
    let units_of_one = journal.unchanged(&one).await.expect("a page").read_units.expect("it is counted");
    let search = StalledSearch {
        journal: None,
        states: &journal,
        executions: None,
        now: now(),
        older_than: STALLED_AFTER,
        page: 100,
    };
    let found = search.find().await.expect("the tables answer");
    assert_eq!(found.stalled.len(), 5);
    let units = found.read_units.expect("it is counted");
    assert!(units <= 10.0 * units_of_one, "{units} units, and one item costs {units_of_one}");
}

#[tokio::test]
async fn what_has_not_stalled_is_not_read_on_moto() {
    what_has_not_stalled_is_not_read(&StandIn::moto()).await;
}

#[tokio::test]
async fn what_has_not_stalled_is_not_read_on_ministack() {
    what_has_not_stalled_is_not_read(&StandIn::ministack()).await;
}

fn recovery_is_on(server: &StandIn) {
    for table in [STATE, AUDIT] {
        let on = json!({ "PointInTimeRecoveryEnabled": true });
        let body = json!({ "TableName": table, "PointInTimeRecoverySpecification": on });
        dynamodb(server, "UpdateContinuousBackups", &body);
    }
}

#[tokio::test]
async fn recovery_that_is_off_for_a_table_is_told() {
    for server in [StandIn::moto(), StandIn::ministack()] {
        tables::create(&server, STATE, AUDIT);
        let journal = journal_at(&server.url(), STATE, AUDIT).await;
        assert_eq!(journal.window().await.expect("the tables answer"), None);
        let on = json!({ "PointInTimeRecoveryEnabled": true });
        let body = json!({ "TableName": AUDIT, "PointInTimeRecoverySpecification": on });
        dynamodb(&server, "UpdateContinuousBackups", &body);
        assert_eq!(journal.window().await.expect("the tables answer"), None, "the other one is off");
        recovery_is_on(&server);
        assert!(journal.window().await.expect("the tables answer").is_some(), "both are on");
    }
}

/// As whoever wrote by hand left them; the same on both, which read conditions each in its own way.
#[tokio::test]
async fn locks_that_were_left_are_given_up_whoever_they_name_and_no_other() {
    for server in [StandIn::moto(), StandIn::ministack()] {
        tables::create(&server, STATE, AUDIT);
        tables::seed(&server, STATE, AUDIT, &[seed("done-1", true, HOUR), seed("open-1", false, HOUR)]);
        let journal = journal_at(&server.url(), STATE, AUDIT).await;
        let id = |text: &str| OperationId::new(text).ok();
        let of = |target: &str, holder: &str| Lock { target: target.to_owned(), holder: id(holder) };
        for (target, holder) in [("1/r/a", "done-1"), ("1/r/b", "nobody"), ("1/r/c", "no id at all")] {
            lock(&server, target, holder);
            let seen = of(target, holder);
            assert_eq!(journal.unlock(&of(target, "open-1")).await.expect("an answer"), Forgotten::Kept, "{target}");
            assert_eq!(journal.unlock(&seen).await.expect("an answer"), Forgotten::Gone, "{target}");
            assert_eq!(journal.unlock(&seen).await.expect("an answer"), Forgotten::Missing, "{target}");
        }
        dynamodb(&server, "PutItem", &json!({ "TableName": STATE, "Item": { "operation_id": { "S": "lock#1/r/d" } } }));
        let nobody = Lock { target: "1/r/d".to_owned(), holder: None };
        assert_eq!(journal.unlock(&nobody).await.expect("an answer"), Forgotten::Gone);
        // Somebody who has not ended, whatever the lock is of.
        lock(&server, "1/r/e", "open-1");
        assert_eq!(journal.unlock(&of("1/r/e", "open-1")).await.expect("an answer"), Forgotten::Kept);
    }
}

/// On moto: MiniStack does not say what a table was restored from.
#[tokio::test]
async fn a_recovery_is_rehearsed_compared_and_deleted() {
    let server = StandIn::moto();
    tables::create(&server, STATE, AUDIT);
    recovery_is_on(&server);
    let seeds = ["done-1", "done-2", "done-3"].map(|id| seed(id, true, HOUR));
    tables::seed(&server, STATE, AUDIT, &seeds);
    let journal = journal_at(&server.url(), STATE, AUDIT).await;
    let clock = ManualClock::at(now());
    let rehearsal = Rehearsal { journal: &journal, states: &journal, rehearsals: &journal, clock: &clock };
    let name = RehearsalName::new("rehearsal-1").expect("a legal name");
    journal.begin(&name, now()).await.expect("it begins");
    let compared = rehearsal.run(&name, now()).await.expect("it goes on").compared;
    assert_eq!(compared, Compared { same: 3, newest: compared.newest, ..Compared::default() });
    assert!(compared.newest.is_some_and(|newest| newest < now()), "{compared:?}");

    // What happens afterwards: one is begun, one forgotten, and one is not as it was.
    let page = journal.page(None).await.expect("a page").states;
    let forgotten = page.items.iter().find(|stored| stored.state.operation_id.as_str() == "done-1");
    journal.forget(forgotten.expect("it is there")).await.expect("it is forgotten");
    tables::seed(&server, STATE, AUDIT, &[seed("later", true, -HOUR)]);
    let entry = json!({ "operation_id": { "S": "done-2" }, "sequence": { "N": "2" } });
    let table = format!("{AUDIT}-{name}");
    dynamodb(&server, "DeleteItem", &json!({ "TableName": table, "Key": entry }));
    let compared = rehearsal.run(&name, now()).await.expect("it goes on").compared;
    let counts = (compared.same, compared.moved_on, compared.begun_since, compared.forgotten_since);
    assert_eq!(counts, (1, 0, 1, 1));
    assert_eq!(compared.findings.iter().map(|finding| finding.kind).collect::<Vec<_>>(), [Kind::BrokenChain]);

    journal.discard(&name).await.expect("they are deleted");
    assert_eq!(journal.status(&name).await.expect("they are asked for"), RehearsalStatus::Missing);
    assert!(journal.page(None).await.is_ok(), "the journal is as it was");
}

/// The drill of the loss, from the tables' own recovery: what was made for it is gone afterwards.
#[tokio::test]
async fn a_lost_journal_is_rebuilt_from_its_tables_recovery_and_where_that_is_off_the_drill_says_so() {
    let server = StandIn::moto();
    tables::create(&server, STATE, AUDIT);
    tables::seed(&server, STATE, AUDIT, &["done-1", "done-2"].map(|id| seed(id, true, HOUR)));
    let journal = journal_at(&server.url(), STATE, AUDIT).await;
    let clock = ManualClock::at(now());
    let lost = LostJournal { lost: WholeJournal { journal: &journal, states: &journal }, clock: &clock };
    let name = RehearsalName::new("drill-1").expect("a legal name");

    let off = lost.rebuild_from_point_in_time(&journal, &name).await.expect("it is a finding");
    assert_eq!((off.sound, off.wrong), (0, 1), "{off:?}");
    recovery_is_on(&server);
    let found = lost.rebuild_from_point_in_time(&journal, &name).await.expect("it is rebuilt");
    assert_eq!((found.origin, found.sound, found.wrong), (Origin::PointInTime, 2, 0), "{found:?}");
    assert!(found.newest.is_some_and(|newest| newest < now()), "{found:?}");
    assert_eq!(journal.status(&name).await.expect("they are asked for"), RehearsalStatus::Missing);
    assert!(journal.page(None).await.is_ok(), "the journal is as it was");
}

#[tokio::test]
async fn a_table_that_was_not_restored_from_ours_is_not_deleted() {
    for server in [StandIn::moto(), StandIn::ministack()] {
        tables::create(&server, STATE, AUDIT);
        tables::create(&server, &format!("{STATE}-mine"), &format!("{AUDIT}-mine"));
        let journal = journal_at(&server.url(), STATE, AUDIT).await;
        let name = RehearsalName::new("mine").expect("a legal name");
        let refused = journal.discard(&name).await.expect_err("it is somebody's");
        assert!(refused.to_string().contains("was not restored from"), "{refused}");
        assert_eq!(journal.status(&name).await.expect("they are asked for"), RehearsalStatus::Usable);
    }
}
