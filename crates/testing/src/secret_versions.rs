//! Versions of secrets in memory, shared by everybody who holds a clone.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{SecretId, SecretVersionId},
    ports::{
        OwnRotation, PASSWORD_CHARS, PASSWORD_EXCLUDED, SecretDocument, SecretHistory, SecretVersion, SecretVersions,
        SecretVersionsError, Secrets, SecretsError, VersionStage,
    },
    secret::Secret,
};
use jiff::Timestamp;
use rand::RngExt as _;

/// Secrets with their versions. A clone is another handle on the same ones.
#[derive(Debug, Clone, Default)]
pub struct MemoryVersions(Arc<Mutex<BTreeMap<SecretId, Held>>>);

#[derive(Debug, Default)]
struct Held {
    documents: BTreeMap<SecretVersionId, Option<SecretDocument>>,
    labels: BTreeMap<VersionStage, SecretVersionId>,
    own_rotation: bool,
    changed: Option<Timestamp>,
}

impl MemoryVersions {
    /// Keeps a secret with one version, which is current.
    pub fn put(&self, id: &SecretId, fields: &[(&str, &str)]) {
        let fields = fields.iter().map(|(key, text)| ((*key).to_owned(), Secret::new(*text))).collect();
        let version = SecretVersionId::new("0".repeat(32)).expect("32 digits");
        let mut held = Held::default();
        held.documents.insert(version.clone(), Some(SecretDocument { fields }));
        held.labels.insert(VersionStage::Current, version);
        self.all().insert(id.clone(), held);
    }

    /// Has a secret rotated by a function, as far as the store says.
    pub fn rotate_by_function(&self, id: &SecretId) {
        self.changing(id).own_rotation = true;
    }

    /// Announces a version, as Secrets Manager does before it calls a function.
    pub fn announce(&self, id: &SecretId, version: &SecretVersionId) {
        let mut held = self.changing(id);
        held.documents.entry(version.clone()).or_insert(None);
        held.labels.insert(VersionStage::Pending, version.clone());
    }

    /// Says when a secret was changed.
    pub fn set_changed(&self, id: &SecretId, at: Timestamp) {
        self.changing(id).changed = Some(at);
    }

    /// The document that bears a label.
    pub fn at(&self, id: &SecretId, stage: VersionStage) -> Option<SecretDocument> {
        let all = self.all();
        let held = all.get(id)?;
        held.documents.get(held.labels.get(&stage)?)?.clone()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<SecretId, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changing(&self, id: &SecretId) -> impl std::ops::DerefMut<Target = Held> {
        let mut all = self.all();
        all.entry(id.clone()).or_default();
        One { all, id: id.clone() }
    }

    fn with<T>(
        &self,
        id: &SecretId,
        work: impl FnOnce(&mut Held) -> Result<T, SecretVersionsError>,
    ) -> Result<T, SecretVersionsError> {
        let mut all = self.all();
        let missing = || SecretsError::Missing { id: id.clone(), store: "memory".to_owned() };
        work(all.get_mut(id).ok_or_else(missing)?)
    }
}

/// One secret of all.
struct One<'m> {
    all: MutexGuard<'m, BTreeMap<SecretId, Held>>,
    id: SecretId,
}

impl std::ops::Deref for One<'_> {
    type Target = Held;
    fn deref(&self) -> &Held {
        self.all.get(&self.id).expect("it was put there")
    }
}

impl std::ops::DerefMut for One<'_> {
    fn deref_mut(&mut self) -> &mut Held {
        self.all.get_mut(&self.id).expect("it was put there")
    }
}

fn conflict(id: &SecretId, reason: impl Into<String>) -> SecretVersionsError {
    SecretVersionsError::Conflict { id: id.clone(), reason: reason.into() }
}

#[async_trait]
impl Secrets for MemoryVersions {
    async fn get(&self, id: &SecretId) -> Result<SecretDocument, SecretsError> {
        let found = self.at(id, VersionStage::Current);
        found.ok_or_else(|| SecretsError::Missing { id: id.clone(), store: "memory".to_owned() })
    }
}

#[async_trait]
impl SecretVersions for MemoryVersions {
    async fn history(&self, id: &SecretId) -> Result<SecretHistory, SecretVersionsError> {
        self.with(id, |held| {
            let mut versions: BTreeMap<&SecretVersionId, BTreeSet<VersionStage>> = BTreeMap::new();
            for (stage, version) in &held.labels {
                versions.entry(version).or_default().insert(*stage);
            }
            let versions = versions.into_iter().map(|(id, stages)| SecretVersion { id: id.clone(), stages });
            let own_rotation = if held.own_rotation { OwnRotation::On } else { OwnRotation::Off };
            Ok(SecretHistory { own_rotation, changed: held.changed, versions: versions.collect() })
        })
    }

    async fn value(
        &self,
        id: &SecretId,
        version: &SecretVersionId,
    ) -> Result<Option<SecretDocument>, SecretVersionsError> {
        self.with(id, |held| Ok(held.documents.get(version).cloned().flatten()))
    }

    async fn put_pending(
        &self,
        id: &SecretId,
        version: &SecretVersionId,
        document: &SecretDocument,
    ) -> Result<(), SecretVersionsError> {
        self.with(id, |held| {
            let place = held.documents.entry(version.clone()).or_insert(None);
            match place {
                Some(found) if found != document => return Err(conflict(id, "the version has a content already")),
                Some(_) => {}
                None => *place = Some(document.clone()),
            }
            held.labels.insert(VersionStage::Pending, version.clone());
            Ok(())
        })
    }

    async fn move_current(
        &self,
        id: &SecretId,
        from: &SecretVersionId,
        to: &SecretVersionId,
    ) -> Result<(), SecretVersionsError> {
        self.with(id, |held| {
            if held.labels.get(&VersionStage::Current) != Some(from) {
                return Err(conflict(id, format!("version {from} is not current")));
            }
            held.labels.insert(VersionStage::Current, to.clone());
            held.labels.insert(VersionStage::Previous, from.clone());
            Ok(())
        })
    }

    async fn clear_pending(&self, id: &SecretId, version: &SecretVersionId) -> Result<(), SecretVersionsError> {
        self.with(id, |held| {
            if held.labels.get(&VersionStage::Pending) != Some(version) {
                return Err(conflict(id, format!("version {version} is not pending")));
            }
            held.labels.remove(&VersionStage::Pending);
            Ok(())
        })
    }

    async fn random_password(&self, _id: &SecretId) -> Result<Secret, SecretVersionsError> {
        let allowed: Vec<char> = ('!'..='~').filter(|c| !PASSWORD_EXCLUDED.contains(*c)).collect();
        let mut rng = rand::rng();
        let text: String = (0..PASSWORD_CHARS).map(|_| allowed[rng.random_range(0..allowed.len())]).collect();
        Ok(Secret::new(text))
    }
}
