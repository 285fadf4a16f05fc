//! The sandbox: an image and a restore of a 1 GiB cluster against `cp -r` of the same directory, and its memory.

use std::{os::unix::fs::PermissionsExt as _, path::Path};

use aurora_restore_sandbox::{
    postgres::{DataPlaneOptions, EndpointPorts, bench::measure_copies},
    server::{PostgresMode, Sandbox, SandboxConfig},
};

use super::{Asked, figure};

const BYTES: u64 = 1 << 30;
const ROUNDS: usize = 6;

pub(super) fn run() -> Result<(), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let scratch = tempfile::Builder::new()
        .prefix("aurora-restore-bench-")
        // PostgreSQL does not run as root, and its user must be able to pass.
        .permissions(std::fs::Permissions::from_mode(0o711))
        .tempdir_in("/var/tmp")
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        memory(&scratch.path().join("memory")).await?;
        copies(&scratch.path().join("copies")).await
    })
}

async fn copies(directory: &Path) -> Result<(), String> {
    let options = DataPlaneOptions { ports: EndpointPorts::Any, ..DataPlaneOptions::new(directory) };
    let bench = measure_copies(&options, BYTES, ROUNDS).await.map_err(|error| error.to_string())?;
    let size = bench.data_bytes >> 20;
    let snapshot = figure(&format!("snapshot of {size} MiB / cp -r"), bench.image_ratio(), (2, ""), Asked::AtMost(1.3));
    let restore = figure(&format!("restore of {size} MiB / cp -r"), bench.restore_ratio(), (2, ""), Asked::AtMost(1.3));
    snapshot.and(restore)
}

/// The peak of a process that serves the API; PostgreSQL servers are processes of their own and do not count. This
/// process holds the measuring program, too, so the figure is above what the command needs.
async fn memory(directory: &Path) -> Result<(), String> {
    let config = SandboxConfig { postgres: PostgresMode::None { major: 16 }, ..SandboxConfig::new(directory) };
    let sandbox = Sandbox::start(config).await.map_err(|error| error.to_string())?;
    let peak = peak_kib();
    sandbox.stop().await.map_err(|error| error.to_string())?;
    match peak {
        Some(kib) => figure("sandbox at rest, peak memory", kib as f64 / 1024.0, (1, " MiB"), Asked::AtMost(40.0)),
        None => {
            println!("sandbox at rest, peak memory: not measured, this system has no /proc");
            Ok(())
        }
    }
}

fn peak_kib() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
