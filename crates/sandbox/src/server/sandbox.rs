//! A sandbox from start to stop.

use std::net::Ipv4Addr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use rand::RngExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::directory::{self, DataDirectory, write_private};
use super::effects::{Executor, Outcome};
use super::state_file::{self, Saved};
use super::{PostgresMode, PostgresOptions, Runtime, SandboxConfig, SandboxError, Status};
use crate::api::{AccessKeys, Api, Control, is_account};
use crate::model::config::{DataPlaneMode, PlacedKey, WorldConfig};
use crate::model::effect::Work;
use crate::model::{Place, World};
use crate::postgres::{DataPlane, DataPlaneError, DataPlaneOptions};

/// A running sandbox.
///
/// Dropping it without [`Sandbox::stop`] is like killing it: everything that was answered is saved, PostgreSQL servers go
/// on, and the next start takes them over.
#[derive(Debug)]
pub struct Sandbox {
    // First, so that they end before the lock of the directory is let go.
    api: Part,
    driver: Part,
    watch: Option<Part>,
    runtime: Arc<Runtime>,
    plane: Option<DataPlane>,
    status: Status,
    directory: DataDirectory,
}

impl Sandbox {
    /// Starts a sandbox, going on where one in the same directory ended, however it ended.
    ///
    /// Once this returns, the API answers, clusters that should run do, and their endpoints are where they were.
    ///
    /// # Errors
    /// See [`SandboxError`]; nothing is running then.
    pub async fn start(config: SandboxConfig) -> Result<Self, SandboxError> {
        let keys = access_keys(&config)?;
        let directory = DataDirectory::open(&config.data_dir)?;
        let saved = state_file::read(&directory.state_path())?;
        check_data_plane(&config, saved.as_ref())?;
        let listener = listen(config.port, saved.as_ref().map(|saved| saved.port)).await?;
        let port = listener.local_addr().map_err(|source| SandboxError::Listen { port: config.port, source })?.port();
        let token = new_token();
        write_private(&directory.token_path(), token.as_bytes())?;
        let (plane, major) = open_plane(&config, &directory).await?;

        let world = world(&config, saved, major);
        let runtime = Arc::new(Runtime::new(world, directory.state_path(), port));
        let status = Status {
            pid: std::process::id(),
            url: format!("http://127.0.0.1:{port}"),
            started_at: Timestamp::now(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ca_certificate: plane.as_ref().map(DataPlane::ca_certificate_pem_path),
        };
        let control = Control { token, status: status.clone(), data_directory: directory.path().to_owned() };
        let api = Arc::new(Api { runtime: Arc::clone(&runtime), keys, control });
        let api = Part::start(|stop| crate::api::serve(listener, api, stop));
        let (drive, executor) = (Arc::clone(&runtime), executor(plane.clone()));
        let driver = Part::start(|stop| async move { drive.drive(executor, stop).await });
        let watch = plane.clone().map(|plane| Part::start(|stop| async move { plane.look_after(stop).await }));
        let sandbox = Self { api, driver, watch, runtime, plane, status, directory };
        match sandbox.announce().await {
            Ok(()) => Ok(sandbox),
            Err(error) => {
                if let Err(also) = sandbox.stop().await {
                    tracing::warn!(%also, "a sandbox that could not start did not stop cleanly");
                }
                Err(error)
            }
        }
    }

    /// Finds out whether the state can be saved, and tells other processes about the sandbox.
    async fn announce(&self) -> Result<(), SandboxError> {
        self.runtime.change(|_, _| ()).await?;
        self.status.write(&self.directory.status_path())?;
        tracing::info!(url = self.status.url, directory = %self.directory.path().display(), "the sandbox runs");
        Ok(())
    }

    /// Where the API answers: what AWS clients call the endpoint URL.
    #[must_use]
    pub fn endpoint_url(&self) -> &str {
        &self.status.url
    }

    /// The certificate that clients of the databases must trust, as a PEM file, if there are databases.
    #[must_use]
    pub fn ca_certificate_path(&self) -> Option<&Path> {
        self.status.ca_certificate.as_deref()
    }

    /// The directory in which it works.
    #[must_use]
    pub fn data_directory(&self) -> &Path {
        self.directory.path()
    }

    /// What it tells other processes.
    #[must_use]
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Looks at the model.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.runtime.read(look)
    }

    /// Changes the model from behind, as the `/_sandbox` endpoints do: faults, keys, backdated snapshots.
    ///
    /// # Errors
    /// The change could not be saved.
    pub async fn change<T>(&self, change: impl FnOnce(&mut World, Timestamp) -> T) -> Result<T, SandboxError> {
        Ok(self.runtime.change(change).await?)
    }

    /// Stops taking requests, lets work in progress end, saves, and stops the PostgreSQL servers.
    ///
    /// # Errors
    /// A server did not stop.
    pub async fn stop(self) -> Result<(), SandboxError> {
        // Requests in progress wait for the driver, so it ends second.
        self.api.end().await;
        self.driver.end().await;
        if let Some(watch) = self.watch {
            watch.end().await;
        }
        if let Some(plane) = self.plane {
            plane.shutdown().await?;
        }
        directory::forget_status(self.directory.path())
    }
}

/// A task that can be told to end, and ends at once when it is dropped.
#[derive(Debug)]
struct Part {
    stop: watch::Sender<bool>,
    task: JoinSet<()>,
}

impl Part {
    fn start<F>(run: impl FnOnce(watch::Receiver<bool>) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopping) = watch::channel(false);
        let mut task = JoinSet::new();
        task.spawn(run(stopping));
        Self { stop, task }
    }

    async fn end(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.task.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a part of the sandbox broke down");
            }
        }
    }
}

/// Starts a sandbox, tells `ready` about it, and runs it until `shutdown` is done.
///
/// # Errors
/// It cannot start, or not stop cleanly.
pub async fn serve(
    config: SandboxConfig,
    ready: impl FnOnce(&Status),
    shutdown: impl Future<Output = ()>,
) -> Result<(), SandboxError> {
    let sandbox = Sandbox::start(config).await?;
    ready(sandbox.status());
    shutdown.await;
    sandbox.stop().await
}

/// Removes everything that a sandbox made under the directory, and nothing else. A running sandbox is refused.
///
/// # Errors
/// The directory is in use, is not a sandbox's, or cannot be emptied.
pub async fn reset(config: &SandboxConfig) -> Result<(), SandboxError> {
    let path = config.data_dir.clone();
    if let Some(pid) = directory::holder(&path)? {
        return Err(SandboxError::InUse { directory: path, pid: Some(pid) });
    }
    // A sandbox that was killed leaves its servers running; they are taken over to be stopped.
    if directory::may_have_servers(&path) {
        let options = match &config.postgres {
            PostgresMode::Real(options) => options.clone(),
            PostgresMode::None { .. } => PostgresOptions::default(),
        };
        stop_servers(options.in_directory(&directory::postgres_path(&path))).await?;
    }
    blocking(move || directory::reset(&path)).await
}

async fn stop_servers(options: DataPlaneOptions) -> Result<(), SandboxError> {
    let plane = blocking(move || DataPlane::open(&options).map_err(SandboxError::from)).await?;
    Ok(plane.shutdown().await?)
}

/// Does file work where it holds up nothing else.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SandboxError> + Send + 'static,
) -> Result<T, SandboxError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(SandboxError::DataPlane(error.into())),
    }
}

fn access_keys(config: &SandboxConfig) -> Result<AccessKeys, SandboxError> {
    config
        .access_keys
        .iter()
        .map(|(key, account)| {
            if is_account(account.as_str()) {
                Ok((key.clone(), account.as_str().to_owned()))
            } else {
                Err(SandboxError::Config(format!("the account {account} of an access key is not twelve digits")))
            }
        })
        .collect()
}

/// Listens where asked; where any port will do, where it was before.
async fn listen(port: u16, before: Option<u16>) -> Result<TcpListener, SandboxError> {
    if let (0, Some(before)) = (port, before)
        && let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, before)).await
    {
        return Ok(listener);
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|source| SandboxError::Listen { port, source })
}

/// Starts the data plane, if there shall be one. Returns it with the major version of PostgreSQL.
async fn open_plane(
    config: &SandboxConfig,
    directory: &DataDirectory,
) -> Result<(Option<DataPlane>, u32), SandboxError> {
    let options = match &config.postgres {
        PostgresMode::None { major } => return Ok((None, *major)),
        PostgresMode::Real(options) => options.in_directory(&directory.postgres_path()),
    };
    let plane = blocking(move || DataPlane::open(&options).map_err(SandboxError::from)).await?;
    for trouble in plane.resume().await? {
        // The others run; what is wrong with this one shows when it is used.
        tracing::warn!(%trouble, "a server or an endpoint did not come up");
    }
    let major = plane.major_version();
    Ok((Some(plane), major))
}

/// Data that lies in a PostgreSQL server cannot go on without one, and the other way round.
fn check_data_plane(config: &SandboxConfig, saved: Option<&Saved>) -> Result<(), SandboxError> {
    match saved {
        Some(saved) if saved.world.config().data_plane != data_plane_mode(config) => Err(SandboxError::OtherDataPlane),
        _ => Ok(()),
    }
}

const fn data_plane_mode(config: &SandboxConfig) -> DataPlaneMode {
    match config.postgres {
        PostgresMode::None { .. } => DataPlaneMode::None,
        PostgresMode::Real(_) => DataPlaneMode::Attached,
    }
}

/// The world as it was saved, under today's settings, or a new one.
fn world(config: &SandboxConfig, saved: Option<Saved>, major: u32) -> World {
    let settings = WorldConfig {
        lag: config.lag,
        quotas: config.quotas,
        kms_keys: config.kms_keys.clone(),
        data_plane: data_plane_mode(config),
        ..WorldConfig::postgresql(major, config.durations.clone())
    };
    let Some(Saved { mut world, .. }) = saved else {
        return World::new(settings);
    };
    world.config = settings;
    // Places that exist already have seen an older configuration.
    for PlacedKey { account, region, key } in &config.kms_keys {
        let place = Place { account: account.clone(), region: region.clone() };
        world.put_kms_key(&place, key.clone());
    }
    world
}

/// Carries out work on real data; without any, the model hands no work out.
fn executor(plane: Option<DataPlane>) -> Executor {
    Arc::new(move |work: Work| -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let plane = plane.clone();
        Box::pin(async move {
            match plane {
                Some(plane) => plane.execute(&work).await.map_err(|error| reason(&error)),
                None => Err("there is no data plane".to_owned()),
            }
        })
    })
}

/// A failure of the data plane for people to read; it never holds a password.
fn reason(error: &DataPlaneError) -> String {
    let hints = error.hints();
    std::iter::once(error.to_string()).chain(hints).collect::<Vec<_>>().join(". ")
}

/// 256 random bits.
fn new_token() -> String {
    let (high, low): (u128, u128) = (rand::rng().random(), rand::rng().random());
    format!("{high:032x}{low:032x}")
}
