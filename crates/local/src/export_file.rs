//! The file of an export: for its owner alone, under its name only once it is whole and on the disk, and never in the place of
//! another one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use aurora_restore_ops::state::Shelf;

/// How many names of drafts are tried.
const DRAFTS_MAX: u32 = 100;

/// A file that is being written. It bears another name until it is kept, and is removed if it never is; of a process that was
/// killed it stays, and may be deleted.
#[derive(Debug)]
pub struct ExportFile {
    path: PathBuf,
    draft: PathBuf,
    out: BufWriter<File>,
}

impl ExportFile {
    /// Begins a file that will be at `path`.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if something is there; whatever else the file system says.
    pub fn create(path: &Path) -> io::Result<Self> {
        if path.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
        for number in 0..DRAFTS_MAX {
            let draft = path.with_file_name(format!(".{name}.draft-{}-{number}", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft) {
                Ok(file) => return Ok(Self { path: path.to_owned(), draft, out: BufWriter::new(file) }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("too many drafts were left beside it"))
    }
}

impl Write for ExportFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Shelf for ExportFile {
    fn keep(mut self: Box<Self>) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        // A link is refused where there is something by now; a renaming would replace it.
        fs::hard_link(&self.draft, &self.path)?;
        let directory = match self.path.parent() {
            Some(directory) if directory != Path::new("") => directory,
            _ => Path::new("."),
        };
        File::open(directory)?.sync_all()
    }
}

impl Drop for ExportFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.draft) {
            tracing::warn!(draft = %self.draft.display(), %error, "a draft of an export is left");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_there_once_it_is_kept_and_only_for_its_owner() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("export.jsonl");
        let mut file = Box::new(ExportFile::create(&path).unwrap());
        file.write_all(b"line\n").unwrap();
        assert!(!path.exists());
        file.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"line\n");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn nothing_is_written_over_and_what_is_not_kept_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("export.jsonl");
        drop(ExportFile::create(&path).unwrap());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        let late = Box::new(ExportFile::create(&path).unwrap());
        fs::write(&path, "another one").unwrap();
        assert_eq!(late.keep().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(ExportFile::create(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "another one");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
