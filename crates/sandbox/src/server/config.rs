//! What a sandbox is started with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::AccountId;
use crate::model::config::{ConsistencyLag, Durations, PlacedKey, Quotas};
use crate::postgres::{DataPlaneOptions, Durability, EndpointPorts};

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
    Real(PostgresOptions),
    /// Clusters are only talked about: for tests of the API, without PostgreSQL on the machine.
    None {
        /// The major version of PostgreSQL that is talked about.
        major: u32,
    },
}

/// How PostgreSQL is run.
#[derive(Debug, Clone, Default)]
pub struct PostgresOptions {
    /// Directory of `initdb` and `postgres`; found by itself if not given.
    pub binaries: Option<PathBuf>,
    /// User that runs the servers when root starts the sandbox; `postgres` or `nobody` if not given.
    pub user: Option<String>,
    /// What must survive once work is done.
    pub durability: Durability,
    /// Ports for endpoints.
    pub ports: EndpointPorts,
    /// The value of `PATH`, where PostgreSQL is looked for last.
    pub search_path: Option<String>,
}

impl PostgresOptions {
    /// The same for a data plane in this directory.
    pub(super) fn in_directory(&self, directory: &Path) -> DataPlaneOptions {
        DataPlaneOptions {
            directory: directory.to_owned(),
            binaries: self.binaries.clone(),
            user: self.user.clone(),
            durability: self.durability,
            ports: self.ports.clone(),
            search_path: self.search_path.clone(),
        }
    }
}

impl SandboxConfig {
    /// A sandbox in this directory, on any port, with real servers and quick durations.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            port: 0,
            postgres: PostgresMode::Real(PostgresOptions::default()),
            durations: Durations::quick(),
            lag: ConsistencyLag::NONE,
            quotas: Quotas::default(),
            kms_keys: Vec::new(),
            access_keys: BTreeMap::new(),
        }
    }
}
