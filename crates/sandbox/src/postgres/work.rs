//! What the model can ask of the data plane, one method for each kind of work.
//!
//! All of them may be called again after they succeeded or were cut off; each says why that is safe.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::capture::Capture;
use super::error::DataPlaneError;
use super::files::{Nursery, TreeCopy, Verdict, discard, write_private};
use super::layout::Home;
use super::locks::Subject;
use super::plane::DataPlane;
use super::roles::Master;
use super::server::{Server, Stop};
use super::session::Session;
use super::template;
use crate::model::effect::{EffectOutcome, EndpointKey, Work};
use crate::model::{ImageId, Secret, VolumeId};

/// The host name that endpoints are reported with; it is in the servers' certificate.
const HOST: &str = "localhost";
/// How often a copy of a running server is begun anew because the server died, and the time that it gets to recover.
const CAPTURES_MAX: u32 = 10;
const CAPTURE_PAUSE: Duration = Duration::from_millis(300);

impl DataPlane {
    /// Does one piece of work. Once begun it goes on to its end even if the caller stops waiting, so that the next
    /// attempt cannot meet this one half-way.
    pub async fn execute(&self, work: &Work) -> Result<EffectOutcome, DataPlaneError> {
        let (plane, work) = (self.clone(), work.clone());
        tokio::spawn(async move { plane.dispatch(&work).await }).await?
    }

    async fn dispatch(&self, work: &Work) -> Result<EffectOutcome, DataPlaneError> {
        match work {
            // The sandbox has one version of PostgreSQL; the engine version is what the control plane says it is.
            Work::CreateVolume { volume, engine_version: _, master_user, master_password, database } => {
                self.create_volume(*volume, master_user, master_password, database.as_deref()).await?;
            }
            Work::RestoreVolume { volume, from } => self.restore_volume(*volume, *from).await?,
            Work::CloneVolume { volume, from } => self.clone_volume(*volume, *from).await?,
            Work::TakeImage { image, from } => self.take_image(*image, *from).await?,
            Work::CopyImage { image, from } => self.copy_image(*image, *from).await?,
            Work::DeleteImage { image } => self.delete_image(*image).await?,
            Work::DeleteVolume { volume } => self.delete_volume(*volume).await?,
            Work::StartServer { volume } => self.start_server(*volume).await?,
            Work::StopServer { volume } => self.stop_server(*volume).await?,
            Work::RestartServer { volume } => self.restart_server(*volume).await?,
            Work::SetMasterPassword { volume, user, password } => {
                self.set_master_password(*volume, user, password).await?;
            }
            Work::PublishEndpoint { endpoint, volume } => {
                let port = self.publish_endpoint(endpoint, *volume).await?;
                return Ok(EffectOutcome::Endpoint { address: HOST.to_owned(), port });
            }
            Work::WithdrawEndpoint { endpoint, volume } => {
                self.withdraw_endpoint(endpoint, *volume).await?;
            }
        }
        Ok(EffectOutcome::Done)
    }

    /// Makes a volume with a master user and a database, and starts its server.
    /// Idempotent because each part is made only if it is missing, and appears as a whole.
    pub(super) async fn create_volume(
        &self,
        volume: VolumeId,
        master_user: &str,
        master_password: &Secret,
        database: Option<&str>,
    ) -> Result<(), DataPlaneError> {
        let master = Master::new(master_user, master_password)?;
        let _held = self.0.locks.change(Subject::Volume(volume)).await;
        let home = self.0.layout.volume(volume);
        if !home.exists() {
            let template = {
                let _alone = self.0.template.lock().await;
                template::ensure(&self.0.layout, &self.0.servers).await?
            };
            self.copy_home(&template, &home).await?;
        }
        // If we die here, the volume has no master user yet; the next call adds it.
        let port = self.run(volume).await?;
        let session = Session::administer(&self.0.servers.run, port).await?;
        master.ensure(&session, self.major_version()).await?;
        match database {
            Some(database) => master.ensure_database(&session, database).await,
            None => Ok(()),
        }
    }

    /// Makes a volume from an image and starts its server, which replays what the image holds of the log. Users and
    /// passwords are those of the image.
    /// Idempotent because the volume gets its name only when it is complete.
    pub(super) async fn restore_volume(&self, volume: VolumeId, from: ImageId) -> Result<(), DataPlaneError> {
        let _held = self.0.locks.change_reading(Subject::Volume(volume), Subject::Image(from)).await;
        let home = self.0.layout.volume(volume);
        if !home.exists() {
            let image = self.0.layout.image(from);
            if !image.exists() {
                return Err(DataPlaneError::NoImage(from));
            }
            self.copy_home(&image, &home).await?;
        }
        self.run(volume).await.map(drop)
    }

    /// Makes a volume from another one, which may be in use, and starts its server. Where the file system can share
    /// blocks this costs no space.
    /// Idempotent because the volume gets its name only when it is complete.
    pub(super) async fn clone_volume(&self, volume: VolumeId, from: VolumeId) -> Result<(), DataPlaneError> {
        self.capture(from, Subject::Volume(volume), &self.0.layout.volume(volume)).await?;
        self.start_server(volume).await
    }

    /// Takes a consistent image of a volume, which may be in use.
    /// Idempotent because the image gets its name only when it is complete.
    pub(super) async fn take_image(&self, image: ImageId, from: VolumeId) -> Result<(), DataPlaneError> {
        self.capture(from, Subject::Image(image), &self.0.layout.image(image)).await
    }

    /// Copies an image.
    /// Idempotent because the copy gets its name only when it is complete.
    pub(super) async fn copy_image(&self, image: ImageId, from: ImageId) -> Result<(), DataPlaneError> {
        let _held = self.0.locks.change_reading(Subject::Image(image), Subject::Image(from)).await;
        let (home, source) = (self.0.layout.image(image), self.0.layout.image(from));
        if home.exists() {
            return Ok(());
        }
        if !source.exists() {
            return Err(DataPlaneError::NoImage(from));
        }
        self.copy_home(&source, &home).await
    }

    /// Deletes an image.
    /// Idempotent because one that is not there is deleted.
    pub(super) async fn delete_image(&self, image: ImageId) -> Result<(), DataPlaneError> {
        let _held = self.0.locks.change(Subject::Image(image)).await;
        self.discard(self.0.layout.image(image)).await
    }

    /// Stops the volume's server and deletes the volume.
    /// Idempotent because one that is not there is deleted.
    pub(super) async fn delete_volume(&self, volume: VolumeId) -> Result<(), DataPlaneError> {
        let _held = self.0.locks.change(Subject::Volume(volume)).await;
        let home = self.0.layout.volume(volume);
        self.halt(volume, Stop::Immediate).await?;
        self.discard(home).await
    }

    /// Starts the server of a volume, and sees to it that it runs again after a restart of the sandbox. Returns once
    /// it takes connections; after a crash of the server that includes its recovery.
    /// Idempotent because a running server is left alone.
    pub(super) async fn start_server(&self, volume: VolumeId) -> Result<(), DataPlaneError> {
        let _held = self.0.locks.change(Subject::Volume(volume)).await;
        self.run(volume).await.map(drop)
    }

    /// Stops the server of a volume, for good until it is started again.
    /// Idempotent because a stopped server stays stopped.
    pub(super) async fn stop_server(&self, volume: VolumeId) -> Result<(), DataPlaneError> {
        let _held = self.0.locks.change(Subject::Volume(volume)).await;
        let home = self.existing(volume)?;
        let marker = home.run_marker();
        match std::fs::remove_file(&marker) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(DataPlaneError::io("remove", &marker)(source));
            }
            _ => {}
        }
        // If we die here, the server runs on unwanted until the next call stops it.
        self.halt(volume, Stop::Fast).await
    }

    /// Restarts the server of a volume.
    /// Idempotent because a second restart does what the first did.
    pub(super) async fn restart_server(&self, volume: VolumeId) -> Result<(), DataPlaneError> {
        let _held = self.0.locks.change(Subject::Volume(volume)).await;
        self.existing(volume)?;
        self.halt(volume, Stop::Fast).await?;
        self.run(volume).await.map(drop)
    }

    /// Gives the master user a password and all its rights, starting the server if it does not run. Sessions stay.
    /// Idempotent because it sets a state.
    pub(super) async fn set_master_password(
        &self,
        volume: VolumeId,
        user: &str,
        password: &Secret,
    ) -> Result<(), DataPlaneError> {
        let master = Master::new(user, password)?;
        let _held = self.0.locks.change(Subject::Volume(volume)).await;
        let port = self.run(volume).await?;
        let session = Session::administer(&self.0.servers.run, port).await?;
        master.reset(&session, self.major_version()).await
    }

    /// Lets a name lead to a volume. Returns its port.
    /// Idempotent because a name that leads there already is left alone, connections and all.
    pub(super) async fn publish_endpoint(
        &self,
        endpoint: &EndpointKey,
        volume: VolumeId,
    ) -> Result<u16, DataPlaneError> {
        self.0.endpoints.lock().await.publish(endpoint, volume).await
    }

    /// Lets a name no longer lead to a volume: its port refuses connections, and those that are open are closed.
    /// Idempotent because a name that does not lead there is left alone.
    pub(super) async fn withdraw_endpoint(
        &self,
        endpoint: &EndpointKey,
        volume: VolumeId,
    ) -> Result<(), DataPlaneError> {
        self.0.endpoints.lock().await.withdraw(endpoint, volume).await
    }

    fn existing(&self, volume: VolumeId) -> Result<Home, DataPlaneError> {
        let home = self.0.layout.volume(volume);
        if home.exists() { Ok(home) } else { Err(DataPlaneError::NoVolume(volume)) }
    }

    /// Makes the server of a volume run. Returns its private port.
    pub(super) async fn run(&self, volume: VolumeId) -> Result<u16, DataPlaneError> {
        let home = self.existing(volume)?;
        let marker = home.run_marker();
        if !marker.exists() {
            // Before the server: if we die in between, the next start of the sandbox starts it.
            write_private(&marker, b"", self.0.servers.durability)?;
        }
        if let Some(port) = self.private_port(volume) {
            return Ok(port);
        }
        let server = self.0.servers.start(&home).await?;
        if self.0.closing.load(Ordering::SeqCst) {
            // The shutdown may have looked here before the server was up.
            self.0.servers.stop(&home.data(), Some(server), Stop::Fast).await?;
            return Err(DataPlaneError::NotRunning(volume));
        }
        let port = server.port;
        self.0.routes.set(volume, port);
        self.0.running.lock().expect("no holder panics").insert(volume, server);
        Ok(port)
    }

    /// Starts a server that should run and does not, because it crashed: its clients wait for it, and its files need
    /// recovery before anyone can vouch for a copy of them. Returns whether that was so.
    pub(super) async fn revive(&self, volume: VolumeId) -> Result<bool, DataPlaneError> {
        let _held = self.0.locks.change(Subject::Volume(volume)).await;
        let should_run = self.0.layout.volume(volume).run_marker().exists();
        if !should_run || self.private_port(volume).is_some() {
            return Ok(false);
        }
        self.run(volume).await.map(|_| true)
    }

    fn private_port(&self, volume: VolumeId) -> Option<u16> {
        let mut running = self.0.running.lock().expect("no holder panics");
        running.get_mut(&volume).and_then(|server| server.is_running().then_some(server.port))
    }

    /// Stops the server of a volume, if one runs.
    pub(super) async fn halt(&self, volume: VolumeId, how: Stop) -> Result<(), DataPlaneError> {
        self.0.routes.remove(volume);
        let server: Option<Server> = self.0.running.lock().expect("no holder panics").remove(&volume);
        self.0.servers.stop(&self.0.layout.volume(volume).data(), server, how).await
    }

    /// Copies the data of `from` to the new place `to`.
    async fn copy_home(&self, from: &Home, to: &Home) -> Result<(), DataPlaneError> {
        let (data, place, servers) = (from.data(), to.directory.clone(), self.0.servers.clone());
        tokio::task::spawn_blocking(move || {
            let nursery = Nursery::open(&place, &servers.account)?;
            let copy = TreeCopy {
                from: &data,
                into: &nursery.path().join("data"),
                select: |_: &Path| Verdict::Copy,
                may_vanish: false,
                account: &servers.account,
                durability: servers.durability,
            };
            copy.run()?;
            nursery.publish(servers.durability)
        })
        .await?
    }

    /// Copies the data of a volume, in use or not, to the place `to` of `subject`, unless something is there already. A
    /// server that dies meanwhile is started again and its data copied anew: on Aurora it is the storage that takes
    /// snapshots, and the death of an instance does not hurt them.
    async fn capture(&self, from: VolumeId, subject: Subject, to: &Home) -> Result<(), DataPlaneError> {
        let mut attempt = 1;
        loop {
            let _fell = self.revive(from).await?;
            let outcome = {
                let _held = self.0.locks.change_reading(subject, Subject::Volume(from)).await;
                if to.exists() { Ok(()) } else { self.capture_once(from, to).await }
            };
            match outcome {
                Err(error) if error.is_loss_of_server() && attempt < CAPTURES_MAX => {
                    tracing::warn!(volume = %from, attempt, %error, "a server died while it was copied");
                    tokio::time::sleep(CAPTURE_PAUSE).await;
                }
                other => return other,
            }
            attempt += 1;
        }
    }

    async fn capture_once(&self, from: VolumeId, to: &Home) -> Result<(), DataPlaneError> {
        let source = self.existing(from)?;
        let nursery = Nursery::open(&to.directory, &self.0.servers.account)?;
        let capture = Capture { servers: &self.0.servers, data: source.data(), into: nursery.path().join("data") };
        match (source.run_marker().exists(), self.private_port(from)) {
            (_, Some(port)) => capture.hot(port).await?,
            (false, None) => capture.cold().await?,
            // It ended since it was looked at.
            (true, None) => return Err(DataPlaneError::NotRunning(from)),
        }
        nursery.publish(self.0.servers.durability)
    }

    async fn discard(&self, home: Home) -> Result<(), DataPlaneError> {
        let durability = self.0.servers.durability;
        tokio::task::spawn_blocking(move || discard(&home.directory, durability)).await?
    }
}
