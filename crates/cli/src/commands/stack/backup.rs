//! `stack backup`: everything that the stack was made from, in one file with a digest.

use std::{
    fs,
    path::{Path, PathBuf},
};

use aurora_restore_app::ExportFile;
use aurora_restore_ops::{
    backup::{self as backing_up, Backup, BackupError, Taking},
    monitoring::{DECLARED, Declaration},
};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::PlaceArgs;
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    ui::Format,
};

/// Write everything that the stack was made from into a file, with a digest
///
/// Template, parameters, tags, outputs, resources, the functions' code and what watches the stack: two lines of JSON, for their
/// owner alone (0600); a file that exists is not written over. Parameters whose values the service shows nobody are left out
/// and named. What the stack keeps of operations is not in it: that is `state export`. `stack restore` makes the same stack from it.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct BackupArgs {
    #[command(subcommand)]
    action: Option<Action>,

    #[command(flatten)]
    place: PlaceArgs,

    /// The file, or a directory in which it gets a name by stack and time
    #[arg(long, value_name = "PATH", required = true)]
    out: Option<PathBuf>,

    /// Leave the package itself out; a restore has to be given it then
    #[arg(long)]
    without_code: bool,

    /// The declaration of what watches the stack, where it is not that of this version
    #[arg(long, value_name = "FILE")]
    monitoring: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Action {
    Verify(VerifyArgs),
}

/// Prove that a backup is whole and what was written
#[derive(Debug, Args)]
struct VerifyArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Serialize)]
struct BackupDocument<'a> {
    version: u32,
    file: &'a Path,
    stack: &'a str,
    account: &'a str,
    region: &'a str,
    made_at: jiff::Timestamp,
    resources: usize,
    parameters: usize,
    left_out: &'a [String],
    code_sha256: &'a str,
    with_code: bool,
    sha256: &'a str,
}

pub(super) fn run(context: &Context, args: &BackupArgs) -> CommandResult {
    match (&args.action, &args.out) {
        (Some(Action::Verify(args)), _) => verify(context, args),
        (None, Some(out)) => take(context, args, out),
        (None, None) => {
            Err(CommandError::usage("nothing says where the backup is to be").hint("Name it with `--out PATH`."))
        }
    }
}

fn take(context: &Context, args: &BackupArgs, out: &Path) -> CommandResult {
    let name = super::name(context);
    let monitoring = match &args.monitoring {
        Some(path) => declaration(path)?,
        None => DECLARED.to_owned(),
    };
    let path = if out.is_dir() {
        out.join(format!("{name}-{}.backup.json", context.now().strftime("%Y%m%dT%H%M%SZ")))
    } else {
        out.to_owned()
    };
    let region = context.stack_region(args.place.region.as_ref())?;
    context.block_on(async {
        // Before anybody is asked: a name that is taken is no reason to read a stack.
        let shelf = Box::new(create(&path)?);
        let services = context.stack_services(&region).await?;
        let account = services.account(context.config_beside_stack()?.environment()).await?;
        let artifacts = services.artifacts(&account)?;
        let taking = Taking {
            stacks: services.stacks(),
            artifacts: artifacts.as_ref(),
            stack: name,
            account: &account,
            region: &region,
            monitoring: &monitoring,
            with_code: !args.without_code,
        };
        let backup = backing_up::take(taking, context.now()).await?;
        let sha256 = backing_up::write(&backup, shelf).map_err(|error| unwritten(&path, error))?;
        tell(context, &path, &backup, &sha256)?;
        for name in &backup.left_out {
            context
                .ui()
                .warning(format_args!("the value of {name} is shown to nobody and is not in it: keep it elsewhere"));
        }
        context.ui().done(format_args!("wrote {} to {}; sha256 {sha256}", what(&backup), path.display()));
        Ok(ExitCode::Done)
    })
}

/// A declaration that is accepted.
fn declaration(path: &Path) -> Result<String, CommandError> {
    let unread =
        |error| CommandError::usage(format!("the declaration {} cannot be read", path.display())).caused_by(error);
    let text = fs::read_to_string(path).map_err(unread)?;
    Declaration::parse(&text)
        .map_err(|error| CommandError::usage(format!("{}: {error}", path.display())).hint("Nothing was written."))?;
    Ok(text)
}

fn create(path: &Path) -> Result<ExportFile, CommandError> {
    ExportFile::create(path).map_err(|error| unwritten(path, error))
}

fn unwritten(path: &Path, error: std::io::Error) -> CommandError {
    if error.kind() == std::io::ErrorKind::AlreadyExists {
        return CommandError::usage(format!("{} exists already", path.display()))
            .hint("Name another file. Nothing was changed.");
    }
    CommandError::failed(format!("the backup {} cannot be written", path.display()))
        .caused_by(error)
        .hint("Make room, or name a file in a directory that can be written. Nothing was changed.")
}

fn verify(context: &Context, args: &VerifyArgs) -> CommandResult {
    let (backup, sha256) = read(&args.file)?;
    tell(context, &args.file, &backup, &sha256)?;
    context.ui().done(format_args!(
        "{} is whole: {} of stack {} in {}, {}; sha256 {sha256}",
        args.file.display(),
        what(&backup),
        backup.stack,
        backup.region,
        crate::render::words::time(backup.made_at),
    ));
    Ok(ExitCode::Done)
}

/// Reads a backup and proves it.
pub(super) fn read(path: &Path) -> Result<(Backup, String), CommandError> {
    let content = fs::read(path).map_err(|error| {
        CommandError::usage(format!("the backup {} cannot be read", path.display())).caused_by(error)
    })?;
    backing_up::read(&content).map_err(|error| refused(path, &error))
}

fn refused(path: &Path, error: &BackupError) -> CommandError {
    let text = format!("{}: {error}", path.display());
    match error {
        BackupError::TooNew { .. } => CommandError::configuration(text)
            .hint("Use the version of aurora-restore that wrote it. Nothing was changed."),
        BackupError::NotABackup { .. }
        | BackupError::Cut
        | BackupError::Altered { .. }
        | BackupError::OtherCode { .. } => CommandError::failed(text).hint(
            "Take another copy of the backup: nothing of one that was cut or altered is believed. Nothing was changed.",
        ),
    }
}

/// What is in it, in words.
fn what(backup: &Backup) -> String {
    let code = if backup.code.content.is_some() { "with the code" } else { "without the code" };
    let resources = crate::render::words::plural(backup.resources.len(), "resource");
    format!("{resources} and {} parameters {code}", backup.parameters.len())
}

fn tell(context: &Context, file: &Path, backup: &Backup, sha256: &str) -> Result<(), CommandError> {
    if context.ui().format() == Format::Text {
        return Ok(());
    }
    context.ui().json(&BackupDocument {
        version: 1,
        file,
        stack: &backup.stack,
        account: &backup.account,
        region: &backup.region,
        made_at: backup.made_at,
        resources: backup.resources.len(),
        parameters: backup.parameters.len(),
        left_out: &backup.left_out,
        code_sha256: &backup.code.sha256,
        with_code: backup.code.content.is_some(),
        sha256,
    })
}
