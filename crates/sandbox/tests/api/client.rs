//! The sandbox's own client: what commands and demonstrations use.

use aurora_restore_sandbox::client::{Client, SnapshotWish, text_of};
use aurora_restore_sandbox::model::faults::{Fault, FaultRule};
use aurora_restore_sandbox::model::{AccountId, Place, RegionName};

use crate::support::{ACCOUNT, REGION, start};

fn place() -> Place {
    Place { account: AccountId::new(ACCOUNT), region: RegionName::new(REGION) }
}

const CLUSTER: [(&str, &str); 4] = [
    ("DBClusterIdentifier", "orders"),
    ("Engine", "aurora-postgresql"),
    ("MasterUsername", "administrator"),
    ("MasterUserPassword", "with&and=and+in:it"),
];

#[tokio::test]
async fn a_cluster_made_through_the_client_is_in_the_inventory() {
    let running = start().await;
    let client = Client::of(running.sandbox.status(), running.directory.path()).unwrap();
    assert_eq!(client.inventory().await.unwrap(), []);
    let xml = client.call(&place(), "CreateDBCluster", &CLUSTER).await.unwrap();
    assert_eq!(text_of(&xml, "DBClusterIdentifier").as_deref(), Some("orders"));
    let places = client.inventory().await.unwrap();
    assert_eq!((places[0].account.as_str(), places[0].region.as_str()), (ACCOUNT, REGION));
    assert_eq!(places[0].clusters[0].name, "orders");
}

#[tokio::test]
async fn a_refusal_of_rds_comes_with_its_code() {
    let running = start().await;
    let client = Client::of(running.sandbox.status(), running.directory.path()).unwrap();
    let refusal =
        client.call(&place(), "DeleteDBCluster", &[("DBClusterIdentifier", "x"), ("SkipFinalSnapshot", "true")]).await;
    assert_eq!(refusal.unwrap_err().code(), Some("DBClusterNotFoundFault"));
    let missing = SnapshotWish { place: place(), cluster: "x".into(), created_at: jiff::Timestamp::now(), name: None };
    assert!(client.take_past_snapshot(&missing).await.unwrap_err().to_string().contains("not found"));
}

#[tokio::test]
async fn faults_strike_until_they_are_cleared() {
    let running = start().await;
    let client = Client::of(running.sandbox.status(), running.directory.path()).unwrap();
    client.inject(&FaultRule::once(Fault::Throttling).times(5)).await.unwrap();
    let struck = client.call(&place(), "DescribeDBClusters", &[]).await.unwrap_err();
    assert_eq!(struck.code(), Some("Throttling"));
    client.clear_faults().await.unwrap();
    client.call(&place(), "DescribeDBClusters", &[]).await.unwrap();
}

#[test]
fn the_client_does_not_show_its_token() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let running = runtime.block_on(start());
    let client = Client::of(running.sandbox.status(), running.directory.path()).unwrap();
    let token = std::fs::read_to_string(running.directory.path().join("control-token")).unwrap();
    assert!(!format!("{client:?}").contains(token.trim()));
}
