//! What a command works with. Everything in it is made when it is first asked for, so that a command that needs no
//! network, no journal or no configuration does not pay for them.

#[cfg(feature = "stack")]
mod stack;

#[cfg(feature = "stack")]
pub(crate) use stack::USUAL_NAME as USUAL_STACK;

use std::{cell::OnceCell, future::Future, path::PathBuf};

use aurora_restore_app::{
    JournalUse, LookupError, OpenState, Services, ServicesError, Stop,
    config::{self, Config, ConfigError, FlagValue, ItemRequest, JournalPlace, Sources},
};
use aurora_restore_core::{
    catalogue::ErrorCode,
    ids::{OperationId, Region},
    ports::{Clock, Journal},
    request::Request,
};
use jiff::Timestamp;

use crate::{
    arguments::GlobalArgs,
    error::CommandError,
    interrupts::{Asked, Interrupts},
    ui::{Stderr, Ui},
};

/// Where an endpoint may come from that cannot be used.
const LOOK_AT_ENDPOINTS: &str = "Look at `aws.rds-endpoint` and `aws.sts-endpoint`, at AWS_ENDPOINT_URL and the variables that begin \
                                 with it, and at `endpoint_url` of the profile.";

/// What a command works with.
pub(crate) struct Context {
    ui: Ui,
    global: GlobalArgs,
    clock: Box<dyn Clock>,
    config: OnceCell<Config>,
    #[cfg(feature = "stack")]
    stack: stack::Held,
    interrupts: Interrupts,
}

impl Context {
    /// From the arguments that every command has.
    pub(crate) fn new(global: &GlobalArgs) -> Self {
        Self {
            ui: Ui::new(global),
            global: global.clone(),
            clock: aurora_restore_app::clock(),
            config: OnceCell::new(),
            #[cfg(feature = "stack")]
            stack: stack::Held::default(),
            interrupts: Interrupts::default(),
        }
    }

    /// The terminal.
    pub(crate) fn ui(&self) -> &Ui {
        &self.ui
    }

    /// Listens for Ctrl-C and SIGTERM from now on, instead of ending at once.
    pub(crate) fn stop(&self, asked: Asked) -> Result<Stop, CommandError> {
        self.interrupts.listen(asked)
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The clock.
    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Where the configuration is looked for.
    pub(crate) fn sources(&self) -> Result<Sources, CommandError> {
        let mut sources = Sources::of_process();
        sources.file.clone_from(&self.global.config);
        for text in &self.global.set {
            let flag = FlagValue::of_set(text).ok_or_else(|| {
                CommandError::usage(format!("`--set {text}` has no value")).hint("Write it as `--set KEY=VALUE`.")
            })?;
            sources.flags.push(flag);
        }
        Ok(sources)
    }

    /// The configuration.
    pub(crate) fn config(&self) -> Result<&Config, CommandError> {
        self.config_with(Vec::new())
    }

    /// The configuration with flags of the command's own, which go before everything else. Read once.
    pub(crate) fn config_with(&self, flags: Vec<FlagValue>) -> Result<&Config, CommandError> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let mut sources = self.sources()?;
        sources.flags.extend(flags);
        #[cfg(feature = "stack")]
        {
            sources.stack = self.deployed()?;
        }
        let config = Config::load(&sources)?;
        Ok(self.config.get_or_init(|| config))
    }

    /// What is asked for.
    pub(crate) fn request(&self, flags: Vec<FlagValue>) -> Result<Request, CommandError> {
        let config = self.config_with(flags)?;
        config.request(self.now()).map_err(|error| {
            let error = CommandError::from(error);
            match config.file() {
                Some(_) => error,
                None => error
                    .hint("No configuration file was found; `aurora-restore config init` writes one to begin with."),
            }
        })
    }

    /// Runs asynchronous work to its end, on this thread.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime
            .map_err(|error| CommandError::failed("the event loop could not be started").caused_by(error))?
            .block_on(work)
    }

    /// The journal alone, to look at it.
    pub(crate) async fn journal(&self) -> Result<Box<dyn Journal>, CommandError> {
        Ok(aurora_restore_app::open_journal(self.config()?.environment(), JournalUse::Read).await?)
    }

    /// The journal alone, to write into it.
    pub(crate) async fn journal_to_write(&self) -> Result<Box<dyn Journal>, CommandError> {
        Ok(aurora_restore_app::open_journal(self.config()?.environment(), JournalUse::Work).await?)
    }

    /// The journal with what maintenance needs beside it.
    pub(crate) async fn state(&self, purpose: JournalUse) -> Result<OpenState, CommandError> {
        Ok(aurora_restore_app::open_state(self.config()?.environment(), purpose).await?)
    }

    /// The same of a journal that exists: good news about one that is not there are none.
    pub(crate) async fn state_that_is_there(&self, purpose: JournalUse) -> Result<OpenState, CommandError> {
        if let Some(path) = self.missing_journal()? {
            return Err(CommandError::configuration(format!("there is no journal at {}", path.display())).hint(
                "The first restore makes it. Name another one with `--set journal.path=…`, or a stack with `--stack NAME`.",
            ));
        }
        self.state(purpose).await
    }

    /// Where the journal should be that is a file, if none is there.
    pub(crate) fn missing_journal(&self) -> Result<Option<PathBuf>, CommandError> {
        Ok(match &self.config()?.environment().journal {
            JournalPlace::File(path) if !path.exists() => Some(path.clone()),
            JournalPlace::File(_) | JournalPlace::Tables(_) => None,
        })
    }

    /// All services, with the accounts checked against the configuration.
    pub(crate) async fn services(&self, region: &Region, journal: JournalUse) -> Result<Services, CommandError> {
        let environment = self.config()?.environment();
        let services = Services::build(environment, region, journal, Stderr).await?;
        services.check_accounts(environment).await?;
        Ok(services)
    }

    /// The configuration over which an item of a batch lies.
    pub(crate) fn config_of_item(&self, item: ItemRequest) -> Result<Result<Config, ConfigError>, CommandError> {
        let mut sources = self.sources()?;
        sources.item = Some(item);
        #[cfg(feature = "stack")]
        {
            sources.stack = self.deployed()?;
        }
        Ok(Config::load(&sources))
    }

    /// All services of another configuration, with the accounts checked against it.
    pub(crate) async fn services_of(config: &Config, region: &Region) -> Result<Services, CommandError> {
        let environment = config.environment();
        let services = Services::build(environment, region, JournalUse::Work, Stderr).await?;
        services.check_accounts(environment).await?;
        Ok(services)
    }

    /// The operation that the text means.
    pub(crate) async fn find(&self, journal: &dyn Journal, text: &str) -> Result<OperationId, CommandError> {
        Ok(aurora_restore_app::find_operation(journal, text).await?)
    }
}

impl From<LookupError> for CommandError {
    fn from(error: LookupError) -> Self {
        let text = error.to_string();
        match error {
            LookupError::Journal(error) => error.into(),
            LookupError::Empty => Self::usage(text).hint("`aurora-restore run` begins an operation."),
            LookupError::Unknown { .. } => {
                Self::usage(text).hint("`aurora-restore list` shows the operations of this journal.")
            }
            LookupError::Ambiguous { .. } => Self::usage(text).hint("Give more of the id."),
        }
    }
}

impl From<ServicesError> for CommandError {
    fn from(error: ServicesError) -> Self {
        match error {
            ServicesError::Journal(error) => error.into(),
            ServicesError::Trust(source) => Self::configuration("the certificates to trust cannot be used")
                .caused_by(source)
                .hint("Set `database.ca-certificate` to the bundle that Amazon RDS publishes, or to the sandbox's."),
            ServicesError::Secrets(_) | ServicesError::KeyMissing { .. } => Self::configuration(error.to_string())
                .hint("The secret of `aws.….keys-secret` holds {\"access_key_id\", \"secret_access_key\"}."),
            ServicesError::Endpoint(ref invalid) => Self::configuration(error.to_string())
                .hint(config::endpoint_hint(invalid).unwrap_or_else(|| LOOK_AT_ENDPOINTS.to_owned())),
            ServicesError::Configuration(error) => error.into(),
            ServicesError::NotOfAFunction { .. } => Self::configuration(error.to_string()),
            ServicesError::NotBuiltIn { .. } => Self::configuration(error.to_string())
                .hint("Build it with its default features, as `cargo build` does without `--no-default-features`."),
            ServicesError::OtherAccount { .. } => Self::configuration(error.to_string())
                .hint("Look at the profile, the role and the credentials of that side."),
            ServicesError::Cloud(ref unusable) if unusable.retryable => Self::failed(error.to_string())
                .code(ErrorCode::Unavailable)
                .hint("Check the network, the proxy and the endpoint, then try again; `aurora-restore doctor` looks at each \
                       side by itself."),
            ServicesError::Cloud(_) => {
                Self::configuration(error.to_string()).hint("`aurora-restore doctor` looks at each side by itself.")
            }
        }
    }
}
