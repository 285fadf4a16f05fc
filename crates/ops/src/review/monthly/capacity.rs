//! `capacity`: whether the tables get what they need, and are paid for the way that is cheaper.
//!
//! A table that is paid by request shows no provisioned capacity in its metrics. What is advised is [`crate::capacity`]'s business.

use jiff::Timestamp;

use super::super::{
    check::{Check, Period},
    finding::{Finding, Level, Seen, Unlooked, counted},
    site::{Deployed, Reach, Site},
};
use crate::{
    capacity::{Advice, Side, Use, advise, used},
    ports::Metrics,
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
            let used = used(metrics, table, None, side, (since, until)).await?;
            findings.extend(told(table, side, used));
        }
    }
    Ok(Seen { looked_at: format!("{} over 30 days", counted(names.len(), "table")), findings })
}

fn told(table: &str, side: Side, used: Use) -> Option<Finding> {
    let what = match side {
        Side::Read => "reads",
        Side::Write => "writes",
    };
    let by_request = format!("aurora-restore capacity set --table {table} --on-demand");
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
        Advice::Provision { capacity, saves } => (
            Level::Note,
            format!(
                "{what} of table {table} are steady enough for a capacity of their own, which saves ${saves:.0} a month"
            ),
            format!("aurora-restore capacity set --table {table} --read N --write N  # {capacity:.0} for {what}"),
        ),
        Advice::Scale { least, most, saves } => (
            Level::Note,
            format!(
                "{what} of table {table} are cheaper with a capacity that grows by itself, which saves ${saves:.0} a month"
            ),
            format!("aurora-restore capacity set --table {table} --autoscaling {least:.0}..{most:.0}"),
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
