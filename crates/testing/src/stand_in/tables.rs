//! The tables of the journal, made as the stack's template makes them, and filled with more operations than anybody would run.

use aurora_restore_core::{
    journal::{SealedEntry, StateItem},
    operation::{End, Event, Status},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::StandIn;
use crate::suites::journal::{Writer, began};

/// The most items of one call.
const BATCH_MAX: usize = 25;

/// Makes both tables.
pub fn create(on: &StandIn, state_table: &str, audit_table: &str) {
    create_state(on, state_table);
    create_audit(on, audit_table);
}

/// Makes the table of items.
pub fn create_state(on: &StandIn, state_table: &str) {
    on.json(
        "dynamodb",
        "DynamoDB_20120810.CreateTable",
        &json!({
            "TableName": state_table,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                { "AttributeName": "operation_id", "AttributeType": "S" },
                { "AttributeName": "kind", "AttributeType": "S" },
                { "AttributeName": "status", "AttributeType": "S" },
                { "AttributeName": "last_updated_at", "AttributeType": "S" },
            ],
            "KeySchema": [{ "AttributeName": "operation_id", "KeyType": "HASH" }],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "status-last_updated_at-index",
                    "KeySchema": [
                        { "AttributeName": "status", "KeyType": "HASH" },
                        { "AttributeName": "last_updated_at", "KeyType": "RANGE" },
                    ],
                    "Projection": { "ProjectionType": "ALL" },
                },
                {
                    "IndexName": "kind-operation_id-index",
                    "KeySchema": [
                        { "AttributeName": "kind", "KeyType": "HASH" },
                        { "AttributeName": "operation_id", "KeyType": "RANGE" },
                    ],
                    "Projection": { "ProjectionType": "KEYS_ONLY" },
                },
            ],
        }),
    );
}

fn create_audit(on: &StandIn, audit_table: &str) {
    on.json(
        "dynamodb",
        "DynamoDB_20120810.CreateTable",
        &json!({
            "TableName": audit_table,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                { "AttributeName": "operation_id", "AttributeType": "S" },
                { "AttributeName": "sequence", "AttributeType": "N" },
            ],
            "KeySchema": [
                { "AttributeName": "operation_id", "KeyType": "HASH" },
                { "AttributeName": "sequence", "KeyType": "RANGE" },
            ],
        }),
    );
}

/// An operation to be written down as it would stand there.
#[derive(Debug, Clone)]
pub struct Seed {
    /// Its id, which is its target's name, too.
    pub id: String,
    /// Completed, or in the middle of its first step.
    pub is_completed: bool,
    /// When it was asked for; its newest entry is a second younger.
    pub at: Timestamp,
    /// Whether its entries are written, too.
    pub with_entries: bool,
}

/// Writes operations, many in one call and on no condition: nobody else may use the tables meanwhile. Locks are left away.
///
/// # Panics
/// If an operation cannot be, or the stand-in refuses it.
pub fn seed(on: &StandIn, state_table: &str, audit_table: &str, seeds: &[Seed]) {
    let (mut states, mut entries) = (Vec::new(), Vec::new());
    for seed in seeds {
        let begun = Writer::beginning_at(&seed.id, &seed.id, seed.at).expect("a legal operation");
        let event = if seed.is_completed { Event::Ended { end: End::Completed } } else { began() };
        let (writer, second) = begun.next(event).expect("a legal entry");
        states.push(item_of_state(&writer.state()));
        if seed.with_entries {
            entries.extend([&begun.first, &second].map(|entry| item_of_entry(entry, seed.at)));
        }
    }
    write(on, state_table, &states);
    write(on, audit_table, &entries);
}

fn write(on: &StandIn, table: &str, items: &[Value]) {
    for batch in items.chunks(BATCH_MAX) {
        let puts: Vec<Value> = batch.iter().map(|item| json!({ "PutRequest": { "Item": item } })).collect();
        let answer =
            on.json("dynamodb", "DynamoDB_20120810.BatchWriteItem", &json!({ "RequestItems": { table: puts } }));
        let left = answer["UnprocessedItems"].as_object().map_or(0, serde_json::Map::len);
        assert_eq!(left, 0, "the stand-in leaves items unprocessed");
    }
}

/// As the contract of the tables has it; the adapter reads it back, or a test that seeds fails.
fn item_of_state(state: &StateItem) -> Value {
    let time = |at: Timestamp| json!({ "S": format!("{at:.6}") });
    let mut item = json!({
        "operation_id": { "S": state.operation_id },
        "version": { "N": state.version.to_string() },
        "kind": { "S": "operation" },
        "status": { "S": state.status.as_str() },
        "sequence": { "N": state.sequence.to_string() },
        "target": { "S": state.target },
        "target_account": { "S": state.target_key.account },
        "target_region": { "S": state.target_key.region },
        "holds_target": { "BOOL": state.holds_target },
        "requested_at": time(state.requested_at),
        "last_updated_at": time(state.last_updated_at),
        "state": { "S": serde_json::to_string(state).expect("a state has a form") },
        "token": { "N": "1" },
        "executor": { "S": "suite" },
    });
    if state.status == Status::Completed
        && let (Some(ended), Some(ttl)) = (state.ended_at, state.ttl)
    {
        item["ended_at"] = time(ended);
        item["ttl"] = json!({ "N": ttl.to_string() });
    }
    item
}

fn item_of_entry(entry: &SealedEntry, at: Timestamp) -> Value {
    json!({
        "operation_id": { "S": entry.operation },
        "sequence": { "N": entry.sequence.to_string() },
        "recorded_at": { "S": format!("{at:.6}") },
        "previous_hash": { "S": entry.previous_hash },
        "hash": { "S": entry.hash },
        "body": { "S": entry.body },
    })
}
