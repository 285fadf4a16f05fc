//! What was done to functions beside the stack, before the stack is deployed: CloudFormation looks at its last deployment and not at
//! them.

use aurora_restore_ops::{
    deploy::Prepared,
    functions::{FunctionNames, NewCode, Standing, behind, present, realign, require_settled},
    ports::{CodeAt, Functions},
};

use super::{material::Opened, narrator::Lines};
use crate::{context::Context, error::CommandError};

/// The functions of a stack that is there.
pub(super) struct Beside {
    functions: Box<dyn Functions>,
    standings: Vec<Standing>,
}

impl Beside {
    /// Looks at them. A new stack has none.
    pub(super) async fn look(opened: &Opened, prepared: &Prepared) -> Result<Self, CommandError> {
        let functions = opened.services.functions()?;
        let prefix = prepared.found.as_ref().and_then(|stack| stack.parameters.get("NamePrefix"));
        let standings = match prefix {
            Some(prefix) => present(functions.as_ref(), FunctionNames::of(prefix).all()).await?,
            None => Vec::new(),
        };
        Ok(Self { functions, standings })
    }

    /// Refuses while one of them is in the middle of a shift, which CloudFormation would not end.
    pub(super) fn require_settled(&self) -> Result<(), CommandError> {
        Ok(require_settled(&self.standings)?)
    }

    /// Tells of those that were rolled back; `then` says what becomes of them.
    pub(super) fn tell(&self, context: &Context, then: &str) {
        for line in behind(&self.standings) {
            context.ui().warning(format_args!("{line}: {then}"));
        }
    }

    /// Gives functions the stack's package where they have other code, if the stack's package stays the same: otherwise CloudFormation
    /// gives it to them.
    pub(super) async fn realign(
        &self,
        opened: &Opened,
        prepared: &Prepared,
        lines: &mut Lines<'_>,
    ) -> Result<(), CommandError> {
        let Some(stack) = &prepared.found else { return Ok(()) };
        let given = |name: &str| stack.parameters.get(name).cloned().unwrap_or_default();
        let package = &opened.deployment.package;
        if given("CodeKey") != package.key() {
            return Ok(());
        }
        let at = CodeAt { bucket: given("CodeBucket"), key: given("CodeKey"), version: given("CodeVersion") };
        Ok(realign(self.functions.as_ref(), &self.standings, &NewCode::of(&package.content), &at, lines).await?)
    }
}
