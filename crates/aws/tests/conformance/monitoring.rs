//! What watches stacks, on MiniStack alone, because moto does not speak the protocol in which the SDK asks CloudWatch (CBOR);
//! queries on logs on both; and the fakes, which have to behave as they do.

use async_trait::async_trait;
use aurora_restore_aws::{AwsMonitors, CloudWatchLogs};
use aurora_restore_ops::ports::Insights;
use aurora_restore_testing::{
    monitors::{MemoryInsights, MemoryMonitors},
    stand_in::StandIn,
    suites::{
        broken,
        insights::{self, InsightsFixture},
        monitors,
    },
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::services::{connection, endpoint};

struct OnServer<'s> {
    server: &'s StandIn,
    insights: CloudWatchLogs,
}

#[async_trait]
impl InsightsFixture for OnServer<'_> {
    fn insights(&self) -> &dyn Insights {
        &self.insights
    }

    async fn put(&self, group: &str, lines: Vec<(Timestamp, String)>) {
        let call = |action: &str, body: &Value| self.server.json("logs", &format!("Logs_20140328.{action}"), body);
        call("CreateLogGroup", &json!({ "logGroupName": group }));
        call("CreateLogStream", &json!({ "logGroupName": group, "logStreamName": "one" }));
        let event = |(at, text): &(Timestamp, String)| json!({ "timestamp": at.as_millisecond(), "message": text });
        let events: Vec<Value> = lines.iter().map(event).collect();
        call("PutLogEvents", &json!({ "logGroupName": group, "logStreamName": "one", "logEvents": events }));
    }
}

async fn insights_pass(server: &StandIn) {
    let endpoint = endpoint(server);
    let insights = CloudWatchLogs::new(&connection().await, Some(&endpoint)).expect("a legal endpoint");
    let results = insights::run(&OnServer { server, insights }, Timestamp::now()).await;
    assert_eq!(broken(&results), Vec::<String>::new());
}

#[tokio::test]
async fn queries_on_moto_pass_the_suite_of_their_port() {
    insights_pass(&StandIn::moto()).await;
}

#[tokio::test]
async fn alarms_dashboards_and_queries_on_ministack_pass_the_suites_of_their_ports() {
    let server = StandIn::ministack();
    insights_pass(&server).await;
    let monitors = AwsMonitors::new(&connection().await, Some(&endpoint(&server))).expect("a legal endpoint");
    let results = monitors::run(&monitors, Some("MiniStack saves no queries")).await;
    assert_eq!(broken(&results), Vec::<String>::new());
}

struct InMemory(MemoryInsights);

#[async_trait]
impl InsightsFixture for InMemory {
    fn insights(&self) -> &dyn Insights {
        &self.0
    }

    async fn put(&self, group: &str, lines: Vec<(Timestamp, String)>) {
        self.0.put(group, lines);
    }
}

#[tokio::test]
async fn alarms_dashboards_and_queries_in_memory_pass_the_suites_of_their_ports() {
    let results = monitors::run(&MemoryMonitors::default(), None).await;
    assert_eq!(broken(&results), Vec::<String>::new());
    let results = insights::run(&InMemory(MemoryInsights::default()), Timestamp::now()).await;
    assert_eq!(broken(&results), Vec::<String>::new());
}
