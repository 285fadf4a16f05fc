//! One data plane: what it is opened with, what it knows, how it resumes and ends.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::account::Account;
use super::binaries::Binaries;
use super::endpoints::{EndpointPorts, Endpoints};
use super::error::DataPlaneError;
use super::files::{Durability, sweep};
use super::forward::Routes;
use super::layout::Layout;
use super::locks::Locks;
use super::server::{Server, Servers, Stop};
use super::tls::Tls;
use crate::model::VolumeId;
use crate::model::effect::EndpointKey;

/// Servers that recover at the same time compete for one disk.
const STARTS_AT_ONCE: usize = 4;

/// What a data plane is opened with.
#[derive(Clone, Debug)]
pub struct DataPlaneOptions {
    /// Where everything lies. Made if it is missing. When root starts the sandbox, the user that runs the servers must
    /// be able to enter the directories above it.
    pub directory: PathBuf,
    /// The directory of `initdb` and `postgres`; found by itself if not given.
    pub binaries: Option<PathBuf>,
    /// The user that runs the servers, when root starts the sandbox; `postgres` or `nobody` if not given.
    pub user: Option<String>,
    /// What must survive once work is done.
    pub durability: Durability,
    /// Which ports names may have.
    pub ports: EndpointPorts,
    /// The value of `PATH`, where PostgreSQL is looked for last.
    pub search_path: Option<String>,
}

impl DataPlaneOptions {
    /// Everything by default in `directory`.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            binaries: None,
            user: None,
            durability: Durability::default(),
            ports: EndpointPorts::default(),
            search_path: None,
        }
    }
}

/// Real PostgreSQL servers, their images and the names that lead to them.
///
/// Cheap to clone; all clones are the same plane. Dropping the last one closes the endpoints, but leaves the servers
/// running, as a crash would; [`DataPlane::shutdown`] stops them.
#[derive(Clone, Debug)]
pub struct DataPlane(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) layout: Layout,
    pub(super) servers: Servers,
    pub(super) routes: Routes,
    pub(super) locks: Locks,
    pub(super) running: Mutex<HashMap<VolumeId, Server>>,
    pub(super) endpoints: tokio::sync::Mutex<Endpoints>,
    pub(super) template: tokio::sync::Mutex<()>,
    /// Set by the first shutdown and never cleared.
    pub(super) closing: AtomicBool,
    _lock: File,
}

impl DataPlane {
    /// Opens the directory, making what is missing in it and sweeping what interrupted work left there. No server is
    /// started and no name answers before [`DataPlane::resume`].
    pub fn open(options: &DataPlaneOptions) -> Result<Self, DataPlaneError> {
        let binaries = Binaries::find(options.binaries.as_deref(), options.search_path.as_deref())?;
        let account = Account::choose(options.user.as_deref())?;
        let layout = Layout::prepare(&options.directory, &account)?;
        let lock = layout.lock()?;
        layout.nurseries().iter().try_for_each(|parent| sweep(parent))?;
        let tls = Tls::prepare(&layout.tls(), &account, options.durability)?;
        let routes = Routes::default();
        let endpoints = Endpoints::load(layout.endpoints(), options.ports.clone(), options.durability, routes.clone())?;
        let run = layout.run().to_path_buf();
        let servers = Servers { account, binaries, tls, run, durability: options.durability };
        Ok(Self(Arc::new(Inner {
            layout,
            servers,
            routes,
            locks: Locks::default(),
            running: Mutex::default(),
            endpoints: tokio::sync::Mutex::new(endpoints),
            template: tokio::sync::Mutex::new(()),
            closing: AtomicBool::new(false),
            _lock: lock,
        })))
    }

    /// Adopts the servers that still run, starts the others that should, and lets the published names answer. One that
    /// does not come up keeps no other from doing so: each trouble is returned.
    pub async fn resume(&self) -> Result<Vec<DataPlaneError>, DataPlaneError> {
        let permits = Arc::new(Semaphore::new(STARTS_AT_ONCE));
        let mut starts = JoinSet::new();
        for volume in self.0.layout.volumes_to_run()? {
            let (plane, permits) = (self.clone(), Arc::clone(&permits));
            starts.spawn(async move {
                let _permit = permits.acquire_owned().await.expect("the semaphore is never closed");
                plane.start_server(volume).await
            });
        }
        let mut troubles: Vec<DataPlaneError> = starts.join_all().await.into_iter().filter_map(Result::err).collect();
        troubles.extend(self.0.endpoints.lock().await.resume().await);
        Ok(troubles)
    }

    /// Closes the endpoints and stops every server on the directory, whoever started it, so that opening and shutting
    /// down cleans up after a sandbox that was killed. Work that is still being done fails and can be done again
    /// later. The next [`DataPlane::resume`] brings everything back.
    pub async fn shutdown(&self) -> Result<(), DataPlaneError> {
        self.0.closing.store(true, Ordering::SeqCst);
        self.0.endpoints.lock().await.close().await;
        let mut stops = JoinSet::new();
        for volume in self.0.layout.all_volumes()? {
            let plane = self.clone();
            stops.spawn(async move { plane.halt(volume, Stop::Fast).await });
        }
        stops.join_all().await.into_iter().collect()
    }

    /// The certificate that clients must trust, as a PEM file.
    pub fn ca_certificate_pem_path(&self) -> PathBuf {
        self.0.servers.tls.ca_certificate()
    }

    /// The major version of PostgreSQL, such as 15.
    pub fn major_version(&self) -> u32 {
        self.0.servers.binaries.major()
    }

    /// The directory of the PostgreSQL programs.
    pub fn program_directory(&self) -> &Path {
        self.0.servers.binaries.directory()
    }

    /// The port of a name, if it answers.
    pub async fn endpoint_port(&self, endpoint: &EndpointKey) -> Option<u16> {
        self.0.endpoints.lock().await.port(endpoint)
    }

    /// The process id of a volume's server, if it is running.
    pub fn server_process(&self, volume: VolumeId) -> Option<i32> {
        let mut running = self.0.running.lock().expect("no holder panics");
        running.get_mut(&volume).and_then(|server| server.is_running().then_some(server.pid))
    }

    /// The log of a volume's server.
    pub fn server_log(&self, volume: VolumeId) -> PathBuf {
        self.0.layout.volume(volume).log()
    }
}
