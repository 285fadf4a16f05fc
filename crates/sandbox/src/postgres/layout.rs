//! Where things lie below the data directory.
//!
//! ```text
//! lock              held by the sandbox that uses the directory
//! endpoints.json    which name has which port, and what it leads to
//! run/              private sockets (elsewhere if the path is too long for a socket)
//! tls/              ca.pem ca.key server.pem server.key
//! template/<v>/     a fresh cluster, copied for every new volume
//! volumes/<id>/     data/ conf/ server.log, and `run` while a server should be running
//! images/<id>/      data/
//! ```
//!
//! A directory named `.new-…` is being written, one named `.old-…` is being deleted; both are swept when the sandbox
//! starts. Whatever bears its final name is complete.

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::account::Account;
use super::error::DataPlaneError;
use crate::model::{ImageId, VolumeId};

/// The shortest limit of a socket's path among the systems we run on (macOS: 104 with its final zero).
const SOCKET_PATH_MAX: usize = 103;
const LONGEST_SOCKET_NAME: &str = "/.s.PGSQL.65535.lock";

/// The paths of one data directory.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    root: PathBuf,
    run: PathBuf,
}

impl Layout {
    /// Makes the directories, all closed to others and owned by `account`.
    pub(super) fn prepare(root: &Path, account: &Account) -> Result<Self, DataPlaneError> {
        let root = std::path::absolute(root).map_err(DataPlaneError::io("find", root))?;
        make_directory(&root, account)?;
        // The server compares paths after resolving links, so do we.
        let root = root.canonicalize().map_err(DataPlaneError::io("find", &root))?;
        account.can_reach(&root.join("volumes"))?;
        let layout = Self { run: socket_directory(&root), root };
        for directory in [layout.volumes(), layout.images(), layout.root.join("template")] {
            make_directory(&directory, account)?;
        }
        make_directory(&layout.run, account)?;
        require_private(&layout.run, account)?;
        Ok(layout)
    }

    /// Takes the directory for this process until the file is dropped.
    pub(super) fn lock(&self) -> Result<File, DataPlaneError> {
        let path = self.root.join("lock");
        let file = File::create(&path).map_err(DataPlaneError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(DataPlaneError::InUse { path: self.root.clone() }),
            Err(TryLockError::Error(source)) => Err(DataPlaneError::io("lock", &path)(source)),
        }
    }

    pub(super) fn run(&self) -> &Path {
        &self.run
    }

    pub(super) fn tls(&self) -> PathBuf {
        self.root.join("tls")
    }

    pub(super) fn endpoints(&self) -> PathBuf {
        self.root.join("endpoints.json")
    }

    pub(super) fn volumes(&self) -> PathBuf {
        self.root.join("volumes")
    }

    pub(super) fn images(&self) -> PathBuf {
        self.root.join("images")
    }

    pub(super) fn template(&self, name: &str) -> PathBuf {
        self.root.join("template").join(name)
    }

    pub(super) fn volume(&self, id: VolumeId) -> Home {
        Home { directory: self.volumes().join(id.to_string()) }
    }

    pub(super) fn image(&self, id: ImageId) -> Home {
        Home { directory: self.images().join(id.to_string()) }
    }

    /// The volumes that exist.
    pub(super) fn all_volumes(&self) -> Result<Vec<VolumeId>, DataPlaneError> {
        let volumes = self.volumes();
        let entries = std::fs::read_dir(&volumes).map_err(DataPlaneError::io("list", &volumes))?;
        let id = |name: &str| name.strip_prefix("vol-")?.parse().ok().map(VolumeId);
        let mut found: Vec<VolumeId> = entries.flatten().filter_map(|entry| id(entry.file_name().to_str()?)).collect();
        found.sort_unstable();
        Ok(found)
    }

    /// The volumes whose server should be running.
    pub(super) fn volumes_to_run(&self) -> Result<Vec<VolumeId>, DataPlaneError> {
        let mut volumes = self.all_volumes()?;
        volumes.retain(|id| self.volume(*id).run_marker().exists());
        Ok(volumes)
    }

    /// The parents in which unfinished work may lie.
    pub(super) fn nurseries(&self) -> [PathBuf; 4] {
        [self.volumes(), self.images(), self.root.join("template"), self.root.clone()]
    }
}

/// The directory of one volume, image or template.
#[derive(Clone, Debug)]
pub(super) struct Home {
    pub(super) directory: PathBuf,
}

impl Home {
    pub(super) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    pub(super) fn conf(&self) -> PathBuf {
        self.directory.join("conf")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.directory.join("server.log")
    }

    pub(super) fn run_marker(&self) -> PathBuf {
        self.directory.join("run")
    }

    pub(super) fn exists(&self) -> bool {
        self.data().is_dir()
    }
}

/// Makes `path` and its missing parents. The last one is closed to others.
pub(super) fn make_directory(path: &Path, account: &Account) -> Result<(), DataPlaneError> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        // Parents above the data directory keep the usual mode: the servers' user must be able to pass.
        std::fs::create_dir_all(parent).map_err(DataPlaneError::io("make", parent))?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => account.own(path),
        Err(source) if source.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(DataPlaneError::io("make", path)(source)),
    }
}

/// Sockets lie in the data directory unless their path would be too long; then in a directory below `/tmp` whose
/// name follows from the data directory.
fn socket_directory(root: &Path) -> PathBuf {
    let inside = root.join("run");
    if inside.as_os_str().len() + LONGEST_SOCKET_NAME.len() <= SOCKET_PATH_MAX {
        return inside;
    }
    let digest = Sha256::digest(root.as_os_str().as_encoded_bytes());
    let short: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Path::new("/tmp").join(format!("aurora-restore-{short}"))
}

/// Below `/tmp` anyone may have made the directory before us; whoever owns it could pose as the server.
fn require_private(path: &Path, account: &Account) -> Result<(), DataPlaneError> {
    let metadata = std::fs::symlink_metadata(path).map_err(DataPlaneError::io("look at", path))?;
    if metadata.is_dir() && account.owns(&metadata) && metadata.permissions().mode() & 0o077 == 0 {
        Ok(())
    } else {
        Err(DataPlaneError::UnsafeSocketDirectory { path: path.to_path_buf() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_data_directory_gets_a_short_socket_directory_that_is_always_the_same() {
        let long = PathBuf::from(format!("/{}", "d".repeat(90)));
        let chosen = socket_directory(&long);
        assert_eq!(chosen, socket_directory(&long));
        assert!(chosen.as_os_str().len() + LONGEST_SOCKET_NAME.len() <= SOCKET_PATH_MAX);
        assert_eq!(socket_directory(Path::new("/srv/x")), Path::new("/srv/x/run"));
    }

    #[test]
    fn a_second_sandbox_on_the_same_directory_is_refused() {
        let root = tempfile::tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let account = Account::choose(None).unwrap();
        let layout = Layout::prepare(&root.path().join("data"), &account).unwrap();
        let held = layout.lock().unwrap();
        assert!(matches!(layout.lock().unwrap_err(), DataPlaneError::InUse { .. }));
        drop(held);
        let _again = layout.lock().unwrap();
    }

    #[test]
    fn a_socket_directory_that_others_can_enter_is_refused() {
        let root = tempfile::tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let account = Account::choose(None).unwrap();
        assert!(matches!(require_private(root.path(), &account), Err(DataPlaneError::UnsafeSocketDirectory { .. })));
    }
}
