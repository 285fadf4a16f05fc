//! Making a change set, and forgetting one.

use std::collections::BTreeMap;

use super::{Deployment, publish::Published};
use crate::{
    condition::{Condition, condition},
    error::OpsError,
    follow::{patiently, shortly},
    package::digest,
    ports::{
        Change, ChangeSet, ChangeSetKind, ChangeSetStatus, NewChangeSet, ParameterValue, ServiceError, Stack, Stacks,
        TemplateSource,
    },
    template::TemplateParameters,
};

/// What the service says of a change set without changes: it has no code for it.
const EMPTY: [&str; 2] = ["didn't contain changes", "No updates are to be performed"];

/// The parameter that has new versions of the functions published.
const RELEASE: &str = "Release";

/// The parameters that no function is made from.
const OF_NO_FUNCTION: [&str; 2] = ["LogRetentionDays", "SavedQueries"];

/// The parameters that say which code is meant.
const OF_CODE: [&str; 4] = ["CodeBucket", "CodeKey", "CodeVersion", "Architecture"];

pub(super) fn new(
    deployment: &Deployment,
    found: Option<&Stack>,
    known: &TemplateParameters,
    published: &Published,
) -> NewChangeSet {
    let mut parameters = BTreeMap::new();
    // What nobody speaks of stays as it is.
    for name in found.iter().flat_map(|stack| stack.parameters.keys()).filter(|name| known.has(name)) {
        let _new = parameters.insert(name.clone(), ParameterValue::Previous);
    }
    let code = [
        ("CodeBucket", published.bucket.clone()),
        ("CodeKey", deployment.package.key()),
        ("CodeVersion", published.code_version.clone()),
        ("Architecture", deployment.package.architecture.clone()),
    ];
    if known.has(RELEASE) {
        let release = release(deployment, found, known);
        let _previous = parameters.insert(RELEASE.to_owned(), ParameterValue::Given(release));
    }
    let given = deployment.parameters.iter().map(|(name, value)| (name.clone(), value.clone()));
    for (name, value) in given.chain(code.map(|(name, value)| (name.to_owned(), value))) {
        let _previous = parameters.insert(name, ParameterValue::Given(value));
    }
    let kind = if found.is_some() { ChangeSetKind::Update } else { ChangeSetKind::Create };
    let name = name(&deployment.template, &parameters);
    NewChangeSet {
        stack: deployment.stack.clone(),
        name,
        kind,
        template: published.template.clone(),
        parameters,
        tags: deployment.tags.clone(),
    }
}

/// Other values for some parameters; template, code and everything else as the stack has them.
pub(super) fn of_parameters(found: &Stack, given: BTreeMap<String, String>) -> NewChangeSet {
    let mut parameters: BTreeMap<String, ParameterValue> =
        found.parameters.keys().map(|name| (name.clone(), ParameterValue::Previous)).collect();
    parameters.extend(given.into_iter().map(|(name, value)| (name, ParameterValue::Given(value))));
    NewChangeSet {
        stack: found.name.clone(),
        name: name("", &parameters),
        kind: ChangeSetKind::Update,
        template: TemplateSource::Previous,
        parameters,
        tags: BTreeMap::new(),
    }
}

/// Checks that each parameter without a default gets a value from somebody: the service says so late and of one only.
///
/// # Errors
/// [`OpsError::ParametersMissing`] with all of them.
pub(super) fn require_complete(
    deployment: &Deployment,
    found: Option<&Stack>,
    known: &TemplateParameters,
) -> Result<(), OpsError> {
    let has = |name: &&str| {
        deployment.parameters.contains_key(*name)
            || found.is_some_and(|stack| stack.parameters.contains_key(*name))
            || OF_CODE.iter().any(|of_code| of_code == name)
    };
    let missing: Vec<String> =
        known.names().filter(|name| known.default(name).is_none() && !has(name)).map(str::to_owned).collect();
    if missing.is_empty() { Ok(()) } else { Err(OpsError::ParametersMissing { names: missing }) }
}

/// A word that changes with everything that the functions are made from: a new one has their new versions published.
fn release(deployment: &Deployment, found: Option<&Stack>, known: &TemplateParameters) -> String {
    let mut values: BTreeMap<&str, &str> = BTreeMap::new();
    let defaults = known.names().filter_map(|name| Some((name, known.default(name)?)));
    let of_stack =
        found.iter().flat_map(|stack| &stack.parameters).map(|(name, value)| (name.as_str(), value.as_str()));
    let given = deployment.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    // The code has its own name, which says more than where it is kept.
    let is_other = |name: &str| name == RELEASE || OF_CODE.contains(&name) || OF_NO_FUNCTION.contains(&name);
    let is_setting = |name: &str| known.has(name) && !is_other(name);
    values.extend(defaults.chain(of_stack).chain(given).filter(|(name, _)| is_setting(name)));
    let made_from = format!("{}\n{}\n{values:?}", deployment.template, deployment.package.key());
    digest(made_from.as_bytes()).get(..16).unwrap_or_default().to_owned()
}

/// A name that says what is asked for: whoever runs again finds what was left by its name.
fn name(template: &str, parameters: &BTreeMap<String, ParameterValue>) -> String {
    let asked = format!("{template}\n{parameters:?}");
    format!("deploy-{}", digest(asked.as_bytes()).get(..16).unwrap_or_default())
}

/// What was made.
pub(super) struct Made {
    /// What would change; `None` where nothing would, and then nothing is left of the change set.
    pub(super) changes: Option<Vec<Change>>,
    /// Whether the stack has its name by this change set.
    pub(super) has_named_it: bool,
}

/// Makes it.
pub(super) async fn make(stacks: &dyn Stacks, new: &NewChangeSet) -> Result<Made, OpsError> {
    let is_named = patiently(|| stacks.describe(&new.stack)).await?.is_some();
    let made = |changes| Made { changes, has_named_it: !is_named };
    // One that was left by somebody who was killed, or who said no.
    if is_named {
        patiently(|| stacks.delete_change_set(&new.stack, &new.name)).await?;
    }
    match stacks.create_change_set(new).await {
        Err(ServiceError::Refused { reason, .. }) if is_empty(&reason) => return Ok(made(None)),
        other => other?,
    }
    let what = format!("the change set of stack {}", new.stack);
    let seen = shortly(&what, async || {
        let seen = patiently(|| stacks.change_set(&new.stack, &new.name)).await?;
        Ok(Some(seen).filter(|seen| seen.status != ChangeSetStatus::Pending))
    })
    .await?;
    let ChangeSet { status, changes } = seen;
    match status {
        ChangeSetStatus::Pending | ChangeSetStatus::Ready => Ok(made(Some(changes))),
        ChangeSetStatus::Failed { reason } => {
            forget(stacks, &new.stack, &new.name, !is_named).await?;
            if is_empty(&reason) {
                return Ok(made(None));
            }
            let of_template = matches!(new.template, TemplateSource::Url(_)).then_some(" (read from the bucket)");
            let reason = format!("{reason}{}", of_template.unwrap_or_default());
            Err(OpsError::ChangeSet { stack: new.stack.clone(), reason })
        }
    }
}

fn is_empty(reason: &str) -> bool {
    EMPTY.iter().any(|words| reason.contains(words))
}

/// Forgets it, and with it the name of a stack that it has made. Such a stack has no resources.
pub(super) async fn forget(stacks: &dyn Stacks, stack: &str, name: &str, has_named_it: bool) -> Result<(), OpsError> {
    patiently(|| stacks.delete_change_set(stack, name)).await?;
    if !has_named_it {
        return Ok(());
    }
    let left = patiently(|| stacks.describe(stack)).await?;
    if let Some(left) = left.filter(|left| condition(&left.status) == Condition::Reviewing) {
        patiently(|| stacks.delete(&left.id)).await?;
    }
    Ok(())
}
