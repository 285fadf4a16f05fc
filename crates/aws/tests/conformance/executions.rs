//! Executions of a state machine on both stand-ins. What runs is a machine that waits.

use aurora_restore_aws::{
    AccountAccess, Connection, CredentialSource, EndpointUrl, MachineArn, Network, StepFunctions,
};
use aurora_restore_core::{ids::Arn, secret::Secret};
use aurora_restore_ops::ports::{ExecutionName, Executions, ExecutionsError};
use aurora_restore_testing::{
    stand_in::{REGION, StandIn},
    suites::{broken, executions},
};
use serde_json::json;

use crate::region;

async fn over(server: &StandIn, machine: &str) -> StepFunctions {
    let keys = CredentialSource::Keys { access_key: "test".to_owned(), secret_key: Secret::new("not-checked") };
    let access = AccountAccess { credentials: keys, role: None };
    let connection =
        Connection::open(&region(REGION), &access, None, &Network::default()).await.expect("no endpoint of STS is set");
    let machine = MachineArn::new(Arn::new(machine).expect("a legal ARN")).expect("a state machine's ARN");
    let endpoint = EndpointUrl::new(&server.url()).expect("an endpoint on this machine");
    StepFunctions::new(&connection, machine, Some(&endpoint)).expect("a legal endpoint")
}

async fn executions_pass(server: &StandIn) {
    let definition = json!({
        "StartAt": "wait",
        "States": { "wait": { "Type": "Wait", "Seconds": 600, "End": true } },
    });
    let made = server.json(
        "states",
        "AWSStepFunctions.CreateStateMachine",
        &json!({
            "name": "suite-executions",
            "definition": definition.to_string(),
            "roleArn": "arn:aws:iam::123456789012:role/suite",
        }),
    );
    let machine = made["stateMachineArn"].as_str().expect("a machine has an ARN");
    assert_eq!(broken(&executions::run(&over(server, machine).await).await), Vec::<String>::new());

    let missing = over(server, &machine.replace("suite-executions", "nobody")).await;
    let name = ExecutionName::new("suite-nobody").expect("a legal name");
    let refused = missing.start(&name, &json!({})).await.expect_err("there is no such machine");
    assert!(matches!(refused, ExecutionsError::MachineMissing { .. }), "{refused}");
}

#[tokio::test]
async fn executions_on_moto_pass_the_suite_of_their_port() {
    executions_pass(&StandIn::moto()).await;
}

#[tokio::test]
async fn executions_on_ministack_pass_the_suite_of_their_port() {
    executions_pass(&StandIn::ministack()).await;
}
