//! `functions smoke`: whether the functions of a stack answer.

use std::io::{self, Write};

use aurora_restore_ops::functions::{FunctionName, SmokeResult, smoke};
use clap::Args;
use serde::Serialize;

use super::workshop::Workshop;
use crate::{
    commands::stack::PlaceArgs,
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::printable::printable,
    ui::{DONE, ERROR, Format},
};

/// Call every function once, for an operation that has ended
///
/// It proves that the program starts on its runtime, reads its configuration, and reaches its tables with its role, and moves nothing.
/// It proves nothing about RDS or a database. The sweeper and the rotation of secrets are left out: they know of no operation. Without an operation that has ended the functions
/// are asked for one that does not exist, and the refusals count as failed calls, one for each function.
#[derive(Debug, Args)]
pub(super) struct SmokeArgs {
    #[command(flatten)]
    place: PlaceArgs,

    /// The function; all of them without it
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// The operation, which has ended; the newest completed one without it
    #[arg(long, value_name = "OPERATION")]
    operation: Option<String>,
}

#[derive(Serialize)]
struct SmokeDocument<'a> {
    version: u32,
    stack: &'a str,
    functions: &'a [SmokeResult],
}

pub(super) async fn run(context: &Context, args: &SmokeArgs) -> CommandResult {
    let workshop = Workshop::open(context, args.place.region()).await?;
    let names: Vec<FunctionName> = match &args.name {
        Some(text) => vec![workshop.askable(text)?.clone()],
        None => workshop.names.all().to_vec(),
    };
    let governor = workshop.governor().await?;
    let ask = workshop.harmless(governor.journal()?, args.operation.as_deref()).await?;
    let results = smoke(workshop.ports().functions, &names, &ask).await?;
    let ui = context.ui();
    match ui.format() {
        Format::Json => ui.json(&SmokeDocument { version: 1, stack: &workshop.stack.name, functions: &results })?,
        Format::Text => table(&mut ui.data(), &results)?,
    }
    match refusal(&results) {
        Some(refusal) => Err(refusal),
        None => {
            ui.done("every function that was asked answers.");
            Ok(ExitCode::Done)
        }
    }
}

/// What is told of functions that fail: one way back for each, because the others may be well.
fn refusal(results: &[SmokeResult]) -> Option<CommandError> {
    let failed: Vec<&SmokeResult> = results.iter().filter(|result| result.objection.is_some()).collect();
    if failed.is_empty() {
        return None;
    }
    let text = format!("{} of {} functions do not answer as they should", failed.len(), results.len());
    let hint = CommandError::failed(text).hint("Read their logs (`/aws/lambda/…`), or go back, one by one:");
    let back = |error: CommandError, result: &&SmokeResult| {
        error.hint(format!("`aurora-restore functions rollback {}`", result.function))
    };
    Some(failed.iter().fold(hint, back))
}

fn table(out: &mut dyn Write, results: &[SmokeResult]) -> io::Result<()> {
    for SmokeResult { function, objection, duration_ms } in results {
        let took = duration_ms.map_or_else(String::new, |took| format!("{took:.0} ms"));
        match objection {
            None => writeln!(out, "{DONE}answers{DONE:#}  {function:<17} {took}")?,
            Some(objection) => writeln!(out, "{ERROR}fails{ERROR:#}    {function:<17} {}", printable(objection))?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(function: &'static str, objection: Option<&str>) -> SmokeResult {
        SmokeResult { function, objection: objection.map(str::to_owned), duration_ms: None }
    }

    /// A bare `functions rollback` is a usage error.
    #[test]
    fn the_way_back_of_each_function_that_fails_is_a_command_that_runs() {
        assert!(refusal(&[result("undo", None)]).is_none());
        let told = refusal(&[result("notify", Some("why")), result("undo", None), result("retire", Some("why"))]);
        let Some(CommandError::Told(told)) = told else { panic!("{told:?}") };
        assert_eq!(told.points[0].message, "2 of 3 functions do not answer as they should");
        let back = ["notify", "retire"].map(|name| format!("`aurora-restore functions rollback {name}`"));
        assert_eq!(told.points[0].hints[1..], back);
    }
}
