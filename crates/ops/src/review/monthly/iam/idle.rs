//! Services that a role may call and never did: granted, and not used. IAM remembers about 400 days of it.

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use super::{super::super::finding::Finding, Role};
use crate::{
    Level, Unlooked,
    follow::patiently,
    ports::{Grants, ServiceUse},
};

/// A younger role had no time to use everything: a quarter, in which a drill takes every way.
const AGE_MIN: SignedDuration = SignedDuration::from_hours(24 * 90);
/// Between two looks at what is being gathered, and how many there are at most: five minutes.
const POLL: Duration = Duration::from_secs(2);
const LOOKS_MAX: u32 = 150;
/// The most actions that are told.
const TOLD: usize = 6;

pub(super) async fn look(
    now: Timestamp,
    grants: &dyn Grants,
    roles: &[Role],
    findings: &mut Vec<Finding>,
) -> Result<(), Unlooked> {
    let is_old = |role: &&Role| role.granted.made_at.is_some_and(|made| now.duration_since(made) >= AGE_MIN);
    let mut begun = Vec::new();
    for role in roles.iter().filter(is_old) {
        begun.push((role, patiently(|| grants.gather(&role.granted.arn)).await?));
    }
    for (role, id) in begun {
        let used = gathered(grants, &id).await?;
        findings.extend(services(role).into_iter().filter_map(|service| idle(role, service, &used)));
    }
    Ok(())
}

async fn gathered(grants: &dyn Grants, id: &str) -> Result<Vec<ServiceUse>, Unlooked> {
    for _ in 0..LOOKS_MAX {
        if let Some(used) = patiently(|| grants.gathered(id)).await? {
            return Ok(used);
        }
        sleep(POLL).await;
    }
    let mend = format!("aws iam get-service-last-accessed-details --job-id {id}");
    Err(Unlooked { reason: "what a role has used is gathered without end".to_owned(), mend })
}

/// The services of the actions that a role is granted.
fn services(role: &Role) -> BTreeSet<&str> {
    let actions = role.grants().flat_map(|statement| &statement.actions);
    actions.filter_map(|action| Some(action.split_once(':')?.0)).collect()
}

/// A note only: most of what is idle are ways back, which nobody wants to need.
fn idle(role: &Role, service: &str, used: &[ServiceUse]) -> Option<Finding> {
    let was_used = used.iter().any(|one| one.service == service && one.last_used_at.is_some());
    // What IAM does not keep books about is no finding.
    let is_known = used.iter().any(|one| one.service == service);
    if was_used || !is_known {
        return None;
    }
    let name = &role.name;
    let mend =
        format!("aws iam generate-service-last-accessed-details --arn {} --granularity ACTION_LEVEL", role.granted.arn);
    let actions = role.grants().flat_map(|statement| &statement.actions);
    let actions: BTreeSet<&String> = actions.filter(|action| action.split(':').next() == Some(service)).collect();
    let finding = Finding::new(Level::Note, format!("role {name} may call {service} and never did"), mend);
    let finding = actions.iter().take(TOLD).fold(finding, |finding, action| finding.with("granted", action));
    let more = actions.len().saturating_sub(TOLD);
    Some(if more > 0 { finding.with("more actions", more) } else { finding })
}
