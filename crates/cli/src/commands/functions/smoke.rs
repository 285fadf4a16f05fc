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
    let governor = workshop.governor().await?;
    let ask = workshop.harmless(governor.journal()?, args.operation.as_deref()).await?;
    let names: Vec<FunctionName> = match &args.name {
        Some(text) => vec![workshop.named(text)?.clone()],
        None => workshop.names.all().to_vec(),
    };
    let results = smoke(workshop.ports().functions, &names, &ask).await?;
    let ui = context.ui();
    match ui.format() {
        Format::Json => ui.json(&SmokeDocument { version: 1, stack: &workshop.stack.name, functions: &results })?,
        Format::Text => table(&mut ui.data(), &results)?,
    }
    let failed = results.iter().filter(|result| result.objection.is_some()).count();
    if failed > 0 {
        return Err(CommandError::failed(format!(
            "{failed} of {} functions do not answer as they should",
            results.len()
        ))
        .hint("Read their logs (`/aws/lambda/…`), or go back with `aurora-restore functions rollback`."));
    }
    ui.done("every function that was asked answers.");
    Ok(ExitCode::Done)
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
