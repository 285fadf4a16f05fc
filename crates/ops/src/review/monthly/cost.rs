//! `cost`: what the last thirty days cost, against the thirty days before: by the bill where it may be asked and tells both months,
//! and by recorded usage and list prices.
//!
//! Counted by usage are invocations and compute of the functions, units of the tables, what was written to the logs, messages of the
//! topic, and what is paid by the month. Not counted, because no metric tells it for one stack: transitions of the state
//! machines, requests to Secrets Manager and KMS, storage, and RDS itself.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    super::{
        check::{Check, Period},
        finding::{Finding, Seen},
        site::{Deployed, Site},
    },
    billed::{self, Months},
};
use crate::{
    Level, Reach, Unlooked,
    follow::patiently,
    ports::{DailyQuery, Day, Metric, Metrics, Statistic},
    prices::{self, ALARMS, COMPUTE, DASHBOARDS, INVOCATIONS, KEYS, LOGS, NOTICES, Price, READS, WRITES},
};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "cost",
    period: Period::Monthly,
    about: "a month that cost far more than the one before, and prices that are too old to rely on",
    permissions: &["ce:GetCostAndUsage", "cloudwatch:GetMetricData", "cloudformation:ListStackResources"],
    look: |site| Box::pin(look(site)),
};

const DAY_SECS: i64 = 24 * 60 * 60;
/// Days of each of the two months.
const MONTH: i64 = 30;
/// A month is dear from so many times the one before on, and by so many dollars at least.
const DEAR_TIMES: f64 = 1.5;
const DEAR_DOLLARS: f64 = 5.0;
/// Prices that are older than this are not to be relied on.
const PRICES_DAYS_MAX: i32 = 365;
/// The memory of a function where the stack does not say, as the template does.
const USUAL_MEMORY_MB: f64 = 256.0;

/// What is paid by use: a metric of a thing, and how much of the priced unit one of its values is.
struct Meter {
    price: Price,
    query: DailyQuery,
    units: f64,
}

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.metrics.as_ref().and(site.deployed.as_ref()).then(|(metrics, deployed)| bill(site, *metrics, deployed)).await
}

async fn bill(site: &Site<'_>, metrics: &dyn Metrics, deployed: &Deployed) -> Result<Seen, Unlooked> {
    let until = site.now.as_second() - site.now.as_second().rem_euclid(DAY_SECS);
    let at = |second| Timestamp::from_second(second).unwrap_or(site.now);
    let (middle, since) = (at(until - MONTH * DAY_SECS), at(until - 2 * MONTH * DAY_SECS));
    let meters = meters(deployed);
    let queries: Vec<DailyQuery> = meters.iter().map(|meter| meter.query.clone()).collect();
    let series = patiently(|| metrics.daily(&queries, since, at(until))).await?;
    let cost = |is_in: &dyn Fn(&Day) -> bool| -> Vec<(&'static str, f64)> {
        let sum = |days: &[Day]| days.iter().filter(|day| is_in(day)).map(|day| day.value).sum::<f64>();
        meters
            .iter()
            .zip(&series)
            .map(|(meter, days)| (meter.price.what, meter.price.of(sum(days) * meter.units)))
            .collect()
    };
    let (now, before) = (cost(&|day| day.begins >= middle), cost(&|day| day.begins < middle));
    let fixed = fixed(deployed);
    // From zero on: the sum of nothing is less than that, by its sign.
    let total = |lines: &[(&str, f64)]| lines.iter().fold(0.0, |sum, (_, dollars)| sum + dollars);
    let (used, used_before) = (total(&now), total(&before));
    let bill = billed::look(site, deployed).await;
    let by_usage = || dear(site, "by recorded usage", &usage(&now, used, used_before));
    let mut findings: Vec<Finding> =
        bill.months.as_ref().map_or_else(by_usage, |months| dear(site, "by the bill", months)).into_iter().collect();
    findings.extend(bill.finding);
    findings.extend(stale(site.now));
    let mut looked_at = format!(
        "30 days by list prices of {}: ${used:.2} by use, ${fixed:.2} by the month, RDS not counted",
        prices::COLLECTED
    );
    if !bill.looked_at.is_empty() {
        looked_at.push_str("; ");
        looked_at.push_str(&bill.looked_at);
    }
    Ok(Seen { looked_at, findings })
}

/// What is paid by the month, in dollars.
fn fixed(deployed: &Deployed) -> f64 {
    let of = |kind, price: Price| {
        let count = u32::try_from(deployed.names(kind).count()).unwrap_or(u32::MAX);
        price.of(f64::from(count))
    };
    of("AWS::CloudWatch::Alarm", ALARMS) + of("AWS::CloudWatch::Dashboard", DASHBOARDS) + of("AWS::KMS::Key", KEYS)
}

fn meters(deployed: &Deployed) -> Vec<Meter> {
    let memory = deployed.stack.parameters.get("MemorySize").and_then(|text| text.parse::<f64>().ok());
    let gigabytes = memory.unwrap_or(USUAL_MEMORY_MB) / 1024.0;
    let mut meters = Vec::new();
    let mut add = |price, units, namespace: &str, name: &str, dimension: (&str, &str)| {
        let query = DailyQuery { metric: Metric::new(namespace, name, &[dimension]), statistic: Statistic::Sum };
        meters.push(Meter { price, query, units });
    };
    for function in deployed.names("AWS::Lambda::Function") {
        add(INVOCATIONS, 1.0, "AWS/Lambda", "Invocations", ("FunctionName", function));
        // Milliseconds.
        add(COMPUTE, gigabytes / 1e3, "AWS/Lambda", "Duration", ("FunctionName", function));
    }
    for table in deployed.names("AWS::DynamoDB::Table") {
        add(READS, 1.0, "AWS/DynamoDB", "ConsumedReadCapacityUnits", ("TableName", table));
        add(WRITES, 1.0, "AWS/DynamoDB", "ConsumedWriteCapacityUnits", ("TableName", table));
    }
    for log in deployed.names("AWS::Logs::LogGroup") {
        add(LOGS, 1e-9, "AWS/Logs", "IncomingBytes", ("LogGroupName", log));
    }
    for topic in deployed.names("AWS::SNS::Topic") {
        let name = topic.rsplit(':').next().unwrap_or(topic);
        add(NOTICES, 1.0, "AWS/SNS", "NumberOfMessagesPublished", ("TopicName", name));
    }
    meters
}

/// Two months by usage, told as a bill is.
fn usage(now: &[(&'static str, f64)], used: f64, before: f64) -> Months {
    let by_price = now.iter().map(|(what, dollars)| (*what, *dollars));
    Months { now: used, before, by_service: billed::dearest_first(by_price), currency: "USD".to_owned() }
}

fn dear(site: &Site<'_>, by: &str, months: &Months) -> Option<Finding> {
    let Months { now, before, by_service, currency } = months;
    if *now <= before * DEAR_TIMES || now - before <= DEAR_DOLLARS {
        return None;
    }
    let what = format!("30 days cost {currency} {now:.2} {by}, and the 30 days before {before:.2}");
    let finding = Finding::new(Level::Warning, what, site.command("list --limit 100"));
    let dearest = by_service.iter().take(3);
    Some(dearest.fold(finding, |finding, (what, amount)| finding.with("most for", format!("{what}: {amount:.2}"))))
}

fn stale(now: Timestamp) -> Option<Finding> {
    let today: Date = now.to_zoned(TimeZone::UTC).date();
    let age = (today - prices::COLLECTED).get_days();
    (age > PRICES_DAYS_MAX).then(|| {
        let what = "the prices that costs are computed from are more than a year old".to_owned();
        Finding::new(Level::Note, what, "aws pricing get-products --service-code AWSLambda --region us-east-1")
            .with("collected", prices::COLLECTED)
            .with("from", prices::SOURCE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_told_when_they_are_old() {
        let day = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(stale(day("2027-11-20T00:00:00Z")), None);
        assert!(stale(day("2027-12-01T00:00:00Z")).is_some());
    }
}
