//! What an environment keeps from one invocation to the next: the connection, and the services of a configuration.
//!
//! Nothing is made before it is needed: an event that is not ours is refused before anybody is asked anything. The
//! configuration is read anew after a while, so a change of it is noticed without a deployment; secrets are read whenever
//! a step needs them.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use aurora_restore_app::{
    FunctionAccount, Services,
    config::{Config, ParameterText, Sources},
};
use aurora_restore_core::ports::Ports;
use serde_json::{Map, Value};
use tokio::sync::{Mutex, OnceCell};

use crate::{
    begun,
    event::Event,
    failure::FunctionError,
    function::Function,
    log,
    metrics::Measure,
    place::Served,
    rotate, sweep,
    time::UntilDeadline,
    timed_database::TimedDatabase,
    variables::{self, Variables},
};

/// So long the text of the configuration is believed.
const CONFIGURATION_AGE_MAX: Duration = Duration::from_secs(60);

/// One execution environment.
pub(crate) struct Wiring {
    /// What is served here and in which environment, as far as that is told: lines and metrics need both whatever else is wrong.
    served: Option<Served>,
    environment: String,
    variables: Result<Variables, FunctionError>,
    account: OnceCell<FunctionAccount>,
    prepared: Mutex<Option<Arc<Prepared>>>,
}

/// The services of a configuration.
pub(crate) struct Prepared {
    read_at: Instant,
    sources: Sources,
    parameter: ParameterText,
    pub(crate) config: Config,
    pub(crate) services: Services,
}

impl Wiring {
    /// An environment that is told what it is by these sources. What is wrong with them is told to whoever invokes it.
    pub(crate) fn new(sources: Sources) -> Self {
        Self {
            served: variables::served(&sources),
            environment: variables::environment(&sources).unwrap_or("unknown").to_owned(),
            variables: Variables::read(sources),
            account: OnceCell::new(),
            prepared: Mutex::new(None),
        }
    }

    /// What is served here, if that is known.
    pub(crate) fn served(&self) -> Option<Served> {
        self.served
    }

    /// The environment's name.
    pub(crate) fn environment(&self) -> &str {
        &self.environment
    }

    /// Serves one invocation.
    pub(crate) async fn serve(
        &self,
        payload: Value,
        deadline: SystemTime,
        measures: &mut Vec<Measure>,
    ) -> Result<Value, FunctionError> {
        aurora_restore_app::panic_if_asked();
        let variables = self.variables.as_ref().map_err(Clone::clone)?;
        match variables.served {
            Served::Sweep => sweep::run(self, variables, &payload, measures).await,
            Served::Rotate => rotate::run(self, variables, payload).await,
            served @ (Served::Step(_) | Served::Undo | Served::Retire) => {
                let event = Event::read(served, payload)?;
                log::about(event.operation_id.as_str());
                self.serve_event(variables, &event, deadline, measures).await
            }
        }
    }

    async fn serve_event(
        &self,
        variables: &Variables,
        event: &Event,
        deadline: SystemTime,
        measures: &mut Vec<Measure>,
    ) -> Result<Value, FunctionError> {
        let prepared = match self.prepared(variables).await {
            Ok(prepared) => prepared,
            Err(error) => return Err(self.told_of_operation(variables, event, error).await),
        };
        let hourglass = UntilDeadline::new(deadline);
        let ports = prepared.services.ports();
        let database = TimedDatabase { database: ports.database, hourglass: &hourglass };
        let now = ports.clock.now();
        let request =
            |asked: &Map<String, Value>| Ok(Config::load(&prepared.sources.with_event(asked.clone()))?.request(now)?);
        let function = Function {
            served: variables.served,
            region: &variables.region,
            allows_replace: variables.allows_replace,
            ports: Ports { database: &database, ..ports },
            request: &request,
            hourglass: &hourglass,
        };
        let reply = function.serve(event, measures).await?;
        tracing::info!(outcome = ?reply.outcome, stands_at = reply.step, wait_seconds = reply.wait_seconds, "answered");
        serde_json::to_value(reply)
            .map_err(|error| FunctionError::Panic(format!("the reply has no JSON form: {error}")))
    }

    /// Why the services of an operation cannot be made, and whether it was begun: the journal is where the environment says
    /// and needs nothing of the configuration.
    async fn told_of_operation(&self, variables: &Variables, event: &Event, error: FunctionError) -> FunctionError {
        let Ok(account) = self.account(variables).await else { return error };
        let nothing = ParameterText { name: variables.parameter.clone(), text: String::new() };
        let Ok(config) = Config::load(&variables.sources.with_parameter(nothing)) else { return error };
        let Ok(journal) = account.journal(config.environment()) else { return error };
        begun::told_of_any(journal.as_ref(), event, error).await
    }

    /// The function's account.
    pub(crate) async fn account(&self, variables: &Variables) -> Result<&FunctionAccount, FunctionError> {
        let enter = || FunctionAccount::enter(&variables.region, &variables.sources.environment);
        Ok(self.account.get_or_try_init(enter).await?)
    }

    /// The services, by a configuration that is not older than it may be.
    pub(crate) async fn prepared(&self, variables: &Variables) -> Result<Arc<Prepared>, FunctionError> {
        let mut held = self.prepared.lock().await;
        if let Some(prepared) = held.as_ref().filter(|held| held.read_at.elapsed() < CONFIGURATION_AGE_MAX) {
            return Ok(Arc::clone(prepared));
        }
        let account = self.account(variables).await?;
        let parameter = account.configuration(&variables.parameter).await?;
        let read_at = Instant::now();
        let prepared = match held.take() {
            // The clients and their connections go on living where nothing has changed.
            Some(old) if old.parameter == parameter => match Arc::try_unwrap(old) {
                Ok(old) => Prepared { read_at, ..old },
                Err(_) => prepare(account, variables, parameter, read_at).await?,
            },
            Some(_) | None => prepare(account, variables, parameter, read_at).await?,
        };
        let prepared = Arc::new(prepared);
        *held = Some(Arc::clone(&prepared));
        Ok(prepared)
    }
}

async fn prepare(
    account: &FunctionAccount,
    variables: &Variables,
    parameter: ParameterText,
    read_at: Instant,
) -> Result<Prepared, FunctionError> {
    let sources = variables.sources.with_parameter(parameter.clone());
    let config = Config::load(&sources)?;
    let services =
        account.services(config.environment(), variables.package.as_deref(), variables.served.source()).await?;
    Ok(Prepared { read_at, sources, parameter, config, services })
}
