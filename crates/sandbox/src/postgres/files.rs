//! Copies, publishes and removes directory trees so that a crash at any moment leaves nothing half-done under a
//! final name.
//!
//! Copies run on a few threads. On Linux the standard library copies within the kernel, and file systems that can
//! share blocks (XFS, btrfs, APFS on macOS) do so, which makes a clone nearly free there.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use super::account::Account;
use super::error::DataPlaneError;

/// More threads than this do not copy faster on one disk.
const COPIERS_MAX: usize = 4;
/// A file of this size is worth a copier of its own.
const LARGE_BYTES: u64 = 4 << 20;

/// What must survive once work has been reported as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The death of any process, including `kill -9` of the sandbox and its servers, but not the loss of power:
    /// pages that the operating system holds are enough. A sandbox holds made-up data that a command builds
    /// again, so this is the default; it is what makes demos and tests fast.
    #[default]
    Process,
    /// The loss of power too: servers run with `fsync`, and every copy reaches the disk before it gets its name.
    Power,
}

/// What to do with one entry of a tree that is being copied. Decided by its path below the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Copy,
    Leave,
    /// Make the directory, but leave what is in it.
    Empty,
}

/// One copy of a tree.
pub(super) struct TreeCopy<'a> {
    pub(super) from: &'a Path,
    pub(super) into: &'a Path,
    pub(super) select: fn(&Path) -> Verdict,
    /// A running server removes files while they are being copied; what it removed is not needed.
    pub(super) may_vanish: bool,
    pub(super) account: &'a Account,
    pub(super) durability: Durability,
}

impl TreeCopy<'_> {
    /// Copies the tree into a directory that must not exist yet. Returns the number of bytes.
    pub(super) fn run(&self) -> Result<u64, DataPlaneError> {
        let mut directories = vec![PathBuf::new()];
        let mut files = Vec::new();
        self.list(Path::new(""), &mut directories, &mut files)?;
        for directory in &directories {
            super::layout::make_directory(&self.into.join(directory), self.account)?;
        }
        let bytes = self.copy_files(files)?;
        if self.durability == Durability::Power {
            directories.iter().try_for_each(|directory| sync_directory(&self.into.join(directory)))?;
        }
        Ok(bytes)
    }

    fn list(
        &self,
        below: &Path,
        directories: &mut Vec<PathBuf>,
        files: &mut Vec<PathBuf>,
    ) -> Result<(), DataPlaneError> {
        let directory = self.from.join(below);
        let entries = match std::fs::read_dir(&directory) {
            Err(source) if self.vanished(&source) => return Ok(()),
            other => other.map_err(DataPlaneError::io("list", &directory))?,
        };
        for entry in entries {
            let entry = entry.map_err(DataPlaneError::io("list", &directory))?;
            let path = below.join(entry.file_name());
            let verdict = (self.select)(&path);
            if verdict == Verdict::Leave {
                continue;
            }
            let kind = entry.file_type().map_err(DataPlaneError::io("look at", &entry.path()))?;
            if kind.is_file() {
                files.push(path);
            } else if kind.is_dir() {
                directories.push(path.clone());
                if verdict == Verdict::Copy {
                    self.list(&path, directories, files)?;
                }
            } else {
                return Err(DataPlaneError::NotAFile { path: entry.path() });
            }
        }
        Ok(())
    }

    fn copy_files(&self, files: Vec<PathBuf>) -> Result<u64, DataPlaneError> {
        let shares = shares(self.from, files);
        let next = AtomicUsize::new(0);
        let bytes = AtomicU64::new(0);
        let work = || -> Result<(), DataPlaneError> {
            while let Some(share) = shares.get(next.fetch_add(1, Ordering::Relaxed)) {
                for file in share {
                    let copied = self.copy_file(file).inspect_err(|_| {
                        // The others need not go on.
                        next.store(shares.len(), Ordering::Relaxed);
                    })?;
                    bytes.fetch_add(copied, Ordering::Relaxed);
                }
            }
            Ok(())
        };
        let workers = thread::available_parallelism().map_or(1, NonZero::get).min(COPIERS_MAX);
        thread::scope(|scope| {
            let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let results = running.into_iter().map(|worker| worker.join().expect("a copier does not panic"));
            results.fold(Ok(()), Result::and)
        })?;
        Ok(bytes.into_inner())
    }

    /// Copies one file, named relative to both roots.
    pub(super) fn copy_file(&self, file: &Path) -> Result<u64, DataPlaneError> {
        let (from, into) = (self.from.join(file), self.into.join(file));
        let bytes = match std::fs::copy(&from, &into) {
            Err(source) if self.vanished(&source) && !from.exists() => return Ok(0),
            other => other.map_err(DataPlaneError::io("copy into", &into))?,
        };
        self.account.own(&into)?;
        if self.durability == Durability::Power {
            sync_file(&into)?;
        }
        Ok(bytes)
    }

    fn vanished(&self, source: &io::Error) -> bool {
        self.may_vanish && source.kind() == io::ErrorKind::NotFound
    }
}

/// Divides files among copiers: each large one by itself, the small ones of a directory together, because two threads
/// that make files in the same directory only wait for each other. The large ones come first, so that none is left
/// to a single copier at the end.
fn shares(root: &Path, files: Vec<PathBuf>) -> Vec<Vec<PathBuf>> {
    let mut large = Vec::new();
    let mut small: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for file in files {
        // One that vanished meanwhile is small.
        let bytes = std::fs::metadata(root.join(&file)).map_or(0, |metadata| metadata.len());
        if bytes >= LARGE_BYTES {
            large.push((Reverse(bytes), vec![file]));
        } else {
            let directory = file.parent().unwrap_or(Path::new("")).to_path_buf();
            small.entry(directory).or_default().push(file);
        }
    }
    large.sort_by_key(|(bytes, _)| *bytes);
    large.into_iter().map(|(_, share)| share).chain(small.into_values()).collect()
}

/// A directory that is being written beside the place it will take.
#[derive(Debug)]
pub(super) struct Nursery {
    temporary: PathBuf,
    place: PathBuf,
}

impl Nursery {
    /// Makes an empty directory beside `place`, removing what an earlier attempt left there.
    pub(super) fn open(place: &Path, account: &Account) -> Result<Self, DataPlaneError> {
        let nursery = Self { temporary: sibling(place, ".new-"), place: place.to_path_buf() };
        remove_tree(&nursery.temporary)?;
        super::layout::make_directory(&nursery.temporary, account)?;
        Ok(nursery)
    }

    pub(super) fn path(&self) -> &Path {
        &self.temporary
    }

    /// Gives the directory its name. This is the commit: before it nothing exists, after it everything does.
    pub(super) fn publish(self, durability: Durability) -> Result<(), DataPlaneError> {
        if durability == Durability::Power {
            sync_directory(&self.temporary)?;
        }
        std::fs::rename(&self.temporary, &self.place).map_err(DataPlaneError::io("name", &self.place))?;
        sync_parent(&self.place, durability)
    }
}

impl Drop for Nursery {
    /// A failed attempt gives its space back at once; if that fails too, the next start sweeps it.
    fn drop(&mut self) {
        drop(remove_tree(&self.temporary));
    }
}

/// Removes a tree that has a final name: the rename to a dying name is the commit.
pub(super) fn discard(place: &Path, durability: Durability) -> Result<(), DataPlaneError> {
    let dying = sibling(place, ".old-");
    remove_tree(&dying)?;
    match std::fs::rename(place, &dying) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(DataPlaneError::io("remove", place))?,
    }
    sync_parent(place, durability)?;
    remove_tree(&dying)
}

/// Removes what interrupted work left in `parent`.
pub(super) fn sweep(parent: &Path) -> Result<(), DataPlaneError> {
    let entries = std::fs::read_dir(parent).map_err(DataPlaneError::io("list", parent))?;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(".new-") || name.starts_with(".old-") {
            remove_tree(&entry.path())?;
        }
    }
    Ok(())
}

/// Writes a small file that only its owner may read, as a whole or not at all.
pub(super) fn write_private(path: &Path, text: &[u8], durability: Durability) -> Result<(), DataPlaneError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    let temporary = sibling(path, ".new-");
    remove_tree(&temporary)?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(DataPlaneError::io("write", &temporary))?;
    file.write_all(text).map_err(DataPlaneError::io("write", path))?;
    if durability == Durability::Power {
        file.sync_all().map_err(DataPlaneError::io("sync", path))?;
    }
    std::fs::rename(&temporary, path).map_err(DataPlaneError::io("name", path))?;
    sync_parent(path, durability)
}

fn remove_tree(path: &Path) -> Result<(), DataPlaneError> {
    let removed = match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(source) => Err(source),
    };
    match removed {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(DataPlaneError::io("remove", path)(source)),
        _ => Ok(()),
    }
}

fn sibling(place: &Path, prefix: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(prefix);
    name.push(place.file_name().expect("a final place always has a name"));
    place.with_file_name(name)
}

fn sync_parent(place: &Path, durability: Durability) -> Result<(), DataPlaneError> {
    match (durability, place.parent()) {
        (Durability::Power, Some(parent)) => sync_directory(parent),
        _ => Ok(()),
    }
}

fn sync_file(path: &Path) -> Result<(), DataPlaneError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(DataPlaneError::io("sync", path))
}

fn sync_directory(path: &Path) -> Result<(), DataPlaneError> {
    sync_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(from: &Path, into: &Path, select: fn(&Path) -> Verdict) -> Result<u64, DataPlaneError> {
        let account = Account::choose(None).unwrap();
        TreeCopy { from, into, select, may_vanish: false, account: &account, durability: Durability::Power }.run()
    }

    #[test]
    fn a_copy_holds_what_was_selected_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let from = root.path().join("from");
        std::fs::create_dir_all(from.join("kept/deep")).unwrap();
        std::fs::create_dir_all(from.join("emptied")).unwrap();
        for (file, text) in [("kept/deep/a", "aaa"), ("kept/b", "bb"), ("emptied/c", "c"), ("left", "d")] {
            std::fs::write(from.join(file), text).unwrap();
        }
        let into = root.path().join("into");
        let bytes = copy(&from, &into, |path| match path.to_str() {
            Some("emptied") => Verdict::Empty,
            Some("left") => Verdict::Leave,
            _ => Verdict::Copy,
        });
        assert_eq!(bytes.unwrap(), 5);
        assert_eq!(std::fs::read_to_string(into.join("kept/deep/a")).unwrap(), "aaa");
        assert_eq!(std::fs::read_dir(into.join("emptied")).unwrap().count(), 0);
        assert!(!into.join("left").exists());
    }

    #[test]
    fn a_link_is_refused_rather_than_followed() {
        let root = tempfile::tempdir().unwrap();
        let from = root.path().join("from");
        std::fs::create_dir(&from).unwrap();
        std::os::unix::fs::symlink("/etc", from.join("outside")).unwrap();
        let error = copy(&from, &root.path().join("into"), |_| Verdict::Copy).unwrap_err();
        assert!(matches!(error, DataPlaneError::NotAFile { .. }), "{error}");
    }

    #[test]
    fn a_failed_attempt_leaves_nothing_and_a_later_one_starts_clean() {
        let root = tempfile::tempdir().unwrap();
        let account = Account::choose(None).unwrap();
        let place = root.path().join("thing");
        let first = Nursery::open(&place, &account).unwrap();
        std::fs::write(first.path().join("half"), "x").unwrap();
        // A process that dies does not run destructors.
        std::mem::forget(first);
        let second = Nursery::open(&place, &account).unwrap();
        assert_eq!(std::fs::read_dir(second.path()).unwrap().count(), 0);
        drop(second);
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn discarding_twice_is_the_same_as_once() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("thing");
        std::fs::create_dir_all(place.join("deep")).unwrap();
        discard(&place, Durability::Process).unwrap();
        discard(&place, Durability::Process).unwrap();
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_private_file_is_replaced_as_a_whole_and_closed_to_others() {
        use std::os::unix::fs::PermissionsExt as _;

        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("state.json");
        write_private(&path, b"one", Durability::Power).unwrap();
        write_private(&path, b"two", Durability::Power).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
