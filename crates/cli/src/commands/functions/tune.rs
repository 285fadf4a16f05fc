//! `functions tune`: how much memory a function needs, measured on the function itself.

use std::{
    io::{self, Write},
    time::Duration,
};

use aurora_restore_ops::{
    functions::{Fit, FunctionsError, Standing, Tuning, TuningPlan, resize},
    prices,
};
use clap::Args;
use serde::Serialize;

use super::{WatchArgs, end, ending, time, workshop::Workshop};
use crate::{
    commands::{
        change::{GovernArgs, Governor},
        confirm::ConfirmArgs,
        stack::{Lines, PlaceArgs},
    },
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    interrupts::Asked,
    render::printable::printable,
    ui::{Format, HEADING},
};

/// Measure a function at several sizes of memory, and propose the cheapest that is fast enough
///
/// The function is asked for an operation that has ended: it starts, reads its configuration, its tables and the journal, and moves nothing. That is
/// measured on what is not published, so no call of the pipeline meets it. The size that was found is always put back; with --apply a
/// version of the proposed size is published and moved to, watched like new code.
#[derive(Debug, Args)]
pub(super) struct TuneArgs {
    /// The function: what it serves, such as snapshot-check
    #[arg(value_name = "NAME")]
    name: String,

    #[command(flatten)]
    place: PlaceArgs,

    /// The sizes, in megabytes
    #[arg(long, value_name = "MB", value_delimiter = ',', default_value = "128,256,512,1024",
          value_parser = clap::value_parser!(u32).range(128..=10_240))]
    sizes: Vec<u32>,

    /// How often it is called at each size, after a first call that starts it
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    calls: u32,

    /// The longest that a call may take
    #[arg(long, value_name = "TIME", value_parser = time)]
    within: Option<Duration>,

    /// The operation, which has ended; the newest completed one without it
    #[arg(long, value_name = "OPERATION")]
    operation: Option<String>,

    /// Give the function the proposed size
    ///
    /// With --require-approval, an approval that is of none of the sizes is refused before anything is measured. --propose records
    /// what was found, for somebody else to approve, and needs no --apply.
    #[arg(long)]
    apply: bool,

    #[command(flatten)]
    watch: WatchArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    govern: GovernArgs,
}

#[derive(Serialize)]
struct TuneDocument<'a> {
    version: u32,
    function: &'a str,
    #[serde(flatten)]
    tuning: &'a Tuning,
    fit: &'a Fit,
    prices_of: String,
}

pub(super) async fn run(context: &Context, args: &TuneArgs) -> CommandResult {
    require_purpose(args)?;
    let workshop = Workshop::open(context, args.place.region()).await?;
    let function = workshop.askable(&args.name)?.clone();
    let governor = workshop.governor().await?;
    let plan = plan(&workshop, &governor, args).await?;
    let standing =
        aurora_restore_ops::functions::look(workshop.ports().functions, std::slice::from_ref(&function)).await?;
    let standing = standing.first().ok_or_else(|| CommandError::internal("the function was not looked at"))?;
    require_approvable(&governor, standing, &plan, args).await?;
    let mut stop = context.stop(Asked::StopAfterMove)?;
    let mut lines = Lines(context.ui());
    let tuning = Tuning::measure(workshop.ports(), standing, &plan, &stop, &mut lines).await?;
    let fit = tuning.fit(args.within);
    tell(context, &function.whole, &tuning, &fit)?;
    let size = proposed(context, &tuning, &fit, args.goes_on())?;
    if !args.goes_on() || size == tuning.found_mb {
        return Ok(ExitCode::Done);
    }
    let proposal = Tuning::proposal(standing, size, args.govern.why())?;
    let Some(change) = workshop.admit(&governor, &proposal, &args.govern, args.confirm).await? else {
        return Ok(ExitCode::Done);
    };
    let moved = resize(workshop.ports(), standing, size, args.watch.watch(), &mut stop, &mut lines).await;
    governor.end(change, &ending(&moved)).await;
    end(context, moved, &format!("function {function} serves with {size} MB."))
}

impl TuneArgs {
    /// Whether the size that is found is to be applied, or proposed to somebody.
    fn goes_on(&self) -> bool {
        self.apply || self.govern.only_proposes()
    }
}

/// Refuses what is said about applying where nothing is to be applied.
fn require_purpose(args: &TuneArgs) -> Result<(), CommandError> {
    match args.govern.about_applying() {
        Some(option) if !args.apply => Err(CommandError::usage(format!(
            "{option} is about giving the function a size, and without --apply it is only measured"
        ))
        .hint("Add --apply, or --propose for somebody else to approve what is found. Nothing was measured.")),
        Some(_) | None => Ok(()),
    }
}

/// Measuring takes time and money: an approval that fits none of the sizes is refused before it.
async fn require_approvable(
    governor: &Governor<'_>,
    standing: &Standing,
    plan: &TuningPlan,
    args: &TuneArgs,
) -> Result<(), CommandError> {
    if !args.apply || args.govern.only_proposes() {
        return Ok(());
    }
    let serving = standing.republishable()?.memory_mb;
    let others = plan.sizes.iter().filter(|size| **size != serving);
    let possible = others.map(|size| Tuning::proposal(standing, *size, args.govern.why()));
    let possible = possible.collect::<Result<Vec<_>, FunctionsError>>()?;
    governor.check_any(&possible, &args.govern).await
}

async fn plan(workshop: &Workshop<'_>, governor: &Governor<'_>, args: &TuneArgs) -> Result<TuningPlan, CommandError> {
    let ask = workshop.ended(governor.journal()?, args.operation.as_deref()).await?;
    let ask = ask.ok_or_else(|| {
        CommandError::failed(
            "no operation of this stack is completed, and only for one that has ended a function does nothing",
        )
        .hint("Restore once, or name one that has ended with --operation. Nothing was changed.")
    })?;
    let mut sizes = args.sizes.clone();
    sizes.sort_unstable();
    sizes.dedup();
    let (gb_second, call) = (prices::COMPUTE.of(1.0), prices::INVOCATIONS.of(1.0));
    Ok(TuningPlan { sizes, calls: args.calls, ask, gb_second, call })
}

fn tell(context: &Context, function: &str, tuning: &Tuning, fit: &Fit) -> Result<(), CommandError> {
    let ui = context.ui();
    let prices_of = prices::COLLECTED.to_string();
    match ui.format() {
        Format::Json => ui.json(&TuneDocument { version: 1, function, tuning, fit, prices_of })?,
        Format::Text => table(&mut ui.data(), tuning)?,
    }
    Ok(())
}

fn table(out: &mut dyn Write, tuning: &Tuning) -> io::Result<()> {
    writeln!(
        out,
        "{HEADING}{:>7} {:>10} {:>10} {:>10} {:>8} {:>14}{HEADING:#}",
        "memory", "median", "longest", "start", "used", "$/million"
    )?;
    for measured in &tuning.measured {
        let ms = |value: f64| format!("{value:.1} ms");
        let start = measured.init_ms.map_or_else(|| "-".to_owned(), ms);
        let (median, longest) = (ms(measured.median_ms), ms(measured.longest_ms));
        let (memory, used) = (format!("{} MB", measured.memory_mb), format!("{} MB", measured.used_mb));
        let dollars = measured.dollars_per_million;
        writeln!(out, "{memory:>7} {median:>10} {longest:>10} {start:>10} {used:>8} {dollars:>14.2}")?;
        if let Some(objection) = &measured.objection {
            writeln!(out, "        does not do: {}", printable(objection))?;
        }
    }
    Ok(())
}

/// The size that is proposed; an error where none does.
fn proposed(context: &Context, tuning: &Tuning, fit: &Fit, goes_on: bool) -> Result<u32, CommandError> {
    let prices = format!("list prices of {} ({})", prices::COLLECTED, prices::SOURCE);
    match fit {
        Fit::Cheapest(size) if *size == tuning.found_mb => {
            context
                .ui()
                .done(format_args!("{size} MB, which it has, is the cheapest that is fast enough, by {prices}."));
            if goes_on {
                context.ui().say("there is nothing to apply, so nothing was recorded.");
            }
            Ok(*size)
        }
        Fit::Cheapest(size) => {
            context.ui().done(format_args!(
                "{size} MB is the cheapest that is fast enough, by {prices}; it has {} MB.",
                tuning.found_mb
            ));
            if !goes_on {
                context.ui().hint("Give it that with --apply; for all functions, with `aurora-restore stack deploy --parameter MemorySize=…`.");
            }
            Ok(*size)
        }
        Fit::NoneWithin(fastest) => {
            Err(CommandError::failed(format!("no size is fast enough; the fastest is {fastest} MB"))
                .hint("Allow more time with --within, or try larger ones with --sizes. The function is as it was."))
        }
        Fit::None => Err(CommandError::failed("the function does not answer at any size")
            .hint("Look at its log, and try `aurora-restore functions smoke`. The function is as it was.")),
    }
}
