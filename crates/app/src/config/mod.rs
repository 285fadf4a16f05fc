//! The configuration: one typed schema, parsed once, from flags, environment, file and defaults.
//!
//! ```text
//!   default-config.toml  <  file or parameter  <  AURORA_RESTORE_*  <  event  <  stack  <  --set and other flags
//!                 \_________ layers: values with their origin _________/
//!                                        |
//!                        reader: domain types, or every problem at once
//! ```
//! No secret ever stands in it: only ids of secrets.

mod batch;
mod duration;
mod environment;
mod event;
mod file;
mod for_stack;
mod layers;
mod network;
mod problem;
mod reader;
mod reference;
mod request;
mod rotation;
mod schema;
mod sources;
mod stack;
mod value;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use aurora_restore_core::{
    ids::{Arn, Region},
    request::Request,
};
use jiff::Timestamp;

pub use batch::read_batch;
pub use duration::parse as parse_duration;
pub use environment::{
    AwsAccess, DatabaseAccess, Entrance, Environment, JournalPlace, JournalTables, NotifyChannel, SecretsPlace,
};
pub use for_stack::{
    StackBounds, StackReading, bounds_on_stack, for_stack, request_on_stack, rotation_on_stack, secrets_on_stack,
};
pub use layers::WAIT_INSIDE_MAX;
pub use network::{endpoints_on_stack, hint as endpoint_hint};
pub use problem::{ConfigError, Origin, Problem};
pub use rotation::RotationKeys;
pub use sources::{FlagValue, ItemRequest, ParameterText, Sources};
pub use stack::DeployedStack;
pub use value::Value;

use reader::Reader;

/// The reference of the configuration: every key with its meaning and its default.
pub const DEFAULTS: &str = include_str!("default-config.toml");

/// A configuration without malformed or unknown keys.
#[derive(Debug, Clone)]
pub struct Config {
    file: Option<PathBuf>,
    values: layers::Values,
    environment: Environment,
}

/// One key as `config show` tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownKey<'c> {
    /// The key.
    pub path: &'static str,
    /// Its value, if it has one.
    pub value: Option<&'c Value>,
    /// Where the value comes from.
    pub origin: Option<&'c Origin>,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is malformed, unknown or impossible, whoever needs it.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let file = layers::find_file(sources);
        let values = layers::resolve(sources, file.as_deref())?;
        let reader = Reader::new(&values);
        let environment = environment::read(&reader, sources);
        let environment = reader.finish(environment)?;
        Ok(Self { file, values, environment })
    }

    /// The file that was read, if there was one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Where things are.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The Region of the snapshots, where it is said: by its own key, or by the ARN of the snapshot.
    pub fn source_region(&self) -> Option<Region> {
        let reader = Reader::new(&self.values);
        let of_arn = || reader.parsed::<Arn>("source.snapshot").and_then(|arn| arn.region());
        reader.parsed("source.region").or_else(of_arn)
    }

    /// What is asked for. `now` says what "today" and "yesterday" are.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is missing or that RDS would refuse.
    pub fn request(&self, now: Timestamp) -> Result<Request, ConfigError> {
        let reader = Reader::new(&self.values);
        let request = request::read(&reader, now);
        reader.finish(request)
    }

    /// What is asked for, in the form in which an event asks for it: every key of the request that is not the default.
    pub fn event(&self) -> serde_json::Map<String, serde_json::Value> {
        event::write(&self.values)
    }

    /// The event that asks a stack for a request, which is what its functions make of the keys here. The pace is theirs, so that
    /// functions of a version which does not keep to it by itself do so, too.
    pub fn event_of(&self, request: &Request) -> serde_json::Map<String, serde_json::Value> {
        let mut event = self.event();
        if let Some(poll) = event.get_mut("limits").and_then(|limits| limits.get_mut("poll")) {
            *poll = duration::write(request.limits.poll).into();
        }
        event
    }

    /// Every key, in the order of the reference.
    pub fn show(&self) -> Vec<ShownKey<'_>> {
        schema::KEYS
            .iter()
            .map(|key| {
                let held = self.values.get(key.path);
                ShownKey { path: key.path, value: held.map(|(value, _)| value), origin: held.map(|(_, origin)| origin) }
            })
            .collect()
    }
}

/// What the variables of an environment say about the network: the proxy, which every tool obeys, and `aws.http-hosts`. For
/// whoever has to reach AWS before the configuration is read.
///
/// # Errors
/// [`ConfigError`] if it is no proxy, or if the hosts are none.
pub fn network(environment: &BTreeMap<String, String>) -> Result<aurora_restore_aws::Network, ConfigError> {
    Ok(network::of_variables(environment)?)
}

/// The text of a configuration to begin with: the reference, in which every key is commented out.
pub fn starter() -> String {
    let mut starter = String::with_capacity(DEFAULTS.len());
    for line in DEFAULTS.lines() {
        let is_key = !line.is_empty() && !line.starts_with(['#', '[']);
        if is_key {
            starter.push_str("# ");
        }
        starter.push_str(line);
        starter.push('\n');
    }
    starter
}

#[cfg(test)]
mod tests;
