//! `config`: writes, shows and checks the configuration.

use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use aurora_restore_app::config::{self, Origin, ShownKey, Value};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    ui::{FAINT, Format, HINT},
};

/// Write, show or check the configuration
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write a configuration to begin with
    ///
    /// Every key stands in it with its meaning, commented out. A file that exists is not overwritten.
    Init {
        /// Where to write it
        #[arg(value_name = "FILE", default_value = "aurora-restore.toml")]
        file: PathBuf,
    },
    /// Show every key with its value and where the value comes from
    Show,
    /// Check the configuration without using it
    ///
    /// Reads it as `plan` would and tells everything that is wrong. Asks nobody; `doctor` does.
    Validate,
}

pub(super) fn run(context: &Context, args: &ConfigArgs) -> CommandResult {
    match &args.action {
        Action::Init { file } => init(context, file),
        Action::Show => show(context),
        Action::Validate => validate(context),
    }
}

fn init(context: &Context, path: &Path) -> CommandResult {
    let failed = |error: std::io::Error| {
        let told = CommandError::failed(format!("the configuration could not be written to {}", path.display()));
        let exists = error.kind() == std::io::ErrorKind::AlreadyExists;
        let told = told.caused_by(error);
        if exists { told.hint("Choose another name, or remove the file.") } else { told }
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(config::starter().as_bytes()).map_err(failed)?;
    let ui = context.ui();
    ui.done(format_args!("a configuration is in {}.", path.display()));
    ui.hint("Set at least `source.…`, `target.region`, `target.cluster` and `secrets.master` in it.");
    ui.hint("Then check it with `aurora-restore config validate` and `aurora-restore doctor`.");
    Ok(ExitCode::Done)
}

#[derive(Serialize)]
struct ConfigDocument<'a> {
    version: u32,
    file: Option<&'a Path>,
    keys: Vec<KeyDocument>,
}

#[derive(Serialize)]
struct KeyDocument {
    key: &'static str,
    value: serde_json::Value,
    origin: Option<String>,
}

fn show(context: &Context) -> CommandResult {
    let config = context.config()?;
    let ui = context.ui();
    match ui.format() {
        Format::Json => {
            let keys = config.show().iter().map(key_document).collect();
            ui.json(&ConfigDocument { version: 1, file: config.file(), keys })?;
        }
        Format::Text => {
            let mut out = ui.data();
            for shown in config.show() {
                match (shown.value, shown.origin) {
                    (Some(value), Some(origin)) => {
                        let colour = if *origin == Origin::Default { FAINT } else { HINT };
                        writeln!(out, "{} = {value}  {colour}# {origin}{colour:#}", shown.path)?;
                    }
                    _ => writeln!(out, "{FAINT}# {} is not set{FAINT:#}", shown.path)?,
                }
            }
        }
    }
    Ok(ExitCode::Done)
}

fn key_document(shown: &ShownKey<'_>) -> KeyDocument {
    KeyDocument {
        key: shown.path,
        value: shown.value.map_or(serde_json::Value::Null, json),
        origin: shown.origin.map(ToString::to_string),
    }
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Text(text) => text.clone().into(),
        Value::Integer(number) => (*number).into(),
        Value::Number(number) => (*number).into(),
        Value::Flag(flag) => (*flag).into(),
        Value::Duration(_) => value.to_string().trim_matches('"').into(),
        Value::List(items) => items.clone().into(),
        Value::Map(entries) => entries.iter().map(|(name, text)| (name.clone(), text.clone())).collect(),
        Value::Checks(checks) => checks.iter().map(|check| serde_json::Value::from(check.name.clone())).collect(),
    }
}

#[derive(Serialize)]
struct ValidDocument<'a> {
    version: u32,
    file: Option<&'a Path>,
    valid: bool,
}

fn validate(context: &Context) -> CommandResult {
    let config = context.config()?;
    context.request(Vec::new())?;
    let ui = context.ui();
    if ui.format() == Format::Json {
        ui.json(&ValidDocument { version: 1, file: config.file(), valid: true })?;
    }
    match config.file() {
        Some(path) => ui.done(format_args!("the configuration {} is complete.", path.display())),
        None => ui.done("the configuration is complete, without a file."),
    }
    Ok(ExitCode::Done)
}
