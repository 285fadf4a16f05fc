//! Logs and safeguards on both stand-ins; metrics on MiniStack alone, because moto does not speak the protocol in which the SDK asks
//! CloudWatch (CBOR).

use std::time::Duration;

use async_trait::async_trait;
use aurora_restore_aws::{AwsSafeguards, CloudFormation, CloudWatch, CloudWatchLogs, S3Artifacts};
use aurora_restore_core::ids::AccountId;
use aurora_restore_ops::ports::{Artifacts as _, Drifts as _, Logs, Metric, Metrics, Safeguards};
use aurora_restore_testing::{
    review::{MemoryLogs, MemoryMetrics},
    stand_in::StandIn,
    suites::{
        broken,
        logs::{self, LogsFixture},
        metrics::{self, MetricsFixture},
        safeguards::{self, KEY, POLICY, SafeguardsFixture},
    },
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::services::{connection, endpoint};

const LOOKS_MAX: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);
/// What a service takes in one call.
const LINES_MAX: usize = 5_000;

struct OnServer<'s> {
    server: &'s StandIn,
    logs: CloudWatchLogs,
    metrics: CloudWatch,
}

impl<'s> OnServer<'s> {
    async fn new(server: &'s StandIn) -> Self {
        let (connection, endpoint) = (connection().await, endpoint(server));
        let logs = CloudWatchLogs::new(&connection, Some(&endpoint)).expect("a legal endpoint");
        let metrics = CloudWatch::new(&connection, Some(&endpoint)).expect("a legal endpoint");
        Self { server, logs, metrics }
    }
}

#[async_trait]
impl LogsFixture for OnServer<'_> {
    fn logs(&self) -> &dyn Logs {
        &self.logs
    }

    async fn put(&self, group: &str, lines: Vec<(Timestamp, String)>) {
        let call = |action: &str, body: &Value| self.server.json("logs", &format!("Logs_20140328.{action}"), body);
        call("CreateLogGroup", &json!({ "logGroupName": group }));
        call("CreateLogStream", &json!({ "logGroupName": group, "logStreamName": "one" }));
        for lines in lines.chunks(LINES_MAX) {
            let events: Vec<Value> =
                lines.iter().map(|(at, text)| json!({ "timestamp": at.as_millisecond(), "message": text })).collect();
            let body = json!({ "logGroupName": group, "logStreamName": "one", "logEvents": events });
            call("PutLogEvents", &body);
        }
    }
}

#[async_trait]
impl MetricsFixture for OnServer<'_> {
    fn metrics(&self) -> &dyn Metrics {
        &self.metrics
    }

    async fn put(&self, metric: &Metric, at: Timestamp, value: f64) {
        // A fraction of a second is more than MiniStack understands.
        let (at, value) = (at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), value.to_string());
        let mut form = vec![
            ("Action".to_owned(), "PutMetricData".to_owned()),
            ("Version".to_owned(), "2010-08-01".to_owned()),
            ("Namespace".to_owned(), metric.namespace.clone()),
        ];
        let datum = "MetricData.member.1";
        form.push((format!("{datum}.MetricName"), metric.name.clone()));
        form.push((format!("{datum}.Timestamp"), at));
        form.push((format!("{datum}.Value"), value));
        for (number, (name, of)) in metric.dimensions.iter().enumerate() {
            let dimension = format!("{datum}.Dimensions.member.{}", number + 1);
            form.push((format!("{dimension}.Name"), name.clone()));
            form.push((format!("{dimension}.Value"), of.clone()));
        }
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.server.query("monitoring", &form);
    }
}

#[tokio::test]
async fn logs_on_moto_pass_the_suite_of_their_port() {
    let server = StandIn::moto();
    let results = logs::run(&OnServer::new(&server).await, Timestamp::now(), None).await;
    assert_eq!(broken(&results), Vec::<String>::new());
}

#[tokio::test]
async fn logs_and_metrics_on_ministack_pass_the_suites_of_their_ports() {
    let server = StandIn::ministack();
    let fixture = OnServer::new(&server).await;
    let no_pages = "MiniStack gives one page and no marker";
    let results = logs::run(&fixture, Timestamp::now(), Some(no_pages)).await;
    assert_eq!(broken(&results), Vec::<String>::new());
    assert_eq!(broken(&metrics::run(&fixture, Timestamp::now()).await), Vec::<String>::new());
}

struct InMemory {
    logs: MemoryLogs,
    metrics: MemoryMetrics,
}

#[async_trait]
impl LogsFixture for InMemory {
    fn logs(&self) -> &dyn Logs {
        &self.logs
    }

    async fn put(&self, group: &str, lines: Vec<(Timestamp, String)>) {
        self.logs.put(group, lines);
    }
}

#[async_trait]
impl MetricsFixture for InMemory {
    fn metrics(&self) -> &dyn Metrics {
        &self.metrics
    }

    async fn put(&self, metric: &Metric, at: Timestamp, value: f64) {
        self.metrics.put(metric, at, value);
    }
}

#[tokio::test]
async fn logs_and_metrics_in_memory_pass_the_suites_of_their_ports() {
    let fixture = InMemory { logs: MemoryLogs::with_pages_of(1_000), metrics: MemoryMetrics::default() };
    assert_eq!(broken(&logs::run(&fixture, Timestamp::now(), None).await), Vec::<String>::new());
    assert_eq!(broken(&metrics::run(&fixture, Timestamp::now()).await), Vec::<String>::new());
}

/// Safeguards on a stand-in, over its HTTP interface.
struct Guards<'s> {
    server: &'s StandIn,
    safeguards: AwsSafeguards,
    artifacts: S3Artifacts,
}

impl<'s> Guards<'s> {
    async fn new(server: &'s StandIn, account: &str) -> Self {
        let (connection, endpoint) = (connection().await, endpoint(server));
        let owner = AccountId::new(account).expect("a legal account");
        let safeguards = AwsSafeguards::new(&connection, Some(&endpoint)).expect("a legal endpoint");
        let artifacts = S3Artifacts::new(&connection, owner, Some(&endpoint)).expect("a legal endpoint");
        Self { server, safeguards, artifacts }
    }

    fn dynamodb(&self, action: &str, body: &Value) {
        self.server.json("dynamodb", &format!("DynamoDB_20120810.{action}"), body);
    }
}

#[async_trait]
impl SafeguardsFixture for Guards<'_> {
    fn safeguards(&self) -> &dyn Safeguards {
        &self.safeguards
    }

    async fn table(&self, name: &str, guarded: bool) {
        let mut body = json!({
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        });
        if guarded {
            body["SSESpecification"] = json!({ "Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": KEY });
        }
        self.dynamodb("CreateTable", &body);
        if guarded {
            let specification = json!({ "PointInTimeRecoveryEnabled": true });
            let body = json!({ "TableName": name, "PointInTimeRecoverySpecification": specification });
            self.dynamodb("UpdateContinuousBackups", &body);
        }
    }

    async fn topic(&self, name: &str, guarded: bool) -> String {
        let mut form = vec![("Action", "CreateTopic"), ("Version", "2010-03-31"), ("Name", name)];
        if guarded {
            form.extend([
                ("Attributes.entry.1.key", "KmsMasterKeyId"),
                ("Attributes.entry.1.value", KEY),
                ("Attributes.entry.2.key", "Policy"),
                ("Attributes.entry.2.value", POLICY),
            ]);
        }
        let made = self.server.query("sns", &form);
        let arn = made.split_once("<TopicArn>").and_then(|(_, rest)| rest.split_once('<'));
        arn.expect("a topic has an ARN").0.to_owned()
    }

    async fn log(&self, name: &str, guarded: bool) {
        let mut body = json!({ "logGroupName": name });
        if guarded {
            body["kmsKeyId"] = json!(KEY);
        }
        self.server.json("logs", "Logs_20140328.CreateLogGroup", &body);
        if guarded {
            let body = json!({ "logGroupName": name, "retentionInDays": 90 });
            self.server.json("logs", "Logs_20140328.PutRetentionPolicy", &body);
        }
    }

    async fn bucket(&self, name: &str, guarded: bool) {
        if guarded {
            self.artifacts.make_bucket(name).await.expect("a bucket is made");
        } else {
            self.server.bare_bucket(name);
        }
    }

    async fn secret(&self, id: &str) {
        let token = "6ba7b811-9dad-11d1-80b4-00c04fd430c8";
        let body = json!({ "Name": id, "SecretString": "{}", "ClientRequestToken": token });
        self.server.json("secretsmanager", "secretsmanager.CreateSecret", &body);
    }
}

#[tokio::test]
async fn safeguards_on_moto_pass_the_suite_of_their_port() {
    let server = StandIn::moto();
    let results = safeguards::run(&Guards::new(&server, "123456789012").await, None).await;
    assert_eq!(broken(&results), Vec::<String>::new());
}

#[tokio::test]
async fn safeguards_on_ministack_pass_the_suite_of_their_port() {
    let server = StandIn::ministack();
    let results = safeguards::run(&Guards::new(&server, "000000000000").await, None).await;
    assert_eq!(broken(&results), Vec::<String>::new());
}

/// What differs from a template: moto does not compare.
#[tokio::test]
async fn a_stack_that_nobody_changed_does_not_differ_on_ministack() {
    let server = StandIn::ministack();
    let template =
        json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "suite-drift"}}}});
    let (version, template) = (("Version", "2010-05-15"), template.to_string());
    let form = [("Action", "CreateStack"), version, ("StackName", "suite-drift"), ("TemplateBody", template.as_str())];
    server.query("cloudformation", &form);
    let stacks = CloudFormation::new(&connection().await, Some(&endpoint(&server))).expect("a legal endpoint");
    let comparison = stacks.begin("suite-drift").await.expect("it begins");
    for _ in 0..LOOKS_MAX {
        if let Some(found) = stacks.found("suite-drift", &comparison).await.expect("it is told") {
            assert_eq!(found, []);
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("the comparison has no end");
}
