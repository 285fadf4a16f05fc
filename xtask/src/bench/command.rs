//! The start of the command: its help, and the status of an operation in a journal of 10,000.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use aurora_restore_core::{engine::Engine, ids::ClusterId, ports::Ports};
use aurora_restore_local::SqliteJournal;
use aurora_restore_testing::scenario::{Scenario, Stage};

use super::{Asked, figure, median, milliseconds, succeed};

const OPERATIONS: u32 = 10_000;
const ROUNDS: usize = 41;

pub(super) fn run(root: &Path) -> Result<(), String> {
    let command = built(root)?;
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let journal = scratch.path().join("journal.sqlite");
    fill(&journal)?;
    for (name, arguments, asked) in [
        ("aurora-restore --help", vec!["--help"], Asked::AtMost(15.0)),
        ("aurora-restore status, 10,000 operations", vec!["status", "latest"], Asked::AtMost(50.0)),
        ("aurora-restore list, 10,000 operations", vec!["list"], Asked::Nothing),
    ] {
        let took = measure(&command, &journal, &arguments)?;
        figure(name, milliseconds(took), (1, " ms"), asked)?;
    }
    Ok(())
}

/// The command in the release profile.
pub(super) fn built(root: &Path) -> Result<PathBuf, String> {
    succeed(crate::cargo().current_dir(root).args([
        "build",
        "--quiet",
        "--release",
        "--package",
        "aurora-restore-cli",
    ]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release/aurora-restore"))
}

/// Puts 10,000 operations on 10,000 targets into a journal, through the engine.
fn fill(path: &Path) -> Result<(), String> {
    let scenario = Scenario::new(Stage::across());
    let journal = SqliteJournal::open(path).map_err(|error| error.to_string())?;
    let engine = Engine::new(Ports { journal: &journal, ..scenario.ports() });
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        for number in 0..OPERATIONS {
            let mut begin = scenario.begin(&format!("op-{number:05}"), scenario.swap());
            let name = ClusterId::new(format!("target-{number}")).map_err(|error| error.to_string())?;
            begin.target.cluster = name.clone();
            begin.request.target.cluster = name;
            engine.begin(begin).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    })
}

fn measure(command: &Path, journal: &Path, arguments: &[&str]) -> Result<Duration, String> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let status = Command::new(command)
            .args(arguments)
            .env("AURORA_RESTORE_JOURNAL_PATH", journal)
            .env_remove("AURORA_RESTORE_CONFIG")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|error| format!("{}: {error}", command.display()))?;
        times.push(began.elapsed());
        // 5 is "still running", which these operations are.
        if !matches!(status.code(), Some(0 | 5)) {
            return Err(format!("{} {} ended with {status}", command.display(), arguments.join(" ")));
        }
    }
    median(&mut times).ok_or_else(|| "nothing was measured".to_owned())
}
