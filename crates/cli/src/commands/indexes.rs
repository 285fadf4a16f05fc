//! `indexes`: which indexes the queries of this product need, and which the state table has.

use std::io::Write as _;

use aurora_restore_app::needed_indexes;
use aurora_restore_ops::{
    capacity::{Side, used},
    change::{ChangeKind, Proposal},
    indexes::{self as indexing, IndexChange, IndexFinding},
    ports::{IndexShape, Tables},
};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    change::{GovernArgs, Governor},
    confirm::ConfirmArgs,
};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::words,
    ui::{DONE, ERROR, Format, WARNING, unless_gone},
};

const DAY_SECS: i64 = 24 * 3600;

/// Compare the indexes of the state table with those that queries need
#[derive(Debug, Args)]
pub(crate) struct IndexesArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Review(ReviewArgs),
    Apply(ApplyArgs),
}

/// Show which indexes are needed, missing, other than needed, or unused
///
/// With the units that were read of each in thirty days. Ends with 1 if one is missing or other than needed.
#[derive(Debug, Args)]
struct ReviewArgs {}

/// Make the indexes that are missing, and delete the unused ones where that is wished
///
/// One after the other, as DynamoDB has it; making one reads the whole table once. An index that no query of this product needs
/// may be somebody's own: it is deleted with --delete-unused only. What is changed, by whom and why is recorded before it is
/// applied and after it: `aurora-restore change list`.
#[derive(Debug, Args)]
struct ApplyArgs {
    /// Delete the indexes that no query of this product needs
    #[arg(long)]
    delete_unused: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    govern: GovernArgs,
}

#[derive(Serialize)]
struct ReviewDocument<'a> {
    version: u32,
    table: &'a str,
    indexes: Vec<IndexDocument<'a>>,
}

#[derive(Serialize)]
struct IndexDocument<'a> {
    #[serde(flatten)]
    finding: &'a IndexFinding,
    /// Units read in thirty days; nothing where it is not there.
    read_units: Option<f64>,
}

#[derive(Serialize)]
struct ApplyDocument<'a> {
    version: u32,
    table: &'a str,
    changes: &'a [IndexChange],
}

pub(super) fn run(context: &Context, args: &IndexesArgs) -> CommandResult {
    context.assume_stack();
    match &args.action {
        Action::Review(_) => review(context),
        Action::Apply(args) => apply(context, args),
    }
}

/// The table that has indexes.
fn table(context: &Context) -> Result<String, CommandError> {
    let stack = context.stack()?;
    stack.outputs.get("StateTableName").cloned().ok_or_else(|| {
        CommandError::configuration(format!("stack {} names no state table", stack.name))
            .hint("Is it a stack of aurora-restore?")
    })
}

fn review(context: &Context) -> CommandResult {
    context.block_on(async {
        let table = table(context)?;
        let services = context.stack_services(&context.stack_region(None)?).await?;
        let metrics = services.metrics()?;
        let findings = indexing::review(services.tables()?.as_ref(), &table, &needed_indexes()).await?;
        let second = context.now().as_second() - context.now().as_second().rem_euclid(DAY_SECS);
        let until = Timestamp::from_second(second).unwrap_or(context.now());
        let time = (until - SignedDuration::from_hours(24 * 30), until);
        let mut indexes = Vec::new();
        for finding in &findings {
            let read_units = match finding {
                IndexFinding::Missing { .. } => None,
                IndexFinding::Needed { index, .. }
                | IndexFinding::Unused { index }
                | IndexFinding::Other { found: index, .. } => {
                    Some(used(metrics.as_ref(), &table, Some(&index.name), Side::Read, time).await?.units)
                }
            };
            indexes.push(IndexDocument { finding, read_units });
        }
        let ui = context.ui();
        unless_gone(match ui.format() {
            Format::Json => ui.json(&ReviewDocument { version: 1, table: &table, indexes }),
            Format::Text => write(context, &indexes),
        })?;
        let is_wrong = |finding: &IndexFinding| match finding {
            IndexFinding::Missing { .. } | IndexFinding::Other { .. } => true,
            IndexFinding::Needed { .. } | IndexFinding::Unused { .. } => false,
        };
        if findings.iter().any(is_wrong) {
            ui.hint("`aurora-restore indexes apply` makes what is missing.");
            return Ok(ExitCode::Failed);
        }
        Ok(ExitCode::Done)
    })
}

fn write(context: &Context, indexes: &[IndexDocument<'_>]) -> Result<(), CommandError> {
    let mut out = context.ui().data();
    for IndexDocument { finding, read_units } in indexes {
        let (colour, word, index, more) = match finding {
            IndexFinding::Needed { index, is_ready: true } => (DONE, "needed", index, String::new()),
            IndexFinding::Needed { index, is_ready: false } => (WARNING, "needed", index, "; being made".to_owned()),
            IndexFinding::Missing { index } => (ERROR, "MISSING", index, String::new()),
            IndexFinding::Other { needed, found } => (ERROR, "OTHER", needed, format!("; there it is {}", keys(found))),
            IndexFinding::Unused { index } => (WARNING, "unused", index, String::new()),
        };
        let read = read_units.map_or_else(String::new, |units| format!("; {units:.0} units read in 30 days"));
        writeln!(out, "{colour}{word:<8}{colour:#} {} ({}){more}{read}", index.name, keys(index))?;
    }
    Ok(())
}

fn keys(index: &IndexShape) -> String {
    let range = index.range.as_ref().map_or_else(String::new, |range| format!(", {range}"));
    format!("{}{range}", index.hash)
}

fn apply(context: &Context, args: &ApplyArgs) -> CommandResult {
    context.block_on(async {
        let table = table(context)?;
        let services = context.stack_services(&context.stack_region(None)?).await?;
        let tables = services.tables()?;
        let findings = indexing::review(tables.as_ref(), &table, &needed_indexes()).await?;
        let changes = indexing::changes(&findings, args.delete_unused);
        let ui = context.ui();
        if ui.format() == Format::Json {
            ui.json(&ApplyDocument { version: 1, table: &table, changes: &changes })?;
        }
        if changes.is_empty() {
            ui.done(format_args!("nothing to change: table {table} has the indexes that are needed."));
            return Ok(ExitCode::Done);
        }
        let stack = context.stack()?;
        let governor = Governor::open(context, &services, Some(stack), &stack.name).await?;
        let lines: Vec<String> = changes.iter().map(sentence).collect();
        let applied = format!("{}\n{table}\n{changes:?}", stack.id);
        let proposal = Proposal::new(ChangeKind::IndexesApply, lines.clone(), &applied, args.govern.why());
        let count = words::plural(changes.len(), "change");
        let ask = || {
            lines.iter().for_each(|line| ui.show(line));
            args.confirm.ask(ui, &format!("The indexes of table {table} are changed: {count}."), &table)
        };
        let made = governor.apply(&proposal, &args.govern, ask, make(context, tables.as_ref(), &table, &changes));
        if made.await?.is_none() {
            return Ok(ExitCode::Done);
        }
        ui.done(format_args!("{count} made."));
        Ok(ExitCode::Done)
    })
}

async fn make(
    context: &Context,
    tables: &dyn Tables,
    table: &str,
    changes: &[IndexChange],
) -> Result<(), CommandError> {
    for change in changes {
        // If we die here, the next run finds what is made already, and waits for what is being made.
        indexing::apply(tables, table, change).await?;
        context.ui().say(format_args!("{}: done.", sentence(change)));
    }
    Ok(())
}

fn sentence(change: &IndexChange) -> String {
    match change {
        IndexChange::Make { index } => format!("+ make index {} ({})", index.name, keys(index)),
        IndexChange::Delete { name } => format!("- DELETE index {name}"),
    }
}
