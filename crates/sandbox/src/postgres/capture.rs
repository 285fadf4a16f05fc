//! Takes a consistent copy of a volume's data directory, whether its server runs or not.
//!
//! A running server keeps writing while its files are copied. What makes the copy whole is the write-ahead log
//! between the beginning and the end of the backup: it is copied too, and the first server to start on the copy
//! replays it. A temporary replication slot keeps the server from recycling that log before we have it; slot and
//! backup belong to the session, so if we die the server gives up both.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::error::DataPlaneError;
use super::files::{TreeCopy, Verdict, write_private};
use super::server::Servers;
use super::session::Session;

const CONTROL_FILE: &str = "global/pg_control";
/// Two equal readings in a row prove that the file was not being written. It changes once per checkpoint.
const CONTROL_READINGS_MAX: u32 = 100;
/// From this version on the backup functions have their present names.
const RENAMED_FROM: u32 = 15;

/// One copy of a data directory.
pub(super) struct Capture<'a> {
    pub(super) servers: &'a Servers,
    pub(super) data: PathBuf,
    pub(super) into: PathBuf,
}

impl Capture<'_> {
    /// Copies the files of a server that does not run, and that nobody starts meanwhile.
    pub(super) async fn cold(&self) -> Result<(), DataPlaneError> {
        self.copy_tree(select_cold, false).await
    }

    /// Copies the files of the server on `port` while it works.
    pub(super) async fn hot(&self, port: u16) -> Result<(), DataPlaneError> {
        let session = Session::administer(&self.servers.run, port).await?;
        let name = "SELECT pg_catalog.pg_create_physical_replication_slot('image_' || pg_backend_pid(), true, true)";
        session.run("keep the WAL", name).await?;
        let (begin, end) = self.backup_functions();
        let row = session.row("begin the backup", begin, &[&"aurora-restore image"]).await?;
        let first: String = row.get(0);
        self.copy_tree(select_hot, true).await?;
        self.copy_control_file()?;
        let row = session.row("end the backup", end, &[]).await?;
        let (last, label): (String, String) = (row.get(0), row.get(1));
        self.write_label(&label)?;
        self.copy_wal(&first, &last).await?;
        drop(session);
        Ok(())
    }

    fn backup_functions(&self) -> (&'static str, &'static str) {
        if self.servers.binaries.major() >= RENAMED_FROM {
            (
                "SELECT pg_catalog.pg_walfile_name(pg_catalog.pg_backup_start($1, true))",
                "SELECT pg_catalog.pg_walfile_name(lsn), labelfile FROM pg_catalog.pg_backup_stop(false)",
            )
        } else {
            (
                "SELECT pg_catalog.pg_walfile_name(pg_catalog.pg_start_backup($1, true, false))",
                "SELECT pg_catalog.pg_walfile_name(lsn), labelfile FROM pg_catalog.pg_stop_backup(false, false)",
            )
        }
    }

    async fn copy_tree(&self, select: fn(&Path) -> Verdict, may_vanish: bool) -> Result<(), DataPlaneError> {
        let (data, into, servers) = (self.data.clone(), self.into.clone(), self.servers.clone());
        tokio::task::spawn_blocking(move || {
            let copy = TreeCopy {
                from: &data,
                into: &into,
                select,
                may_vanish,
                account: &servers.account,
                durability: servers.durability,
            };
            copy.run().map(drop)
        })
        .await?
    }

    /// The control file comes last and must not be torn.
    fn copy_control_file(&self) -> Result<(), DataPlaneError> {
        let path = self.data.join(CONTROL_FILE);
        let read = || std::fs::read(&path).map_err(DataPlaneError::io("read", &path));
        let mut before = read()?;
        for _ in 0..CONTROL_READINGS_MAX {
            let now = read()?;
            if now == before {
                return self.write(CONTROL_FILE, &now);
            }
            before = now;
        }
        Err(DataPlaneError::Io { action: "read", path, source: std::io::ErrorKind::ResourceBusy.into() })
    }

    /// Tells the server that starts on the copy where to begin its replay.
    fn write_label(&self, label: &str) -> Result<(), DataPlaneError> {
        self.write("backup_label", label.as_bytes())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), DataPlaneError> {
        let path = self.into.join(name);
        write_private(&path, bytes, self.servers.durability)?;
        self.servers.account.own(&path)
    }

    async fn copy_wal(&self, first: &str, last: &str) -> Result<(), DataPlaneError> {
        let wal = self.data.join("pg_wal");
        let entries = std::fs::read_dir(&wal).map_err(DataPlaneError::io("list", &wal))?;
        let names: Vec<PathBuf> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| is_history(name) || (is_segment(name) && first <= name.as_str() && name.as_str() <= last))
            .map(|name| Path::new("pg_wal").join(name))
            .collect();
        let (data, into, servers) = (self.data.clone(), self.into.clone(), self.servers.clone());
        tokio::task::spawn_blocking(move || {
            let copy = TreeCopy {
                from: &data,
                into: &into,
                select: select_cold,
                may_vanish: false,
                account: &servers.account,
                durability: servers.durability,
            };
            names.iter().try_for_each(|name| copy.copy_file(name).map(drop))
        })
        .await?
    }
}

/// The name of a segment sorts by its place in the log, within one timeline.
fn is_segment(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_history(name: &str) -> bool {
    Path::new(name).extension() == Some(OsStr::new("history"))
}

/// Of a stopped server everything is needed but what belongs to the process.
fn select_cold(path: &Path) -> Verdict {
    match path.to_str() {
        Some("postmaster.pid" | "postmaster.opts" | "pg_stat_tmp") => Verdict::Leave,
        _ if is_scratch(path) => Verdict::Leave,
        _ => Verdict::Copy,
    }
}

/// Of a running server also leave what it makes anew when it starts, and what is copied by itself at the end.
fn select_hot(path: &Path) -> Verdict {
    match path.to_str() {
        Some(
            "pg_wal" | "pg_replslot" | "pg_dynshmem" | "pg_notify" | "pg_serial" | "pg_snapshots" | "pg_stat_tmp"
            | "pg_subtrans",
        ) => Verdict::Empty,
        Some(
            "postmaster.pid"
            | "postmaster.opts"
            | "backup_label"
            | "backup_label.old"
            | "tablespace_map"
            | "backup_manifest"
            | "postgresql.auto.conf.tmp"
            | CONTROL_FILE,
        ) => Verdict::Leave,
        _ if is_scratch(path) => Verdict::Leave,
        _ => Verdict::Copy,
    }
}

/// Caches and temporary files of queries, anywhere in the tree.
fn is_scratch(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.starts_with("pgsql_tmp") || name.starts_with("pg_internal.init")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hot_copy_leaves_what_must_not_be_carried_over() {
        for (path, verdict) in [
            ("base/1/1259", Verdict::Copy),
            ("base/1/pg_internal.init", Verdict::Leave),
            ("base/pgsql_tmp", Verdict::Leave),
            ("global/pg_control", Verdict::Leave),
            ("postmaster.pid", Verdict::Leave),
            ("pg_wal", Verdict::Empty),
            ("pg_replslot", Verdict::Empty),
            ("pg_xact/0000", Verdict::Copy),
            ("PG_VERSION", Verdict::Copy),
        ] {
            assert_eq!(select_hot(Path::new(path)), verdict, "{path}");
        }
    }

    #[test]
    fn segments_are_told_from_other_files_of_the_log() {
        assert!(is_segment("000000010000000000000002"));
        assert!(!is_segment("000000010000000000000002.partial"));
        assert!(!is_segment("archive_status"));
        assert!(is_history("00000002.history"));
    }
}
