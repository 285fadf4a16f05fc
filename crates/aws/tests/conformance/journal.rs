//! The journal in tables: the suite of the port on both stand-ins, and what is particular to tables.

use async_trait::async_trait;
use aurora_restore_aws::{
    AccountAccess, Connection, CredentialSource, DynamoJournal, EndpointUrl, Network, TableName, TablesOptions,
};
use aurora_restore_core::{
    engine::Engine,
    journal::replay,
    operation::Status,
    ports::{Journal, JournalError, OperationFilter, Ports},
    secret::Secret,
};
use aurora_restore_testing::{
    run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage},
    stand_in::{REGION, StandIn, tables},
    suites::{
        broken,
        journal::{JournalFixture, contention, run},
    },
};
use serde_json::{Value, json};

use crate::{
    region,
    wire::{Loss, Wire},
};

const STATE: &str = "suite-state";
const AUDIT: &str = "suite-audit";

/// A journal in tables behind an endpoint.
pub(crate) async fn journal_at(url: &str, state: &str, audit: &str) -> DynamoJournal {
    let keys = CredentialSource::Keys { access_key: "test".to_owned(), secret_key: Secret::new("not-checked") };
    let access = AccountAccess { credentials: keys, role: None };
    let connection =
        Connection::open(&region(REGION), &access, None, &Network::default()).await.expect("no endpoint of STS is set");
    let options = TablesOptions {
        state_table: TableName::new(state).expect("a legal name"),
        audit_table: TableName::new(audit).expect("a legal name"),
        endpoint: Some(EndpointUrl::new(url).expect("an endpoint on this machine")),
        ..TablesOptions::default()
    };
    DynamoJournal::new(&connection, &options).expect("the endpoint is legal")
}

struct InTables {
    server: StandIn,
    journal: DynamoJournal,
    /// What the journal is reached by.
    url: String,
}

impl InTables {
    async fn on(server: StandIn) -> Self {
        let url = server.url();
        Self::through(server, url).await
    }

    async fn through(server: StandIn, url: String) -> Self {
        tables::create(&server, STATE, AUDIT);
        let journal = journal_at(&url, STATE, AUDIT).await;
        Self { server, journal, url }
    }

    fn dynamodb(&self, action: &str, body: &Value) -> Value {
        self.server.json("dynamodb", &format!("DynamoDB_20120810.{action}"), body)
    }
}

#[async_trait]
impl JournalFixture for InTables {
    fn journal(&self) -> &dyn Journal {
        &self.journal
    }

    async fn reopened(&self) -> Box<dyn Journal> {
        Box::new(journal_at(&self.url, STATE, AUDIT).await)
    }
}

/// The suite, and on the operations that it leaves behind what the contract says of the tables themselves.
async fn passes(fixture: &InTables) {
    assert_eq!(broken(&run(fixture).await), Vec::<String>::new());
    procedures_of_operators_work(fixture).await;
    a_newer_form_is_refused(fixture).await;
    every_attribute_is_known(fixture);
}

#[tokio::test]
async fn the_journal_in_tables_of_moto_passes_the_suite_of_the_journal_port() {
    let server = StandIn::moto();
    // A transaction that is cancelled there brings back the whole tables as they were before it, whatever others have
    // written meanwhile: it is given one request at a time.
    let wire = Wire::to(server.port(), Loss::Nothing).await;
    passes(&InTables::through(server, wire.url).await).await;
}

#[tokio::test]
async fn the_journal_in_tables_of_ministack_passes_the_suite_of_the_journal_port() {
    passes(&InTables::on(StandIn::ministack()).await).await;
}

/// Finding stalled operations by a scan, and setting a status by hand: plain calls of the API with `status` aliased.
async fn procedures_of_operators_work(fixture: &InTables) {
    let found = fixture.dynamodb(
        "Scan",
        &json!({
            "TableName": STATE,
            "FilterExpression": "#status = :status AND last_updated_at < :date",
            "ExpressionAttributeNames": { "#status": "status" },
            "ExpressionAttributeValues": { ":status": { "S": "IN_PROGRESS" }, ":date": { "S": "2040-06-01T00:00:00Z" } },
        }),
    );
    let ids: Vec<&str> = found["Items"].as_array().expect("items").iter().map(id_of).collect();
    assert!(ids.contains(&"suite-fence") && !ids.iter().any(|id| id.starts_with("lock#")), "{ids:?}");
    let _done = fixture.dynamodb(
        "UpdateItem",
        &json!({
            "TableName": STATE,
            "Key": { "operation_id": { "S": "suite-fence" } },
            "UpdateExpression": "SET #status = :status, last_updated_at = :date",
            "ExpressionAttributeNames": { "#status": "status" },
            "ExpressionAttributeValues": { ":status": { "S": "FAILED" }, ":date": { "S": "2023-06-02T00:00:00Z" } },
        }),
    );
    let failed = OperationFilter { status: Some(Status::Failed), ..OperationFilter::default() };
    let listed = fixture.journal.list(&failed).await.expect("a list");
    let set = listed.items.iter().find(|item| item.operation_id.as_str() == "suite-fence").expect("it is listed");
    assert_eq!(set.last_updated_at.to_string(), "2023-06-02T00:00:00Z");
    assert_eq!(set.status.as_str(), "FAILED");
}

async fn a_newer_form_is_refused(fixture: &InTables) {
    let _done = fixture.dynamodb(
        "UpdateItem",
        &json!({
            "TableName": STATE,
            "Key": { "operation_id": { "S": "suite-once" } },
            "UpdateExpression": "SET version = :newer",
            "ExpressionAttributeValues": { ":newer": { "N": "99" } },
        }),
    );
    let id = "suite-once".parse().expect("a legal id");
    let executor = "somebody".parse().expect("a legal id");
    for refused in [
        fixture.journal.state(&id).await.map(|_| ()),
        fixture.journal.head(&id).await.map(|_| ()),
        fixture.journal.acquire(&id, &executor).await.map(|_| ()),
    ] {
        let text = refused.expect_err("a newer version wrote it").to_string();
        assert!(text.contains("in form 99 by a newer version"), "{text}");
    }
}

/// What stands in the tables is what the documentation lists; nothing else can slip in, a secret least of all.
fn every_attribute_is_known(fixture: &InTables) {
    let known = [
        "audit: body, body_deflated, hash, operation_id, previous_hash, recorded_at, sequence, ttl",
        "state: ended_at, executor, failure, holder, holds_target, kind, last_updated_at, operation_id, progress, requested_at, \
         retire_after, sequence, state, status, step, target, target_account, target_region, token, ttl, version",
    ]
    .join("; ");
    for table in [STATE, AUDIT] {
        let found = fixture.dynamodb("Scan", &json!({ "TableName": table }));
        for item in found["Items"].as_array().expect("items") {
            for name in item.as_object().expect("attributes").keys() {
                assert!(known.contains(name.as_str()), "{table}: {name}");
            }
            let is_lock = id_of(item).starts_with("lock#");
            assert_eq!(item.get("status").is_none(), is_lock || table == AUDIT, "{item}");
            assert_eq!(item["ttl"]["N"].is_string(), table == AUDIT || item.get("ended_at").is_some(), "{item}");
        }
    }
}

fn id_of(item: &Value) -> &str {
    item["operation_id"]["S"].as_str().expect("every item has a key")
}

#[tokio::test]
async fn a_restore_whose_journal_loses_every_fifth_reply_comes_to_the_same_end() {
    let server = StandIn::ministack();
    tables::create(&server, STATE, AUDIT);
    let wire = Wire::to(server.port(), Loss::EveryReplyToAChange(5)).await;
    let journal = journal_at(&wire.url, STATE, AUDIT).await;
    let scenario = Scenario::new(Stage::across());
    let engine = Engine::new(Ports { journal: &journal, ..scenario.ports() });
    // The fifth change is not the first: the beginning is heard.
    let mut session = engine.begin(scenario.begin("op-lossy", scenario.swap())).await.expect("it begins");
    let status = run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.expect("it ends");
    assert_eq!(status, Status::Completed);
    assert!(wire.lost() > 3, "{}", wire.lost());
    let entries = journal.entries(&session.operation().id, 0).await;
    let (replayed, _) = replay(&entries.expect("its entries")).expect("a chain without a gap or a double");
    assert_eq!(replayed.status(), Status::Completed);
    assert_eq!(&replayed, session.operation());
}

#[tokio::test]
async fn sixteen_rivals_on_ministack_lose_nothing_in_many_rounds() {
    let attempts = sixteen_rivals(&InTables::on(StandIn::ministack()).await, 8).await;
    println!("16 rivals: 128 entries in {attempts} attempts");
}

/// Their requests reach moto one at a time, in whatever order they come: see above for what it makes of two at once. It copies
/// its tables for every transaction, so each rival has one turn only.
#[tokio::test]
async fn sixteen_rivals_on_moto_lose_nothing() {
    let server = StandIn::moto();
    let wire = Wire::to(server.port(), Loss::Nothing).await;
    sixteen_rivals(&InTables::through(server, wire.url).await, 1).await;
}

/// Lets them have their turns; gives how often they tried.
async fn sixteen_rivals(fixture: &InTables, turns: usize) -> usize {
    let found = contention(&fixture.journal, 16, turns).await.unwrap_or_else(|broken| panic!("{broken:?}"));
    assert_eq!(found.entries, 16 * turns);
    found.attempts
}

#[tokio::test]
async fn tables_that_are_not_there_or_laid_out_otherwise_are_unusable_and_say_what_to_do() {
    for server in [StandIn::moto(), StandIn::ministack()] {
        tables::create(&server, STATE, AUDIT);
        let absent = journal_at(&server.url(), "nowhere", "nowhere-either").await;
        let swapped = journal_at(&server.url(), AUDIT, STATE).await;
        // An index that is missing is told in one way or the other.
        for (journal, hints) in
            [(absent, ["does not exist"; 2]), (swapped, ["laid out otherwise", "its index does not"])]
        {
            let id = "op-1".parse().expect("a legal id");
            let head = journal.head(&id).await.map(|_| ());
            let list = journal.list(&OperationFilter::default()).await.map(|_| ());
            for result in [head, list] {
                match result {
                    Err(JournalError::Unusable { reason, .. }) => {
                        assert!(hints.iter().any(|hint| reason.contains(hint)), "{reason}");
                        assert!(reason.contains("deploy the stack"), "{reason}");
                    }
                    other => panic!("{hints:?}: {other:?}"),
                }
            }
        }
    }
}
