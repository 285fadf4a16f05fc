//! `drift`: what somebody changed beside the stack, policies of roles above all: what a role may do is what the template
//! grants it, which is the least that was proven to be enough.

use std::time::Duration;

use tokio::time::sleep;

use super::super::{
    check::{Check, Period},
    finding::{Finding, Seen, counted},
    site::{Deployed, Site},
};
use crate::{
    Level, Reach, Unlooked,
    follow::patiently,
    ports::{Drifts, PropertyDrift, ResourceDrift, Stack},
};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "drift",
    period: Period::Monthly,
    about: "roles, functions, tables and all else of the stack that somebody changed or deleted beside it",
    permissions: &[
        "cloudformation:DetectStackDrift",
        "cloudformation:DetectStackResourceDrift",
        "cloudformation:DescribeStackDriftDetectionStatus",
        "cloudformation:DescribeStackResourceDrifts",
    ],
    look: |site| Box::pin(look(site)),
};

/// Between two looks at a comparison, and how many there are at most: ten minutes.
const POLL: Duration = Duration::from_secs(2);
const LOOKS_MAX: u32 = 300;
/// The most properties of a resource that are told, and the most letters of a value.
const PROPERTIES_TOLD: usize = 5;
const VALUE_CHARS: usize = 160;

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.drifts.as_ref().and(site.deployed.as_ref()).then(|(drifts, deployed)| compare(*drifts, deployed)).await
}

async fn compare(drifts: &dyn Drifts, deployed: &Deployed) -> Result<Seen, Unlooked> {
    let stack = &deployed.stack;
    let comparison = patiently(|| drifts.begin(&stack.id)).await?;
    for _ in 0..LOOKS_MAX {
        if let Some(found) = patiently(|| drifts.found(&stack.id, &comparison)).await? {
            let findings = found.iter().map(|drift| told(stack, drift)).collect();
            return Ok(Seen { looked_at: counted(deployed.resources.len(), "resource"), findings });
        }
        sleep(POLL).await;
    }
    let mend =
        format!("aws cloudformation describe-stack-drift-detection-status --stack-drift-detection-id {comparison}");
    Err(Unlooked { reason: "the comparison of the stack has no end".to_owned(), mend })
}

fn told(stack: &Stack, drift: &ResourceDrift) -> Finding {
    let kind = drift.kind.strip_prefix("AWS::").unwrap_or(&drift.kind);
    let name = &drift.physical;
    let mend = revert(stack);
    let Some(differences) = &drift.differences else {
        return Finding::new(Level::Error, format!("{kind} {name} was deleted beside the stack"), mend);
    };
    // What a role may do is what keeps one restore from another's data.
    let level = if drift.kind.starts_with("AWS::IAM::") { Level::Error } else { Level::Warning };
    let finding = Finding::new(level, format!("{kind} {name} was changed beside the stack"), mend);
    let finding =
        differences.iter().take(PROPERTIES_TOLD).fold(finding, |finding, one| finding.with("property", property(one)));
    let more = differences.len().saturating_sub(PROPERTIES_TOLD);
    if more > 0 { finding.with("more properties", more) } else { finding }
}

/// A change set that compares with what is there puts it back; it is made by this, and looked at before it is executed. A parameter
/// that is not said to stay gets the default of the template.
fn revert(stack: &Stack) -> String {
    let region = stack.id.split(':').nth(3).map(|region| format!(" --region {region}")).unwrap_or_default();
    let stay: String =
        stack.parameters.keys().map(|name| format!(" ParameterKey={name},UsePreviousValue=true")).collect();
    let parameters = if stay.is_empty() { stay } else { format!(" --parameters{stay}") };
    format!(
        "aws cloudformation create-change-set --stack-name {}{region} --change-set-name revert-drift --use-previous-template \
         --capabilities CAPABILITY_NAMED_IAM{parameters} --deployment-mode REVERT_DRIFT",
        stack.name
    )
}

fn property(one: &PropertyDrift) -> String {
    let shown = |value: &Option<String>| match value {
        None => "nothing".to_owned(),
        Some(value) if value.chars().count() > VALUE_CHARS => {
            format!("{}…", value.chars().take(VALUE_CHARS).collect::<String>())
        }
        Some(value) => value.clone(),
    };
    format!("{} is {} and should be {}", one.path, shown(&one.actual), shown(&one.expected))
}
