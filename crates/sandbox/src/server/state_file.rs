//! The state on disk: versioned, private, replaced whole.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SandboxError;
use super::directory::write_private;
use super::error::CorruptAt;
use crate::model::World;

/// Grows when an older sandbox could not read the file any more.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Writing<'a> {
    format: u32,
    port: u16,
    world: &'a World,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reading {
    #[serde(rename = "format")]
    _format: u32,
    port: u16,
    world: World,
}

/// Only the version: read first, because the rest may be of any shape.
#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

/// What was saved.
pub(super) struct Saved {
    /// The port of the API, so that it can be had again.
    pub(super) port: u16,
    pub(super) world: World,
}

/// The state as it is saved. It holds passwords for as long as work that needs them is not done.
pub(super) fn encode(world: &World, port: u16) -> io::Result<Vec<u8>> {
    serde_json::to_vec(&Writing { format: FORMAT, port, world }).map_err(io::Error::from)
}

/// Puts an encoded state in the place of the one before.
pub(super) fn write(path: &Path, encoded: &[u8]) -> Result<(), SandboxError> {
    write_private(path, encoded)
}

/// Reads what was saved, if anything was.
pub(super) fn read(path: &Path) -> Result<Option<Saved>, SandboxError> {
    let content = match fs::read(path) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SandboxError::io("read", path)(error)),
    };
    let corrupt = |error: serde_json::Error| SandboxError::StateCorrupt {
        path: path.to_owned(),
        source: CorruptAt::from(&error),
    };
    let Versioned { format } = serde_json::from_slice(&content).map_err(corrupt)?;
    if format > FORMAT {
        return Err(SandboxError::StateTooNew { path: path.to_owned(), found: format, known: FORMAT });
    }
    let Reading { port, world, .. } = serde_json::from_slice(&content).map_err(corrupt)?;
    Ok(Some(Saved { port, world }))
}
