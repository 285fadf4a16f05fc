//! `deploy` and `diff`: from a package and a template to a change set, and from there to a stack.
//!
//! ```text
//!   look at the stack -> bucket -> code -> template -> change set -> (a person agrees) -> execute -> follow
//! ```
//! Killed anywhere, it is simply run again: what is in the bucket is found by its digest, a change set that was left is made
//! anew, and a stack that is being changed is followed to its end first.

mod change_set;
mod proposal;
mod publish;

use std::collections::BTreeMap;

use crate::{
    change::Proposal,
    condition::{Condition, condition, is_made, refusal},
    error::OpsError,
    follow::{self, Narrator, patiently},
    package::Package,
    ports::{Artifacts, Change, ChangeSetKind, Stack, Stacks},
    template::TemplateParameters,
};

/// What a stack is to be made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The stack's name.
    pub stack: String,
    /// The text of the template.
    pub template: String,
    /// The code.
    pub package: Package,
    /// The bucket that a person has named; the stack's own, else the usual one without it.
    pub bucket: Option<String>,
    /// The bucket that is made where none is there.
    pub usual_bucket: String,
    /// Parameters that a person has given. The others stay as the stack has them.
    pub parameters: BTreeMap<String, String>,
    /// The tags that the stack bears from then on; none leaves those that it has.
    pub tags: BTreeMap<String, String>,
}

/// What a deployment works with.
#[derive(Clone, Copy)]
pub struct DeployPorts<'p> {
    /// The stacks.
    pub stacks: &'p dyn Stacks,
    /// The bucket.
    pub artifacts: &'p dyn Artifacts,
}

/// What a change set is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be executed: what it needs is put into the bucket.
    Deploy,
    /// To be looked at: nothing is put anywhere.
    Show,
}

/// What would be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The stack's name.
    pub stack: String,
    /// The stack as it is, if it is there.
    pub found: Option<Stack>,
    /// What the change set is made for.
    pub kind: ChangeSetKind,
    /// The changes; none where there is nothing to change.
    pub changes: Vec<Change>,
    change_set: Option<String>,
    proposed: proposal::Proposed,
    /// Whether the name of a stack that is not made yet came to be by this change set.
    has_named_it: bool,
}

impl Prepared {
    /// The change set's name; `None` where there is nothing to change.
    pub fn change_set(&self) -> Option<&str> {
        self.change_set.as_deref()
    }

    /// What would be done, to be recorded.
    pub fn proposal(&self, why: Option<&str>) -> Proposal {
        self.proposed.proposal(why)
    }
}

/// Makes the change set.
///
/// # Errors
/// [`OpsError`]; the stack itself is unchanged then.
pub async fn prepare(
    ports: DeployPorts<'_>,
    deployment: &Deployment,
    purpose: Purpose,
    narrator: &mut dyn Narrator,
) -> Result<Prepared, OpsError> {
    let known = TemplateParameters::of(&deployment.template);
    deployment.parameters.iter().try_for_each(|(name, value)| known.accept(name, value))?;
    let found = settled(ports.stacks, &deployment.stack, purpose, narrator).await?;
    change_set::require_complete(deployment, found.as_ref(), &known)?;
    let published = publish::publish(ports.artifacts, deployment, found.as_ref(), purpose, narrator).await?;
    let new = change_set::new(deployment, found.as_ref(), &known, &published);
    let made = change_set::make(ports.stacks, &new).await?;
    let changes = made.changes.clone().unwrap_or_default();
    let proposed = proposal::Proposed::of(&deployment.template, found.as_ref(), &new, &changes);
    let change_set = made.changes.map(|_| new.name);
    Ok(Prepared {
        stack: deployment.stack.clone(),
        found,
        kind: new.kind,
        changes,
        change_set,
        proposed,
        has_named_it: made.has_named_it,
    })
}

/// Makes a change set that gives a stack other values for some parameters. Template, code and everything else stay.
///
/// # Errors
/// [`OpsError`]; the stack itself is unchanged then.
pub async fn prepare_parameters(
    stacks: &dyn Stacks,
    name: &str,
    given: BTreeMap<String, String>,
    narrator: &mut dyn Narrator,
) -> Result<Prepared, OpsError> {
    let found = settled(stacks, name, Purpose::Deploy, narrator).await?;
    let found = found.ok_or_else(|| OpsError::NoStack { stack: name.to_owned() })?;
    let template = patiently(|| stacks.template(&found.id)).await?;
    let known = TemplateParameters::of(&template);
    given.iter().try_for_each(|(name, value)| known.accept(name, value))?;
    let new = change_set::of_parameters(&found, given);
    let made = change_set::make(stacks, &new).await?;
    let changes = made.changes.clone().unwrap_or_default();
    let proposed = proposal::Proposed::of(&template, Some(&found), &new, &changes);
    let change_set = made.changes.map(|_| new.name);
    Ok(Prepared {
        stack: found.name.clone(),
        found: Some(found),
        kind: new.kind,
        changes,
        change_set,
        proposed,
        has_named_it: false,
    })
}

/// The stack once nobody is changing it; `None` where there is none, or it has no resources yet.
async fn settled(
    stacks: &dyn Stacks,
    name: &str,
    purpose: Purpose,
    narrator: &mut dyn Narrator,
) -> Result<Option<Stack>, OpsError> {
    let mut found = patiently(|| stacks.describe(name)).await?;
    if let Some(stack) = &found
        && matches!(condition(&stack.status), Condition::Changing | Condition::Deleting)
        && purpose == Purpose::Deploy
    {
        narrator.note(&format!("stack {name} is {}: following that to its end first", stack.status));
        let newest = patiently(|| stacks.newest_event(&stack.id)).await?;
        found = follow::to_the_end(stacks, &stack.id, newest, narrator).await?.stack;
    }
    let Some(stack) = found else { return Ok(None) };
    match condition(&stack.status) {
        Condition::Usable => Ok(Some(stack)),
        Condition::Reviewing | Condition::Gone => Ok(None),
        Condition::Changing
        | Condition::Deleting
        | Condition::NeverMade
        | Condition::HalfTakenBack
        | Condition::HalfDeleted => Err(refusal(&stack)),
    }
}

/// Makes the changes and follows them to their end.
///
/// # Errors
/// [`OpsError::Failed`] with the first resource that failed; the service takes the changes back by itself then.
pub async fn execute(
    stacks: &dyn Stacks,
    prepared: &Prepared,
    narrator: &mut dyn Narrator,
) -> Result<Option<Stack>, OpsError> {
    let Some(change_set) = &prepared.change_set else { return Ok(prepared.found.clone()) };
    let name = &prepared.stack;
    let here = patiently(|| stacks.describe(name)).await?.ok_or_else(|| OpsError::NoStack { stack: name.clone() })?;
    let newest = patiently(|| stacks.newest_event(&here.id)).await?;
    stacks.execute_change_set(name, change_set).await?;
    let end = follow::to_the_end(stacks, &here.id, newest, narrator).await?;
    match end.stack {
        Some(stack) if is_made(&stack.status) => Ok(Some(stack)),
        other => {
            let status = other.map_or_else(|| "gone".to_owned(), |stack| stack.status);
            Err(OpsError::Failed { stack: name.clone(), status, first: end.first_failure })
        }
    }
}

/// Forgets what was prepared: the change set, and the name of a stack that it has made. A name that was there before may be
/// somebody else's, who is about to execute a change set of their own.
///
/// # Errors
/// [`OpsError`].
pub async fn discard(stacks: &dyn Stacks, prepared: &Prepared) -> Result<(), OpsError> {
    let Some(change_set) = &prepared.change_set else { return Ok(()) };
    change_set::forget(stacks, &prepared.stack, change_set, prepared.has_named_it).await
}
