//! The backup of a stack: everything that it was made from, in one file with a digest, and the way back into an account that has
//! nothing of it.
//!
//! What the stack keeps of operations is not in it: that is what `state export` is for.

mod compare;
mod record;
mod restore;
mod take;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::ports::StackResource;

pub use compare::differences;
pub use record::{BackupError, read, write};
pub use restore::{RestoreInto, restoration, what_is_in_the_way};
pub use take::{Taking, take};

/// A stack, as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// When it was looked at.
    pub made_at: Timestamp,
    /// The stack's name.
    pub stack: String,
    /// The account that it was in.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// The service's word for where it stood.
    pub status: String,
    /// The template that it was made with, as it was sent.
    pub template: String,
    /// The values of its parameters, those apart that the service shows nobody.
    pub parameters: BTreeMap<String, String>,
    /// The names of parameters whose values the service shows nobody: a restore has to be given them.
    pub left_out: Vec<String>,
    /// The tags that it bore.
    pub tags: BTreeMap<String, String>,
    /// What it gave.
    pub outputs: BTreeMap<String, String>,
    /// Everything that it consisted of.
    pub resources: Vec<StackResource>,
    /// The functions' code.
    pub code: Code,
    /// The declaration of what watches it.
    pub monitoring: String,
}

/// The code of a stack's functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The bucket that it was in.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// The version of the object; none in a bucket without versions.
    pub version: Option<String>,
    /// The SHA-256 of the package, in hexadecimal.
    pub sha256: String,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// The package itself, where it was taken along.
    pub content: Option<Vec<u8>>,
}
