//! Files for their owner alone: what is in them is the operator's business, and a page is passed on on purpose.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use crate::error::CommandError;

/// Writes a file that its owner alone can read, in a directory for its owner alone.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), CommandError> {
    let write = || -> std::io::Result<()> {
        if let Some(parent) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        }
        let mut file = fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
        // What was there may be readable by others.
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(content)
    };
    write().map_err(|error| CommandError::failed(format!("{} could not be written", path.display())).caused_by(error))
}
