//! Starts servers again that died by themselves, as RDS does.
//!
//! A server that was stopped on purpose is left alone: it has no run marker any more.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::watch;

use super::plane::DataPlane;
use crate::model::VolumeId;

const GLANCE: Duration = Duration::from_secs(1);
/// A server that dies or does not come up so often in a row is left for a person, or for the next call that needs it.
const REVIVALS_MAX: u32 = 5;
/// One that ran for so many glances is well again.
const WELL_AFTER: u32 = 60;

/// What is known about a server that died.
#[derive(Debug, Default)]
struct Case {
    revivals: u32,
    glances_since: u32,
}

impl DataPlane {
    /// Looks after the servers until `stop` becomes true. Once a start is begun it goes on to its end.
    pub async fn look_after(&self, mut stop: watch::Receiver<bool>) {
        let mut cases: HashMap<VolumeId, Case> = HashMap::new();
        loop {
            tokio::select! {
                () = tokio::time::sleep(GLANCE) => {}
                stopped = stop.wait_for(|stop| *stop) => {
                    drop(stopped);
                    return;
                }
            }
            let fallen = self.fallen();
            cases.retain(|volume, case| {
                case.glances_since += 1;
                case.glances_since < WELL_AFTER || fallen.contains(volume)
            });
            for volume in fallen {
                let case = cases.entry(volume).or_default();
                if case.revivals < REVIVALS_MAX {
                    case.revivals += 1;
                    case.glances_since = 0;
                    self.raise(volume, case.revivals).await;
                }
            }
        }
    }

    /// The servers that died since they were started.
    fn fallen(&self) -> Vec<VolumeId> {
        let mut running = self.0.running.lock().expect("no holder panics");
        running.iter_mut().filter_map(|(volume, server)| (!server.is_running()).then_some(*volume)).collect()
    }

    async fn raise(&self, volume: VolumeId, revivals: u32) {
        let plane = self.clone();
        match tokio::spawn(async move { plane.revive(volume).await }).await {
            Ok(Ok(true)) => tracing::warn!(%volume, revivals, "a server had died and runs again"),
            // Somebody was faster, or it shall not run any more.
            Ok(Ok(false)) => {}
            Ok(Err(error)) => tracing::warn!(%volume, revivals, %error, "a server died and does not come up"),
            Err(error) => tracing::error!(%volume, %error, "starting a server again broke down"),
        }
    }
}
