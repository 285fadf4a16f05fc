//! `status`: a stack as it is, and how it differs from what is here.

use serde::Serialize;

use crate::{
    error::OpsError,
    follow::patiently,
    package::Package,
    ports::{Stack, Stacks},
};

/// How what runs compares with what is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// It is the same.
    Same,
    /// It is another.
    Other,
    /// There is nothing here to compare with.
    Unknown,
}

/// A stack and how it compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackReport {
    /// The stack.
    pub stack: Stack,
    /// The code.
    pub package: Drift,
    /// The template.
    pub template: Drift,
}

/// Looks at a stack.
///
/// # Errors
/// [`OpsError::NoStack`], or what the service says.
pub async fn look(
    stacks: &dyn Stacks,
    name: &str,
    package: Option<&Package>,
    template: &str,
) -> Result<StackReport, OpsError> {
    let found = patiently(|| stacks.describe(name)).await?;
    let stack = found.ok_or_else(|| OpsError::NoStack { stack: name.to_owned() })?;
    let same = |is_same: bool| if is_same { Drift::Same } else { Drift::Other };
    let there = stack.parameters.get("CodeKey");
    let package = match (package, there) {
        (Some(package), Some(there)) => same(package.key() == *there),
        (None, _) | (_, None) => Drift::Unknown,
    };
    let deployed = patiently(|| stacks.template(&stack.id)).await?;
    let template = same(deployed.trim() == template.trim());
    Ok(StackReport { stack, package, template })
}
