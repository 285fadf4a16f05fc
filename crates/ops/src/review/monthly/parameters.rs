//! `parameters`: the configuration that the functions read: whether they accept it, whether it is what was deployed, and
//! whether there is a secret in it.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        check::{Check, Period},
        finding::{Finding, Seen},
        site::{Deployed, Site},
    },
    plain_secrets,
};
use crate::{Level, Reach, Unlooked};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "parameters",
    period: Period::Monthly,
    about: "a configuration that functions refuse, that is not what was deployed, that holds a secret, or that nobody has \
            looked at for a year",
    permissions: &["ssm:GetParameter", "cloudformation:DescribeStacks"],
    look: |site| Box::pin(look(site)),
};

/// After this long somebody should read it once more.
const OLD_AFTER: SignedDuration = SignedDuration::from_hours(24 * 365);

/// The configuration's text, and what the functions' own reader says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterVerdict {
    /// The parameter's name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// When it was changed last, if the service says so.
    pub changed_at: Option<Timestamp>,
    /// The secrets that it names.
    pub secrets: Vec<NamedSecret>,
    /// What is wrong with it, each as a fragment.
    pub problems: Vec<String>,
}

/// A secret that a configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSecret {
    /// Its id.
    pub id: String,
    /// Whether its logins are those of the target's cluster, and so rotated here.
    pub is_of_target: bool,
}

/// Reads the configuration as the functions do. Whoever implements it knows the schema.
#[async_trait]
pub trait Verdicts: Send + Sync {
    /// The configuration, judged; `None` where there is none.
    ///
    /// # Errors
    /// [`Unlooked`] where it cannot be read.
    async fn configuration(&self) -> Result<Option<ParameterVerdict>, Unlooked>;
}

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.configuration
        .as_ref()
        .and(site.deployed.as_ref())
        .then(|(verdicts, deployed)| judge(site, *verdicts, deployed))
        .await
}

async fn judge(site: &Site<'_>, verdicts: &dyn Verdicts, deployed: &Deployed) -> Result<Seen, Unlooked> {
    let deploy = site.command("stack deploy --configuration FILE");
    let Some(found) = verdicts.configuration().await? else {
        let what = format!("the parameter with the configuration of stack {} is gone", deployed.stack.name);
        let findings = vec![Finding::new(Level::Error, what, deploy)];
        return Ok(Seen { looked_at: "no parameter".to_owned(), findings });
    };
    let name = &found.name;
    let mut findings: Vec<Finding> = found
        .problems
        .iter()
        .map(|problem| Finding::new(Level::Error, format!("functions refuse parameter {name}: {problem}"), &*deploy))
        .collect();
    if deployed.stack.parameters.get("Configuration").is_some_and(|deployed| deployed.trim() != found.text.trim()) {
        let what =
            format!("parameter {name} is not what was deployed: the next deployment would undo somebody's change");
        findings.push(Finding::new(Level::Warning, what, site.command("stack diff --configuration FILE")));
    }
    findings.extend(plain_secrets::find(&found.text).into_iter().map(|secret| {
        let what = format!("parameter {name} holds what looks like {} in plain text", secret.kind);
        let mend = "aws secretsmanager create-secret --name NAME --secret-string file://SECRET.json".to_owned();
        // Never the text itself: a review is sent around.
        Finding::new(Level::Error, what, mend).with("line", secret.line).with("key", secret.key)
    }));
    findings.extend(found.changed_at.filter(|at| site.now.duration_since(*at) > OLD_AFTER).map(|at| {
        let what = format!("parameter {name} has not been changed for more than a year: read it once more");
        let mend = format!("aws ssm get-parameter --name {name} --query Parameter.Value --output text");
        Finding::new(Level::Note, what, mend).with("changed", at)
    }));
    Ok(Seen { looked_at: format!("parameter {name}, {} bytes", found.text.len()), findings })
}
