//! The sandbox in this process: until SIGTERM or Ctrl-C.

use aurora_restore_app::sandbox::server::{SandboxConfig, Status, serve};
use tokio::signal::unix::{SignalKind, signal};

use super::place::failure;
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
};

/// Runs it. `ready` is called once its API answers.
pub(super) fn run(context: &Context, config: SandboxConfig, ready: impl FnOnce(&Status)) -> CommandResult {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let unheard = |error| CommandError::failed("signals cannot be received").caused_by(error);
        let mut terminate = signal(SignalKind::terminate()).map_err(unheard)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(unheard)?;
        let told = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            context.ui().say("stopping the sandbox and its servers");
        };
        serve(config, ready, told).await.map_err(failure)
    })?;
    Ok(ExitCode::Done)
}
