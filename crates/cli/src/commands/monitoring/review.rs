//! `monitoring review`: whether alarms are what they should be.

use std::io::Write as _;

use aurora_restore_ops::monitoring::{self as watching, Measured, Remark};
use clap::Args;
use serde::Serialize;

use super::{DeclarationArgs, opened::Opened};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::words,
    ui::{ERROR, FAINT, Format, WARNING, unless_gone},
};

/// Judge alarms by what was measured over weeks, and look for parts without one
///
/// Reads up to five weeks of every metric that an alarm of the stack watches, in the alarm's own periods. Proposes thresholds
/// where an alarm goes off too often or could never go off; nothing is proposed from less than two weeks. Changes nothing. Ends
/// with 1 if something should be done.
#[derive(Debug, Args)]
pub(super) struct ReviewArgs {
    #[command(flatten)]
    declaration: DeclarationArgs,
}

#[derive(Serialize)]
struct ReviewDocument<'a> {
    version: u32,
    stack: &'a str,
    alarms: usize,
    remarks: &'a [Remark],
}

/// How much a remark matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Note,
    Warning,
    Error,
}

pub(super) fn run(context: &Context, args: &ReviewArgs) -> CommandResult {
    context.block_on(async {
        let opened = Opened::open(context, &args.declaration).await?;
        let metrics = opened.services.metrics()?;
        let prefix = &opened.wanted.prefix;
        let measured =
            watching::measure(opened.monitors.as_ref(), metrics.as_ref(), prefix, context.now()).await?;
        let one: Vec<Measured<'_>> =
            measured.alarms.iter().map(|(alarm, periods)| Measured { alarm, periods }).collect();
        let remarks = watching::review(&one, &opened.resources, measured.since, context.now());
        let ui = context.ui();
        unless_gone(match ui.format() {
            Format::Json => {
                let (stack, alarms) = (opened.stack.name.as_str(), one.len());
                ui.json(&ReviewDocument { version: 1, stack, alarms, remarks: &remarks })
            }
            Format::Text => write(context, &remarks),
        })?;
        let matters = remarks.iter().filter(|remark| weight(remark) != Weight::Note).count();
        if matters == 0 {
            ui.done(format_args!("{} looked at; nothing has to be done.", words::plural(one.len(), "alarm")));
            return Ok(ExitCode::Done);
        }
        ui.hint(
            "Change the declaration that `aurora-restore monitoring show` writes, and apply it with `aurora-restore monitoring \
             apply --declaration FILE`.",
        );
        Ok(ExitCode::Failed)
    })
}

fn weight(remark: &Remark) -> Weight {
    match remark {
        Remark::WithoutData { .. } | Remark::TooYoung { .. } => Weight::Note,
        Remark::Noisy { .. } | Remark::Deaf { .. } => Weight::Warning,
        Remark::NeverJudged { .. } | Remark::Silent { .. } | Remark::Unwatched { .. } => Weight::Error,
    }
}

fn write(context: &Context, remarks: &[Remark]) -> Result<(), CommandError> {
    let mut out = context.ui().data();
    for remark in remarks {
        let (word, colour) = match weight(remark) {
            Weight::Note => ("note", FAINT),
            Weight::Warning => ("warning", WARNING),
            Weight::Error => ("error", ERROR),
        };
        writeln!(out, "{colour}{word:<7}{colour:#}  {}", sentence(remark))?;
    }
    Ok(())
}

fn sentence(remark: &Remark) -> String {
    match remark {
        Remark::Noisy { alarm, threshold, days, of_days, proposed } => format!(
            "{alarm} would have gone off on {days} of {of_days} days (at least {threshold}): propose at-least = {proposed}"
        ),
        Remark::Deaf { alarm, threshold, greatest, proposed } => format!(
            "{alarm} can hardly go off: {threshold} is far above {greatest}, the greatest value of the past: propose at-least = {proposed}"
        ),
        Remark::WithoutData { alarm } => format!("{alarm}: what it watches was not measured once"),
        Remark::NeverJudged { alarm, since } => {
            format!(
                "{alarm} says INSUFFICIENT_DATA since {}: it watches something that nobody writes",
                words::time(*since)
            )
        }
        Remark::Silent { alarm } => format!("{alarm} tells nobody when it goes off"),
        Remark::Unwatched { resource, what } => format!("{resource} ({what}) is watched by no alarm"),
        Remark::TooYoung { days } => {
            format!("there is too little of the past to judge thresholds: {days} days of at least 14")
        }
    }
}
