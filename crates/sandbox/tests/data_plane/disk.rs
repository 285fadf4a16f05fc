//! A disk that is full.

use std::path::{Path, PathBuf};
use std::process::Command;

use aurora_restore_sandbox::model::effect::Work;
use aurora_restore_sandbox::model::{ImageId, VolumeId};
use aurora_restore_sandbox::postgres::DataPlaneError;
use nix::unistd::Uid;
use tempfile::TempDir;

use crate::harness::{Sandbox, reachable_directory};

/// A small file system that ends with the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Only root may mount, and not everywhere: elsewhere there is no small disk.
    fn mount(on: &Path, mebibytes: u32) -> Option<Self> {
        let size = format!("size={mebibytes}m,mode=755");
        let mounted = Uid::effective().is_root()
            && Command::new("mount")
                .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
                .arg(on)
                .status()
                .is_ok_and(|status| status.success());
        mounted.then(|| Self(on.to_path_buf()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_does_not_fit_leaves_nothing_and_fits_once_there_is_space() {
    let root = reachable_directory();
    let Some(_disk) = SmallDisk::mount(root.path(), 160) else {
        println!("no file system could be mounted here: a full disk was not tried");
        return;
    };
    let inside = TempDir::with_prefix_in("sandbox-", root.path()).unwrap();
    std::fs::set_permissions(inside.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let sandbox = Sandbox::open_in(inside);
    sandbox.work(crate::harness::create(1)).await;
    let ballast = sandbox.file("ballast");
    std::fs::write(&ballast, vec![1; 64 << 20]).unwrap();
    let work = Work::TakeImage { image: ImageId(2), from: VolumeId(1) };
    let error = sandbox.try_work(work.clone()).await.unwrap_err();
    assert!(matches!(error, DataPlaneError::DiskFull { .. }), "{error:?}");
    assert_eq!(error.hints().len(), 1);
    assert_eq!(std::fs::read_dir(sandbox.file("images")).unwrap().count(), 0);
    std::fs::remove_file(&ballast).unwrap();
    sandbox.work(work).await;
    drop(sandbox);
}
