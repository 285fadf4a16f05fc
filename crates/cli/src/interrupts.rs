//! Ctrl-C and SIGTERM: the first asks to stop, the second ends the process at once. Both are safe, because every move is
//! recorded before it is made.

use std::cell::OnceCell;

use aurora_restore_app::Stop;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use crate::{error::CommandError, exit_code::ExitCode, ui};

/// What a person is told who asks to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A move is finished first: that it was heard, and how to quit at once.
    StopAfterMove,
    /// It stops within a moment: nothing.
    StopNow,
}

/// The ear of this process. It listens once, however many operations the command works on: an ear for each would hear the
/// same signal several times, and miss one between two operations.
#[derive(Debug, Default)]
pub(crate) struct Interrupts(OnceCell<Stop>);

impl Interrupts {
    /// Listens from now on; the stop signal that it gives rises with the first interrupt.
    pub(crate) fn listen(&self, asked: Asked) -> Result<Stop, CommandError> {
        if let Some(stop) = self.0.get() {
            return Ok(stop.clone());
        }
        let unheard = |error| CommandError::failed("signals cannot be received").caused_by(error);
        let mut interrupt = signal(SignalKind::interrupt()).map_err(unheard)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(unheard)?;
        let (rise, stop) = watch::channel(false);
        // The task ends with the runtime.
        drop(tokio::spawn(async move {
            either(&mut interrupt, &mut terminate).await;
            rise.send_replace(true);
            if asked == Asked::StopAfterMove {
                ui::talk(format_args!("stopping after the current move; once more to quit at once"));
            }
            either(&mut interrupt, &mut terminate).await;
            ui::talk(format_args!("quit; `aurora-restore list` shows what can be gone on with"));
            std::process::exit(i32::from(ExitCode::StillRunning.number()));
        }));
        Ok(self.0.get_or_init(|| stop).clone())
    }
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
