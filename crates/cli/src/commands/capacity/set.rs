//! `capacity set`: has tables paid for otherwise, once a person has seen what will happen.

use aurora_restore_ops::{
    capacity::{self as paying, CapacityChange, CapacityPlan},
    change::{ChangeKind, Proposal},
    ports::{Billing, Scaling, Tables},
};
use clap::{ArgGroup, Args};
use serde::Serialize;

use crate::{
    commands::{
        change::{GovernArgs, Governor},
        confirm::ConfirmArgs,
    },
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::words,
    ui::Format,
};

/// Have tables paid for by request, with a capacity of their own, or with one that grows by itself
///
/// A table and its indexes alike. Shows what will change, asks, and changes one table after the other. The template of the stack
/// says that tables are paid by request: the stack does not put that back by itself, but `review monthly` tells the difference, and
/// an update of the stack that changes the table puts it back. DynamoDB lets a table become paid by request a few times a day.
/// What is changed, by whom and why is recorded before it is applied and after it: `aurora-restore change list`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("change").required(true).args(["on_demand", "read", "autoscaling"])))]
pub(super) struct SetArgs {
    /// Only this table; both without it
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,

    /// By request
    #[arg(long)]
    on_demand: bool,

    /// So many reads a second
    #[arg(long, value_name = "UNITS", requires = "write", value_parser = clap::value_parser!(u32).range(1..=40_000))]
    read: Option<u32>,

    /// So many writes a second
    #[arg(long, value_name = "UNITS", requires = "read", value_parser = clap::value_parser!(u32).range(1..=40_000))]
    write: Option<u32>,

    /// A capacity that grows and shrinks by itself between these, reads and writes alike
    #[arg(long, value_name = "MIN..MAX", value_parser = bounds)]
    autoscaling: Option<Scaling>,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    govern: GovernArgs,
}

/// Reads `5..50`.
fn bounds(text: &str) -> Result<Scaling, String> {
    let unfit = || "write it as MIN..MAX, such as 5..50, from 1 to 40000".to_owned();
    let (least, most) = text.split_once("..").ok_or_else(unfit)?;
    let units = |text: &str| text.parse::<u32>().ok().filter(|units| (1..=40_000).contains(units)).ok_or_else(unfit);
    let (least, most) = (units(least)?, units(most)?);
    if least > most { Err(format!("{least} is more than {most}")) } else { Ok(Scaling { least, most }) }
}

impl SetArgs {
    fn change(&self) -> Result<CapacityChange, CommandError> {
        match (self.read.zip(self.write), self.autoscaling) {
            (Some((read, write)), _) => Ok(CapacityChange::Provisioned { read, write }),
            (None, Some(bounds)) => Ok(CapacityChange::Scaled(bounds)),
            (None, None) if self.on_demand => Ok(CapacityChange::OnDemand),
            (None, None) => Err(CommandError::usage("nothing says how the tables are to be paid for")),
        }
    }
}

#[derive(Serialize)]
struct SetDocument<'a> {
    version: u32,
    change: CapacityChange,
    tables: Vec<TableDocument<'a>>,
}

#[derive(Serialize)]
struct TableDocument<'a> {
    table: &'a str,
    before: Billing,
    before_scaling: Option<Scaling>,
    changed: bool,
}

pub(super) fn run(context: &Context, args: &SetArgs) -> CommandResult {
    let change = args.change()?;
    context.block_on(async {
        let names = super::tables_of(context, args.table.as_deref())?;
        let services = context.stack_services(&context.stack_region(None)?).await?;
        let tables = services.tables()?;
        let mut plans = Vec::new();
        for name in &names {
            plans.push(paying::plan(tables.as_ref(), name, change).await?);
        }
        let wanted: Vec<&CapacityPlan> = plans.iter().filter(|plan| !plan.is_empty()).collect();
        let ui = context.ui();
        if !wanted.is_empty() {
            let stack = context.stack()?;
            let governor = Governor::open(context, &services, Some(stack), &stack.name).await?;
            let lines: Vec<String> = wanted.iter().map(|plan| line(plan)).collect();
            let applied = format!("{}\n{wanted:?}", stack.id);
            let proposal = Proposal::new(ChangeKind::CapacitySet, lines.clone(), &applied, args.govern.why());
            let ask = || {
                lines.iter().for_each(|line| ui.show(line));
                let (count, name) = (words::plural(wanted.len(), "table"), &stack.name);
                args.confirm.ask(ui, &format!("{count} of stack {name} will be paid for otherwise."), name)
            };
            let made = governor.apply(&proposal, &args.govern, ask, make(context, tables.as_ref(), &wanted));
            if made.await?.is_none() {
                return Ok(ExitCode::Done);
            }
        }
        if ui.format() == Format::Json {
            ui.json(&SetDocument { version: 1, change, tables: plans.iter().map(document).collect() })?;
        }
        if wanted.is_empty() {
            ui.done("nothing to change.");
        } else {
            ui.done(format_args!("{} changed.", words::plural(wanted.len(), "table")));
        }
        Ok(ExitCode::Done)
    })
}

async fn make(context: &Context, tables: &dyn Tables, plans: &[&CapacityPlan]) -> Result<(), CommandError> {
    for plan in plans {
        // If we die here, the next run finds the tables before this one as they should be.
        paying::apply(tables, plan).await?;
        context.ui().say(format_args!("table {} is changed.", plan.table));
    }
    Ok(())
}

fn line(plan: &CapacityPlan) -> String {
    format!("~ change table {}: {}", plan.table, words_of(plan))
}

fn document(plan: &CapacityPlan) -> TableDocument<'_> {
    TableDocument {
        table: &plan.table,
        before: plan.before,
        before_scaling: plan.before_scaling,
        changed: !plan.is_empty(),
    }
}

fn words_of(plan: &CapacityPlan) -> String {
    let paid = |billing: Billing| match billing {
        Billing::OnDemand => "by request".to_owned(),
        Billing::Provisioned { read, write } => format!("{read} reads and {write} writes a second"),
    };
    let grows = |scaling: Option<Scaling>| match scaling {
        None => "not by itself".to_owned(),
        Some(Scaling { least, most }) => format!("between {least} and {most}"),
    };
    let billing = plan.pay.map(|after| format!("paid {} -> {}", paid(plan.before), paid(after)));
    let scaling = plan.scale.map(|after| format!("grows {} -> {}", grows(plan.before_scaling), grows(after)));
    billing.into_iter().chain(scaling).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_two_numbers_the_first_of_which_is_no_more_than_the_second() {
        assert_eq!(bounds("5..50"), Ok(Scaling { least: 5, most: 50 }));
        for text in ["5", "5-50", "0..5", "5..50000", "a..b", "50..5"] {
            assert!(bounds(text).is_err(), "{text}");
        }
    }
}
