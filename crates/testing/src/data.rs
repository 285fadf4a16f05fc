//! What stands for the data: just enough of a database to tell one volume's content and logins from another's.

use std::{collections::BTreeMap, sync::Arc};

use aurora_restore_core::secret::Secret;
use aurora_restore_sandbox::model::{ImageId, VolumeId, effect::Work};

/// A login role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its password.
    pub password: Secret,
    /// Whether it may log in.
    pub can_log_in: bool,
    /// Whether it may write.
    pub can_write: bool,
}

impl Role {
    /// A role that may log in.
    pub fn with_password(password: &Secret, can_write: bool) -> Self {
        Self { password: password.clone(), can_log_in: true, can_write }
    }
}

/// What is in a database.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// Its tables with their rows.
    pub tables: BTreeMap<String, u64>,
    /// Its roles by name.
    pub roles: BTreeMap<String, Role>,
    /// The role that RDS knows as the master.
    pub master: String,
    /// The version of the server.
    pub server_version: String,
}

impl Content {
    /// Names tables and rows; equal content has equal fingerprints.
    pub fn fingerprint(&self) -> String {
        self.tables.iter().map(|(table, rows)| format!("{table}:{rows}")).collect::<Vec<_>>().join(",")
    }
}

/// The data of all volumes and images.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct DataPlane {
    volumes: BTreeMap<VolumeId, Arc<Content>>,
    images: BTreeMap<ImageId, Arc<Content>>,
}

impl DataPlane {
    /// The content, shared and not copied.
    pub(crate) fn shared(&self, volume: VolumeId) -> Option<Arc<Content>> {
        self.volumes.get(&volume).map(Arc::clone)
    }

    pub(crate) fn content(&self, volume: VolumeId) -> Option<&Content> {
        self.volumes.get(&volume).map(Arc::as_ref)
    }

    pub(crate) fn image(&self, image: ImageId) -> Option<&Content> {
        self.images.get(&image).map(Arc::as_ref)
    }

    pub(crate) fn content_mut(&mut self, volume: VolumeId) -> Option<&mut Content> {
        self.volumes.get_mut(&volume).map(Arc::make_mut)
    }

    /// Does a piece of work. Endpoints and servers are the model's business ([`World::who_answers`]).
    ///
    /// [`World::who_answers`]: aurora_restore_sandbox::model::World::who_answers
    pub(crate) fn carry_out(&mut self, work: &Work) {
        match work {
            Work::CreateVolume { volume, engine_version, master_user, master_password, database: _ } => {
                let password = Secret::new(master_password.expose());
                let content = Content {
                    tables: BTreeMap::new(),
                    roles: BTreeMap::from([(master_user.clone(), Role::with_password(&password, true))]),
                    master: master_user.clone(),
                    server_version: engine_version.clone(),
                };
                self.volumes.insert(*volume, Arc::new(content));
            }
            Work::RestoreVolume { volume, from } => {
                if let Some(content) = self.images.get(from).cloned() {
                    self.volumes.insert(*volume, content);
                }
            }
            Work::CloneVolume { volume, from } => {
                if let Some(content) = self.volumes.get(from).cloned() {
                    self.volumes.insert(*volume, content);
                }
            }
            Work::TakeImage { image, from } => {
                if let Some(content) = self.volumes.get(from).cloned() {
                    self.images.insert(*image, content);
                }
            }
            Work::CopyImage { image, from } => {
                if let Some(content) = self.images.get(from).cloned() {
                    self.images.insert(*image, content);
                }
            }
            Work::DeleteImage { image } => {
                self.images.remove(image);
            }
            Work::DeleteVolume { volume } => {
                self.volumes.remove(volume);
            }
            Work::SetMasterPassword { volume, user, password } => {
                let password = Secret::new(password.expose());
                if let Some(role) = self.content_mut(*volume).and_then(|content| content.roles.get_mut(user)) {
                    role.password = password;
                }
            }
            Work::StartServer { .. }
            | Work::StopServer { .. }
            | Work::RestartServer { .. }
            | Work::PublishEndpoint { .. }
            | Work::WithdrawEndpoint { .. } => {}
        }
    }
}
