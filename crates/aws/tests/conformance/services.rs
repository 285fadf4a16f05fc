//! Secrets Manager, SSM and SNS on both stand-ins.

use async_trait::async_trait;
use aurora_restore_aws::{
    AccountAccess, Connection, CredentialSource, EndpointUrl, Network, ParameterError, ParameterName,
    SecretsManagerSecrets, SnsNotifier, SsmConfig,
};
use aurora_restore_core::{
    ids::{Arn, ClusterId, OperationId, SecretId},
    ports::{Notice, NoticeOutcome, Notifier, SecretDocument, SecretVersions, Secrets},
    secret::Secret,
};
use aurora_restore_testing::{
    stand_in::{REGION, StandIn},
    suites::{
        broken, notifier, notifier::NotifierFixture, secret_versions, secret_versions::SecretVersionsFixture, secrets,
        secrets::SecretsFixture,
    },
};
use serde_json::{Value, json};

use crate::region;

pub(crate) async fn connection() -> Connection {
    let keys = CredentialSource::Keys { access_key: "test".to_owned(), secret_key: Secret::new("not-checked") };
    let access = AccountAccess { credentials: keys, role: None };
    Connection::open(&region(REGION), &access, None, &Network::default()).await.expect("no endpoint of STS is set")
}

pub(crate) fn endpoint(server: &StandIn) -> EndpointUrl {
    EndpointUrl::new(&server.url()).expect("an endpoint on this machine")
}

struct InSecretsManager<'s> {
    server: &'s StandIn,
    secrets: SecretsManagerSecrets,
}

#[async_trait]
impl SecretsFixture for InSecretsManager<'_> {
    fn secrets(&self) -> &dyn Secrets {
        &self.secrets
    }

    async fn put(&mut self, id: &SecretId, fields: &[(&str, &str)]) {
        let fields: serde_json::Map<String, Value> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let text = Value::Object(fields).to_string();
        let (action, body) = match self.secrets.get(id).await {
            Ok(_) => (
                "PutSecretValue",
                json!({ "SecretId": id.as_str(), "SecretString": text, "ClientRequestToken": "6ba7b810-9dad-11d1-80b4-00c04fd430c8" }),
            ),
            Err(_) => (
                "CreateSecret",
                json!({ "Name": id.as_str(), "SecretString": text, "ClientRequestToken": "6ba7b811-9dad-11d1-80b4-00c04fd430c8" }),
            ),
        };
        let _made = self.server.json("secretsmanager", &format!("secretsmanager.{action}"), &body);
    }
}

/// What a stand-in cannot show: the sentence of the case, and why.
type Skipped = &'static [(&'static str, &'static str)];

const ON_MINISTACK: Skipped = &[
    ("a version keeps its content", "MiniStack overwrites it"),
    ("a label is on one version at a time", "MiniStack leaves the pending label on the former version as well"),
];

const ON_MOTO: Skipped = &[
    (
        "a version is made pending, current, and the former one previous, and every reader finds one",
        "moto's readers without a stage get the version that was written as current, wherever the label is",
    ),
    ("a version keeps its content", "moto overwrites a pending one"),
    ("of two that move the current label one is refused", "moto's readers, as above"),
];

struct Versions<'s> {
    store: InSecretsManager<'s>,
    skipped: Skipped,
}

#[async_trait]
impl SecretVersionsFixture for Versions<'_> {
    fn versions(&self) -> &dyn SecretVersions {
        &self.store.secrets
    }

    async fn put(&mut self, id: &SecretId, fields: &[(&str, &str)]) {
        self.store.put(id, fields).await;
    }

    async fn read(&self, id: &SecretId) -> SecretDocument {
        self.store.secrets.get(id).await.expect("it is there")
    }

    fn skips(&self, case: &str) -> Option<&'static str> {
        self.skipped.iter().find(|(sentence, _)| *sentence == case).map(|(_, reason)| *reason)
    }
}

async fn versions_pass(server: &StandIn, skipped: Skipped) {
    let secrets = SecretsManagerSecrets::new(&connection().await, Some(&endpoint(server))).expect("a legal endpoint");
    let mut fixture = Versions { store: InSecretsManager { server, secrets }, skipped };
    assert_eq!(broken(&secret_versions::run(&mut fixture).await), Vec::<String>::new());
    for (sentence, reason) in skipped {
        assert!(secret_versions::sentences().contains(sentence), "{sentence}: {reason}");
    }
}

#[tokio::test]
async fn versions_of_secrets_on_moto_pass_the_suite_of_their_port() {
    versions_pass(&StandIn::moto(), ON_MOTO).await;
}

#[tokio::test]
async fn versions_of_secrets_on_ministack_pass_the_suite_of_their_port() {
    versions_pass(&StandIn::ministack(), ON_MINISTACK).await;
}

struct OnTopic<'s> {
    server: &'s StandIn,
    notifier: SnsNotifier,
    queue: String,
}

impl<'s> OnTopic<'s> {
    /// A topic with a queue that hears what is published.
    async fn new(server: &'s StandIn, name: &str, attributes: &Value) -> Self {
        let queue =
            server.json("sqs", "AmazonSQS.CreateQueue", &json!({ "QueueName": name, "Attributes": attributes }));
        let queue = queue["QueueUrl"].as_str().expect("a queue has a URL").to_owned();
        let of_queue = server.json(
            "sqs",
            "AmazonSQS.GetQueueAttributes",
            &json!({ "QueueUrl": queue, "AttributeNames": ["QueueArn"] }),
        );
        let queue_arn = of_queue["Attributes"]["QueueArn"].as_str().expect("a queue has an ARN").to_owned();
        let mut form = vec![("Action", "CreateTopic"), ("Version", "2010-03-31"), ("Name", name)];
        if attributes.get("FifoQueue").is_some() {
            form.extend([("Attributes.entry.1.key", "FifoTopic"), ("Attributes.entry.1.value", "true")]);
        }
        let made = server.query("sns", &form);
        let topic =
            made.split_once("<TopicArn>").and_then(|(_, rest)| rest.split_once('<')).expect("a topic has an ARN").0;
        let _subscribed = server.query(
            "sns",
            &[
                ("Action", "Subscribe"),
                ("Version", "2010-03-31"),
                ("TopicArn", topic),
                ("Protocol", "sqs"),
                ("Endpoint", &queue_arn),
            ],
        );
        let topic = Arn::new(topic).expect("a stand-in makes legal ARNs");
        let notifier = SnsNotifier::new(&connection().await, topic, Some(&endpoint(server))).expect("a legal endpoint");
        Self { server, notifier, queue }
    }
}

#[async_trait]
impl NotifierFixture for OnTopic<'_> {
    fn notifier(&self) -> &dyn Notifier {
        &self.notifier
    }

    /// Takes everything out of the queue: each look takes what it gets, until one gets nothing.
    async fn accepted(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for _ in 0..20 {
            let got = self.server.json(
                "sqs",
                "AmazonSQS.ReceiveMessage",
                &json!({ "QueueUrl": self.queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1 }),
            );
            let Some(messages) = got["Messages"].as_array().filter(|messages| !messages.is_empty()) else { break };
            for message in messages {
                texts.push(message["Body"].as_str().expect("a message has a body").to_owned());
                let _gone = self.server.json(
                    "sqs",
                    "AmazonSQS.DeleteMessage",
                    &json!({ "QueueUrl": self.queue, "ReceiptHandle": message["ReceiptHandle"] }),
                );
            }
        }
        texts
    }
}

async fn services_pass(server: &StandIn) {
    let secrets = SecretsManagerSecrets::new(&connection().await, Some(&endpoint(server))).expect("a legal endpoint");
    let results = secrets::run(&mut InSecretsManager { server, secrets }).await;
    assert_eq!(broken(&results), Vec::<String>::new());

    let fixture = OnTopic::new(server, "suite-notices", &json!({})).await;
    assert_eq!(broken(&notifier::run(&fixture).await), Vec::<String>::new());

    let ordered = json!({ "FifoQueue": "true" });
    let fixture = OnTopic::new(server, "suite-notices.fifo", &ordered).await;
    let notice = |outcome, times_stuck| Notice {
        operation_id: OperationId::new("op-suite").expect("a legal id"),
        target: ClusterId::new("staging").expect("a legal id"),
        outcome,
        times_stuck,
        subject: "staging".to_owned(),
        body: String::new(),
    };
    let stuck_again = [(NoticeOutcome::Stuck, 1), (NoticeOutcome::Stuck, 1), (NoticeOutcome::Stuck, 2)];
    for (outcome, times) in stuck_again.into_iter().chain([(NoticeOutcome::Failed, 2)]) {
        fixture.notifier.notify(&notice(outcome, times)).await.expect("it is accepted");
    }
    assert_eq!(
        fixture.accepted().await.len(),
        3,
        "a repeat is not delivered, and what is stuck once more is told again"
    );

    let config = SsmConfig::new(&connection().await, Some(&endpoint(server))).expect("a legal endpoint");
    let name = ParameterName::of_environment("suite").expect("a legal name");
    let missing = config.read(&name).await.expect_err("it is not there yet");
    assert!(matches!(missing, ParameterError::Missing { .. }), "{missing}");
    let text = "[target]\ncluster = \"staging\"\n";
    let parameter = json!({ "Name": name.as_str(), "Value": text, "Type": "SecureString" });
    let _made = server.json("ssm", "AmazonSSM.PutParameter", &parameter);
    assert_eq!(config.read(&name).await.expect("it is there"), text);
}

#[tokio::test]
async fn secrets_parameters_and_notices_on_moto_pass_the_suites_of_their_ports() {
    services_pass(&StandIn::moto()).await;
}

#[tokio::test]
async fn secrets_parameters_and_notices_on_ministack_pass_the_suites_of_their_ports() {
    services_pass(&StandIn::ministack()).await;
}
