//! Opening the file, and making it.
//!
//! A new journal is laid out under another name and then linked to its own, so that nobody ever meets half of one, and of
//! two processes that begin at once one makes it and both use it.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{failure::Failure, schema};

/// How many names of drafts are tried.
const DRAFTS_MAX: u32 = 100;
/// How long a call waits for another process. Transactions here take milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens the journal for work; makes it if there is none.
pub(super) fn for_work(path: &Path) -> Result<Connection, Failure> {
    refuse_directory(path)?;
    if !path.exists() {
        make(path)?;
    }
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let version = check(&connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    if version < schema::VERSION {
        lead_up(&mut connection)?;
    }
    Ok(connection)
}

/// Opens the journal for reading; `None` if there is none.
pub(super) fn to_read(path: &Path) -> Result<Option<Connection>, Failure> {
    if !path.try_exists()? {
        return Ok(None);
    }
    refuse_directory(path)?;
    let opened =
        connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(|connection| check(&connection).map(|_| connection));
    match opened {
        Err(Failure::Unusable(_)) if !beside(path, "-wal").exists() => {
            // Even a reader of a journal in use writes to the index beside it. Where that is not allowed and nobody has
            // the journal open, the file alone is the whole truth.
            let connection = connect_immutable(path)?;
            let _version = check(&connection)?;
            Ok(Some(connection))
        }
        other => other.map(Some),
    }
}

/// Lays out an empty journal in memory.
pub(super) fn in_memory() -> Result<Connection, Failure> {
    let mut connection = Connection::open_in_memory()?;
    let transaction = connection.transaction()?;
    schema::lay_out(&transaction, schema::VERSION)?;
    transaction.commit()?;
    Ok(connection)
}

/// SQLite calls a directory an error of the disk, which may pass.
fn refuse_directory(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Failure::Unusable("it is a directory; name a file in it".to_owned()));
    }
    Ok(())
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, Failure> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

fn connect_immutable(path: &Path) -> Result<Connection, Failure> {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri.push_str("?immutable=1");
    let access = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(uri, access)?)
}

/// Whether the file is a journal of a form that we know, and sound. Gives its form; changes nothing.
fn check(connection: &Connection) -> Result<i64, Failure> {
    // Another process may lead the file up between two looks.
    let moment = connection.unchecked_transaction()?;
    let application: i64 = moment.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != schema::APPLICATION {
        return Err(Failure::Unusable(
            "it is not a journal of aurora-restore; move the file away or name another one".to_owned(),
        ));
    }
    let version = version_of(&moment)?;
    if version > schema::VERSION {
        return Err(Failure::Unusable(format!(
            "a newer aurora-restore laid it out (form {version}, this one knows forms up to {}); install the newer one",
            schema::VERSION
        )));
    }
    if version < schema::OLDEST {
        return Err(Failure::damaged(&format!("it says that its form is {version}")));
    }
    schema::require_layout(&moment, version)?;
    for table in schema::must_be_sound(version) {
        require_sound(&moment, table)?;
    }
    Ok(version)
}

fn version_of(connection: &Connection) -> Result<i64, Failure> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Reads a table with all its indexes once. Some fifteen milliseconds for ten thousand operations.
fn require_sound(connection: &Connection, table: &str) -> Result<(), Failure> {
    let mut first = String::new();
    connection.pragma(None, "integrity_check", table, |row| {
        if first.is_empty() {
            first = row.get(0)?;
        }
        Ok(())
    })?;
    if first == "ok" { Ok(()) } else { Err(Failure::damaged(&first)) }
}

/// Leads a file of an older form up, unless somebody else was faster.
fn lead_up(connection: &mut Connection) -> Result<(), Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = version_of(&transaction)?;
    schema::lead_up(&transaction, version, schema::VERSION)?;
    // If we die here, nothing has changed: the next one leads it up.
    transaction.commit()?;
    Ok(())
}

fn make(path: &Path) -> Result<(), Failure> {
    let directory = directory_of(path);
    make_directory(directory)?;
    let draft = Draft::beside(path)?;
    lay_out(&draft.0)?;
    match fs::hard_link(&draft.0, path) {
        // Another process was faster: its journal is as good as ours.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => other?,
    }
    // If we die here, the journal is there and the draft is left: harmless, and removed by nobody but a person.
    File::open(directory)?.sync_all()?;
    Ok(())
}

/// Makes a directory with those above it, so that they are still there after a power cut.
fn make_directory(directory: &Path) -> Result<(), Failure> {
    let missing: Vec<&Path> =
        directory.ancestors().take_while(|above| **above != *Path::new("") && !above.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    for made in missing {
        File::open(directory_of(made))?.sync_all()?;
    }
    Ok(())
}

fn lay_out(draft: &Path) -> Result<(), Failure> {
    let mut connection = connect(draft, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Kept in the file: every later connection has it, too.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    schema::lay_out(&transaction, schema::VERSION)?;
    transaction.commit()?;
    // Everything goes into the one file that is linked. Closing would do it, too, and succeed where the disk is too full for
    // it: what is linked then would be damaged, with the rest in a file that nobody finds.
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy != 0 {
        return Err(Failure::Unavailable("its first content could not be written into it".to_owned()));
    }
    connection.close().map_err(|(_, error)| error.into())
}

/// A file under a name of its own that is removed in the end, with what SQLite keeps beside it.
struct Draft(PathBuf);

impl Draft {
    /// A name may be taken: a process that died left its draft, or one in another container has our number. Neither is
    /// touched.
    fn beside(path: &Path) -> Result<Self, Failure> {
        static DRAFTS: AtomicU32 = AtomicU32::new(0);
        for _ in 0..DRAFTS_MAX {
            let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
            let draft = beside(path, &format!(".draft-{}-{number}", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft) {
                Ok(_empty) => return Ok(Self(draft)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::Unusable("it cannot be made: remove the drafts that were left beside it, `*.draft-*`".to_owned()))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm"] {
            let left = beside(&self.0, ending);
            match fs::remove_file(&left) {
                Err(error) if ending.is_empty() || error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(draft = %left.display(), %error, "a draft of the journal is left");
                }
                _ => {}
            }
        }
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}
