//! Packs the functions' binary: one zip for each architecture, the same bytes for the same input.

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
}

pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<(), String> {
    let arch = arguments.arch.map_or_else(Arch::of_this_machine, Ok)?;
    make(root, arch, arguments.ca.as_deref()).map(|_| ())
}

/// The package for this machine.
pub(crate) fn of_this_machine(root: &Path) -> Result<Package, String> {
    make(root, Arch::of_this_machine()?, None)
}

fn make(root: &Path, arch: Arch, ca: Option<&Path>) -> Result<Package, String> {
    let certificates = ca.map(certificates).transpose()?;
    let binary = build::bootstrap(root, arch)?;
    let mut members = vec![Member { name: "bootstrap", content: read(&binary)?, mode: 0o755 }];
    members.extend(certificates.map(|content| Member { name: "rds-ca.pem", content, mode: 0o644 }));
    let packed = archive::pack(&members)?;
    let name = format!("aurora-restore-lambda-{}.zip", arch.as_str());
    let dist = root.join("dist");
    fs::create_dir_all(&dist).map_err(|error| format!("{}: {error}", dist.display()))?;
    let file = dist.join(&name);
    write(&file, &packed)?;
    let digest: String = Sha256::digest(&packed).iter().map(|byte| format!("{byte:02x}")).collect();
    write(&dist.join(format!("{name}.sha256")), format!("{digest}  {name}\n").as_bytes())?;
    println!("{}: {} bytes, SHA-256 {digest}", file.display(), packed.len());
    if packed.len() > BYTES_MAX {
        return Err(format!("the package has more than {BYTES_MAX} bytes; look what the functions link by now"));
    }
    Ok(Package { bytes: packed.len(), binary })
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
