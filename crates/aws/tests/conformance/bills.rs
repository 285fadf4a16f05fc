//! Bills, in memory and over HTTP; and on moto, which plays back what it is given.

use aurora_restore_aws::{CostExplorer, EndpointUrl};
use aurora_restore_ops::ports::{Billed, BilledTag, Bills};
use aurora_restore_testing::{
    BillService, MemoryBills,
    stand_in::StandIn,
    suites::{
        bills::{self, BillsFixture},
        broken,
    },
};
use jiff::civil::date;
use serde_json::json;

use crate::services::{connection, endpoint};

struct OverHttp {
    service: BillService,
    bills: CostExplorer,
}

impl BillsFixture for OverHttp {
    fn bills(&self) -> &dyn Bills {
        &self.bills
    }

    fn put(&self, tags: &[(&str, &str)], cost: Billed) {
        self.service.bills().put(tags, cost);
    }
}

struct InMemory(MemoryBills);

impl BillsFixture for InMemory {
    fn bills(&self) -> &dyn Bills {
        &self.0
    }

    fn put(&self, tags: &[(&str, &str)], cost: Billed) {
        self.0.put(tags, cost);
    }
}

#[tokio::test]
async fn the_fake_passes_the_suite_of_bills() {
    let fixture = InMemory(MemoryBills::default());
    assert_eq!(broken(&bills::run(&fixture).await), Vec::<String>::new());
}

#[tokio::test]
async fn bills_over_http_pass_the_suite_of_their_port() {
    let service = BillService::new();
    let endpoint = EndpointUrl::new(&service.url()).expect("an endpoint on this machine");
    let bills = CostExplorer::new(&connection().await, Some(&endpoint)).expect("a legal endpoint");
    let fixture = OverHttp { service, bills };
    assert_eq!(broken(&bills::run(&fixture).await), Vec::<String>::new());
}

#[tokio::test]
async fn what_moto_was_given_is_read_and_nothing_is_nothing() {
    let server = StandIn::moto();
    let bills = CostExplorer::new(&connection().await, Some(&endpoint(&server))).expect("a legal endpoint");
    let of = [vec![BilledTag::new("Application", "AuroraRestore")]];
    let (since, until) = (date(2026, 10, 1), date(2026, 10, 3));
    assert_eq!(bills.daily(&of, since, until).await.expect("an answer"), []);

    let group =
        json!({ "Keys": ["AWS Lambda"], "Metrics": { "UnblendedCost": { "Amount": "0.0613", "Unit": "USD" } } });
    let day = json!({ "TimePeriod": { "Start": "2026-10-01", "End": "2026-10-02" }, "Total": {}, "Groups": [group] });
    server.teach("static/ce/cost-and-usage-results", &json!({ "results": [{ "ResultsByTime": [day] }] }));
    // It gives one answer to one question: this is another.
    let told = bills.daily(&of, since, date(2026, 10, 4)).await.expect("an answer");
    let expected = Billed { day: since, service: "AWS Lambda".to_owned(), amount: 0.0613, currency: "USD".to_owned() };
    assert_eq!(told, [expected]);
}
