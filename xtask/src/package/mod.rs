//! Packs the functions' binary: one zip for each architecture, the same bytes for the same input.

mod again;
mod archive;
mod build;
mod glibc;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use sha2::{Digest, Sha256};

use archive::Member;

/// What a package may have at most: a start reads all of it.
pub(crate) const BYTES_MAX: usize = 8_000_000;

/// What to pack
#[derive(Args)]
pub(crate) struct Arguments {
    /// The architecture of the functions; this machine's without it
    #[arg(long, value_enum)]
    arch: Option<Arch>,

    /// Trusted certificates of the databases, in PEM form, to be packed as rds-ca.pem
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Build it once more from a copy of the checkout in another folder, which takes as long as the first build did, and
    /// compare the bytes
    #[arg(long)]
    check_reproducible: bool,
}

/// An architecture, as Lambda calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Arch {
    #[value(name = "x86_64")]
    X86,
    #[value(name = "arm64")]
    Arm,
}

impl Arch {
    fn of_this_machine() -> Result<Self, String> {
        match std::env::consts::ARCH {
            "x86_64" => Ok(Self::X86),
            "aarch64" => Ok(Self::Arm),
            other => Err(format!("Lambda does not run on {other}; give --arch x86_64 or --arch arm64")),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "arm64",
        }
    }
}

/// A package that was made.
pub(crate) struct Package {
    pub(crate) bytes: usize,
    /// The binary in it.
    pub(crate) binary: PathBuf,
    /// Its SHA-256.
    digest: String,
}

pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<(), String> {
    let arch = arguments.arch.map_or_else(Arch::of_this_machine, Ok)?;
    let certificates = arguments.ca.as_deref().map(certificates).transpose()?;
    let package = make(root, arch, certificates.as_deref())?;
    if arguments.check_reproducible {
        again::compare(root, arch, certificates.as_deref(), &package)?;
    }
    Ok(())
}

/// The package for this machine.
pub(crate) fn of_this_machine(root: &Path) -> Result<Package, String> {
    make(root, Arch::of_this_machine()?, None)
}

fn make(root: &Path, arch: Arch, certificates: Option<&[u8]>) -> Result<Package, String> {
    let binary = build::bootstrap(root, &build::target_directory(root), arch)?;
    let packed = pack(&binary, certificates)?;
    let name = format!("aurora-restore-lambda-{}.zip", arch.as_str());
    let dist = root.join("dist");
    fs::create_dir_all(&dist).map_err(|error| format!("{}: {error}", dist.display()))?;
    let file = dist.join(&name);
    write(&file, &packed)?;
    let digest = digest(&packed);
    write(&dist.join(format!("{name}.sha256")), format!("{digest}  {name}\n").as_bytes())?;
    println!("{}: {} bytes, SHA-256 {digest}", file.display(), packed.len());
    if packed.len() > BYTES_MAX {
        return Err(format!("the package has more than {BYTES_MAX} bytes; look what the functions link by now"));
    }
    Ok(Package { bytes: packed.len(), binary, digest })
}

/// Packs a binary, wherever it was built, and what else a package holds.
fn pack(binary: &Path, certificates: Option<&[u8]>) -> Result<Vec<u8>, String> {
    let mut members = vec![Member { name: "bootstrap", content: read(binary)?, mode: 0o755 }];
    members.extend(certificates.map(|content| Member { name: "rds-ca.pem", content: content.to_vec(), mode: 0o644 }));
    archive::pack(&members)
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file of certificates: what is packed unread would be missed at night, when the first login is refused.
fn certificates(file: &Path) -> Result<Vec<u8>, String> {
    let content = read(file)?;
    if String::from_utf8_lossy(&content).contains("-----BEGIN CERTIFICATE-----") {
        return Ok(content);
    }
    Err(format!("{} holds no certificate in PEM form", file.display()))
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn write(file: &Path, content: &[u8]) -> Result<(), String> {
    fs::write(file, content).map_err(|error| format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{File, Permissions},
        os::unix::fs::PermissionsExt as _,
        time::{Duration, SystemTime},
    };

    use super::*;

    #[test]
    fn a_binary_that_lies_elsewhere_and_is_older_gives_the_same_package() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let packed = |folder: &Path, age: u64, mode: u32| {
            let binary = folder.join("bootstrap");
            fs::write(&binary, b"\x7fELF and so on".repeat(5_000)).unwrap();
            fs::set_permissions(&binary, Permissions::from_mode(mode)).unwrap();
            let modified = SystemTime::now() - Duration::from_secs(age);
            File::options().write(true).open(&binary).unwrap().set_modified(modified).unwrap();
            digest(&pack(&binary, Some(b"-----BEGIN CERTIFICATE-----")).unwrap())
        };
        assert_eq!(packed(one.path(), 0, 0o755), packed(other.path(), 100_000, 0o700));
    }
}
