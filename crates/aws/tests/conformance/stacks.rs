//! CloudFormation and S3 on both stand-ins, and the fakes, which have to behave as they do.

use std::time::Duration;

use aurora_restore_aws::{CloudFormation, S3Artifacts};
use aurora_restore_core::ids::AccountId;
use aurora_restore_testing::{
    stand_in::StandIn,
    suites::{
        broken,
        stacks::{run_artifacts, run_stacks},
    },
};

use crate::services::{connection, endpoint};

/// Between two looks; the suite bounds how many there are (`LOOKS_MAX`).
async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn stack_services_pass(server: &StandIn, account: &str, no_outputs: Option<&'static str>) {
    let (connection, endpoint) = (connection().await, endpoint(server));
    let stacks = CloudFormation::new(&connection, Some(&endpoint)).expect("a legal endpoint");
    assert_eq!(broken(&run_stacks(&stacks, pause, no_outputs).await), Vec::<String>::new());
    let owner = AccountId::new(account).expect("a legal account");
    let artifacts = S3Artifacts::new(&connection, owner, Some(&endpoint)).expect("a legal endpoint");
    assert_eq!(broken(&run_artifacts(&artifacts, "suite-artifacts").await), Vec::<String>::new());
}

#[tokio::test]
async fn stacks_and_buckets_on_moto_pass_the_suites_of_their_ports() {
    stack_services_pass(
        &StandIn::moto(),
        "123456789012",
        Some("moto gives none of stacks that were made by change sets"),
    )
    .await;
}

#[tokio::test]
async fn stacks_and_buckets_on_ministack_pass_the_suites_of_their_ports() {
    stack_services_pass(&StandIn::ministack(), "000000000000", None).await;
}
