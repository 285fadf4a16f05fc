//! A stack with what watches it, opened.

use aurora_restore_app::StackServices;
use aurora_restore_ops::{
    monitoring::{self as watching, Names, Plan, Wanted},
    patiently,
    ports::{Monitors, Safeguards, Stack, StackResource},
};

use super::DeclarationArgs;
use crate::{context::Context, error::CommandError};

/// A stack, what is declared for it, and the ports.
pub(super) struct Opened {
    pub(super) services: StackServices,
    pub(super) monitors: Box<dyn Monitors>,
    safeguards: Box<dyn Safeguards>,
    pub(super) stack: Stack,
    pub(super) resources: Vec<StackResource>,
    pub(super) names: Names,
    pub(super) wanted: Wanted,
}

impl Opened {
    /// Opens it.
    pub(super) async fn open(context: &Context, declaration: &DeclarationArgs) -> Result<Self, CommandError> {
        let (_, declaration) = declaration.read()?;
        let stack = context.stack()?.clone();
        let services = context.stack_services(&context.stack_region(None)?).await?;
        let resources = patiently(|| services.stacks().resources(&stack.id)).await?;
        let names = Names::of(&stack, &resources);
        let wanted = watching::wanted(&declaration, &names, &resources).map_err(aurora_restore_ops::OpsError::from)?;
        let (monitors, safeguards) = (services.monitors()?, services.safeguards()?);
        Ok(Self { services, monitors, safeguards, stack, resources, names, wanted })
    }

    /// What has to be done.
    pub(super) async fn plan(&self) -> Result<Plan, CommandError> {
        let (monitors, safeguards) = (self.monitors.as_ref(), self.safeguards.as_ref());
        let watched = watching::look(monitors, safeguards, &self.wanted, &self.names, &self.resources).await?;
        Ok(watching::plan(&self.wanted, &watched))
    }
}
