//! The functions' code: a file whose name in the bucket is its content's digest, so that the same code is sent once.

use sha2::{Digest as _, Sha256};

/// The functions' code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The zip file.
    pub content: Vec<u8>,
    /// What it is built for: `arm64` or `x86_64`.
    pub architecture: String,
}

impl Package {
    /// The key under which it is kept.
    pub fn key(&self) -> String {
        format!("lambda/{}-{}.zip", self.architecture, digest(&self.content))
    }
}

/// The SHA-256 digest in hexadecimal digits.
pub(crate) fn digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
