//! Taking a backup: the stack is read, and read again at the end, because somebody may have changed it meanwhile.

use std::collections::BTreeMap;

use aurora_restore_core::ids::{AccountId, Region};
use jiff::Timestamp;

use super::{Backup, Code};
use crate::{
    condition::{Condition, condition, refusal},
    error::OpsError,
    follow::patiently,
    package::digest,
    ports::{Artifacts, Stack, Stacks},
    template::TemplateParameters,
};

/// What a backup is taken of, and how.
#[derive(Clone, Copy)]
pub struct Taking<'p> {
    /// The stacks.
    pub stacks: &'p dyn Stacks,
    /// The bucket with the code.
    pub artifacts: &'p dyn Artifacts,
    /// The stack's name.
    pub stack: &'p str,
    /// The account.
    pub account: &'p AccountId,
    /// The Region.
    pub region: &'p Region,
    /// The declaration of what watches it.
    pub monitoring: &'p str,
    /// Whether the package itself is taken along. Without it a restore has to be given it.
    pub with_code: bool,
}

/// Reads a stack.
///
/// # Errors
/// [`OpsError`]; [`OpsError::NotNow`] also where it was changed while it was read.
pub async fn take(taking: Taking<'_>, now: Timestamp) -> Result<Backup, OpsError> {
    let stack = usable(&taking).await?;
    let template = patiently(|| taking.stacks.template(&stack.id)).await?;
    let mut resources = patiently(|| taking.stacks.resources(&stack.id)).await?;
    resources.sort_by(|one, other| one.logical.cmp(&other.logical));
    let code = code(&taking, &stack).await?;
    let after = usable(&taking).await?;
    if after != stack {
        return Err(refusal(&after));
    }
    let known = TemplateParameters::of(&template);
    let (left_out, parameters): (BTreeMap<String, String>, BTreeMap<String, String>) =
        stack.parameters.into_iter().partition(|(name, _)| known.is_secret(name));
    Ok(Backup {
        made_at: now,
        stack: stack.name,
        account: taking.account.to_string(),
        region: taking.region.to_string(),
        status: stack.status,
        template,
        parameters,
        left_out: left_out.into_keys().collect(),
        tags: stack.tags,
        outputs: stack.outputs,
        resources,
        code,
        monitoring: taking.monitoring.to_owned(),
    })
}

async fn usable(taking: &Taking<'_>) -> Result<Stack, OpsError> {
    let found = patiently(|| taking.stacks.describe(taking.stack)).await?;
    let stack = found.ok_or_else(|| OpsError::NoStack { stack: taking.stack.to_owned() })?;
    match condition(&stack.status) {
        Condition::Usable => Ok(stack),
        Condition::Gone => Err(OpsError::NoStack { stack: taking.stack.to_owned() }),
        Condition::Reviewing
        | Condition::Changing
        | Condition::Deleting
        | Condition::NeverMade
        | Condition::HalfTakenBack
        | Condition::HalfDeleted => Err(refusal(&stack)),
    }
}

/// The package is read in any case: a digest that nobody has computed proves nothing.
async fn code(taking: &Taking<'_>, stack: &Stack) -> Result<Code, OpsError> {
    let parameter = |name: &str| stack.parameters.get(name).filter(|value| !value.is_empty()).cloned();
    let needed =
        |name: &str| parameter(name).ok_or_else(|| OpsError::ParametersMissing { names: vec![name.to_owned()] });
    let (bucket, key, version) = (needed("CodeBucket")?, needed("CodeKey")?, parameter("CodeVersion"));
    let content = patiently(|| taking.artifacts.content(&bucket, &key, version.as_deref())).await?;
    let content = content.ok_or_else(|| OpsError::Bucket {
        bucket: bucket.clone(),
        reason: format!("does not hold {key} any more, which the functions were made from"),
    })?;
    let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
    let sha256 = digest(&content);
    Ok(Code { bucket, key, version, sha256, bytes, content: taking.with_code.then_some(content) })
}
