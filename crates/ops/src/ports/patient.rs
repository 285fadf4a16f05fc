//! Executions whose owner is asked again while the answer is that there is none now. Every call of the port may be repeated,
//! so one that is not answered costs nobody the night that they have watched.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use super::{Execution, ExecutionName, Executions, ExecutionsError, Started};

/// How often is asked again.
const TRIES_MAX: u32 = 8;
/// Before the second try; longer by as much each time.
const PAUSE: Duration = Duration::from_secs(2);

/// Executions, asked with patience.
pub struct Patient<E>(pub E);

/// Whether to ask again: after a pause, and not for ever.
async fn is_worth_another<T>(answer: &Result<T, ExecutionsError>, tries: &mut u32) -> bool {
    if !matches!(answer, Err(ExecutionsError::Unavailable { .. })) || *tries >= TRIES_MAX {
        return false;
    }
    *tries += 1;
    tokio::time::sleep(PAUSE * *tries).await;
    true
}

#[async_trait]
impl<E: Executions> Executions for Patient<E> {
    async fn start(&self, name: &ExecutionName, input: &Value) -> Result<Started, ExecutionsError> {
        let mut tries = 0;
        loop {
            let answer = self.0.start(name, input).await;
            if !is_worth_another(&answer, &mut tries).await {
                return answer;
            }
        }
    }

    async fn describe(&self, name: &ExecutionName) -> Result<Option<Execution>, ExecutionsError> {
        let mut tries = 0;
        loop {
            let answer = self.0.describe(name).await;
            if !is_worth_another(&answer, &mut tries).await {
                return answer;
            }
        }
    }

    async fn stop(&self, name: &ExecutionName, reason: &str) -> Result<(), ExecutionsError> {
        let mut tries = 0;
        loop {
            let answer = self.0.stop(name, reason).await;
            if !is_worth_another(&answer, &mut tries).await {
                return answer;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Answers after so many refusals.
    struct Busy(AtomicU32);

    #[async_trait]
    impl Executions for Busy {
        async fn start(&self, _: &ExecutionName, _: &Value) -> Result<Started, ExecutionsError> {
            match self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
                Ok(_) => Err(unavailable()),
                Err(_) => Ok(Started::Started),
            }
        }

        async fn describe(&self, _: &ExecutionName) -> Result<Option<Execution>, ExecutionsError> {
            Ok(None)
        }

        async fn stop(&self, _: &ExecutionName, _: &str) -> Result<(), ExecutionsError> {
            Ok(())
        }
    }

    fn unavailable() -> ExecutionsError {
        let text = || "states".to_owned();
        ExecutionsError::Unavailable { machine: text(), action: "states:StartExecution", reason: text() }
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_busy_is_asked_again_and_who_stays_busy_is_told() {
        let name = ExecutionName::new("op-1").unwrap();
        let start = async |refusals| Patient(Busy(AtomicU32::new(refusals))).start(&name, &Value::Null).await;
        assert_eq!(start(TRIES_MAX).await, Ok(Started::Started));
        assert_eq!(start(TRIES_MAX + 1).await, Err(unavailable()));
    }
}
