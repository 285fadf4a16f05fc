//! What a sandbox is started with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::model::AccountId;
use crate::model::config::{ConsistencyLag, Durations, PlacedKey, Quotas};
use crate::postgres::{Durability, EndpointPorts};

/// The settings of a [`Sandbox`](super::Sandbox).
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Where everything is kept. Made if it does not exist; if it does, it must be empty or a sandbox's.
    pub data_dir: PathBuf,
    /// Port of the API on 127.0.0.1; 0 takes the one of the last start if it is free, else any.
    pub port: u16,
    /// Whether clusters have real data.
    pub postgres: PostgresMode,
    /// How long each transition takes at least.
    pub durations: Durations,
    /// How long names stay behind the truth.
    pub lag: ConsistencyLag,
    /// Limits per account and Region.
    pub quotas: Quotas,
    /// Customer keys of KMS that exist from the start.
    pub kms_keys: Vec<PlacedKey>,
    /// Accounts of access keys that are not their account's twelve digits.
    pub access_keys: BTreeMap<String, AccountId>,
}

/// Whether clusters have real data.
#[derive(Debug, Clone)]
pub enum PostgresMode {
    /// Every cluster is a PostgreSQL server.
    Real {
        /// Directory of `initdb` and `postgres`; found by itself if not given.
        binaries: Option<PathBuf>,
        /// User that runs the servers when root starts the sandbox.
        user: Option<String>,
        /// What must survive once work is done.
        durability: Durability,
        /// Ports for endpoints.
        ports: EndpointPorts,
        /// The value of `PATH`, where PostgreSQL is looked for last.
        search_path: Option<String>,
    },
    /// Clusters are only talked about: for tests of the API, without PostgreSQL on the machine.
    None {
        /// The major version of PostgreSQL that is talked about.
        major: u32,
    },
}

impl PostgresMode {
    /// Real servers, everything else by default.
    #[must_use]
    pub fn real() -> Self {
        Self::Real {
            binaries: None,
            user: None,
            durability: Durability::default(),
            ports: EndpointPorts::default(),
            search_path: None,
        }
    }
}

impl SandboxConfig {
    /// A sandbox in this directory, on any port, with real servers and quick durations.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            port: 0,
            postgres: PostgresMode::real(),
            durations: Durations::quick(),
            lag: ConsistencyLag::NONE,
            quotas: Quotas::default(),
            kms_keys: Vec::new(),
            access_keys: BTreeMap::new(),
        }
    }
}
