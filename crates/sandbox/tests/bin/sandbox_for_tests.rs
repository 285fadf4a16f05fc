//! A sandbox in a process of its own, for tests that kill it: `sandbox-for-tests DIRECTORY none|postgres [PORT]`.
//!
//! It tells where it answers by its status file, and stops cleanly on SIGTERM.

use aurora_restore_sandbox::model::config::Durations;
use aurora_restore_sandbox::postgres::EndpointPorts;
use aurora_restore_sandbox::server::{PostgresMode, PostgresOptions, SandboxConfig, serve};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (directory, mode, port) = match arguments.as_slice() {
        [directory, mode] => (directory, mode, 0),
        [directory, mode, port] => (directory, mode, port.parse()?),
        _ => return Err("usage: sandbox-for-tests DIRECTORY none|postgres [PORT]".into()),
    };
    let mut config = SandboxConfig::new(directory);
    config.port = port;
    config.durations = Durations::quick();
    config.postgres = match mode.as_str() {
        "none" => PostgresMode::None { major: 15 },
        "postgres" => PostgresMode::Real(PostgresOptions { ports: EndpointPorts::Any, ..PostgresOptions::default() }),
        _ => return Err("the mode must be none or postgres".into()),
    };
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = async move {
        terminate.recv().await;
    };
    serve(config, |_| (), shutdown).await?;
    Ok(())
}
