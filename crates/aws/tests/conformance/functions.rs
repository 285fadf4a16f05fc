//! Lambda and the alarms of CloudWatch on both stand-ins.

use std::time::Duration;

use aurora_restore_aws::{CloudWatchAlarms, LambdaFunctions, S3Artifacts};
use aurora_restore_core::ids::AccountId;
use aurora_restore_ops::{
    functions::NewCode,
    ports::{Artifacts as _, CodeAt},
};
use aurora_restore_testing::{
    stand_in::{REGION, StandIn},
    suites::{
        broken,
        functions::{Stage, run_alarms, run_functions},
    },
};
use aws_credential_types::Credentials;
use aws_sdk_cloudwatch::types::{ComparisonOperator, StateValue, Statistic};
use aws_sdk_lambda::{
    primitives::Blob,
    types::{FunctionCode, Runtime},
};

use crate::services::{connection, endpoint};

const FUNCTION: &str = "suite-check";
const ALARM: &str = "suite-check-errors";
const BUCKET: &str = "suite-code";
const KEY: &str = "code/second.zip";
const ROLE: &str = "suite-role";

/// A zip file without members: its only part is its end, and a comment tells two apart.
fn zip(comment: &str) -> Vec<u8> {
    let mut end = b"PK\x05\x06".to_vec();
    end.extend([0; 16]);
    end.extend(u16::try_from(comment.len()).expect("a short comment").to_le_bytes());
    end.extend(comment.as_bytes());
    end
}

/// Between two looks; the suite bounds how many there are (`LOOKS_MAX`).
async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

fn keys() -> Credentials {
    Credentials::new("test", "test", None, None, "test")
}

fn lambda(server: &StandIn) -> aws_sdk_lambda::Client {
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version(aws_sdk_lambda::config::BehaviorVersion::latest())
        .region(aws_sdk_lambda::config::Region::new(REGION))
        .credentials_provider(keys())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(server.url());
    aws_sdk_lambda::Client::from_conf(config.build())
}

fn cloudwatch(server: &StandIn) -> aws_sdk_cloudwatch::Client {
    let config = aws_sdk_cloudwatch::Config::builder()
        .behavior_version(aws_sdk_cloudwatch::config::BehaviorVersion::latest())
        .region(aws_sdk_cloudwatch::config::Region::new(REGION))
        .credentials_provider(keys())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(server.url());
    aws_sdk_cloudwatch::Client::from_conf(config.build())
}

/// A function that serves version 1, made as CloudFormation makes one: the port cannot make functions.
async fn make_function(server: &StandIn, account: &str) {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let form =
        [("Action", "CreateRole"), ("Version", "2010-05-08"), ("RoleName", ROLE), ("AssumeRolePolicyDocument", trust)];
    server.query("iam", &form);
    let lambda = lambda(server);
    lambda
        .create_function()
        .function_name(FUNCTION)
        .runtime(Runtime::from("provided.al2023"))
        .role(format!("arn:aws:iam::{account}:role/{ROLE}"))
        .handler("bootstrap")
        .code(FunctionCode::builder().zip_file(Blob::new(zip("first"))).build())
        .memory_size(256)
        .publish(true)
        .send()
        .await
        .expect("the stand-in makes a function");
    let alias = lambda.create_alias().function_name(FUNCTION).name("live").function_version("1");
    alias.send().await.expect("the stand-in makes an alias");
}

async fn functions_pass(server: &StandIn, account: &str, no_revisions: Option<&'static str>) {
    make_function(server, account).await;
    let (connection, endpoint) = (connection().await, endpoint(server));
    let owner = AccountId::new(account).expect("a legal account");
    let artifacts = S3Artifacts::new(&connection, owner, Some(&endpoint)).expect("a legal endpoint");
    artifacts.make_bucket(BUCKET).await.expect("a bucket");
    let second = zip("second");
    let kept = artifacts.put(BUCKET, KEY, &second).await.expect("an object");
    let stage = Stage {
        function: FUNCTION.to_owned(),
        second: CodeAt { bucket: BUCKET.to_owned(), key: KEY.to_owned(), version: kept.id },
        second_sha256: NewCode::of(&second).sha256,
        no_revisions,
    };
    let functions = LambdaFunctions::new(&connection, Some(&endpoint)).expect("a legal endpoint");
    assert_eq!(broken(&run_functions(&functions, &stage, pause).await), Vec::<String>::new());
}

async fn alarms_pass(server: &StandIn) {
    let cloudwatch = cloudwatch(server);
    let alarm = cloudwatch
        .put_metric_alarm()
        .alarm_name(ALARM)
        .namespace("AWS/Lambda")
        .metric_name("Errors")
        .statistic(Statistic::Sum)
        .period(900)
        .evaluation_periods(1)
        .threshold(3.0)
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold);
    alarm.send().await.expect("the stand-in makes an alarm");
    let ring = async || {
        let state =
            cloudwatch.set_alarm_state().alarm_name(ALARM).state_value(StateValue::Alarm).state_reason("a test");
        state.send().await.expect("the stand-in lets an alarm ring");
    };
    let alarms = CloudWatchAlarms::new(&connection().await, Some(&endpoint(server))).expect("a legal endpoint");
    assert_eq!(broken(&run_alarms(&alarms, ALARM, ring).await), Vec::<String>::new());
}

/// Alarms are not asked of moto: it does not speak what the SDK speaks with CloudWatch.
#[tokio::test]
async fn functions_on_moto_pass_the_suite_of_their_port() {
    functions_pass(&StandIn::moto(), "123456789012", Some("moto does not look at revisions")).await;
}

#[tokio::test]
async fn functions_and_alarms_on_ministack_pass_the_suites_of_their_ports() {
    let server = StandIn::ministack();
    functions_pass(&server, "000000000000", None).await;
    alarms_pass(&server).await;
}
