//! `logs queries`: the saved queries.

use std::io::Write as _;

use clap::Args;
use serde::Serialize;

use crate::{
    commands::monitoring::DeclarationArgs,
    context::Context,
    error::CommandResult,
    exit_code::ExitCode,
    ui::{Format, HINT},
};

/// List the saved queries
#[derive(Debug, Args)]
pub(super) struct QueriesArgs {
    #[command(flatten)]
    declaration: DeclarationArgs,
}

#[derive(Serialize)]
struct QueriesDocument {
    version: u32,
    queries: Vec<QueryDocument>,
}

#[derive(Serialize)]
struct QueryDocument {
    name: String,
    about: String,
    text: String,
}

pub(super) fn run(context: &Context, args: &QueriesArgs) -> CommandResult {
    let (_, declaration) = args.declaration.read()?;
    let ui = context.ui();
    if ui.format() == Format::Json {
        let document = |query: &aurora_restore_ops::monitoring::Query| QueryDocument {
            name: query.word(),
            about: query.name.clone(),
            text: query.text.clone(),
        };
        ui.json(&QueriesDocument { version: 1, queries: declaration.queries.iter().map(document).collect() })?;
        return Ok(ExitCode::Done);
    }
    let width = declaration.queries.iter().map(|query| query.word().len()).max().unwrap_or(0);
    let mut out = ui.data();
    for query in &declaration.queries {
        writeln!(out, "{HINT}{:<width$}{HINT:#}  {}", query.word(), query.name)?;
    }
    ui.hint("Run one with `aurora-restore logs query NAME`, on a stack or with --file on files.");
    Ok(ExitCode::Done)
}
