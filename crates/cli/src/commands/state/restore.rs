//! `state restore`: the recovery of the journal's tables rehearsed.

use std::io::Write as _;

use aurora_restore_app::{JournalUse, OpenState};
use aurora_restore_core::ids::OperationId;
use aurora_restore_ops::{
    ports::{InvalidRehearsalName, RehearsalName, Rehearsals},
    state::{Rehearsal, RehearsalError, Rehearsed},
};
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::{Records, findings};
use crate::{
    commands::confirm::ConfirmArgs,
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::words,
    ui::{DONE, Format, WARNING},
};

/// Rehearse the recovery of the journal's tables to a point in time
///
/// Checks that point-in-time recovery is on, restores both tables into tables beside them, proves every operation in them, compares
/// them with the journal, tells how long it took, and deletes them again. The journal itself is only read. It costs what restoring and
/// reading both tables costs. Ends with 1 if what was recovered is not sound.
///
/// Killed in the middle, it goes on with --name and the name that it told.
#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The point in time, such as 2026-11-22T10:00:00Z; the latest without it
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,

    /// What the rehearsal is called; one that is named after the time without it
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Leave its tables there, for `journal.state-table` and `journal.audit-table` to name them
    #[arg(long)]
    keep: bool,

    /// Only tell to which times the tables can be recovered
    #[arg(long, conflicts_with_all = ["at", "name", "keep", "yes"])]
    check: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

#[derive(Serialize)]
struct RehearsalDocument<'a> {
    name: &'a str,
    at: Timestamp,
    recovery_seconds: i64,
    recovery_point_seconds: i64,
    same: u64,
    moved_on: u64,
    begun_since: u64,
    forgotten_since: u64,
    damaged_since: usize,
    findings: usize,
    kept: bool,
}

pub(super) fn run(context: &Context, args: &RestoreArgs) -> CommandResult {
    context.block_on(async {
        let store = context.state(JournalUse::Read).await?;
        let Some(rehearsals) = store.rehearsals.as_deref() else {
            return Err(CommandError::usage("a journal in a file has no recovery to a point in time")
                .hint("Keep an export of it elsewhere: `aurora-restore state export FILE`. Nothing was changed."));
        };
        if args.check {
            return check(context, rehearsals).await;
        }
        let name = name(context, args)?;
        rehearse(context, args, &store, rehearsals, &name).await
    })
}

fn name(context: &Context, args: &RestoreArgs) -> Result<RehearsalName, CommandError> {
    let usual = || context.now().strftime("rehearsal-%Y%m%d-%H%M%S").to_string();
    let name = args.name.clone().unwrap_or_else(usual);
    RehearsalName::new(&name)
        .map_err(|invalid: InvalidRehearsalName| CommandError::usage(invalid.to_string()).hint("Nothing was changed."))
}

async fn check(context: &Context, rehearsals: &dyn Rehearsals) -> CommandResult {
    let window = rehearsals.window().await?.ok_or(RehearsalError::Off)?;
    let ui = context.ui();
    if ui.format() == Format::Json {
        let (earliest, latest) = (window.earliest, window.latest);
        Records::begin(ui)?.line("window", serde_json::json!({ "earliest": earliest, "latest": latest }))?;
    } else {
        let (from, to) = (words::time(window.earliest), words::time(window.latest));
        writeln!(ui.data(), "point-in-time recovery is on: from {from} to {to}")?;
    }
    Ok(ExitCode::Done)
}

async fn rehearse(
    context: &Context,
    args: &RestoreArgs,
    store: &OpenState,
    rehearsals: &dyn Rehearsals,
    name: &RehearsalName,
) -> CommandResult {
    let ui = context.ui();
    let rehearsal = Rehearsal {
        journal: store.journal.as_ref(),
        states: store.states.as_ref(),
        rehearsals,
        clock: context.clock(),
    };
    let at = rehearsal.point(name, args.at).await?;
    let question = format!("Both tables are restored as they were at {at}, into tables whose names end in {name}.");
    args.confirm.ask(ui, &question, name.as_str())?;
    ui.say(format_args!("rehearsal {name}: restoring both tables as they were at {}", words::time(at)));
    let rehearsed = rehearsal.run(name, at).await.map_err(|error| {
        CommandError::from(error).hint(format!("Go on with `aurora-restore state restore --name {name}`."))
    })?;
    // If we die here, the tables stay, and the same command goes on to delete them.
    if !args.keep {
        rehearsals.discard(name).await?;
    }
    tell(context, args, name, &rehearsed)
}

fn tell(context: &Context, args: &RestoreArgs, name: &RehearsalName, rehearsed: &Rehearsed) -> CommandResult {
    let ui = context.ui();
    let Rehearsed { at, took, compared } = rehearsed;
    let behind = context.now().duration_since(*at);
    match ui.format() {
        Format::Json => {
            let records = Records::begin(ui)?;
            for (kind, found) in [("finding", &compared.findings), ("damaged-since", &compared.of_what_is_there)] {
                found.iter().try_for_each(|finding| records.line(kind, findings::of_stack(context, finding)))?;
            }
            let document = RehearsalDocument {
                name: name.as_str(),
                at: *at,
                recovery_seconds: took.as_secs(),
                recovery_point_seconds: behind.as_secs(),
                same: compared.same,
                moved_on: compared.moved_on,
                begun_since: compared.begun_since,
                forgotten_since: compared.forgotten_since,
                damaged_since: compared.of_what_is_there.len(),
                findings: compared.findings.len(),
                kept: args.keep,
            };
            records.line("rehearsal", document)?;
        }
        Format::Text => {
            let mut out = ui.data();
            for finding in &compared.findings {
                findings::line(&mut out, &findings::of_stack(context, finding))?;
            }
            let verdict = match compared.findings.len() {
                0 => format!("{DONE}recovered{DONE:#}"),
                found => format!("{WARNING}{}{WARNING:#}", words::plural(found, "finding")),
            };
            writeln!(out, "{verdict}: {} the same, {} gone on since", compared.same, compared.moved_on)?;
            writeln!(out, "  begun since      {}", compared.begun_since)?;
            writeln!(out, "  forgotten since  {}", compared.forgotten_since)?;
            writeln!(out, "  damaged since    {}", compared.of_what_is_there.len())?;
            writeln!(out, "  recovery time    {}", words::duration(*took))?;
            writeln!(out, "  recovery point   {} ago", words::duration(behind))?;
        }
    }
    if !compared.of_what_is_there.is_empty() {
        let ids = compared.of_what_is_there.iter().filter_map(|finding| finding.operation.as_ref());
        let ids: Vec<&str> = ids.map(OperationId::as_str).collect();
        ui.warning(format_args!("sound as recovered, and damaged in the journal that is used: {}", ids.join(", ")));
        ui.hint("`aurora-restore state audit` tells what is wrong with them.");
    }
    if args.keep {
        ui.hint(format_args!("The tables of rehearsal {name} stay, and cost; delete them once they are not needed."));
    }
    Ok(if compared.findings.is_empty() { ExitCode::Done } else { ExitCode::Failed })
}

impl From<RehearsalError> for CommandError {
    fn from(error: RehearsalError) -> Self {
        let text = error.to_string();
        match error {
            RehearsalError::Off => Self::configuration(text).hint(
                "The stack switches it on; for tables of your own: `aws dynamodb update-continuous-backups`. Nothing was changed.",
            ),
            RehearsalError::OutOfWindow { .. } => Self::usage(text).hint("Nothing was changed."),
            RehearsalError::AnotherTime { .. } => {
                Self::usage(text).hint("Leave --at out to go on with it, or give another --name. Nothing was changed.")
            }
            RehearsalError::TooLong { .. } => Self::still_running(text),
            RehearsalError::Journal(error) => error.into(),
        }
    }
}
