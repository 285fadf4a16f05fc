//! The settings of tables on both stand-ins, and the fake, which has to behave as they do.

use std::time::Duration;

use aurora_restore_aws::AwsTables;
use aurora_restore_testing::{
    stand_in::StandIn,
    suites::{broken, table_settings},
    table_settings::MemoryTables,
};
use serde_json::json;

use crate::services::{connection, endpoint};

const TABLE: &str = "suite-settings";

/// Between two looks; the suite bounds how many there are (`LOOKS_MAX`).
async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn tables_pass(server: &StandIn, no_scaling: Option<&'static str>) {
    let body = json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "operation_id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "operation_id", "KeyType": "HASH" }],
    });
    server.json("dynamodb", "DynamoDB_20120810.CreateTable", &body);
    let tables = AwsTables::new(&connection().await, Some(&endpoint(server))).expect("a legal endpoint");
    let results = table_settings::run(&tables, TABLE, pause, no_scaling).await;
    assert_eq!(broken(&results), Vec::<String>::new());
}

#[tokio::test]
async fn settings_of_tables_on_moto_pass_the_suite_of_their_port() {
    tables_pass(&StandIn::moto(), None).await;
}

#[tokio::test]
async fn settings_of_tables_on_ministack_pass_the_suite_of_their_port() {
    tables_pass(&StandIn::ministack(), Some("MiniStack has no auto scaling")).await;
}

#[tokio::test]
async fn settings_of_tables_in_memory_pass_the_suite_of_their_port() {
    let tables = MemoryTables::default();
    tables.add(TABLE, &[]);
    let results = table_settings::run(&tables, TABLE, pause, None).await;
    assert_eq!(broken(&results), Vec::<String>::new());
}
