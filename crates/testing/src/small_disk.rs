//! A small file system that can be full, read-only, or grow.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
};

const BALLAST: &str = "ballast";

/// A small file system in memory that ends with the test.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// A disk of so many KiB on a directory, which is made; others may pass through it and see nothing. Only root may mount,
    /// and not everywhere: elsewhere there is none, and a line of the test's output says that the test was skipped.
    pub fn mount(on: &Path, kibibytes: u64) -> Option<Self> {
        let made = fs::create_dir_all(on).is_ok();
        let size = format!("size={kibibytes}k,mode=0711");
        if made && mount(&["-t", "tmpfs", "-o", &size, "tmpfs"], on) {
            return Some(Self(on.to_path_buf()));
        }
        // Not `println!`: the test harness would keep it, and nobody would know.
        let _told =
            writeln!(io::stderr(), "\nskipped: no file system can be mounted here, so none can be full or closed");
        None
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Mounts it in another way: `ro`, `rw`, `size=8m`.
    ///
    /// # Panics
    /// If that is not possible.
    pub fn change(&self, how: &str) {
        assert!(mount(&["-o", &format!("remount,{how}"), "tmpfs"], &self.0), "{how}");
    }

    /// Fills it to the last byte.
    ///
    /// # Panics
    /// If nothing can be written at all.
    pub fn fill(&self) {
        let mut ballast = fs::File::create(self.0.join(BALLAST)).expect("an empty file");
        // Bounded by the disk; byte by byte at the end, because a whole page may not fit.
        for piece in [&[1; 4_096][..], &[1; 1]] {
            while ballast.write_all(piece).is_ok() {}
        }
    }

    /// Takes away what fills it.
    ///
    /// # Panics
    /// If it was not filled.
    pub fn make_room(&self) {
        fs::remove_file(self.0.join(BALLAST)).expect("the ballast");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.0).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            let _told = writeln!(io::stderr(), "{} is still mounted", self.0.display());
        }
    }
}

fn mount(arguments: &[&str], on: &Path) -> bool {
    Command::new("mount").args(arguments).arg(on).output().is_ok_and(|output| output.status.success())
}
