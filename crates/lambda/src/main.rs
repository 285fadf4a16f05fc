//! `bootstrap`: what Lambda starts. One thread: an environment has one invocation at a time, and most of that is waiting.

use std::process::ExitCode;

use aurora_restore_lambda::{log, runtime};

fn main() -> ExitCode {
    log::listen(std::env::var("AURORA_RESTORE_LOG").ok().as_deref());
    let started = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = match started {
        Ok(tokio) => tokio.block_on(runtime::run()).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            tracing::error!(reason, "the environment ends");
            ExitCode::FAILURE
        }
    }
}
