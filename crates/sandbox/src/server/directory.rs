//! The data directory: whose it is, who works in it now, and what in it may be removed.
//!
//! ```text
//! <data directory>/            0700, or 0711 when root runs it: PostgreSQL, which is not root, must get through
//!   .aurora-restore-sandbox    marker: only a directory that has it is ever emptied
//!   lock                       locked while a sandbox runs; the kernel drops it when the process dies
//!   status.json                pid and address of the running sandbox, for other processes of the same user
//!   control-token              opens the /_sandbox endpoints
//!   state.json                 everything that the model knows
//!   postgres/                  belongs to the data plane
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::SandboxError;

const MARKER: &str = ".aurora-restore-sandbox";
const MARKER_TEXT: &str = "This directory belongs to an Aurora Restore Pipeline sandbox; `sandbox reset` empties it.\n";
const LOCK: &str = "lock";
const STATUS: &str = "status.json";
const TOKEN: &str = "control-token";
const STATE: &str = "state.json";
const POSTGRES: &str = "postgres";
const TEMPORARY_SUFFIX: &str = ".new";

/// A data directory that this process holds. Dropping it lets go of the lock.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
    _lock: File,
}

impl DataDirectory {
    /// Takes the directory for this process, making it if it does not exist.
    ///
    /// Once this returns, the directory is marked as a sandbox's, and no other sandbox can work in it until the value is
    /// dropped or the process dies, however it dies.
    pub(crate) fn open(path: &Path) -> Result<Self, SandboxError> {
        make_directory(path)?;
        let path = fs::canonicalize(path).map_err(SandboxError::io("open", path))?;
        if !is_ours(&path)? && !is_empty(&path)? {
            return Err(SandboxError::NotOurs(path));
        }
        write_private(&path.join(MARKER), MARKER_TEXT.as_bytes())?;
        let lock = lock(&path)?;
        Ok(Self { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn state_path(&self) -> PathBuf {
        self.path.join(STATE)
    }

    pub(crate) fn postgres_path(&self) -> PathBuf {
        postgres_path(&self.path)
    }

    pub(crate) fn status_path(&self) -> PathBuf {
        status_path(&self.path)
    }

    pub(crate) fn token_path(&self) -> PathBuf {
        token_path(&self.path)
    }
}

/// Where the data plane of this directory keeps its things.
pub(crate) fn postgres_path(directory: &Path) -> PathBuf {
    directory.join(POSTGRES)
}

/// Removes what a sandbox that stops told other processes.
pub(crate) fn forget_status(directory: &Path) -> Result<(), SandboxError> {
    remove_file(&status_path(directory))?;
    remove_file(&token_path(directory))
}

pub(crate) fn status_path(directory: &Path) -> PathBuf {
    directory.join(STATUS)
}

pub(crate) fn token_path(directory: &Path) -> PathBuf {
    directory.join(TOKEN)
}

/// The process that holds the directory, if one does.
///
/// The lock is asked, not the pid: a pid that was left behind by a killed sandbox may belong to another program by now.
pub(crate) fn holder(path: &Path) -> Result<Option<u32>, SandboxError> {
    let lock_path = path.join(LOCK);
    let file = match OpenOptions::new().read(true).open(&lock_path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SandboxError::io("open", &lock_path)(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(read_pid(&lock_path)),
        Err(TryLockError::Error(error)) => Err(SandboxError::io("lock", &lock_path)(error)),
    }
}

/// Whether a PostgreSQL server may be running on data in this directory, as after the death of a sandbox.
pub(crate) fn may_have_servers(path: &Path) -> bool {
    let volumes = fs::read_dir(postgres_path(path).join("volumes"));
    volumes.is_ok_and(|volumes| volumes.flatten().any(|volume| volume.path().join("data/postmaster.pid").exists()))
}

/// Removes everything that a sandbox made in the directory, and the directory itself if nothing else is in it.
///
/// A directory that does not exist is already reset. One without the marker, or with a running sandbox, is refused.
pub(crate) fn reset(path: &Path) -> Result<(), SandboxError> {
    if !path.try_exists().map_err(SandboxError::io("open", path))? {
        return Ok(());
    }
    if !is_ours(path)? {
        return if is_empty(path)? { Ok(()) } else { Err(SandboxError::NotOurs(path.to_owned())) };
    }
    let _lock = lock(path)?;
    remove_tree(&path.join(POSTGRES))?;
    for name in [STATE, STATUS, TOKEN] {
        remove_file(&path.join(name))?;
        remove_file(&path.join(format!("{name}{TEMPORARY_SUFFIX}")))?;
    }
    // The marker goes after everything that it vouches for: if we die before, another reset finishes the work.
    remove_file(&path.join(MARKER))?;
    remove_file(&path.join(LOCK))?;
    match fs::remove_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(SandboxError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Writes a file that only its owner can read, so that it is there either as it was or as it shall be.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), SandboxError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(TEMPORARY_SUFFIX);
    let temporary = PathBuf::from(temporary);
    let write = || -> io::Result<()> {
        // What an interrupted write left behind goes first: a new file has the right mode and is no link to elsewhere.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        // If we die here, the old file is still the whole truth.
        fs::rename(&temporary, path)?;
        match path.parent() {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(SandboxError::io("write", path))
}

fn make_directory(path: &Path) -> Result<(), SandboxError> {
    DirBuilder::new()
        .recursive(true)
        .mode(if nix::unistd::geteuid().is_root() { 0o711 } else { 0o700 })
        .create(path)
        .map_err(SandboxError::io("create", path))
}

fn is_ours(path: &Path) -> Result<bool, SandboxError> {
    let marker = path.join(MARKER);
    marker.try_exists().map_err(SandboxError::io("open", &marker))
}

fn is_empty(path: &Path) -> Result<bool, SandboxError> {
    let mut entries = fs::read_dir(path).map_err(SandboxError::io("read", path))?;
    Ok(entries.next().is_none())
}

fn lock(path: &Path) -> Result<File, SandboxError> {
    let lock_path = path.join(LOCK);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&lock_path)
        .map_err(SandboxError::io("open", &lock_path))?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => SandboxError::InUse { directory: path.to_owned(), pid: read_pid(&lock_path) },
        TryLockError::Error(error) => SandboxError::io("lock", &lock_path)(error),
    })?;
    // The pid is for people to read; the lock is what counts.
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(SandboxError::io("write", &lock_path))?;
    Ok(file)
}

fn read_pid(lock_path: &Path) -> Option<u32> {
    fs::read_to_string(lock_path).ok()?.trim().parse().ok()
}

fn remove_file(path: &Path) -> Result<(), SandboxError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(SandboxError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

fn remove_tree(path: &Path) -> Result<(), SandboxError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(SandboxError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_directory_is_made_private_and_marked() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let directory = DataDirectory::open(&path).unwrap();
        assert_eq!(mode(&path) & 0o066, 0, "nobody else can list it or write to it");
        assert!(directory.path().join(MARKER).exists());
    }

    #[test]
    fn a_directory_with_files_of_others_is_refused_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("thesis.txt"), "years of work").unwrap();
        for result in [DataDirectory::open(directory.path()).map(|_| ()), reset(directory.path())] {
            assert!(matches!(result, Err(SandboxError::NotOurs(_))), "{result:?}");
        }
        let names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["thesis.txt"]);
    }

    #[test]
    fn a_second_sandbox_is_told_the_process_of_the_first_and_may_follow_it() {
        let directory = tempfile::tempdir().unwrap();
        let first = DataDirectory::open(directory.path()).unwrap();
        assert_eq!(holder(directory.path()).unwrap(), Some(std::process::id()));
        match DataDirectory::open(directory.path()).unwrap_err() {
            SandboxError::InUse { pid, .. } => assert_eq!(pid, Some(std::process::id())),
            other => panic!("{other}"),
        }
        assert!(matches!(reset(directory.path()), Err(SandboxError::InUse { .. })));
        drop(first);
        assert_eq!(holder(directory.path()).unwrap(), None);
        DataDirectory::open(directory.path()).unwrap();
    }

    #[test]
    fn reset_removes_what_the_sandbox_made_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let directory = DataDirectory::open(&path).unwrap();
        fs::create_dir_all(directory.postgres_path().join("deep")).unwrap();
        write_private(&directory.state_path(), b"{}").unwrap();
        fs::write(path.join("notes.txt"), "mine").unwrap();
        drop(directory);
        reset(&path).unwrap();
        let names: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["notes.txt"]);

        fs::remove_file(path.join("notes.txt")).unwrap();
        drop(DataDirectory::open(&path).unwrap());
        reset(&path).unwrap();
        assert!(!path.exists());
        reset(&path).unwrap();
    }

    #[test]
    fn private_files_are_replaced_whole_and_readable_by_their_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "older and longer").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write_private(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_where_a_directory_is_wanted_is_refused_with_a_hint() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "").unwrap();
        let error = DataDirectory::open(&path).unwrap_err();
        assert_eq!(error.hint().as_deref(), Some("A data directory must be a directory."));
    }
}
