//! Secrets as files: a directory, and in it one JSON file for each secret, with the content that the same secret would
//! have in Secrets Manager.
//!
//! The secret `staging/master` is the file `staging/master.json`: `{"username": "postgres", "password": "…"}`. Files
//! that anybody but their owner may touch are refused. Nothing of a secret's content ever reaches an error.

mod versions;

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::SecretId,
    ports::{SECRET_BYTES_MAX, SecretDocument, Secrets, SecretsError},
};

/// The [`Secrets`] port on one machine.
#[derive(Debug, Clone)]
pub struct FileSecrets {
    directory: PathBuf,
}

impl FileSecrets {
    /// Secrets in a directory. It need not be there yet.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// The file that holds a secret, whether it is there or not.
    pub fn path_of(&self, id: &SecretId) -> PathBuf {
        let mut path = self.directory.clone();
        path.extend(id.as_str().split('/').map(file_name));
        let mut name = path.into_os_string();
        name.push(".json");
        PathBuf::from(name)
    }

    /// Keeps a secret. After it returns the file is there with the whole of it and for its owner alone; whoever reads
    /// meanwhile sees the former one.
    ///
    /// # Errors
    /// [`SecretsError::Unavailable`] where the file cannot be written.
    pub async fn put(&self, id: &SecretId, document: &SecretDocument) -> Result<(), SecretsError> {
        let (path, text) = (self.path_of(id), document.to_json());
        let written = tokio::task::spawn_blocking(move || replace(&path, text.as_bytes())).await;
        flatten(written).map_err(|error| self.unavailable(id, &error))
    }

    fn unavailable(&self, id: &SecretId, error: &io::Error) -> SecretsError {
        let path = self.path_of(id);
        SecretsError::Unavailable { id: id.clone(), reason: format!("{}: {error}", path.display()) }
    }

    fn read(&self, id: &SecretId) -> Result<SecretDocument, SecretsError> {
        read_owned(id, &self.path_of(id))
    }
}

#[async_trait]
impl Secrets for FileSecrets {
    async fn get(&self, id: &SecretId) -> Result<SecretDocument, SecretsError> {
        let (secrets, wanted) = (self.clone(), id.clone());
        let read = tokio::task::spawn_blocking(move || secrets.read(&wanted)).await;
        read.unwrap_or_else(|error| {
            Err(SecretsError::Unavailable { id: id.clone(), reason: format!("the reading was given up: {error}") })
        })
    }
}

/// Reads the file of a secret, if nobody but its owner may use it.
fn read_owned(id: &SecretId, path: &Path) -> Result<SecretDocument, SecretsError> {
    let unavailable = |error: &io::Error| SecretsError::Unavailable {
        id: id.clone(),
        reason: format!("{}: {error}", path.display()),
    };
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            SecretsError::Missing { id: id.clone(), store: path.display().to_string() }
        }
        io::ErrorKind::PermissionDenied => {
            SecretsError::Denied { id: id.clone(), reason: format!("{} is not yours to read", path.display()) }
        }
        _ => unavailable(&error),
    })?;
    let malformed = |reason: String| SecretsError::Malformed { id: id.clone(), reason };
    // What is checked is the file that is open, not one that takes its name afterwards.
    let metadata = file.metadata().map_err(|error| unavailable(&error))?;
    if !metadata.is_file() {
        return Err(malformed(format!("{} is not a file", path.display())));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(SecretsError::Denied { id: id.clone(), reason: open_to_others(path) });
    }
    let mut text = Vec::new();
    let _read = file.take(SECRET_BYTES_MAX as u64 + 1).read_to_end(&mut text).map_err(|error| unavailable(&error))?;
    SecretDocument::from_json(&text).map_err(|reason| malformed(format!("{}: {reason}", path.display())))
}

/// A part of an id as the name of a file or directory: letters, digits and `_ - + = @ .` stay, all else becomes `%` and
/// two digits. A dot at the beginning is not kept, so no part can be hidden or lead elsewhere; an empty part is `%`.
fn file_name(part: &str) -> String {
    if part.is_empty() {
        return "%".to_owned();
    }
    let mut name = String::with_capacity(part.len());
    for (place, byte) in part.bytes().enumerate() {
        let kept = byte.is_ascii_alphanumeric() || b"_-+=@".contains(&byte) || (byte == b'.' && place > 0);
        if kept {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    name
}

fn open_to_others(path: &Path) -> String {
    let quoted = path.display().to_string().replace('\'', r"'\''");
    format!("others than its owner may use the file; run: chmod 600 '{quoted}'")
}

/// Makes a directory for its owner alone, and those above it that are missing.
fn make_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Puts a file in the place of another one, as a whole.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    static DRAFTS: AtomicU32 = AtomicU32::new(0);
    let directory = path.parent().unwrap_or(Path::new("."));
    make_directory(directory)?;
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    // Begins with a dot, which no secret's name does.
    let draft = directory.join(format!(".draft-{}-{number}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| file.write_all(text).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // A draft may hold a password: it must not stay. Why it could not be written is what the caller hears.
        drop(fs::remove_file(&draft));
    }
    written
}

fn flatten(written: Result<io::Result<()>, tokio::task::JoinError>) -> io::Result<()> {
    written.unwrap_or_else(|error| Err(io::Error::other(error)))
}

#[cfg(test)]
mod tests;
