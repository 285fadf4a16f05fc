//! What every command here works with: the stack's functions, found by the stack's own parameters.

use aurora_restore_app::{StackServices, find_operation};
use aurora_restore_core::{engine::look_at, ids::Region, ports::Journal};
use aurora_restore_ops::{
    change::{ChangeId, Proposal},
    condition::{Condition, condition, refusal},
    functions::{FunctionName, FunctionNames, FunctionPorts, Smoke, Standing, can_be_asked, look},
    ports::{Alarms, Functions, Stack},
};

use super::WhichArgs;
use crate::{
    commands::{
        change::{GovernArgs, Governor},
        confirm::ConfirmArgs,
    },
    context::{Context, USUAL_STACK},
    error::CommandError,
};

/// The template's own word for what names begin with.
const USUAL_PREFIX: &str = "aurora-restore";

/// The stack's functions, and what they are worked on with.
pub(in crate::commands) struct Workshop<'c> {
    pub(super) context: &'c Context,
    pub(super) services: StackServices,
    pub(in crate::commands) stack: Stack,
    pub(in crate::commands) names: FunctionNames,
    functions: Box<dyn Functions>,
    alarms: Box<dyn Alarms>,
}

impl<'c> Workshop<'c> {
    /// Enters the account and looks at the stack.
    pub(in crate::commands) async fn open(context: &'c Context, region: Option<&Region>) -> Result<Self, CommandError> {
        let name = context.stack_name().unwrap_or(USUAL_STACK);
        let region = context.stack_region(region)?;
        let services = context.stack_services(&region).await?;
        let stack = services.find(name).await?;
        if condition(&stack.status) != Condition::Usable {
            return Err(refusal(&stack).into());
        }
        let prefix = stack.parameters.get("NamePrefix").map_or(USUAL_PREFIX, String::as_str);
        let (names, functions, alarms) = (FunctionNames::of(prefix), services.functions()?, services.alarms()?);
        Ok(Self { context, services, stack, names, functions, alarms })
    }

    pub(in crate::commands) fn ports(&self) -> FunctionPorts<'_> {
        let clock = self.context.clock();
        FunctionPorts { functions: self.functions.as_ref(), alarms: self.alarms.as_ref(), clock }
    }

    /// The functions that are meant, as they stand.
    pub(super) async fn chosen(&self, which: &WhichArgs) -> Result<Vec<Standing>, CommandError> {
        let names = match &which.name {
            Some(text) => vec![self.named(text)?.clone()],
            None => self.names.all().to_vec(),
        };
        Ok(look(self.functions.as_ref(), &names).await?)
    }

    /// The function of that name.
    pub(super) fn named(&self, text: &str) -> Result<&FunctionName, CommandError> {
        self.names.find(text).map_err(|wrong| CommandError::usage(wrong).hint("Nothing was changed."))
    }

    /// The function of that name, if it can be asked for an operation at all.
    pub(super) fn askable(&self, text: &str) -> Result<&FunctionName, CommandError> {
        let function = self.named(text)?;
        if can_be_asked(function) {
            return Ok(function);
        }
        Err(CommandError::usage(format!(
            "function {function} knows of no operation that it could be asked for, so it is not called"
        ))
        .hint("Any function of a step, undo and retire can be. Nothing was changed."))
    }

    /// The records of the stack's changes.
    pub(super) async fn governor(&self) -> Result<Governor<'c>, CommandError> {
        Governor::open(self.context, &self.services, Some(&self.stack), &self.stack.name).await
    }

    /// Everything that may still keep a change from being applied. None where it was only to be proposed.
    pub(super) async fn admit(
        &self,
        governor: &Governor<'_>,
        proposal: &Proposal,
        govern: &GovernArgs,
        confirm: ConfirmArgs,
    ) -> Result<Option<Option<ChangeId>>, CommandError> {
        if govern.only_proposes() {
            governor.propose(proposal).await?;
            return Ok(None);
        }
        governor.check(proposal, govern).await?;
        let ui = self.context.ui();
        for line in &proposal.diff {
            if confirm.is_given() { ui.say(line) } else { ui.show(line) }
        }
        let question = format!("Functions of stack {} are changed.", self.stack.name);
        confirm.ask(ui, &question, &self.stack.name)?;
        governor.begin(proposal, govern).await.map(Some)
    }

    /// What functions are asked for that shall move nothing: an operation that has ended, else one that nobody has begun.
    pub(in crate::commands) async fn harmless(
        &self,
        journal: &dyn Journal,
        named: Option<&str>,
    ) -> Result<Smoke, CommandError> {
        if let Some(ended) = self.ended(journal, named).await? {
            return Ok(ended);
        }
        Smoke::nobodys().map_err(|invalid| CommandError::internal(invalid.to_string()))
    }

    /// An operation that has ended, to ask functions for: the one that is named, else the newest that is completed.
    pub(super) async fn ended(
        &self,
        journal: &dyn Journal,
        named: Option<&str>,
    ) -> Result<Option<Smoke>, CommandError> {
        let Some(text) = named else { return Ok(Smoke::newest(journal).await?) };
        let operation = find_operation(journal, text).await?;
        let found = Smoke::of(&look_at(journal, &operation).await?);
        found.map(Some).ok_or_else(|| {
            CommandError::usage(format!("operation {operation} has not ended, or its retired cluster is being ended")).hint(
                "A function that is asked for it would go on with it. Name one that has ended. Nothing was changed.",
            )
        })
    }
}
