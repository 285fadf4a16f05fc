//! `leftovers`: things with our tag that no journal accounts for, as the sweeper finds them.

use super::super::{
    check::{Check, Period},
    finding::{Finding, Seen},
    site::Site,
};
use crate::{
    Level, Reach, Unlooked,
    sweep::{Finding as Swept, Sweep},
};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "leftovers",
    period: Period::Weekly,
    about: "clusters, instances and snapshots that an operation left behind",
    permissions: &["rds:DescribeDBClusters", "rds:DescribeDBInstances", "rds:DescribeDBClusterSnapshots"],
    look: |site| Box::pin(look(site)),
};

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.sweep.as_ref().then(|sweep| async move { Ok(found(site, sweep).await) }).await
}

async fn found(site: &Site<'_>, sweep: &Sweep<'_>) -> Seen {
    let swept = sweep.leftovers().await;
    let mut findings: Vec<Finding> = swept.findings.iter().filter_map(|found| told(site, found)).collect();
    findings.extend(
        swept
            .troubles
            .into_iter()
            .map(|reason| Unlooked { reason, mend: "aurora-restore doctor".to_owned() }.finding()),
    );
    let places: Vec<String> = [&sweep.location].into_iter().chain(&sweep.ways).map(ToString::to_string).collect();
    Seen { looked_at: format!("everything with our tag in {}", places.join(", ")), findings }
}

fn told(site: &Site<'_>, found: &Swept) -> Option<Finding> {
    match found {
        Swept::Leftover { state, what, deletion, since } => {
            let id = &state.operation_id;
            let text = format!("{what} was left behind by operation {id}, which is {}", state.status.as_str());
            let finding = Finding::new(Level::Warning, text, deletion);
            let report = site.command(&format!("report {id}"));
            Some(finding.with("since", since).with("why it may go", report).about([id.clone()]))
        }
        Swept::Stalled { .. } => None,
    }
}
