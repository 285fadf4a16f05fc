//! `capacity review`: what was used, against what is paid for.

use std::io::Write as _;

use aurora_restore_ops::{
    OpsError,
    capacity::{Advice, Side, Use, advise, fitting, used},
    patiently,
    ports::{Billing, Metrics, Scaling, Tables},
};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    ui::{DONE, ERROR, Format, HEADING, WARNING, unless_gone},
};

const DAY_SECS: i64 = 24 * 3600;
/// So many days are looked at.
const DAYS: i64 = 30;

/// Compare what the tables used in thirty days with what they are paid for
///
/// Consumed and provisioned units and throttled requests, from CloudWatch; advice with its reason and what it saves. Ends with 1
/// if a table was throttled or soon will be.
#[derive(Debug, Args)]
pub(super) struct ReviewArgs {
    /// Only this table
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
}

#[derive(Serialize)]
struct ReviewDocument<'a> {
    version: u32,
    stack: &'a str,
    since: Timestamp,
    until: Timestamp,
    tables: &'a [TableDocument],
}

#[derive(Serialize)]
struct TableDocument {
    table: String,
    billing: Billing,
    scaling: Option<Scaling>,
    sides: Vec<SideDocument>,
}

#[derive(Serialize)]
struct SideDocument {
    side: Side,
    #[serde(flatten)]
    used: Use,
    advice: Advice,
}

pub(super) fn run(context: &Context, args: &ReviewArgs) -> CommandResult {
    context.block_on(async {
        let names = super::tables_of(context, args.table.as_deref())?;
        let services = context.stack_services(&context.stack_region(None)?).await?;
        let (tables, metrics) = (services.tables()?, services.metrics()?);
        let second = context.now().as_second() - context.now().as_second().rem_euclid(DAY_SECS);
        let until = Timestamp::from_second(second).unwrap_or(context.now());
        let since = until - SignedDuration::from_hours(24 * DAYS);
        let mut documents = Vec::new();
        for name in names {
            documents.push(look(tables.as_ref(), metrics.as_ref(), name, (since, until)).await?);
        }
        let ui = context.ui();
        let stack = &context.stack()?.name;
        unless_gone(match ui.format() {
            Format::Json => ui.json(&ReviewDocument { version: 1, stack, since, until, tables: &documents }),
            Format::Text => write(context, stack, &documents),
        })?;
        let sides = documents.iter().flat_map(|table| &table.sides);
        let is_short = sides.into_iter().any(|side| matches!(side.advice, Advice::Throttled | Advice::Raise));
        Ok(if is_short { ExitCode::Failed } else { ExitCode::Done })
    })
}

async fn look(
    tables: &dyn Tables,
    metrics: &dyn Metrics,
    table: String,
    time: (Timestamp, Timestamp),
) -> Result<TableDocument, CommandError> {
    let settings = patiently(|| tables.settings(&table)).await?;
    let settings = settings.ok_or_else(|| OpsError::NoTable { table: table.clone() })?;
    let scaling = patiently(|| tables.scaling(&table)).await?;
    let mut sides = Vec::new();
    for side in Side::ALL {
        let used = used(metrics, &table, None, side, time).await?;
        sides.push(SideDocument { side, used, advice: advise(side, used) });
    }
    Ok(TableDocument { table, billing: settings.billing, scaling, sides })
}

fn write(context: &Context, stack: &str, tables: &[TableDocument]) -> Result<(), CommandError> {
    let mut out = context.ui().data();
    for table in tables {
        let paid = match (table.billing, table.scaling) {
            (Billing::OnDemand, _) => "paid by request".to_owned(),
            (Billing::Provisioned { read, write }, None) => format!("{read} reads and {write} writes a second"),
            (Billing::Provisioned { read, write }, Some(Scaling { least, most })) => {
                format!("{read} reads and {write} writes a second, between {least} and {most} by itself")
            }
        };
        writeln!(out, "{HEADING}{}{HEADING:#}  {paid}", table.table)?;
        let set = format!("aurora-restore --stack {stack} capacity set --table {}", table.table);
        for side in &table.sides {
            let word = side.side.word().to_lowercase();
            let Use { units, busiest, throttled, .. } = side.used;
            writeln!(
                out,
                "  {word:<5}  {units:.0} units in {DAYS} days, {busiest:.0} on the busiest, {throttled:.0} throttled"
            )?;
            let (colour, text) = sentence(&set, table, side);
            writeln!(out, "         {colour}{text}{colour:#}")?;
        }
    }
    Ok(())
}

/// What is advised, and why.
fn sentence(set: &str, table: &TableDocument, side: &SideDocument) -> (anstyle::Style, String) {
    let fitting: Vec<String> = table
        .sides
        .iter()
        .map(|one| format!("--{} {:.0}", one.side.word().to_lowercase(), fitting(one.used)))
        .collect();
    match side.advice {
        Advice::Fine => (DONE, "as it should be".to_owned()),
        Advice::Throttled if side.used.provisioned > 0.0 => {
            (ERROR, format!("requests were held back: pay by request with `{set} --on-demand`, or raise the capacity"))
        }
        Advice::Throttled => {
            (ERROR, "requests were held back although the table is paid by request: a limit of the account".to_owned())
        }
        Advice::Raise => {
            (WARNING, format!("the busiest day nearly filled the capacity: `{set} --on-demand`, or raise it"))
        }
        Advice::ByRequest { saves } => {
            (WARNING, format!("hardly used: by request it costs ${saves:.0} a month less, `{set} --on-demand`"))
        }
        Advice::Provision { capacity, saves } => (
            WARNING,
            format!(
                "steady: a capacity of {capacity:.0} costs ${saves:.0} a month less, `{set} {}`",
                fitting.join(" ")
            ),
        ),
        Advice::Scale { least, most, saves } => (
            WARNING,
            format!(
                "much, and not every day the same: a capacity that grows by itself costs ${saves:.0} a month less, `{set} \
                 --autoscaling {least:.0}..{most:.0}`"
            ),
        ),
    }
}
