//! `capacity`: whether the tables get what they need, and are paid for the way that is cheaper.
//!
//! A table that is paid by request shows no provisioned capacity in its metrics. What is used is the mean of the busiest
//! day: a table with a capacity of its own that is filled beyond 80 % on that day will throttle soon, and one that is filled
//! below 20 % is cheaper by request.

use jiff::Timestamp;

use super::super::{
    check::{Check, Period},
    finding::{Finding, Level, Seen, Unlooked, counted},
    site::{Deployed, Reach, Site},
};
use crate::{
    follow::patiently,
    ports::{DailyQuery, Day, Metric, Metrics, Statistic},
    prices::{READ_CAPACITY, READS, WRITE_CAPACITY, WRITES},
};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "capacity",
    period: Period::Monthly,
    about: "tables that were throttled, that soon will be, or that are paid for the dearer way",
    permissions: &["cloudwatch:GetMetricData", "cloudformation:ListStackResources"],
    look: |site| Box::pin(look(site)),
};

const DAY_SECS: i64 = 24 * 60 * 60;
const DAY_SECONDS: f64 = 86_400.0;
const HOURS_OF_30_DAYS: f64 = 720.0;
/// A capacity is filled, or hardly used, from these shares on.
const FULL: f64 = 0.8;
const HARDLY: f64 = 0.2;
/// Less than this a month is not worth a change, in dollars.
const WORTH_DOLLARS: f64 = 5.0;
/// A capacity of one's own is chosen so that the busiest day fills this much of it.
const GOAL: f64 = 0.7;

/// What one side of a table used in the period.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Use {
    /// Units, all together.
    units: f64,
    /// Units of the busiest day.
    busiest: f64,
    /// The capacity, in units a second; zero for a table that is paid by request.
    provisioned: f64,
    /// Requests that were throttled.
    throttled: f64,
}

/// Reading and writing, as the metrics call them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Read,
    Write,
}

impl Side {
    const ALL: [Self; 2] = [Self::Read, Self::Write];

    fn word(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Write => "Write",
        }
    }

    /// By request, in dollars.
    fn by_request(self, units: f64) -> f64 {
        match self {
            Self::Read => READS.of(units),
            Self::Write => WRITES.of(units),
        }
    }

    /// With a capacity of its own for thirty days, in dollars.
    fn with_capacity(self, capacity: f64) -> f64 {
        match self {
            Self::Read => READ_CAPACITY.of(capacity * HOURS_OF_30_DAYS),
            Self::Write => WRITE_CAPACITY.of(capacity * HOURS_OF_30_DAYS),
        }
    }
}

/// What is to be done about one side of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Advice {
    /// Nothing.
    Fine,
    /// It was throttled: raise the capacity, or pay by request.
    Throttled,
    /// It will be throttled soon.
    Raise,
    /// It is cheaper by request.
    ByRequest,
    /// It is cheaper with a capacity of its own, by so many dollars a month.
    Provision(f64),
}

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.metrics.as_ref().and(site.deployed.as_ref()).then(|(metrics, deployed)| tables(site, *metrics, deployed)).await
}

async fn tables(site: &Site<'_>, metrics: &dyn Metrics, deployed: &Deployed) -> Result<Seen, Unlooked> {
    let second = site.now.as_second() - site.now.as_second().rem_euclid(DAY_SECS);
    let until = Timestamp::from_second(second).unwrap_or(site.now);
    let since = Period::Monthly.since(until);
    let names: Vec<&str> = deployed.names("AWS::DynamoDB::Table").collect();
    let mut findings = Vec::new();
    for table in &names {
        for side in Side::ALL {
            let used = used(metrics, table, side, since, until).await?;
            findings.extend(told(table, side, used));
        }
    }
    Ok(Seen { looked_at: format!("{} over 30 days", counted(names.len(), "table")), findings })
}

async fn used(
    metrics: &dyn Metrics,
    table: &str,
    side: Side,
    since: Timestamp,
    until: Timestamp,
) -> Result<Use, Unlooked> {
    let word = side.word();
    let query = |name: String, statistic| DailyQuery {
        metric: Metric::new("AWS/DynamoDB", &name, &[("TableName", table)]),
        statistic,
    };
    let queries = [
        query(format!("Consumed{word}CapacityUnits"), Statistic::Sum),
        query(format!("Provisioned{word}CapacityUnits"), Statistic::Average),
        query(format!("{word}ThrottleEvents"), Statistic::Sum),
    ];
    let series = patiently(|| metrics.daily(&queries, since, until)).await?;
    let days = |number: usize| series.get(number).map(Vec::as_slice).unwrap_or_default();
    let sum = |days: &[Day]| days.iter().map(|day| day.value).sum::<f64>();
    let most = |days: &[Day]| days.iter().map(|day| day.value).fold(0.0, f64::max);
    Ok(Use {
        units: sum(days(0)),
        busiest: most(days(0)),
        // What it is now, and not what it was before somebody changed it.
        provisioned: days(1).last().map_or(0.0, |day| day.value),
        throttled: sum(days(2)),
    })
}

fn advise(side: Side, used: Use) -> Advice {
    if used.throttled > 0.0 {
        return Advice::Throttled;
    }
    let a_second = used.busiest / DAY_SECONDS;
    if used.provisioned > 0.0 {
        let share = a_second / used.provisioned;
        let saved = side.with_capacity(used.provisioned) - side.by_request(used.units);
        return if share > FULL {
            Advice::Raise
        } else if share < HARDLY && saved > WORTH_DOLLARS {
            Advice::ByRequest
        } else {
            Advice::Fine
        };
    }
    let saved = side.by_request(used.units) - side.with_capacity((a_second / GOAL).ceil().max(1.0));
    if saved > WORTH_DOLLARS { Advice::Provision(saved) } else { Advice::Fine }
}

fn told(table: &str, side: Side, used: Use) -> Option<Finding> {
    let what = match side {
        Side::Read => "reads",
        Side::Write => "writes",
    };
    let update = format!("aws dynamodb update-table --table-name {table}");
    let by_request = format!("{update} --billing-mode PAY_PER_REQUEST");
    let (level, text, mend) = match advise(side, used) {
        Advice::Fine => return None,
        Advice::Throttled => {
            let mend = if used.provisioned > 0.0 {
                by_request
            } else {
                format!(
                    "aws service-quotas list-service-quotas --service-code dynamodb  # {table} hit a limit of the account"
                )
            };
            (Level::Error, format!("{what} of table {table} were throttled"), mend)
        }
        Advice::Raise => (Level::Warning, format!("{what} of table {table} nearly fill its capacity"), by_request),
        Advice::ByRequest => (Level::Note, format!("{what} of table {table} hardly use its capacity"), by_request),
        Advice::Provision(saved) => (
            Level::Note,
            format!(
                "{what} of table {table} are steady enough for a capacity of their own, which saves ${saved:.0} a month"
            ),
            format!(
                "{update} --billing-mode PROVISIONED --provisioned-throughput ReadCapacityUnits=N,WriteCapacityUnits=N"
            ),
        ),
    };
    let finding = Finding::new(level, text, mend)
        .with("units in 30 days", format!("{:.0}", used.units))
        .with("units a second on the busiest day", format!("{:.2}", used.busiest / DAY_SECONDS))
        .with(
            "capacity",
            if used.provisioned > 0.0 { format!("{:.0}", used.provisioned) } else { "by request".to_owned() },
        );
    Some(if used.throttled > 0.0 { finding.with("throttled", format!("{:.0}", used.throttled)) } else { finding })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(side: Side, a_second: f64, provisioned: f64, throttled: f64) -> Advice {
        let busiest = a_second * DAY_SECONDS;
        advise(side, Use { units: busiest * 30.0, busiest, provisioned, throttled })
    }

    #[test]
    fn advice_follows_what_is_used_and_what_is_paid() {
        let table = [
            // By request: a few restores a day, and a steady flood.
            (Side::Write, 0.1, 0.0, 0.0, "fine"),
            (Side::Write, 0.1, 0.0, 3.0, "throttled"),
            (Side::Write, 100.0, 0.0, 0.0, "provision"),
            (Side::Read, 1.0, 0.0, 0.0, "fine"),
            // With a capacity of its own.
            (Side::Read, 50.0, 100.0, 0.0, "fine"),
            (Side::Read, 81.0, 100.0, 0.0, "raise"),
            (Side::Read, 50.0, 100.0, 1.0, "throttled"),
            (Side::Write, 0.5, 100.0, 0.0, "by request"),
            // Hardly used, but there is nothing to be saved.
            (Side::Write, 0.1, 1.0, 0.0, "fine"),
        ];
        for (side, a_second, provisioned, throttled, expected) in table {
            let found = match advice(side, a_second, provisioned, throttled) {
                Advice::Fine => "fine",
                Advice::Throttled => "throttled",
                Advice::Raise => "raise",
                Advice::ByRequest => "by request",
                Advice::Provision(_) => "provision",
            };
            assert_eq!(found, expected, "{side:?} {a_second} of {provisioned}, {throttled} throttled");
        }
    }
}
