//! The deployed stack that a command works on: its outputs are read once and lie over the configuration.

use std::cell::OnceCell;

use aurora_restore_app::{
    StackServices,
    config::{self, Config, ConfigError, DeployedStack, RotationKeys, StackReading, Value},
};
use aurora_restore_core::{ids::Region, request::Request};
use aurora_restore_ops::ports::Stack;

use super::Context;
use crate::error::CommandError;

/// The stack's name where none is given.
pub(crate) const USUAL_NAME: &str = "aurora-restore";

/// What has been read of a stack.
#[derive(Default)]
pub(super) struct Held {
    config: OnceCell<Config>,
    found: OnceCell<Option<(Stack, DeployedStack)>>,
    /// Whether the usual stack is meant where none is named.
    assumed: OnceCell<()>,
}

impl Context {
    /// The name of the stack that is meant, if one is.
    pub(crate) fn stack_name(&self) -> Option<&str> {
        let given = self.global.stack.as_deref().filter(|name| !name.is_empty());
        given.or_else(|| self.stack.assumed.get().map(|()| USUAL_NAME))
    }

    /// From here on the usual stack is meant, unless another one is named.
    pub(crate) fn assume_stack(&self) {
        self.stack.assumed.get_or_init(|| ());
        self.ui.assume_stack(USUAL_NAME);
    }

    /// The configuration without what a stack says: it tells how the stack's own account is entered.
    pub(crate) fn config_beside_stack(&self) -> Result<&Config, CommandError> {
        if let Some(config) = self.stack.config.get() {
            return Ok(config);
        }
        let config = Config::load(&self.sources()?)?;
        Ok(self.stack.config.get_or_init(|| config))
    }

    /// The Region of the stack.
    pub(crate) fn stack_region(&self, given: Option<&Region>) -> Result<Region, CommandError> {
        if let Some(region) = given {
            return Ok(region.clone());
        }
        let configured = self.config_beside_stack()?.show().into_iter().find(|key| key.path == "target.region");
        let configured = configured.and_then(|key| match key.value {
            Some(Value::Text(region)) => Some(region.clone()),
            _ => None,
        });
        let environment = self.sources()?.environment;
        let of_variable = |name: &str| environment.get(name).filter(|text| !text.is_empty()).cloned();
        let region = configured.or_else(|| of_variable("AWS_REGION")).or_else(|| of_variable("AWS_DEFAULT_REGION"));
        let region = region.ok_or_else(|| {
            CommandError::configuration("nothing says in which Region the stack is")
                .hint("Set `target.region` in the configuration, or the environment variable AWS_REGION.")
        })?;
        Region::new(&region).map_err(|invalid| CommandError::configuration(invalid.to_string()))
    }

    /// The account and Region of the stack, entered.
    pub(crate) async fn stack_services(&self, region: &Region) -> Result<StackServices, CommandError> {
        Ok(StackServices::open(self.config_beside_stack()?.environment(), region).await?)
    }

    /// The stack that is named, as it is. Read once.
    pub(crate) fn stack(&self) -> Result<&Stack, CommandError> {
        let found = self.read_stack()?.map(|(stack, _)| stack);
        found.ok_or_else(|| CommandError::internal("no stack is named"))
    }

    /// What the functions make of a request: this configuration's keys, laid over the stack's own.
    pub(crate) fn request_on_stack(&self, config: &Config) -> Result<Result<Request, ConfigError>, CommandError> {
        let region = self.stack_region(None)?;
        Ok(config::request_on_stack(self.reading(&region)?, config.event(), self.now()))
    }

    /// What a rotation works with: this configuration's keys, laid over the stack's own where one is meant.
    pub(crate) fn rotation(&self, config: &Config) -> Result<RotationKeys, CommandError> {
        if self.stack_name().is_none() {
            return Ok(config.rotation()?);
        }
        let region = self.stack_region(None)?;
        Ok(config::rotation_on_stack(self.reading(&region)?, config.event())?)
    }

    fn reading<'s>(&'s self, region: &'s Region) -> Result<StackReading<'s>, CommandError> {
        let parameters = &self.stack()?.parameters;
        let given = |name: &str| parameters.get(name).map(String::as_str);
        Ok(StackReading {
            configuration: given("Configuration").unwrap_or_default(),
            poll: given("PollInterval"),
            retention_days: given("StateRetentionDays").zip(given("AuditRetentionDays")),
            region: region.as_str(),
        })
    }

    /// What the stack says about where things are.
    pub(super) fn deployed(&self) -> Result<Option<DeployedStack>, CommandError> {
        Ok(self.read_stack()?.map(|(_, deployed)| deployed.clone()))
    }

    fn read_stack(&self) -> Result<Option<&(Stack, DeployedStack)>, CommandError> {
        if let Some(found) = self.stack.found.get() {
            return Ok(found.as_ref());
        }
        let found = match self.stack_name() {
            None => None,
            Some(name) => Some(self.ask_for_stack(name)?),
        };
        Ok(self.stack.found.get_or_init(|| found).as_ref())
    }

    /// Asks on a thread of its own: the configuration is wanted in the middle of asynchronous work as well.
    fn ask_for_stack(&self, name: &str) -> Result<(Stack, DeployedStack), CommandError> {
        let region = self.stack_region(None)?;
        let environment = self.config_beside_stack()?.environment();
        let ask = async || {
            let services = StackServices::open(environment, &region).await?;
            let stack = services.find(name).await?;
            let deployed = services.as_deployed(&stack);
            Ok((stack, deployed))
        };
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let unstarted = |error| CommandError::failed("the event loop could not be started").caused_by(error);
                runtime.map_err(unstarted)?.block_on(ask())
            });
            asked.join().unwrap_or_else(|_| Err(CommandError::internal("asking for the stack panicked")))
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::arguments::Cli;

    fn hint_of(arguments: &[&str]) -> String {
        let context = Context::new(&Cli::parse_from(arguments).global);
        context.assume_stack();
        context.ui().whole("aurora-restore drill finish op-1".to_owned())
    }

    #[test]
    fn hints_name_the_stack_that_is_meant_also_where_nobody_has_named_it() {
        let assumed = hint_of(&["aurora-restore", "plan"]);
        assert_eq!(assumed, "aurora-restore --stack aurora-restore drill finish op-1");
        let named = hint_of(&["aurora-restore", "--stack", "mine", "plan"]);
        assert_eq!(named, "aurora-restore --stack mine drill finish op-1");
    }
}
