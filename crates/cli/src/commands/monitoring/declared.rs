//! The declaration: this version's, or a file of somebody's own.

use std::{fs, io::Write as _, path::PathBuf};

use aurora_restore_ops::monitoring::{DECLARED, Declaration};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    ui::Format,
};

/// Which declaration.
#[derive(Debug, Clone, Args)]
pub(crate) struct DeclarationArgs {
    /// The declaration, where it is not that of this version
    #[arg(long, value_name = "FILE")]
    declaration: Option<PathBuf>,
}

impl DeclarationArgs {
    /// Its text, accepted.
    pub(crate) fn read(&self) -> Result<(String, Declaration), CommandError> {
        let Some(path) = &self.declaration else { return Ok((DECLARED.to_owned(), Declaration::of_this_version())) };
        let text = fs::read_to_string(path).map_err(|error| {
            CommandError::usage(format!("the declaration {} cannot be read", path.display()))
                .caused_by(error)
                .hint("`aurora-restore monitoring show` writes the one of this version, to begin with.")
        })?;
        let declaration = Declaration::parse(&text).map_err(|error| {
            CommandError::configuration(format!("{}: {error}", path.display()))
                .hint("`aurora-restore monitoring show` writes one that is accepted. Nothing was changed.")
        })?;
        Ok((text, declaration))
    }
}

/// Write the declaration, to be changed and given with --declaration
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    declaration: DeclarationArgs,
}

#[derive(Serialize)]
struct ShowDocument<'a> {
    version: u32,
    declaration: Value,
    /// The same with its comments, as `--declaration` takes it.
    text: &'a str,
}

pub(super) fn run(context: &Context, args: &ShowArgs) -> CommandResult {
    let (text, _) = args.declaration.read()?;
    match context.ui().format() {
        Format::Json => {
            let declaration = Declaration::as_json(&text).map_err(|error| CommandError::internal(error.to_string()))?;
            context.ui().json(&ShowDocument { version: 1, declaration, text: &text })?;
        }
        Format::Text => write!(context.ui().data(), "{text}")?,
    }
    Ok(ExitCode::Done)
}
