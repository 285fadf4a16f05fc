//! List prices of what a stack uses, with the day on which they were collected.

use jiff::civil::{Date, date};

/// When the prices were collected.
pub const COLLECTED: Date = date(2026, 11, 22);
/// From where.
pub const SOURCE: &str = "us-east-1, from memory of the published lists and not fetched";

/// A list price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// What is paid for.
    pub what: &'static str,
    /// Dollars.
    pub dollars: f64,
    /// For so many.
    pub per: f64,
    /// Of these.
    pub unit: &'static str,
}

impl Price {
    const fn new(what: &'static str, dollars: f64, per: f64, unit: &'static str) -> Self {
        Self { what, dollars, per, unit }
    }

    /// What an amount costs, in dollars.
    pub fn of(&self, amount: f64) -> f64 {
        self.dollars * amount / self.per
    }
}

/// Transitions of standard state machines.
pub const TRANSITIONS: Price = Price::new("Step Functions, standard", 0.025, 1e3, "1,000 transitions");
/// Invocations of functions.
pub const INVOCATIONS: Price = Price::new("Lambda, requests", 0.20, 1e6, "million requests");
/// Memory of functions over time.
pub const COMPUTE: Price = Price::new("Lambda, duration on arm64", 0.000_013_333_4, 1.0, "GB-second");
/// Write units of tables that are paid by request.
pub const WRITES: Price = Price::new("DynamoDB on demand, writes", 0.625, 1e6, "million write units");
/// Read units of tables that are paid by request.
pub const READS: Price = Price::new("DynamoDB on demand, reads", 0.125, 1e6, "million read units");
/// Messages to a topic.
pub const NOTICES: Price = Price::new("SNS, publishes", 0.50, 1e6, "million requests");
/// What is written to logs.
pub const LOGS: Price = Price::new("CloudWatch Logs, ingestion", 0.50, 1.0, "GB");
/// Metrics of our own.
pub const METRICS: Price = Price::new("CloudWatch, custom metrics", 0.30, 1.0, "metric and month");
/// Traces.
pub const TRACES: Price = Price::new("X-Ray, traces recorded", 5.0, 1e6, "million traces");
/// Reads of secrets.
pub const SECRET_READS: Price = Price::new("Secrets Manager, requests", 0.05, 1e4, "10,000 requests");
/// Alarms.
pub const ALARMS: Price = Price::new("CloudWatch, alarms", 0.10, 1.0, "alarm and month");
/// Dashboards.
pub const DASHBOARDS: Price = Price::new("CloudWatch, dashboards", 3.0, 1.0, "dashboard and month");
/// Keys.
pub const KEYS: Price = Price::new("KMS, customer-managed keys", 1.0, 1.0, "key and month");
/// A write unit of a table with a capacity of its own.
pub const WRITE_CAPACITY: Price = Price::new("DynamoDB provisioned, writes", 0.000_65, 1.0, "write unit and hour");
/// A read unit of a table with a capacity of its own.
pub const READ_CAPACITY: Price = Price::new("DynamoDB provisioned, reads", 0.000_13, 1.0, "read unit and hour");

/// All that a stack as it is deployed uses.
pub const PRICES: [Price; 13] = [
    TRANSITIONS,
    INVOCATIONS,
    COMPUTE,
    WRITES,
    READS,
    NOTICES,
    LOGS,
    METRICS,
    TRACES,
    SECRET_READS,
    ALARMS,
    DASHBOARDS,
    KEYS,
];
