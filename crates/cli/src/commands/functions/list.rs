//! `functions list`: each function with the version that serves.

use std::io::{self, Write};

use aurora_restore_ops::functions::{Standing, look};
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::workshop::Workshop;
use crate::{
    commands::stack::PlaceArgs,
    context::Context,
    error::CommandResult,
    exit_code::ExitCode,
    render::words,
    ui::{Format, HEADING, WARNING},
};

/// How much of a digest is shown.
const SHOWN: usize = 12;

/// List the functions: the version that serves, its code, memory and runtime
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Serialize)]
struct ListDocument<'a> {
    version: u32,
    stack: &'a str,
    functions: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    serves: &'static str,
    live: u64,
    shift: Option<aurora_restore_ops::ports::Shift>,
    newest: Option<u64>,
    code_sha256: &'a str,
    code_bytes: u64,
    memory_mb: u32,
    runtime: &'a str,
    published_at: Option<Timestamp>,
    /// Whether what can still be changed has other code or another size than the version that serves.
    unpublished: bool,
}

pub(super) async fn run(context: &Context, args: &ListArgs) -> CommandResult {
    let workshop = Workshop::open(context, args.place.region()).await?;
    let standings = look(workshop.ports().functions, workshop.names.all()).await?;
    let functions = standings.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    let ui = context.ui();
    match ui.format() {
        Format::Json => ui.json(&ListDocument { version: 1, stack: &workshop.stack.name, functions })?,
        Format::Text => table(&mut ui.data(), &functions)?,
    }
    Ok(ExitCode::Done)
}

fn row(standing: &Standing) -> Result<Row<'_>, aurora_restore_ops::functions::FunctionsError> {
    let live = standing.live()?;
    let pointing = standing.alias.pointing;
    Ok(Row {
        name: &standing.function.whole,
        serves: standing.function.place,
        live: pointing.version,
        shift: pointing.shift,
        newest: standing.newest(),
        code_sha256: &live.code_sha256,
        code_bytes: live.code_bytes,
        memory_mb: live.memory_mb,
        runtime: &live.runtime,
        published_at: live.changed_at,
        unpublished: standing.latest.code_sha256 != live.code_sha256 || standing.latest.memory_mb != live.memory_mb,
    })
}

fn table(out: &mut dyn Write, rows: &[Row<'_>]) -> io::Result<()> {
    writeln!(
        out,
        "{HEADING}{:<17} {:<8} {:>8} {:>7} {:<16} {:<13} {:<20}{HEADING:#}",
        "function", "live", "size", "memory", "runtime", "code", "published"
    )?;
    for row in rows {
        let published = row.published_at.map_or_else(|| "?".to_owned(), words::time);
        let code = row.code_sha256.get(..SHOWN).unwrap_or(row.code_sha256);
        let (size, memory) = (format!("{} KiB", row.code_bytes / 1024), format!("{} MB", row.memory_mb));
        let live = row.live.to_string();
        writeln!(
            out,
            "{:<17} {live:<8} {size:>8} {memory:>7} {:<16} {code:<13} {published:<20}",
            row.serves, row.runtime
        )?;
        for note in notes(row) {
            writeln!(out, "  {WARNING}{note}{WARNING:#}")?;
        }
    }
    Ok(())
}

/// What is unusual about a function.
fn notes(row: &Row<'_>) -> Vec<String> {
    let shift = row.shift.map(|shift| format!("{} % of the calls go to version {}", shift.part * 100.0, shift.version));
    let behind = row.newest.filter(|newest| *newest > row.live && row.shift.is_none());
    let behind = behind.map(|newest| format!("version {newest} is newer and does not serve"));
    let unpublished = row.unpublished.then(|| "what is not published yet has other code or another size".to_owned());
    [shift, behind, unpublished].into_iter().flatten().collect()
}
