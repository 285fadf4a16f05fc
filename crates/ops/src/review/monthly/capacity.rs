//! `capacity`: whether the tables get what they need, and are paid for the way that is cheaper.
//!
//! A table that is paid by request shows no provisioned capacity in its metrics. What is advised is [`crate::capacity`]'s business.

use jiff::Timestamp;

use super::super::{
    check::{Check, Period},
    finding::{Finding, Seen, counted},
    site::{Deployed, Site},
};
use crate::{
    Level, Reach, Unlooked,
    capacity::{Advice, Side, Use, advise, fitting, used, used_indexes},
    ports::Metrics,
};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "capacity",
    period: Period::Monthly,
    about: "tables that were throttled, that soon will be, or that are paid for the dearer way",
    permissions: &["cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "cloudformation:ListStackResources"],
    look: |site| Box::pin(look(site)),
};

const DAY_SECS: i64 = 24 * 60 * 60;
const DAY_SECONDS: f64 = 86_400.0;

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.metrics.as_ref().and(site.deployed.as_ref()).then(|(metrics, deployed)| tables(site, *metrics, deployed)).await
}

async fn tables(site: &Site<'_>, metrics: &dyn Metrics, deployed: &Deployed) -> Result<Seen, Unlooked> {
    let second = site.now.as_second() - site.now.as_second().rem_euclid(DAY_SECS);
    let until = Timestamp::from_second(second).unwrap_or(site.now);
    let since = Period::Monthly.since(until);
    let names: Vec<&str> = deployed.names("AWS::DynamoDB::Table").collect();
    let time = (since, until);
    let mut findings = Vec::new();
    for table in &names {
        let both =
            [used(metrics, table, None, Side::Read, time).await?, used(metrics, table, None, Side::Write, time).await?];
        findings.extend(Side::ALL.into_iter().zip(both).filter_map(|(side, used)| told(site, table, side, used, both)));
        findings.extend(indexes(metrics, table, time).await?);
    }
    Ok(Seen { looked_at: format!("{} over 30 days", counted(names.len(), "table")), findings })
}

/// Indexes that held requests back: a write to the table waits for each of its indexes.
async fn indexes(metrics: &dyn Metrics, table: &str, time: (Timestamp, Timestamp)) -> Result<Vec<Finding>, Unlooked> {
    let mut findings = Vec::new();
    for index in used_indexes(metrics, table).await? {
        for side in Side::ALL {
            let used = used(metrics, table, Some(&index), side, time).await?;
            if used.throttled > 0.0 {
                let what = format!("{} of index {index} of table {table} were throttled", words(side));
                findings.push(
                    Finding::new(Level::Error, what, format!("aurora-restore capacity review --table {table}"))
                        .with("throttled", format!("{:.0}", used.throttled)),
                );
            }
        }
    }
    Ok(findings)
}

fn words(side: Side) -> &'static str {
    match side {
        Side::Read => "reads",
        Side::Write => "writes",
    }
}

fn told(site: &Site<'_>, table: &str, side: Side, used: Use, [read, write]: [Use; 2]) -> Option<Finding> {
    let what = words(side);
    let set = |how: String| site.command(&format!("capacity set --table {table} {how}"));
    let by_request = set("--on-demand".to_owned());
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
        Advice::ByRequest { .. } => {
            (Level::Note, format!("{what} of table {table} hardly use its capacity"), by_request)
        }
        Advice::Provision { saves, .. } => (
            Level::Note,
            format!(
                "{what} of table {table} are steady enough for a capacity of their own, which saves ${saves:.0} a month"
            ),
            set(format!("--read {:.0} --write {:.0}", fitting(read), fitting(write))),
        ),
        Advice::Scale { least, most, saves } => (
            Level::Note,
            format!(
                "{what} of table {table} are cheaper with a capacity that grows by itself, which saves ${saves:.0} a month"
            ),
            set(format!("--autoscaling {least:.0}..{most:.0}")),
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
