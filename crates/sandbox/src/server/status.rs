//! What a running sandbox tells other processes of the same user.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::SandboxError;
use super::directory::{holder, status_path, token_path, write_private};
use super::error::CorruptAt;

/// A running sandbox, as its status file describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The process to signal: SIGTERM stops it cleanly.
    pub pid: u32,
    /// Where the API answers.
    pub url: String,
    /// When it started.
    pub started_at: Timestamp,
    /// The version of the program.
    pub version: String,
    /// The certificate that clients of the databases must trust, if there are databases.
    pub ca_certificate: Option<PathBuf>,
}

impl Status {
    /// Finds the sandbox that runs in this directory, if one does. What a killed one left behind is not believed.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn find(data_dir: &Path) -> Result<Option<Self>, SandboxError> {
        let Some(pid) = holder(data_dir)? else {
            return Ok(None);
        };
        let path = status_path(data_dir);
        let content = match fs::read(&path) {
            Ok(content) => content,
            // It holds the lock and has not come so far yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(SandboxError::io("read", &path)(error)),
        };
        let status: Self = serde_json::from_slice(&content)
            .map_err(|error| SandboxError::StateCorrupt { source: CorruptAt::from(&error), path })?;
        // A new process may hold the lock while the file is still that of the one before.
        Ok((status.pid == pid).then_some(status))
    }

    /// The process that holds the directory, if one does: longer than [`Status::find`] finds it, from before the API answers
    /// until after everything has ended.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn holder(data_dir: &Path) -> Result<Option<u32>, SandboxError> {
        holder(data_dir)
    }

    /// Reads the token that opens the `/_sandbox` endpoints. Only the owner of the directory can.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn control_token(data_dir: &Path) -> Result<String, SandboxError> {
        let path = token_path(data_dir);
        fs::read_to_string(&path).map_err(SandboxError::io("read", &path))
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), SandboxError> {
        let text =
            serde_json::to_vec_pretty(self).map_err(|error| SandboxError::io("write", path)(io::Error::from(error)))?;
        write_private(path, &text)
    }
}
