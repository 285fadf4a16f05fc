//! The proof that a package is reproducible: the same source in another folder, built into another one, gives the same bytes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Arch, Package, build, digest, pack};

/// Builds a package anew from a copy of the checkout and compares it with the one that was made.
pub(super) fn compare(root: &Path, arch: Arch, certificates: Option<&[u8]>, made: &Package) -> Result<(), String> {
    let elsewhere = tempfile::tempdir().map_err(|error| error.to_string())?;
    let copy = elsewhere.path().join("another-checkout");
    for file in files(root)? {
        copy_file(root, &copy, &file)?;
    }
    let binary = build::bootstrap(&copy, &elsewhere.path().join("built-elsewhere"), arch)?;
    let found = digest(&pack(&binary, certificates)?);
    if found != made.digest {
        let kept = elsewhere.keep();
        return Err(format!(
            "the package is not reproducible: built in another folder its SHA-256 is {found}; compare {} with {}, then remove {}",
            made.binary.display(),
            binary.display(),
            kept.display()
        ));
    }
    println!("built once more in another folder: the same bytes");
    Ok(())
}

/// What belongs to the checkout: everything but what is ignored.
fn files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut command = Command::new("git");
    command.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !listed.status.success() {
        return Err(format!("{command:?} ended with {}: {}", listed.status, String::from_utf8_lossy(&listed.stderr)));
    }
    let text = String::from_utf8(listed.stdout).map_err(|error| format!("{command:?}: {error}"))?;
    // A file that was removed and is still in the index is not there to be copied.
    let names = text.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from);
    Ok(names.filter(|name| root.join(name).is_file()).collect())
}

fn copy_file(root: &Path, copy: &Path, file: &Path) -> Result<(), String> {
    let to = copy.join(file);
    let copied = to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::copy(root.join(file), &to));
    copied.map(drop).map_err(|error| format!("{}: {error}", to.display()))
}
