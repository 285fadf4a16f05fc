//! The functions' code: a file whose name in the bucket is its content's digest, so that the same code is sent once.

use std::io::{Cursor, Read};

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zip::ZipArchive;

/// The program that Lambda starts: the one member that a package must have.
const PROGRAM: &str = "bootstrap";
/// The head of a Linux program, up to the machine that it is for (`e_machine`, little-endian).
const HEAD_BYTES: usize = 20;
/// A 64-bit little-endian ELF file.
const ELF: &[u8] = b"\x7fELF\x02\x01";
/// `EM_X86_64` and `EM_AARCH64` of the ELF standard, with Lambda's words for them.
const MACHINES: [(u16, &str); 2] = [(62, "x86_64"), (183, "arm64")];

/// The functions' code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The zip file.
    pub content: Vec<u8>,
    /// What it is built for: `arm64` or `x86_64`.
    pub architecture: String,
}

/// Why a file is no package.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoPackage {
    /// It is no zip file, or a broken one.
    #[error("is no whole zip file ({0})")]
    NoZip(String),
    /// It lacks the program.
    #[error("has no file `{PROGRAM}`")]
    NoProgram,
    /// The program is for another kind of machine than Lambda has.
    #[error("holds a `{PROGRAM}` that is no Linux program for arm64 or x86_64")]
    OtherMachine,
}

impl Package {
    /// Reads a package. What it is built for stands in its program: a function that is told otherwise starts nowhere.
    ///
    /// # Errors
    /// [`NoPackage`].
    pub fn read(content: Vec<u8>) -> Result<Self, NoPackage> {
        let architecture = architecture_of(&content)?.to_owned();
        Ok(Self { content, architecture })
    }

    /// The key under which it is kept.
    pub fn key(&self) -> String {
        format!("lambda/{}-{}.zip", self.architecture, digest(&self.content))
    }
}

fn architecture_of(content: &[u8]) -> Result<&'static str, NoPackage> {
    let mut archive = ZipArchive::new(Cursor::new(content)).map_err(|error| NoPackage::NoZip(error.to_string()))?;
    let mut program = match archive.by_name(PROGRAM) {
        Ok(program) => program,
        Err(zip::result::ZipError::FileNotFound) => return Err(NoPackage::NoProgram),
        Err(error) => return Err(NoPackage::NoZip(error.to_string())),
    };
    let mut head = [0; HEAD_BYTES];
    program.read_exact(&mut head).map_err(|_| NoPackage::OtherMachine)?;
    let machine = u16::from_le_bytes([head[HEAD_BYTES - 2], head[HEAD_BYTES - 1]]);
    let known = MACHINES.iter().find(|(number, _)| *number == machine && head.starts_with(ELF));
    known.map(|(_, architecture)| *architecture).ok_or(NoPackage::OtherMachine)
}

/// The SHA-256 digest in hexadecimal digits.
pub(crate) fn digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn zip_of(name: &str, content: &[u8]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
        zip.finish().unwrap().into_inner()
    }

    fn program(machine: u16) -> Vec<u8> {
        let mut head = ELF.to_vec();
        head.resize(HEAD_BYTES - 2, 0);
        head.extend(machine.to_le_bytes());
        head.extend(b"and the rest");
        head
    }

    #[test]
    fn a_package_says_itself_what_it_is_built_for() {
        for (machine, architecture) in MACHINES {
            let content = zip_of(PROGRAM, &program(machine));
            let package = Package::read(content.clone()).unwrap();
            assert_eq!((package.architecture.as_str(), package.content), (architecture, content));
        }
        // RISC-V, and a file for another system.
        assert_eq!(Package::read(zip_of(PROGRAM, &program(243))), Err(NoPackage::OtherMachine));
        assert_eq!(Package::read(zip_of(PROGRAM, b"MZ")), Err(NoPackage::OtherMachine));
        assert_eq!(Package::read(zip_of("lambda.py", &program(62))), Err(NoPackage::NoProgram));
        let cut = zip_of(PROGRAM, &program(62));
        assert!(matches!(Package::read(cut[..cut.len() / 2].to_vec()), Err(NoPackage::NoZip(_))));
        assert!(matches!(Package::read(b"PK".to_vec()), Err(NoPackage::NoZip(_))));
    }
}
