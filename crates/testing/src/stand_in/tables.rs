//! The tables of the journal, made as the stack's template makes them.

use serde_json::json;

use super::StandIn;

/// Makes both tables.
pub fn create(on: &StandIn, state_table: &str, audit_table: &str) {
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
