//! How much memory a function needs: the same call at several sizes, on the function itself, and the cheapest that is fast enough.
//!
//! It is measured on what can still be changed of the function (`$LATEST`), which nobody calls: the alias points to a published
//! version. The size that was found is always put back. If we die in between, the sizes of `$LATEST` and of the version that serves
//! differ: the next run sees that, and puts back the one that serves.

use std::time::Duration;

use serde::Serialize;

use super::{FunctionPorts, FunctionsError, Smoke, Standing, Stop, names::shown, settle::ready};
use crate::{
    change::{ChangeKind, Proposal},
    follow::Narrator,
    ports::{CallReport, Called, FunctionFacts},
};

/// What can be changed of a function is called like this.
const LATEST: &str = "$LATEST";
/// How often a size is set that does not stay.
const TRIES_MAX: u32 = 3;
const MB_PER_GB: f64 = 1024.0;
const MS_PER_S: f64 = 1_000.0;
const PER_MILLION: f64 = 1e6;

/// What a function is measured with.
#[derive(Debug, Clone, PartialEq)]
pub struct TuningPlan {
    /// The sizes, in megabytes.
    pub sizes: Vec<u32>,
    /// How often it is called at each size, after a first call that starts its environment.
    pub calls: u32,
    /// What it is asked for.
    pub ask: Smoke,
    /// The price of a gigabyte for a second, in dollars.
    pub gb_second: f64,
    /// The price of a call, in dollars.
    pub call: f64,
}

/// What was measured at one size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// The size, in megabytes.
    pub memory_mb: u32,
    /// The middle one of the durations, in milliseconds.
    pub median_ms: f64,
    /// The longest, in milliseconds.
    pub longest_ms: f64,
    /// What the start of an environment took besides, in milliseconds.
    pub init_ms: Option<f64>,
    /// The most memory that was used, in megabytes.
    pub used_mb: u32,
    /// What a million such calls cost, in dollars.
    pub dollars_per_million: f64,
    /// Why the size does not do.
    pub objection: Option<String>,
}

/// Which size is proposed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// The cheapest that is fast enough.
    Cheapest(u32),
    /// None is fast enough; this is the fastest.
    NoneWithin(u32),
    /// The function answered at none of them.
    None,
}

/// What came of measuring.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tuning {
    /// The size that the function has.
    pub found_mb: u32,
    /// What was measured, in the order of the sizes.
    pub measured: Vec<Measured>,
}

impl Tuning {
    /// The cheapest size whose longest call is within a limit.
    pub fn fit(&self, within: Option<Duration>) -> Fit {
        let usable = || self.measured.iter().filter(|measured| measured.objection.is_none());
        let is_within =
            |measured: &&Measured| within.is_none_or(|within| measured.longest_ms <= within.as_secs_f64() * MS_PER_S);
        let cheaper = |one: &&Measured, other: &&Measured| {
            let by_price = one.dollars_per_million.total_cmp(&other.dollars_per_million);
            by_price.then(one.memory_mb.cmp(&other.memory_mb))
        };
        let fastest = || usable().min_by(|one, other| one.longest_ms.total_cmp(&other.longest_ms));
        match usable().filter(is_within).min_by(cheaper) {
            Some(cheapest) => Fit::Cheapest(cheapest.memory_mb),
            None => fastest().map_or(Fit::None, |fastest| Fit::NoneWithin(fastest.memory_mb)),
        }
    }

    /// Measures a function. However that ends, the function has the size then that belongs to it.
    ///
    /// # Errors
    /// [`FunctionsError`]; the size was put back, but for [`FunctionsError::Astray`].
    pub async fn measure(
        ports: FunctionPorts<'_>,
        standing: &Standing,
        plan: &TuningPlan,
        stop: &Stop,
        narrator: &mut dyn Narrator,
    ) -> Result<Self, FunctionsError> {
        let (found, serving) = (standing.latest.memory_mb, standing.republishable()?.memory_mb);
        if found != serving {
            narrator.note(&format!(
                "{} has {found} MB and the version that serves has {serving} MB: somebody was killed while measuring, or has changed it; \
                 it gets {serving} MB at the end",
                standing.function
            ));
        }
        let measured = at_all_sizes(ports, standing, plan, stop, narrator).await;
        let after = measured.as_ref().map_or_else(ToString::to_string, |_| "measuring".to_owned());
        if let Err(error) = set_memory(ports, &standing.function.whole, serving).await {
            let what = format!("the memory of function {} ({serving} MB)", standing.function.whole);
            return Err(FunctionsError::Astray { what, reason: error.to_string(), after });
        }
        Ok(Self { found_mb: serving, measured: measured? })
    }

    /// What `--apply` would do, to be recorded: the size is of the code that serves.
    ///
    /// # Errors
    /// [`FunctionsError`] where what would be published is not that.
    pub fn proposal(standing: &Standing, memory_mb: u32, why: Option<&str>) -> Result<Proposal, FunctionsError> {
        let (version, live) = (standing.alias.pointing.version, standing.republishable()?);
        let line = format!(
            "{}: version {version} ({} MB) -> a new version ({memory_mb} MB), both of code {}…",
            standing.function,
            live.memory_mb,
            shown(&live.code_sha256)
        );
        let applied = format!("{} {version} {memory_mb} {}", standing.function.whole, live.code_sha256);
        Ok(Proposal::new(ChangeKind::FunctionsTune, vec![line], &applied, why))
    }
}

async fn at_all_sizes(
    ports: FunctionPorts<'_>,
    standing: &Standing,
    plan: &TuningPlan,
    stop: &Stop,
    narrator: &mut dyn Narrator,
) -> Result<Vec<Measured>, FunctionsError> {
    let mut measured = Vec::new();
    for size in &plan.sizes {
        if *stop.borrow() {
            return Err(FunctionsError::Stopped);
        }
        set_memory(ports, &standing.function.whole, *size).await?;
        let one = at_one_size(ports, standing, plan, *size).await?;
        narrator.note(&format!("{size} MB: {:.1} ms", one.median_ms));
        measured.push(one);
    }
    Ok(measured)
}

async fn at_one_size(
    ports: FunctionPorts<'_>,
    standing: &Standing,
    plan: &TuningPlan,
    memory_mb: u32,
) -> Result<Measured, FunctionsError> {
    let mut reports = Vec::new();
    let mut objection = None;
    let mut init_ms = None;
    for number in 0..=plan.calls {
        let before = ports.clock.now();
        let Called { answer, report } =
            ports.functions.call(&standing.function.whole, LATEST, &plan.ask.event()).await?;
        objection = objection.or_else(|| plan.ask.objection(&answer));
        // Without a report the time is taken here, and the way there with it.
        let took = ports.clock.now().duration_since(before).as_secs_f64() * MS_PER_S;
        let report = report.unwrap_or_else(|| timed(took, memory_mb));
        init_ms = init_ms.or(report.init_ms);
        if number > 0 {
            reports.push(report);
        }
    }
    Ok(Measured { init_ms, objection, ..summary(&reports, memory_mb, plan) })
}

fn timed(duration_ms: f64, memory_mb: u32) -> CallReport {
    // Durations of calls are far within what is exact.
    let billed_ms = Duration::from_secs_f64(duration_ms.max(0.0) / MS_PER_S).as_millis();
    CallReport {
        duration_ms,
        billed_ms: u64::try_from(billed_ms).unwrap_or(u64::MAX),
        memory_mb,
        used_mb: 0,
        init_ms: None,
    }
}

fn summary(reports: &[CallReport], memory_mb: u32, plan: &TuningPlan) -> Measured {
    let mut durations: Vec<f64> = reports.iter().map(|report| report.duration_ms).collect();
    durations.sort_by(f64::total_cmp);
    let billed: u64 = reports.iter().map(|report| report.billed_ms).sum();
    let calls = u32::try_from(reports.len()).unwrap_or(u32::MAX).max(1);
    let billed_s = Duration::from_millis(billed).as_secs_f64() / f64::from(calls);
    let dollars = billed_s * f64::from(memory_mb) / MB_PER_GB * plan.gb_second + plan.call;
    Measured {
        memory_mb,
        median_ms: durations.get(durations.len() / 2).copied().unwrap_or_default(),
        longest_ms: durations.last().copied().unwrap_or_default(),
        init_ms: None,
        used_mb: reports.iter().map(|report| report.used_mb).max().unwrap_or_default(),
        dollars_per_million: dollars * PER_MILLION,
        objection: None,
    }
}

/// Sets a size, unless the function has it, and waits until it can be called with it.
pub(super) async fn set_memory(
    ports: FunctionPorts<'_>,
    function: &str,
    memory_mb: u32,
) -> Result<FunctionFacts, FunctionsError> {
    let mut refused = None;
    for _ in 0..TRIES_MAX {
        let found = ready(ports.functions, function, None).await?;
        if found.memory_mb == memory_mb {
            return Ok(found);
        }
        // If its reply is lost, the next look finds the size.
        refused = ports.functions.set_memory(function, memory_mb, &found.revision).await.err();
    }
    let found = ready(ports.functions, function, None).await?;
    match refused {
        _ if found.memory_mb == memory_mb => Ok(found),
        Some(error) => Err(error.into()),
        None => Err(FunctionsError::Moved { function: function.to_owned() }),
    }
}
