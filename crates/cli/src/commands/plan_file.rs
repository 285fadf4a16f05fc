//! A plan in a file: written by `plan --out`, run by `run --plan` and, if it was made for a stack, by `start --plan`. It holds
//! the whole request, so that what was looked at is what is done, whatever the configuration says by then.

use std::{fs::OpenOptions, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use aurora_restore_core::{plan::Plan, request::Request};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::CommandError;

/// The version of the form. Form 1 knew no events.
const VERSION: u32 = 2;

/// What stands in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanFile {
    version: u32,
    /// What was asked for.
    pub(crate) request: Request,
    /// The same as it is sent to the stack that the plan was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<Map<String, Value>>,
    /// What was planned.
    pub(crate) plan: Plan,
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

/// Writes a plan. A file that exists is not overwritten: it may be one that somebody has approved.
pub(crate) fn write(
    path: &Path,
    request: &Request,
    event: Option<Map<String, Value>>,
    plan: &Plan,
) -> Result<(), CommandError> {
    let failed = |error: std::io::Error| {
        let told = CommandError::failed(format!("the plan could not be written to {}", path.display()));
        let exists = error.kind() == std::io::ErrorKind::AlreadyExists;
        let told = told.caused_by(error);
        if exists { told.hint("Choose another name, or remove the file.") } else { told }
    };
    let content = PlanFile { version: VERSION, request: request.clone(), event, plan: plan.clone() };
    let mut text = serde_json::to_vec_pretty(&content)?;
    text.push(b'\n');
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)
}

/// Reads a plan.
pub(crate) fn read(path: &Path) -> Result<PlanFile, CommandError> {
    let text = std::fs::read(path)
        .map_err(|error| CommandError::usage(format!("the plan {} cannot be read", path.display())).caused_by(error))?;
    let malformed = |error: serde_json::Error| {
        CommandError::usage(format!("{} is not a plan of aurora-restore", path.display()))
            .caused_by(error)
            .hint("Write one with `aurora-restore plan --out FILE`.")
    };
    let VersionOnly { version } = serde_json::from_slice(&text).map_err(malformed)?;
    if version > VERSION {
        return Err(CommandError::usage(format!("the plan {} was written by a newer version", path.display()))
            .hint("Use that version, or make a new plan."));
    }
    serde_json::from_slice(&text).map_err(malformed)
}
