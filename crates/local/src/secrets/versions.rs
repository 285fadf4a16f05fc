//! The versions of a secret beside its file.
//!
//! The file `staging/users.json` stays what everybody reads: the current version, replaced as a whole by one rename. Beside it
//! `.versions/staging/users.json/` holds the versions that bear a label, one file each, and `labels.json`, which says which one
//! is pending and which one is previous. Which one is current says the file itself: the version that holds just that, or
//! else one that is named after the file's digest, so that a person may edit the file as before. Whoever changes
//! something holds a lock of the operating system, which goes with the process.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{SecretId, SecretVersionId},
    ports::{
        OwnRotation, PASSWORD_CHARS, PASSWORD_EXCLUDED, SecretDocument, SecretHistory, SecretVersion, SecretVersions,
        SecretVersionsError, SecretsError, VersionStage,
    },
    secret::Secret,
};
use jiff::Timestamp;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{FileSecrets, read_owned, replace};

/// Where versions are kept. It begins with a dot, which no secret's name does.
const DIRECTORY: &str = ".versions";
/// Which version bears which label.
const LABELS: &str = "labels.json";
/// What is locked.
const LOCK: &str = ".lock";

/// The labels that the secret's own file does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Labels {
    pending: Option<SecretVersionId>,
    previous: Option<SecretVersionId>,
}

/// The versions of one secret, while nobody else changes them.
struct Shelf<'s> {
    secrets: &'s FileSecrets,
    id: &'s SecretId,
    directory: PathBuf,
    /// Held until the shelf is left.
    _lock: File,
}

impl<'s> Shelf<'s> {
    fn open(secrets: &'s FileSecrets, id: &'s SecretId) -> Result<Self, SecretVersionsError> {
        // A secret that is not there gets no directory.
        let _document = secrets.read(id)?;
        let below = secrets.path_of(id);
        let below = below.strip_prefix(&secrets.directory).unwrap_or(&below);
        let directory = secrets.directory.join(DIRECTORY).join(below);
        let opened = super::make_directory(&directory).and_then(|()| {
            let path = directory.join(LOCK);
            let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
            lock.lock()?;
            Ok(lock)
        });
        match opened {
            Ok(lock) => Ok(Self { secrets, id, directory, _lock: lock }),
            Err(error) => Err(unavailable(id, &directory, &error)),
        }
    }

    fn path(&self, version: &SecretVersionId) -> PathBuf {
        self.directory.join(format!("{version}.json"))
    }

    fn labels(&self) -> Result<Labels, SecretVersionsError> {
        let path = self.directory.join(LABELS);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Labels::default()),
            Err(error) => return Err(unavailable(self.id, &path, &error)),
        };
        serde_json::from_slice(&bytes).map_err(|error| {
            let reason = format!("{} does not say which version bears which label: {error}", path.display());
            SecretsError::Malformed { id: self.id.clone(), reason }.into()
        })
    }

    fn write_labels(&self, labels: &Labels) -> Result<(), SecretVersionsError> {
        let path = self.directory.join(LABELS);
        let text = serde_json::to_vec(labels).map_err(io::Error::other);
        text.and_then(|text| replace(&path, &text)).map_err(|error| unavailable(self.id, &path, &error))
    }

    fn document(&self, version: &SecretVersionId) -> Result<Option<SecretDocument>, SecretVersionsError> {
        match read_owned(self.id, &self.path(version)) {
            Ok(document) => Ok(Some(document)),
            Err(SecretsError::Missing { .. }) => self.current_document(version),
            Err(error) => Err(error.into()),
        }
    }

    /// The current version may be one that was never put on the shelf.
    fn current_document(&self, version: &SecretVersionId) -> Result<Option<SecretDocument>, SecretVersionsError> {
        let document = self.secrets.read(self.id)?;
        Ok((digest_id(&document) == *version).then_some(document))
    }

    /// Which version the secret's own file holds.
    fn current(&self) -> Result<(SecretVersionId, SecretDocument), SecretVersionsError> {
        let document = self.secrets.read(self.id)?;
        let labels = self.labels()?;
        for version in [labels.pending, labels.previous].into_iter().flatten().chain(self.shelved()?) {
            if self.document(&version)?.as_ref() == Some(&document) {
                return Ok((version, document));
            }
        }
        Ok((digest_id(&document), document))
    }

    /// The versions that are on the shelf.
    fn shelved(&self) -> Result<Vec<SecretVersionId>, SecretVersionsError> {
        let listed = fs::read_dir(&self.directory).map_err(|error| unavailable(self.id, &self.directory, &error))?;
        let names = listed.flatten().filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            SecretVersionId::new(name.strip_suffix(".json")?).ok()
        });
        Ok(names.collect())
    }

    fn put(&self, version: &SecretVersionId, document: &SecretDocument) -> Result<(), SecretVersionsError> {
        let path = self.path(version);
        replace(&path, document.to_json().as_bytes()).map_err(|error| unavailable(self.id, &path, &error))
    }

    /// Forgets what bears no label any more. What is left by a crash goes the next time.
    fn tidy(&self, kept: &[&SecretVersionId]) -> Result<(), SecretVersionsError> {
        for version in self.shelved()? {
            if kept.contains(&&version) {
                continue;
            }
            let path = self.path(&version);
            fs::remove_file(&path).map_err(|error| unavailable(self.id, &path, &error))?;
        }
        Ok(())
    }

    fn conflict(&self, reason: impl Into<String>) -> SecretVersionsError {
        SecretVersionsError::Conflict { id: self.id.clone(), reason: reason.into() }
    }

    fn put_pending(&self, version: &SecretVersionId, document: &SecretDocument) -> Result<(), SecretVersionsError> {
        match self.document(version)? {
            Some(found) if found != *document => {
                return Err(self.conflict(format!("version {version} has another content already")));
            }
            Some(_) => {}
            None => self.put(version, document)?,
        }
        self.write_labels(&Labels { pending: Some(version.clone()), ..self.labels()? })
    }

    fn move_current(&self, from: &SecretVersionId, to: &SecretVersionId) -> Result<(), SecretVersionsError> {
        let (current, document) = self.current()?;
        if current != *from {
            return Err(self.conflict(format!("version {from} is not the current one")));
        }
        let next = self.document(to)?.ok_or_else(|| self.conflict(format!("version {to} has no content")))?;
        self.put(from, &document)?;
        let labels = Labels { previous: Some(from.clone()), ..self.labels()? };
        // If we die here, the previous version is the current one as well, and the move is simply made again.
        self.write_labels(&labels)?;
        let path = self.secrets.path_of(self.id);
        replace(&path, next.to_json().as_bytes()).map_err(|error| unavailable(self.id, &path, &error))?;
        let kept: Vec<&SecretVersionId> = labels.pending.iter().chain([from, to]).collect();
        self.tidy(&kept)
    }

    fn clear_pending(&self, version: &SecretVersionId) -> Result<(), SecretVersionsError> {
        let labels = self.labels()?;
        if labels.pending.as_ref() != Some(version) {
            return Err(self.conflict(format!("version {version} is not pending")));
        }
        self.write_labels(&Labels { pending: None, ..labels })
    }
}

/// The versions that bear a label.
fn history(shelf: &Shelf<'_>) -> Result<SecretHistory, SecretVersionsError> {
    let (labels, (current, _)) = (shelf.labels()?, shelf.current()?);
    let mut versions: BTreeMap<SecretVersionId, BTreeSet<VersionStage>> = BTreeMap::new();
    for (stage, version) in [
        (VersionStage::Current, Some(current)),
        (VersionStage::Pending, labels.pending),
        (VersionStage::Previous, labels.previous),
    ] {
        if let Some(version) = version {
            versions.entry(version).or_default().insert(stage);
        }
    }
    let path = shelf.secrets.path_of(shelf.id);
    let changed = fs::metadata(&path).and_then(|metadata| metadata.modified());
    Ok(SecretHistory {
        own_rotation: OwnRotation::Off,
        changed: changed.ok().and_then(|time| Timestamp::try_from(time).ok()),
        versions: versions.into_iter().map(|(id, stages)| SecretVersion { id, stages }).collect(),
    })
}

/// A version that nobody gave a name.
fn digest_id(document: &SecretDocument) -> SecretVersionId {
    let digest = Sha256::digest(document.to_json().as_bytes());
    let digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    SecretVersionId::new(digits).expect("32 hexadecimal digits")
}

fn unavailable(id: &SecretId, path: &Path, error: &io::Error) -> SecretVersionsError {
    SecretsError::Unavailable { id: id.clone(), reason: format!("{}: {error}", path.display()) }.into()
}

impl FileSecrets {
    /// Does something about the versions of a secret where files may be waited for.
    async fn on_shelf<T: Send + 'static>(
        &self,
        id: &SecretId,
        work: impl FnOnce(&Shelf<'_>) -> Result<T, SecretVersionsError> + Send + 'static,
    ) -> Result<T, SecretVersionsError> {
        let (secrets, wanted) = (self.clone(), id.clone());
        let done = tokio::task::spawn_blocking(move || work(&Shelf::open(&secrets, &wanted)?)).await;
        done.unwrap_or_else(|error| {
            let reason = format!("the work on its files was given up: {error}");
            Err(SecretsError::Unavailable { id: id.clone(), reason }.into())
        })
    }
}

#[async_trait]
impl SecretVersions for FileSecrets {
    async fn history(&self, id: &SecretId) -> Result<SecretHistory, SecretVersionsError> {
        self.on_shelf(id, history).await
    }

    async fn value(
        &self,
        id: &SecretId,
        version: &SecretVersionId,
    ) -> Result<Option<SecretDocument>, SecretVersionsError> {
        let version = version.clone();
        self.on_shelf(id, move |shelf| shelf.document(&version)).await
    }

    async fn put_pending(
        &self,
        id: &SecretId,
        version: &SecretVersionId,
        document: &SecretDocument,
    ) -> Result<(), SecretVersionsError> {
        let (version, document) = (version.clone(), document.clone());
        self.on_shelf(id, move |shelf| shelf.put_pending(&version, &document)).await
    }

    async fn move_current(
        &self,
        id: &SecretId,
        from: &SecretVersionId,
        to: &SecretVersionId,
    ) -> Result<(), SecretVersionsError> {
        let (from, to) = (from.clone(), to.clone());
        self.on_shelf(id, move |shelf| shelf.move_current(&from, &to)).await
    }

    async fn clear_pending(&self, id: &SecretId, version: &SecretVersionId) -> Result<(), SecretVersionsError> {
        let version = version.clone();
        self.on_shelf(id, move |shelf| shelf.clear_pending(&version)).await
    }

    async fn random_password(&self, _id: &SecretId) -> Result<Secret, SecretVersionsError> {
        let allowed: Vec<char> = ('!'..='~').filter(|c| !PASSWORD_EXCLUDED.contains(*c)).collect();
        let mut rng = rand::rng();
        let text: String = (0..PASSWORD_CHARS).map(|_| allowed[rng.random_range(0..allowed.len())]).collect();
        Ok(Secret::new(text))
    }
}
