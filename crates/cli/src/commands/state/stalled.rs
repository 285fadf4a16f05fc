//! `state stalled`: operations in progress that nobody goes on with.

use std::io::Write as _;

use aurora_restore_app::JournalUse;
use aurora_restore_core::operation::StepKind;
use aurora_restore_ops::state::{Stalled, StalledFound, StalledSearch};
use clap::Args;
use jiff::SignedDuration;
use serde::Serialize;

use super::{Records, age};
use crate::{
    commands::list as listing,
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::{printable::printable, words},
    ui::{Format, HEADING},
};

/// Find operations in progress without an entry for so long
///
/// By the index on status and time: what has not stalled is not read. With --stack, an operation whose execution runs has not
/// stalled, however long it waits. Ends with 1 if there are any.
#[derive(Debug, Args)]
pub(super) struct StalledArgs {
    /// Without an entry for so long or longer
    #[arg(long, value_name = "AGE", value_parser = age, default_value = "24h")]
    older_than: SignedDuration,

    /// Items to ask for at once
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    page: u32,
}

#[derive(Serialize)]
struct StalledDocument<'a> {
    operation_id: &'a str,
    target: &'a str,
    step: Option<&'a str>,
    last_updated_at: jiff::Timestamp,
    executor: &'a str,
}

#[derive(Serialize)]
struct EndDocument {
    stalled: usize,
    waiting: usize,
    read_units: Option<f64>,
}

pub(super) fn run(context: &Context, args: &StalledArgs) -> CommandResult {
    let found = context.block_on(async {
        let store = context.state(JournalUse::Read).await?;
        let executions = super::executions(context).await?;
        let search = StalledSearch {
            // Their items alone: it is asked often, and `state resolve` looks at the entries.
            journal: None,
            states: store.states.as_ref(),
            executions: executions.as_deref(),
            now: context.now(),
            older_than: args.older_than,
            page: usize::try_from(args.page).unwrap_or(usize::MAX),
        };
        Ok(search.find().await?)
    })?;
    match context.ui().format() {
        Format::Json => write_json(context, &found)?,
        Format::Text => write(context, &found)?,
    }
    for trouble in &found.troubles {
        context.ui().warning(trouble);
    }
    let is_clean = found.stalled.is_empty() && found.troubles.is_empty();
    let exit = listing::tell_refused(context, found.refused);
    Ok(if is_clean { exit } else { ExitCode::Failed })
}

fn write_json(context: &Context, found: &StalledFound) -> Result<(), CommandError> {
    let records = Records::begin(context.ui())?;
    for Stalled { state, executor, .. } in &found.stalled {
        let document = StalledDocument {
            operation_id: state.operation_id.as_str(),
            target: state.target.as_str(),
            step: state.step.map(StepKind::as_str),
            last_updated_at: state.last_updated_at,
            executor,
        };
        records.line("stalled", document)?;
    }
    let (stalled, waiting) = (found.stalled.len(), found.waiting);
    records.line("end", EndDocument { stalled, waiting, read_units: found.read_units })
}

fn write(context: &Context, found: &StalledFound) -> Result<(), CommandError> {
    let ui = context.ui();
    if found.stalled.is_empty() {
        ui.say("nothing stands still.");
    } else {
        let mut out = ui.data();
        let id = found.stalled.iter().map(|it| it.state.operation_id.as_str().len()).max().unwrap_or(0).max(9);
        let heading = format!("{:<id$}  {:<17}  {:<20}  {:<8}  EXECUTOR", "OPERATION", "STEP", "UPDATED", "AGO");
        writeln!(out, "{HEADING}{heading}{HEADING:#}")?;
        for Stalled { state, executor, .. } in &found.stalled {
            writeln!(
                out,
                "{:<id$}  {:<17}  {}  {:<8}  {}",
                state.operation_id.as_str(),
                state.step.map_or("", |step| step.as_str()),
                words::time(state.last_updated_at),
                words::duration(context.now().duration_since(state.last_updated_at)),
                printable(executor),
            )?;
        }
        ui.hint("Look into each with `aurora-restore state resolve OPERATION --retry --note WHY`, or `--fail` in its place.");
    }
    if found.waiting > 0 {
        let waiting = words::plural(found.waiting, "operation");
        ui.say(format_args!("{waiting} without news, whose executions run."));
    }
    if let Some(units) = found.read_units {
        ui.say(format_args!("read {units} units of capacity."));
    }
    Ok(())
}
