//! A disk that runs full while the journal is made: whatever room it had, there is no journal afterwards or a sound one.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use aurora_restore_local::SqliteJournal;

use super::support::names;

/// A small file system that ends with the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Only root may mount, and not everywhere.
    fn mount(on: &Path, kilobytes: u32) -> Option<Self> {
        std::fs::create_dir(on).unwrap();
        let size = format!("size={kilobytes}k");
        mount(&["-t", "tmpfs", "-o", &size, "tmpfs"], on).then(|| Self(on.to_path_buf()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

fn mount(arguments: &[&str], on: &Path) -> bool {
    Command::new("mount").args(arguments).arg(on).output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_disk_that_runs_full_while_the_journal_is_made_leaves_none_or_a_sound_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut made = Vec::new();
    for kilobytes in (40..=480).step_by(8) {
        let Some(disk) = SmallDisk::mount(&directory.path().join(kilobytes.to_string()), kilobytes) else {
            println!("skipped: no file system can be mounted here, so no disk can be full");
            return;
        };
        let path = disk.0.join("journal.sqlite");
        made.push(SqliteJournal::open(&path).is_ok());
        let left = names(&disk.0);
        assert!(left.iter().all(|name| !name.contains("draft")), "{kilobytes} KiB: {left:?}");
        assert!(mount(&["-o", "remount,size=8m", "tmpfs"], &disk.0));
        SqliteJournal::open(&path).unwrap_or_else(|error| panic!("{kilobytes} KiB: {error}"));
    }
    assert!(!made[0] && made[made.len() - 1], "the sizes reach from too little to enough: {made:?}");
}
