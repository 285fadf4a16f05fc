//! The functions: the size of their package, their cold and warm starts, and what a restore costs in transitions.
//!
//! The packaged binary is spoken to over a Runtime API on loopback, with MiniStack for what is kept and the sandbox for
//! RDS and STS. How long those two take to answer is measured beside, in the same run.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use aurora_restore_testing::{
    function_stage::FunctionStage, runtime_api::Bootstrap, stand_in::StandIn, watched::Watched,
};
use serde_json::{Value, json};

use super::{Asked, figure, median, milliseconds, succeed};
use crate::package;

const ROUNDS: usize = 25;
const POLLS: usize = 60;

pub(super) fn run(root: &Path) -> Result<(), String> {
    let package = package::of_this_machine(root)?;
    let megabytes = package.bytes as f64 / 1e6;
    figure("package of one architecture", megabytes, (2, " MB"), Asked::AtMost(8.0))?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    let stage = runtime.block_on(FunctionStage::set(StandIn::ministack()));
    refused(&package.binary, &stage)?;
    cold(&package.binary, &stage)?;
    warm(&package.binary, &stage)?;
    drop((stage, runtime));
    transitions(root)
}

/// An event that is not ours, to a process that has just been started.
fn refused(binary: &Path, stage: &FunctionStage) -> Result<(), String> {
    let foreign = json!({ "Records": [] });
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let function = Bootstrap::start(binary, &stage.variables("snapshot-check"), &[&foreign]);
        let answer = function.answer();
        if answer.ok {
            return Err(format!("a foreign event is answered with {}", answer.body));
        }
        times.push(answer.at.duration_since(function.spawned));
    }
    let found = median(&mut times).unwrap_or_default();
    figure("cold start, an event that fails validation", milliseconds(found), (1, " ms"), Asked::AtMost(12.0))
}

/// The beginning of an operation, by a process that has just been started.
fn cold(binary: &Path, stage: &FunctionStage) -> Result<(), String> {
    let (mut times, mut memories, mut own) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let event = FunctionStage::event(&format!("cold-{round}"));
        let function = Bootstrap::start(binary, &stage.variables("snapshot-check"), &[&event]);
        let answer = function.answer();
        require_step(&answer.body, "copy-snapshot")?;
        times.push(answer.at.duration_since(function.spawned));
        memories.push(function.memory_peak().unwrap_or(0));
        // The same once more, with relays that count what the services take.
        let watched = Watched::over(stage, "snapshot-check");
        let event = FunctionStage::event(&format!("watched-{round}"));
        let function = Bootstrap::start(binary, watched.variables(), &[&event]);
        let answer = function.answer();
        require_step(&answer.body, "copy-snapshot")?;
        own.push(answer.at.duration_since(function.spawned).saturating_sub(watched.spent()));
    }
    let (found, own) = (median(&mut times).unwrap_or_default(), median(&mut own).unwrap_or_default());
    figure("cold start of snapshot-check, spawn to answer", milliseconds(found), (1, " ms"), Asked::AtMost(40.0))?;
    figure("  of which the stand-ins do not take", milliseconds(own), (1, " ms"), Asked::Nothing)?;
    let memory = median(&mut memories).unwrap_or(0) as f64 / 1_048_576.0;
    figure("  peak memory", memory, (1, " MiB"), Asked::AtMost(30.0))
}

/// A restore that is waited for, asked about again and again.
fn warm(binary: &Path, stage: &FunctionStage) -> Result<(), String> {
    let event = FunctionStage::event("warm-1");
    for (place, next) in [("snapshot-check", "copy-snapshot"), ("copy-snapshot", "restore-snapshot")] {
        require_step(&Bootstrap::start(binary, &stage.variables(place), &[&event]).answer().body, next)?;
    }
    let watched = Watched::over(stage, "restore-snapshot");
    let function = Bootstrap::start(binary, watched.variables(), &[&event]);
    let mut beyond = Vec::new();
    function.answer();
    for _ in 0..POLLS {
        let (before, asked) = (watched.spent(), Instant::now());
        let answer = function.invoke(&event);
        if answer.body["outcome"] != "wait" {
            return Err(format!("a poll is answered with {}", answer.body));
        }
        beyond.push(answer.at.duration_since(asked).saturating_sub(watched.spent().saturating_sub(before)));
    }
    let found: Duration = median(&mut beyond).unwrap_or_default();
    figure("warm poll, beyond the stand-ins' own replies", milliseconds(found), (1, " ms"), Asked::AtMost(5.0))
}

fn require_step(reply: &Value, step: &str) -> Result<(), String> {
    if reply["step"] == step { Ok(()) } else { Err(format!("instead of {step} the function answers {reply}")) }
}

/// Counted over the simulated cloud, where hours pass in no time.
fn transitions(root: &Path) -> Result<(), String> {
    let example = ["run", "--quiet", "--package", "aurora-restore-lambda", "--example", "transitions"];
    succeed(crate::cargo().current_dir(root).args(example))
}
