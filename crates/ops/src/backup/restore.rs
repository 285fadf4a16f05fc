//! The way back: from a backup to what a deployment is made from. Nothing that is there is touched: what stands in the way is
//! told before anything is sent, and what is found in the way later makes CloudFormation take everything back.

use std::collections::BTreeMap;

use super::{Backup, compare::renamed};
use crate::{
    condition::{Condition, condition},
    deploy::Deployment,
    error::OpsError,
    follow::patiently,
    package::{Package, digest},
    ports::{Artifacts, Safeguards, Stacks},
};

/// Parameters that say where the code is: it is put into a bucket of its new account.
const OF_CODE: [&str; 3] = ["CodeBucket", "CodeKey", "CodeVersion"];

/// Where a backup is restored into, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreInto {
    /// The name of the new stack.
    pub stack: String,
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// Parameters that are to be other than in the backup, and those that it leaves out.
    pub parameters: BTreeMap<String, String>,
    /// The package, where the backup has none.
    pub package: Option<Vec<u8>>,
    /// The bucket that a person has named.
    pub bucket: Option<String>,
    /// The bucket that is made where none is there.
    pub usual_bucket: String,
}

/// What the stack is made from.
///
/// # Errors
/// [`OpsError`] where something is lacking; nothing was sent.
pub async fn restoration(
    artifacts: &dyn Artifacts,
    backup: &Backup,
    into: &RestoreInto,
) -> Result<Deployment, OpsError> {
    let missing: Vec<String> =
        backup.left_out.iter().filter(|name| !into.parameters.contains_key(*name)).cloned().collect();
    if !missing.is_empty() {
        return Err(OpsError::ParametersMissing { names: missing });
    }
    let package = package(backup, into.package.as_ref())?;
    let mut parameters = backup.parameters.clone();
    parameters.retain(|name, _| !OF_CODE.contains(&name.as_str()));
    parameters.extend(into.parameters.clone());
    Ok(Deployment {
        stack: into.stack.clone(),
        template: backup.template.clone(),
        package,
        bucket: bucket(artifacts, backup, into).await?,
        usual_bucket: into.usual_bucket.clone(),
        parameters,
        tags: backup.tags.clone(),
    })
}

/// The bucket of the backup, if it is this account's still; whoever has lost the account has lost it, too.
async fn bucket(artifacts: &dyn Artifacts, backup: &Backup, into: &RestoreInto) -> Result<Option<String>, OpsError> {
    let recorded = &backup.code.bucket;
    let is_here = backup.account == into.account && backup.region == into.region;
    if into.bucket.is_some() || !is_here || *recorded == into.usual_bucket {
        return Ok(into.bucket.clone());
    }
    Ok(patiently(|| artifacts.bucket(recorded)).await?.map(|_| recorded.clone()))
}

fn package(backup: &Backup, given: Option<&Vec<u8>>) -> Result<Package, OpsError> {
    let refused = |reason: String| OpsError::Package { reason };
    let content = given.or(backup.code.content.as_ref()).ok_or_else(|| {
        refused(format!("the backup holds no code; it was a package with the SHA-256 {}", backup.code.sha256))
    })?;
    let found = digest(content);
    if found != backup.code.sha256 {
        return Err(refused(format!("the package has the SHA-256 {found}; the stack ran with {}", backup.code.sha256)));
    }
    Package::read(content.clone()).map_err(|error| refused(format!("the package {error}")))
}

/// Everything of the backup that is there already, in words; none where the way is clear.
///
/// # Errors
/// [`OpsError`].
pub async fn what_is_in_the_way(
    stacks: &dyn Stacks,
    safeguards: &dyn Safeguards,
    backup: &Backup,
    into: &RestoreInto,
) -> Result<Vec<String>, OpsError> {
    let mut found = Vec::new();
    if let Some(stack) = patiently(|| stacks.describe(&into.stack)).await?
        // One that was never made has no resources: somebody was killed, or said no.
        && !matches!(condition(&stack.status), Condition::Gone | Condition::Reviewing)
    {
        found.push(format!("stack {} ({})", stack.name, stack.status));
    }
    for resource in &backup.resources {
        let name = renamed(backup, &into.parameters, &resource.physical);
        let is_there = match resource.kind.as_str() {
            "AWS::DynamoDB::Table" => patiently(|| safeguards.table(&name)).await?.is_some(),
            "AWS::Logs::LogGroup" => patiently(|| safeguards.log(&name)).await?.is_some(),
            "AWS::SNS::Topic" => {
                let name = moved(&name, into);
                patiently(|| safeguards.topic(&name)).await?.is_some()
            }
            // CloudFormation refuses to make what is there, and takes back what it has made by then.
            _ => false,
        };
        if is_there {
            found.push(format!("{name} ({})", resource.kind));
        }
    }
    Ok(found)
}

/// An ARN as it would be where the backup is restored into.
fn moved(arn: &str, into: &RestoreInto) -> String {
    let mut parts: Vec<&str> = arn.split(':').collect();
    if let [_, _, _, region, account, ..] = parts.as_mut_slice() {
        (*region, *account) = (&into.region, &into.account);
    }
    parts.join(":")
}
