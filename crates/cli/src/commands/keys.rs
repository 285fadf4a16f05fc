//! `keys`: the KMS keys that restores depend on.

use aurora_restore_app::config::{Config, Value};
use aurora_restore_core::ids::{KmsKey, Region};
use aurora_restore_ops::{
    keys::{self, KeyFinding, KeysReview, Level, Subject},
    patiently,
};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::{printable::printable, words},
    ui::{DONE, ERROR, FAINT, Format, HINT, Ui, WARNING, unless_gone},
};

/// Look at the KMS keys that restores depend on
#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Review(ReviewArgs),
}

/// Find keys that are disabled, will be deleted, are not rotated, or that others may use
///
/// Looks at the key of the copies (copy.kms-key), with --stack at the one that the stack has made and at those of its
/// parameter KmsKeyArns, and at those that are named. Every finding has the command that mends it. Ends with 1 if anything is to be mended.
#[derive(Debug, Args)]
struct ReviewArgs {
    /// Another key: its id, an alias or its ARN; may be given more than once
    #[arg(long, value_name = "KEY")]
    key: Vec<KmsKey>,

    /// The Region of the keys; target.region without it, else AWS_REGION
    #[arg(long, value_name = "REGION")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct ReviewDocument<'a> {
    version: u32,
    looked_at: &'a [String],
    findings: &'a [KeyFinding],
}

pub(super) fn run(context: &Context, args: &KeysArgs) -> CommandResult {
    match &args.action {
        Action::Review(args) => review(context, args),
    }
}

fn review(context: &Context, args: &ReviewArgs) -> CommandResult {
    let region = context.stack_region(args.region.as_ref())?;
    let subjects = subjects(context, args)?;
    if subjects.is_empty() {
        let hint = match context.stack_name() {
            Some(name) => format!("Stack {name} has none: name one with --key, or set `copy.kms-key`."),
            None => "Name one with --key, set `copy.kms-key`, or give --stack.".to_owned(),
        };
        return Err(CommandError::usage("there is no key to look at").hint(hint));
    }
    context.block_on(async {
        let services = context.stack_services(&region).await?;
        let keys = services.keys()?;
        let review = keys::review(keys.as_ref(), &subjects).await?;
        tell(context.ui(), &review)?;
        let is_to_be_mended = review.findings.iter().any(|finding| finding.level >= Level::Warning);
        Ok(if is_to_be_mended { ExitCode::Failed } else { ExitCode::Done })
    })
}

/// Each key once, with the first purpose that names it.
fn subjects(context: &Context, args: &ReviewArgs) -> Result<Vec<Subject>, CommandError> {
    let mut subjects: Vec<Subject> = Vec::new();
    let mut add = |key: KmsKey, purpose: &str| {
        if !subjects.iter().any(|subject| subject.key == key) {
            subjects.push(Subject { key, purpose: purpose.to_owned() });
        }
    };
    if let Some(key) = configured(context.config_beside_stack()?)? {
        add(key, "copies");
    }
    if context.stack_name().is_some() {
        for Subject { key, purpose } in of_stack(context)? {
            add(key, &purpose);
        }
    }
    for key in &args.key {
        add(key.clone(), "you");
    }
    Ok(subjects)
}

fn of_stack(context: &Context) -> Result<Vec<Subject>, CommandError> {
    let stack = context.stack()?;
    let region = context.stack_region(None)?;
    let resources = context.block_on(async {
        let services = context.stack_services(&region).await?;
        Ok::<_, CommandError>(patiently(|| services.stacks().resources(&stack.id)).await?)
    })?;
    keys::of_stack(stack, &resources).map_err(|error| CommandError::configuration(error.to_string()))
}

fn configured(config: &Config) -> Result<Option<KmsKey>, CommandError> {
    let shown = config.show().into_iter().find(|key| key.path == "copy.kms-key");
    match shown.and_then(|key| key.value) {
        Some(Value::Text(text)) => {
            KmsKey::new(text).map(Some).map_err(|error| CommandError::configuration(error.to_string()))
        }
        _ => Ok(None),
    }
}

fn tell(ui: &Ui, review: &KeysReview) -> Result<(), CommandError> {
    unless_gone(match ui.format() {
        Format::Json => {
            ui.json(&ReviewDocument { version: 1, looked_at: &review.looked_at, findings: &review.findings })
        }
        Format::Text => write(&mut ui.data(), review).map_err(CommandError::from),
    })
}

fn write(out: &mut impl std::io::Write, review: &KeysReview) -> std::io::Result<()> {
    for KeyFinding { level, key, what, evidence, mend } in &review.findings {
        let word = match level {
            Level::Alarm => format!("{ERROR}alarm{ERROR:#}  "),
            Level::Warning => format!("{WARNING}warning{WARNING:#}"),
            Level::Note => format!("{FAINT}note{FAINT:#}   "),
        };
        writeln!(out, "{word}  {}: {what}", printable(key))?;
        writeln!(out, "         {}", printable(evidence))?;
        writeln!(out, "         {HINT}mend:{HINT:#} {}", printable(mend))?;
    }
    let looked_at = words::plural(review.looked_at.len(), "key");
    if review.findings.is_empty() {
        return writeln!(out, "{DONE}good{DONE:#}     {looked_at}, nothing found");
    }
    writeln!(out, "{looked_at}, {}", words::plural(review.findings.len(), "finding"))
}
